"""What people were told, in the sentences of the trail. The list behind the bell and e-mails say the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape

from django.urls import reverse
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString

from promptstudio.audit.models import Entry
from promptstudio.notifications.kinds import ACCESS_REVIEW, MENTIONED, REMINDER, ROLE
from promptstudio.notifications.models import Notification
from promptstudio.projects.models import Project

from .sentences import Line, sentences


@dataclass(frozen=True)
class Notice:
    """`url` marks it as read and leads on to the thing; whoever is not signed in comes to the sign-in first. `about` is what it is
    about where the sentence does not say it."""

    notification: Notification
    entry: Entry
    html: SafeString
    project: str
    about: str
    icon: str
    tone: str
    url: str

    @property
    def plain(self) -> str:
        """The sentence on one line, without markup."""
        return " ".join(unescape(strip_tags(self.html)).split())


def notices(notifications: Iterable[Notification]) -> list[Notice]:
    """In the order given. Five queries, however many."""
    rows = list(notifications)
    lines = {line.entry.uid: line for line in sentences(Entry.objects.filter(uid__in={row.entry_uid for row in rows}))}
    names = dict(Project.objects.filter(uid__in={row.project_uid for row in rows if row.project_uid}).values_list("uid", "name"))
    return [
        _notice(row, lines[row.entry_uid], names.get(row.project_uid, "") if row.project_uid else "")
        for row in rows
        if row.entry_uid in lines
    ]


def _notice(row: Notification, line: Line, project: str) -> Notice:
    html, icon, tone = line.html, line.icon, line.tone
    if row.kind == REMINDER:
        html, icon, tone = format_html("Still waits for a decision: {}", html), "clock", "back"
    elif row.kind == ACCESS_REVIEW:
        html, icon, tone = format_html("It is time to look at who has access to <b>{}</b>", project), "users", "back"
    elif row.kind == MENTIONED:
        html = _mentioned(line)
    elif row.kind == ROLE and line.entry.action == "folder.reviewers_named":
        html = format_html("You answer for <b>{}</b> now ({})", line.entry.object_label, line.who)
    about = " ".join(line.entry.object_label.split()) if line.entry.action.startswith("publication.") else ""
    return Notice(row, line.entry, html, project, about, icon, tone, reverse("notification", args=[row.uid]))


def _mentioned(line: Line) -> SafeString:
    """To whoever was named, that is the news; a decision in which they were named is news as well."""
    match line.entry.action:
        case "thread.begun" | "thread.replied":
            return format_html("{} mentioned you on <b>{}</b>", line.who, line.entry.object_label)
        case "review.commented":
            return format_html("{} mentioned you in the review of <b>{}</b>", line.who, line.entry.object_label)
    return format_html("{}, and mentioned you", line.html)
