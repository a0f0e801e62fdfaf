"""The words of e-mails: a subject, a text and its HTML. `notifications` decides who gets one, when, and about what."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from promptstudio.deployments.models import Placement
from promptstudio.notifications.kinds import REMINDER, REVIEW_ASKED
from promptstudio.notifications.letters import Contents, Letter
from promptstudio.notifications.models import Delivery
from promptstudio.reviews.models import Review

from .changed_lines import changed_lines
from .comparisons import compare
from .notices import Notice, notices
from .requests import review_url

LONGEST_SUBJECT, LISTED = 150, 20


def write(contents: Contents) -> Letter | None:
    said = notices(contents.notifications)
    if not said and not contents.waiting:
        return None
    alone = said[0] if contents.kind == Delivery.Kind.ONE and said else None
    context: dict[str, Any] = {
        "said": [(notice, settings.PUBLIC_URL + notice.url) for notice in said[:LISTED]],
        "more": max(0, len(said) - LISTED),
        "waiting": [(item, settings.PUBLIC_URL + review_url(item.review)) for item in contents.waiting],
        "all_url": settings.PUBLIC_URL + reverse("notifications"),
        "choices_url": settings.PUBLIC_URL + reverse("account_notifications"),
        "subject": _subject(contents, said),
        **(_review(contents, alone) if alone else {}),
    }
    page = "one" if alone else "several"
    text = render_to_string(f"notifications/mail/{page}.txt", context)
    return Letter(context["subject"], text.strip() + "\n", render_to_string(f"notifications/mail/{page}.html", context))


def _subject(contents: Contents, said: list[Notice]) -> str:
    if contents.kind == Delivery.Kind.ONE:
        asks = said[0].notification.kind == REVIEW_ASKED
        line = f"Your review is asked for: {said[0].entry.object_label}" if asks else _headline(said[0])
    elif contents.kind == Delivery.Kind.MORE:
        line = f"And {len(said)} more notification{'' if len(said) == 1 else 's'}"
    else:
        line = f"Your day in Prompt Studio: {_counted(len(said), len(contents.waiting))}"
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in line).split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def _counted(new: int, waiting: int) -> str:
    parts = [f"{new} new"] * bool(new) + [f"{waiting} review{'' if waiting == 1 else 's'} waiting"] * bool(waiting)
    return ", ".join(parts)


def _headline(notice: Notice) -> str:
    """The sentence without what somebody wrote, which belongs into the message."""
    return notice.plain.partition(": “")[0] + (f" – {notice.about}" if notice.about else "")


def _review(contents: Contents, notice: Notice) -> dict[str, Any]:
    """What the review is about, with the difference from what is live there; nothing where the reader may not see it."""
    if notice.notification.kind not in (REVIEW_ASKED, REMINDER):
        return {}
    found = Review.objects.visible_to(contents.actor).with_everything().filter(uid__in=[notice.notification.about_uid]).first()
    if found is None:
        return {}
    placement = Placement.objects.filter(prompt=found.version.prompt, environment=found.environment).select_related("live__version").first()
    live = placement.live_version if placement else None
    comparison = compare(live.bundle if live else None, found.version.bundle)
    lines, left = changed_lines(comparison)
    return {"review": found, "live": live, "sentence": comparison.sentence, "lines": lines, "left": left}
