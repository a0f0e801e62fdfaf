"""The tests of a prompt where somebody decides: how the version that is asked for stands beside what is live."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.shortcuts import get_object_or_404

from promptstudio.deployments.models import Placement
from promptstudio.evaluations import run_services
from promptstudio.evaluations.beside import SuiteBeside, suites_beside
from promptstudio.evaluations.cases import Case
from promptstudio.evaluations.estimates import estimate_run
from promptstudio.evaluations.judging_costs import judging_for
from promptstudio.evaluations.models import SuiteVersion
from promptstudio.evaluations.permissions import can_run_tests
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.models import Environment
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.models import ModelEntry, Prompt, Version

from .prompt_pages import not_found_unless
from .requests import StudioRequest, prompt_url
from .trying import in_words
from .uids import uid_or_404

MOST_NAMED = 5


@dataclass(frozen=True)
class Line:
    """A suite: its results beside each other, and what running it on a version takes."""

    beside: SuiteBeside
    results_url: str
    worse_url: str
    costs: str

    @property
    def worse(self) -> list[Case]:
        return self.beside.worse[:MOST_NAMED]

    @property
    def more(self) -> int:
        return max(0, len(self.beside.worse) - MOST_NAMED)


@dataclass(frozen=True)
class Tests:
    new: Version
    old: Version | None
    lines: list[Line]

    @property
    def waiting(self) -> int:
        return sum(line.beside.waiting for line in self.lines)


def tests_context(request: StudioRequest, new: Version, old: Version | None, url: str) -> dict[str, Any]:
    """What `reviews/_tests.html` shows; `url` is where it asks again and sends its forms. A constant number of queries."""
    old = old if old and old.pk != new.pk else None
    may_run = can_run_tests(request.actor, new.prompt)
    return {"tests": _tests(new, old, bool(may_run)), "tests_url": url, "may_run": may_run}


def live_in(prompt: Prompt, environment: Environment) -> Version | None:
    placement = Placement.objects.filter(prompt=prompt, environment=environment).select_related("live__version").first()
    return placement.live_version if placement else None


def run_asked(request: StudioRequest, new: Version, old: Version | None) -> str:
    """Run the suite in the form on the version in it; why not, in a sentence."""
    suite = get_object_or_404(new.prompt.suites, uid=uid_or_404(request.POST.get("suite", "")))
    version = next((each for each in (new, old) if each and each.semver == request.POST.get("on", "")), None)
    not_found_unless(version)
    assert version is not None
    try:
        ceiling = settings.RUN_CEILING or None if _is_priced(suite.newest, version) else None
        run_services.start_run(suite=suite, bundle=version.bundle, label=version.semver, version=version, most=ceiling, actor=request.actor)
    except (Invalid, Conflict) as error:
        return error.sentence
    return ""


def _tests(new: Version, old: Version | None, may_run: bool) -> Tests:
    found = suites_beside(new, old)
    # While some wait it is asked again and again, and nobody starts the next run yet.
    known = ModelEntry.objects.catalogue() if may_run and not any(beside.waiting for beside in found) else None
    return Tests(new, old, [_line(beside, new, old, _costs(beside.cases, new, known) if known else "") for beside in found])


def _line(beside: SuiteBeside, new: Version, old: Version | None, costs: str) -> Line:
    results = prompt_url(new.prompt, "results", beside.suite.uid)
    sides = [("version", version.semver) for version in (new, old) if version]
    return Line(beside, f"{results}?{urlencode(sides)}", f"{results}?{urlencode([*sides, ('show', 'worse')])}", costs)


def _most(suite: SuiteVersion, version: Version, known: Catalogue) -> tuple[int, Decimal | None]:
    """How many calls it takes once over, and what they cost at most in US dollars; None where a price is not known."""
    estimate = estimate_run(suite.cases, bundle=version.bundle, model="", repeats=1, known=known)
    judging, _ = judging_for(version.prompt.project, suite.cases, version.bundle, 1, known)
    calls = estimate.calls + judging.verdicts + judging.comparisons
    return calls, None if estimate.most is None or judging.most is None else estimate.most + judging.most


def _is_priced(suite: SuiteVersion, version: Version) -> bool:
    return _most(suite, version, ModelEntry.objects.catalogue())[1] is not None


def _costs(suite: SuiteVersion, version: Version, known: Catalogue) -> str:
    """“12 calls, at most 4 US cents”, once over."""
    asked, most = _most(suite, version, known)
    calls = f"{asked} call{'' if asked == 1 else 's'}"
    return calls if most is None else f"{calls}, at most {in_words(most)}"
