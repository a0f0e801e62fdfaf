"""What people can be told about, and how. The words are those of the page where they choose."""

from dataclasses import dataclass

from django.db import models


class Way(models.TextChoices):
    """Everything but `NOT` is also in the list behind the bell."""

    NOT = "not", "Not at all"
    HERE = "here", "Here only"
    DAILY = "daily", "Also in the daily e-mail"
    AT_ONCE = "at_once", "Also by e-mail at once"


@dataclass(frozen=True)
class Kind:
    words: str
    usual: str


REVIEW_ASKED, REMINDER, MENTIONED, ANSWERED = "review_asked", "reminder", "mentioned", "answered"
RELEASED, HELD_BACK, FAILED, RECALLED = "released", "held_back", "failed", "recalled"
REQUEST_ASKED, REQUEST = "request_asked", "request"
CRITERION_ASKED, CRITERION_MISSED = "criterion_asked", "criterion_missed"
COMPARISON_ASKED = "comparison_asked"
SECOND_PERSON, ACCESS_REVIEW, ROLE = "second_person", "access_review", "role"
EMERGENCY, SCHEDULED = "emergency", "scheduled"
# In the order in which people read them.
KINDS = {
    REVIEW_ASKED: Kind("A review that you may decide is asked for", Way.AT_ONCE),
    REMINDER: Kind("A review has waited for you for two working days", Way.AT_ONCE),
    MENTIONED: Kind("Somebody mentions you", Way.AT_ONCE),
    ANSWERED: Kind("Somebody decides or writes about a change that you work on", Way.AT_ONCE),
    REQUEST_ASKED: Kind("Somebody asks for a prompt where you write", Way.HERE),
    REQUEST: Kind("A request that you asked for or write goes on", Way.AT_ONCE),
    RELEASED: Kind("A prompt that you look after is promoted or rolled back", Way.DAILY),
    HELD_BACK: Kind("A promotion of such a prompt is held back", Way.HERE),
    FAILED: Kind("A publication of such a prompt fails, or its place holds something else", Way.AT_ONCE),
    RECALLED: Kind("A version that you look after is recalled or taken out of service", Way.AT_ONCE),
    EMERGENCY: Kind("Somebody promotes past the conditions in your project, or nobody looked at it yet", Way.AT_ONCE),
    SCHEDULED: Kind("What you scheduled goes live, or is refused when its moment has come", Way.AT_ONCE),
    CRITERION_ASKED: Kind("You are asked whether a change did what it should", Way.AT_ONCE),
    CRITERION_MISSED: Kind("A change that you look after did not do what it should", Way.AT_ONCE),
    COMPARISON_ASKED: Kind("You are asked which answers are better", Way.AT_ONCE),
    SECOND_PERSON: Kind("Something waits for a second person, or yours was decided", Way.AT_ONCE),
    ACCESS_REVIEW: Kind("It is time to look at who has access to your project", Way.AT_ONCE),
    ROLE: Kind("You get a role, or lose one", Way.HERE),
}
