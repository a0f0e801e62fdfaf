"""Who answers for a case: a person who may see the prompt when they are named. The cases keep the uid alone, so names can be forgotten."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from promptstudio.accounts.models import User
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.people import people_of

from .cases import Case, Cases

STRANGER = "This is nobody who may see the prompt. Choose somebody else, or nobody."


@dataclass(frozen=True)
class Owner:
    """`here` says whether they may still see the prompt."""

    uid: str
    name: str
    here: bool

    def __str__(self) -> str:
        return self.name if self.here else f"{self.name} (left)"


def refused_owners(prompt: Prompt, cases: Cases, before: Cases) -> dict[str, str]:
    """A sentence for each owner, by place, who is new in these cases and may not see the prompt. Who left since stays."""
    known = {case.owner for case in before.cases} | {""}
    new = [(number, case.owner) for number, case in enumerate(cases.cases) if case.owner not in known]
    here = {str(person.uid) for person in people_of(prompt)} if new else set()
    return {f"cases.{number}.owner": STRANGER for number, owner in new if owner not in here}


def owners_in(prompt: Prompt, cases: Iterable[Case]) -> Mapping[str, Owner]:
    """Whoever is named in the cases, and whoever could be, by uid and in the order of names. Two queries at most."""
    found = {str(person.uid): Owner(str(person.uid), person.name, True) for person in people_of(prompt)}
    gone = {case.owner for case in cases if case.owner} - found.keys()
    named = {str(person.uid): person.name for person in User.objects.filter(uid__in=filter(_is_uid, gone))}
    return found | {uid: Owner(uid, named.get(uid, "Somebody"), False) for uid in sorted(gone)}


def owner_called(typed: str, owners: Mapping[str, Owner]) -> str:
    """The uid of the one who is meant by a uid or a name; what was typed where there is no such one, or more than one."""
    if typed in owners:
        return typed
    called = [owner.uid for owner in owners.values() if owner.here and owner.name.casefold() == typed.strip().casefold()]
    return called[0] if len(called) == 1 else typed


def _is_uid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
