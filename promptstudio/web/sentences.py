"""The trail in sentences: entries hold facts, and `wordings` says what each of them says."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.audit.services import words_of
from promptstudio.projects.models import Environment

from .wordings import LONGEST, WORDINGS, Facts


@dataclass(frozen=True)
class Line:
    """`html` is the whole sentence, with the person in it; `icon` and `tone` ("" for good news, back, quiet) are for a timeline.

    `url` is set by whoever lets the reader go on to the thing.
    """

    entry: Entry
    who: str
    html: SafeString
    at: datetime
    icon: str = "circle-check"
    tone: str = "quiet"
    url: str = ""


def sentences(entries: Iterable[Entry]) -> list[Line]:
    """A line for each entry, in the order given. Three queries, however many entries: people, environments, and what people wrote."""
    entries = list(entries)
    words = words_of(entries)
    data = {entry.pk: _data(entry) | words.get(entry.uid, {}) for entry in entries}
    people = _people(entries, data.values())
    environments = {
        (str(uid), slug): name
        for uid, slug, name in Environment.objects.filter(project__uid__in={e.project_uid for e in entries if e.project_uid}).values_list(
            "project__uid", "slug", "name"
        )
    }
    return [_line(entry, data[entry.pk], people, environments) for entry in entries]


def _line(entry: Entry, data: dict[str, Any], people: dict[str, str], environments: dict[tuple[str, str], str]) -> Line:
    who = people.get(str(entry.actor_uid), "Somebody")
    slug = str(data.get("environment") or "")
    facts = Facts(
        label=" ".join(entry.object_label.split())[:LONGEST],
        data=data,
        environment=environments.get((str(entry.project_uid), slug), slug.replace("-", " ").capitalize()),
        person=people.get(str(data.get("person") or data.get("responsible") or ""), "somebody"),
    )
    icon, tone, wording = WORDINGS.get(entry.action, ("circle-check", "quiet", None))
    said = wording(facts) if wording else format_html("{} · {}", facts.what, entry.action.replace(".", " ").replace("_", " "))
    door = " through the API" if entry.via == "api" else " in the administration" if entry.via == "admin" else ""
    return Line(entry, who, format_html("{} {}{}", who, said, door), entry.created_at, icon, tone)


def _data(entry: Entry) -> dict[str, Any]:
    value = json.loads(entry.data or "{}")
    return value if isinstance(value, dict) else {}


def _people(entries: Iterable[Entry], data: Iterable[dict[str, Any]]) -> dict[str, str]:
    uids = {str(entry.actor_uid) for entry in entries if entry.actor_uid}
    for facts in data:
        uids |= {str(facts[name]) for name in ("person", "responsible") if facts.get(name)}
    return {str(uid): name for uid, name in User.objects.filter(uid__in=uids).values_list("uid", "name")}
