"""What entries of services are made of, and which services nobody's role opens. The entries: `writing.py` and `releasing.py`."""

from collections.abc import Callable
from typing import Any

from promptstudio.accounts.actor import Actor

from .expecting import REFUSED, SITE_ADMIN, Entry, on_prompt
from .pages import SITE
from .stage import Stage, Things

Call = Callable[[Stage, Things, Actor], Any]
NOT_FOR_KEYS = "Words that many prompts share are for people to keep."
TALK = "A key takes part in no conversation."
FOR_PEOPLE = "People keep filters, each their own, and copy prompts; no key does."
NO_VERDICT = "What answers are worth is said by people."
NO_TRIAL = "Models are asked by people."
WISHES = "A key asks for nothing and takes no requests."
NO_KEY = {"key": REFUSED}
OWN_WISH = "Nobody confirms what they asked for themselves."
OWN_WISH_BACK = "Whoever asked withdraws it."
# Nobody's role opens these; why that is right.
WITHOUT_A_ROLE = {
    "accounts.arrive": "The word of the identity provider opens it, before anybody is signed in.",
    "accounts.note_sign_in": "As above.",
    "accounts.refuse_sign_in": "As above.",
    "accounts.follow_site_admin": "The groups of the identity provider decide it.",
    "projects.apply_groups": "The groups of the identity provider decide it.",
    "accounts.sign_out": "One's own session.",
    "accounts.make_break_glass": "Only the server's shell leads to it.",
    "accounts.use_break_glass": "The password opens it.",
    "accounts.end_session": "One's own sessions.",
    "accounts.end_other_sessions": "One's own sessions.",
    "accounts.note_guessing": "It notes what a stranger tried.",
    "accounts.note_throttled": "As above.",
    "projects.access_review_due": "It answers a question and changes nothing.",
    "projects.rows_to_review": "It answers a question and changes nothing.",
    "projects.projects_to_sign_for": "It answers a question and changes nothing.",
    "projects.keys_to_review": "It answers a question and changes nothing.",
    "accounts.other_site_admins": "It answers a question and changes nothing.",
    "notifications.choose_ways": "One's own choices.",
    "notifications.ways_for": "One's own choices.",
    "audit.record": "Services write the trail with it, after they asked.",
    "audit.keep_refusal": "The doors write refusals with it.",
    "audit.note_export": "Views write it after they asked who may read the trail.",
    "audit.note_first_use": "The API writes it once a key was let in.",
    "audit.forget_who": "Part of anonymising.",
    "audit.forget_words": "Part of erasing.",
    "audit.forget_old_who": "The clock does it, after the days that the settings name.",
    "audit.words_of": "Views ask first who may read the trail.",
    "audit.people_of": "As above.",
    "projects.folder_at": "Part of services that ask first; a folder alone says nothing.",
    "projects.key_for": "The secret opens it.",
    "projects.hash_secret": "It computes.",
    "projects.parse_rules": "It computes.",
    "projects.put_role": "Part of giving a role.",
    "projects.take_role": "Part of taking one away.",
    "projects.slug_of": "It computes.",
    "reviews.colleagues": "It answers a question and changes nothing.",
    "reviews.name_substitute": "One's own place, given to somebody who has the role already.",
    "reviews.end_substitute": "The two of them end it.",
    "prompts.bump_of": "It computes.",
    "prompts.waiting_for": "The page lists what this person may write.",
    "evaluations.forget_old_answers": "The clock does it, after the days that the settings name.",
    "prompts.forget_old_imports": "The clock does it, a day after they were read.",
    "reviews.standing_decisions": "The conditions are answered from it.",
    "reviews.close_as_deployed": "Part of promoting.",
    "deployments.promote_due": "The clock does it, as whoever scheduled it.",
    "deployments.remind_of_after_reviews": "The clock does it, every day.",
}
# Not called services in their file's name, and just as public.
BESIDES = {"deployments.erase_words", "deployments.erase_request", "deployments.ask_places"}


def site(call: Call) -> tuple[Entry, Call]:
    return Entry(SITE_ADMIN, seen="nothing", why=SITE), call


def settings(call: Call, **more: Any) -> tuple[Entry, Call]:
    return Entry("administer", seen="nothing", **more), call


def prompt(deed: str, call: Call, **more: Any) -> tuple[Entry, Call]:
    return on_prompt(deed, **more), call
