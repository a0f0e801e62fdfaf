"""Who may approve for a folder: those who answer for it, and whoever stands in for one of them who is away."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from promptstudio.accounts.models import User
from promptstudio.projects.answering import Answering
from promptstudio.projects.models import Membership
from promptstudio.projects.roles import ROLES

from .models import Decision, Substitute


def substitutes_of(people: Iterable[int]) -> list[Substitute]:
    """Whoever stands in, or stood in, for one of these people. One query, and none for nobody."""
    known = list(people)
    return list(Substitute.objects.filter(person__in=known).select_related("substitute")) if known else []


@dataclass(frozen=True)
class Asked:
    """`members` are the roles that count where the prompt lies; `authors` worked on the version, and neither they nor their
    substitutes approve it."""

    answering: Answering
    members: Sequence[Membership]
    substitutes: Sequence[Substitute]
    authors: Container[int]

    def able(self, day: date) -> dict[int, User]:
        """Who could give the approval on that day."""
        found = {pk: user for pk, user in self._direct.items() if pk not in self.authors}
        for row in self.substitutes:
            if row.covers(day) and self._may_stand_in(row) and row.substitute_id not in self.authors:
                found[row.substitute_id] = row.substitute
        return found

    def gave(self, decision: Decision) -> bool:
        """Whether it was decided by one of them, or by who stood in for one then."""
        return decision.person_id in self._direct or self.in_place_of(decision) is not None

    def in_place_of(self, decision: Decision) -> User | None:
        """Who was away then, where it was not decided by one of them."""
        if decision.person_id in self._direct:
            return None
        stood_in = (row for row in self.substitutes if row.substitute_id == decision.person_id and row.covered(decision.decided_at))
        return next((self._direct[row.person_id] for row in stood_in if self._may_stand_in(row)), None)

    def wrote_it(self) -> list[User]:
        """Of those who could give it otherwise, whoever worked on the version."""
        return [user for pk, user in self._direct.items() if pk in self.authors]

    def _may_stand_in(self, row: Substitute) -> bool:
        # It gives nobody a right: both have a role that reviews there, the same one.
        shared = self._roles[row.person_id] & self._roles[row.substitute_id] & ROLES["review"]
        return bool(shared) and row.person_id in self._direct and row.person_id not in self.authors

    @cached_property
    def _direct(self) -> dict[int, User]:
        return self.answering.who_may_approve(self.members)

    @cached_property
    def _roles(self) -> dict[int, set[str]]:
        held: dict[int, set[str]] = defaultdict(set)
        for row in self.members:
            held[row.user_id].add(row.role)
        return held
