"""What gates answered is kept without names and quotations: in their place stand marks, which become words when somebody reads them.

So a person can be made anonymous, and a comment erased, while the evaluation stays what it was.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.apps import apps

from promptstudio.accounts.models import User
from promptstudio.reviews.mentioning import in_words as said_in_words
from promptstudio.reviews.models import Decision

MARK = re.compile(r"\{(person|comment|recall):([0-9a-f-]{36})\}")
Answers = list[dict[str, Any]]


def person(user: User) -> str:
    return f"{{person:{user.uid}}}"


def comment(decision: Decision) -> str:
    return f"{{comment:{decision.uid}}}"


def recalled(recall: Any) -> str:
    return f"{{recall:{recall.uid}}}"


def in_words(kept: Iterable[Answers]) -> list[Answers]:
    """The outcomes of several evaluations with names and quotations in their reasons. At most five queries, however many."""
    kept = list(kept)
    wanted: dict[str, set[str]] = defaultdict(set)
    for outcome in (outcome for outcomes in kept for outcome in outcomes):
        for kind, uid in MARK.findall(outcome["reason"]):
            wanted[kind].add(uid)
    words = {(kind, str(uid)): text for kind, uids in wanted.items() for uid, text in _SAID[kind](uids)}

    def said(match: re.Match[str]) -> str:
        return words.get((match[1], match[2]), "somebody" if match[1] == "person" else "…")

    return [[{**outcome, "reason": MARK.sub(said, outcome["reason"])} for outcome in outcomes] for outcomes in kept]


def _comments(uids: set[str]) -> Iterable[tuple[UUID, str]]:
    return [(row.uid, said_in_words(row)) for row in Decision.objects.filter(uid__in=uids).prefetch_related("mentions__person")]


def _recalls(uids: set[str]) -> Any:
    return apps.get_model("deployments", "Recall").objects.filter(uid__in=uids).values_list("uid", "reason")


_SAID: dict[str, Callable[[set[str]], Any]] = {
    "person": lambda uids: User.objects.filter(uid__in=uids).values_list("uid", "name"),
    "comment": _comments,
    "recall": _recalls,
}
