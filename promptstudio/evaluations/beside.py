"""How the suites of a prompt came out on one version beside another: what whoever decides is told, from what the gates are told."""

from dataclasses import dataclass
from functools import cached_property

from promptstudio.prompts.models import Version

from .cases import Case
from .models import Suite, SuiteVersion
from .paired import Paired
from .standing import Standing, standings_of


@dataclass(frozen=True)
class SuiteBeside:
    """A suite on the `new` version, and on the old one where there is one."""

    new: Standing
    old: Standing | None

    @property
    def suite(self) -> Suite:
        return self.new.suite

    @property
    def cases(self) -> SuiteVersion:
        return self.new.cases

    @cached_property
    def worse(self) -> list[Case]:
        """Cases that the old version passes and the new one does not, as far as both were run."""
        if not (self.old and self.old.run and self.new.run):
            return []
        return [pair.case for pair in Paired(self.new, self.old).pairs if pair.is_worse and not self.new.is_waiting(pair.case)]

    @cached_property
    def broken(self) -> list[Case]:
        """Those that must never fail and do not pass."""
        return [case for case in self.new.fallen if not self.new.is_waiting(case)] if self.new.run else []

    @property
    def waiting(self) -> int:
        return sum(standing.waiting for standing in (self.new, self.old) if standing)


def suites_beside(new: Version, old: Version | None) -> list[SuiteBeside]:
    """For each suite in use, required ones first. Four queries, one where there is no suite."""
    standings = standings_of([version for version in (new, old) if version])
    before = {standing.suite.pk: standing for standing in standings[old.pk]} if old else {}
    found = sorted(standings[new.pk], key=lambda standing: (not standing.suite.required, standing.suite.name))
    return [SuiteBeside(standing, before.get(standing.suite.pk)) for standing in found]
