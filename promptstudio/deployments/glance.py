"""What the gates answer for many versions, in a constant number of queries. The gates are the same; their facts come in bulk."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import structlog

from promptstudio.evaluations.models import AcceptedCase
from promptstudio.evaluations.standing import Standing, standings_of
from promptstudio.lib import clock
from promptstudio.projects.answering import Answering, named_in, nearest
from promptstudio.projects.models import Environment, Membership, Policy
from promptstudio.projects.rules import Rules
from promptstudio.projects.windows import next_allowed
from promptstudio.prompts.models import ChangeNote, Contributor, Criterion, ModelEntry, PromptUserPermission, Version
from promptstudio.reviews.answering import substitutes_of
from promptstudio.reviews.authorship import origins_in, suggesters_of
from promptstudio.reviews.models import Decision, Review, Thread

from .candidate import FACTS, Candidate, Gate, Outcome, who_counts
from .gates import evaluate, savepoint
from .models import Recall, Target, WentLive
from .requests import brought_by, links_of
from .waiting import live_versions, newest_policies

log = structlog.get_logger(__name__)


class Pair(NamedTuple):
    """A version in front of an environment, whether anybody asked for it or not."""

    version: Version
    environment: Environment

    @property
    def version_id(self) -> int:
        return self.version.pk

    @property
    def environment_id(self) -> int:
        return self.environment.pk


# A review is one as well.
Pairs = Sequence[Review] | Sequence[Pair]
Key = tuple[int, int]
Tell = Callable[[Any], Any]


def at_a_glance(reviews: Sequence[Review], *, instead: Mapping[int, Rules] | None = None) -> dict[int, list[Outcome]]:
    """The gates' answers by review; `reviews` come with their version's prompt and their environment.

    `instead` gives, by environment, rules to try in the place of those in force.
    """
    answers = answers_for(reviews, instead=instead)
    return {review.pk: answers[key_of(review)] for review in reviews}


def answers_for(
    pairs: Pairs, *, instead: Mapping[int, Rules] | None = None, gates: tuple[Gate, ...] | None = None
) -> dict[Key, list[Outcome]]:
    """As `at_a_glance`, by version and environment; of all gates, or of those given."""
    bulk = _Bulk(pairs, instead or {})
    told = {name: _asked_for(bulk, name) for name in FACTS}
    return {key_of(pair): evaluate(_candidate(bulk, pair, told), gates, prepared=True) for pair in pairs}


def key_of(pair: Review | Pair) -> Key:
    return pair.version_id, pair.environment_id


def _asked_for(bulk: "_Bulk", name: str) -> Tell:
    try:
        with savepoint():
            tell: Tell = getattr(bulk, name)()
            return tell
    except Exception as error:
        log.exception("fact.broken", fact=name)
        reason = error

    def unknown(pair: Review | Pair) -> Any:
        raise reason

    return unknown


def _candidate(bulk: "_Bulk", pair: Review | Pair, told: Mapping[str, Tell]) -> Candidate:
    candidate = Candidate(pair.version, pair.environment, bulk.policies[pair.environment_id], bulk.standing(pair))
    for name, tell in told.items():
        try:
            vars(candidate)[name] = tell(pair)
        except Exception as error:
            candidate.unknown[name] = error
    return candidate


class _Bulk:
    """The facts of `Candidate` by their names, each asked for once: a function that tells it for one pair."""

    def __init__(self, pairs: Pairs, instead: Mapping[int, Rules]) -> None:
        self.pairs = pairs
        self.versions = {pair.version_id for pair in pairs}
        self.prompts = {pair.version.prompt_id for pair in pairs}
        self.environments = {pair.environment_id for pair in pairs}
        self.projects = {pair.environment.project_id for pair in pairs}
        self.policies = newest_policies(self.environments)
        for environment in self.environments & set(instead):
            self.policies[environment] = Policy(environment_id=environment, data=instead[environment].model_dump(mode="json"))
        self._live = live_versions(pairs)
        self._rules: dict[int, Rules] = {}

    def standing(self, pair: Review | Pair) -> Version | None:
        return self._live.get((pair.version.prompt_id, pair.environment_id))

    def rules(self) -> Tell:
        return lambda pair: self._rules_of(pair.environment_id)

    def _rules_of(self, environment: int) -> Rules:
        if environment not in self._rules:
            self._rules[environment] = self.policies[environment].rules
        return self._rules[environment]

    def recall(self) -> Tell:
        rows = Recall.objects.filter(version__in=self.versions).select_related("by").order_by("id")
        recalls = {recall.version_id: recall for recall in rows}
        return lambda pair: recalls.get(pair.version_id)

    def previous(self) -> Tell:
        return lambda pair: self._previous[pair.environment_id]

    @cached_property
    def _previous(self) -> dict[int, Environment | None]:
        before: dict[int, Environment | None] = {}
        last: Environment | None = None
        for place in Environment.objects.filter(project__in=self.projects).order_by("project_id", "position"):
            before[place.pk] = last if last and last.project_id == place.project_id else None
            last = place
        return before

    @property
    def _places_before(self) -> set[int]:
        return {place.pk for place in self._previous.values() if place}

    def was_live_before(self) -> Tell:
        rows = WentLive.objects.filter(version__in=self.versions, placement__environment__in=self._places_before)
        was_live = {(row.version_id, row.placement.environment_id): row for row in rows.select_related("placement").order_by("id")}
        return self._before(lambda pair, before: was_live.get((pair.version_id, before)))

    def serves_before(self) -> Tell:
        rows = WentLive.objects.serving().filter(placement__prompt__in=self.prompts, placement__environment__in=self._places_before)
        serving = {(row.placement.prompt_id, row.placement.environment_id): row for row in rows.select_related("placement", "version")}
        return self._before(lambda pair, before: serving.get((pair.version.prompt_id, before)))

    def _before(self, tell: Callable[[Any, int], Any]) -> Tell:
        """What `tell` says of the environment before; None where there is none."""

        def told(pair: Review | Pair) -> Any:
            before = self._previous[pair.environment_id]
            return tell(pair, before.pk) if before else None

        return told

    def missing_from_record(self) -> Tell:
        written = set(ChangeNote.objects.filter(version__in=self.versions).values_list("version_id", "field"))
        held_to = Criterion.objects.filter(version__in=self.versions).values_list("version_id", flat=True)
        written |= {(version, ChangeNote.Field.VALIDATION_CRITERIA.value) for version in held_to}
        return lambda pair: [label for value, label in ChangeNote.Field.choices if (pair.version_id, value) not in written]

    def targets(self) -> Tell:
        found: dict[int, list[Target]] = defaultdict(list)
        for target in Target.objects.filter(environment__in=self.environments, is_active=True):
            found[target.environment_id].append(target)
        return lambda pair: found[pair.environment_id]

    def known_models(self) -> Tell:
        known = ModelEntry.objects.catalogue()
        return lambda pair: known

    def allowed_at(self) -> Tell:
        now = clock.now()
        found: dict[int, datetime | None] = {}

        def told(pair: Review | Pair) -> datetime | None:
            if pair.environment_id not in found:
                found[pair.environment_id] = next_allowed(self._rules_of(pair.environment_id), now)
            return found[pair.environment_id]

        return told

    def open_threads(self) -> Tell:
        found: dict[int, list[Thread]] = defaultdict(list)
        for thread in Thread.objects.open().filter(version__prompt__in=self.prompts).select_related("begun_by", "version"):
            found[thread.version.prompt_id].append(thread)
        return lambda pair: [thread for thread in found[pair.version.prompt_id] if thread.version_id <= pair.version_id]

    def writers(self) -> Tell:
        writers: dict[int, set[int]] = defaultdict(set)
        for version, user in Contributor.objects.filter(version__in=self.versions).values_list("version_id", "user_id"):
            writers[version].add(user)
        return lambda pair: writers[pair.version_id]

    def suggesters(self) -> Tell:
        origins = origins_in(self.prompts)
        return lambda pair: suggesters_of(pair.version, self.standing(pair), origins)

    @cached_property
    def _named(self) -> dict[tuple[int, str], Answering]:
        return named_in(self.projects)

    def answering(self) -> Tell:
        named = self._named
        return lambda pair: nearest(pair.version.prompt.folder, named)

    def substitutes(self) -> Tell:
        rows = substitutes_of({person.pk for answering in self._named.values() for person in answering.people})

        def told(pair: Review | Pair) -> list[Any]:
            answering = nearest(pair.version.prompt.folder, self._named)
            return [row for row in rows if answering and row.person_id in {person.pk for person in answering.people}]

        return told

    def decisions(self) -> Tell:
        """Each person's last one, as `reviews.services.standing_decisions` gives them."""
        rows = Decision.objects.filter(review__version__in=self.versions, review__environment__in=self.environments)
        rows = rows.exclude(review__outcome=Review.Outcome.WITHDRAWN).select_related("person", "baseline", "review")
        last: dict[Key, dict[int, Decision]] = defaultdict(dict)
        for row in rows.prefetch_related("mentions__person").order_by("id"):
            last[row.review.version_id, row.review.environment_id][row.person_id] = row
        return lambda pair: list(last[key_of(pair)].values())

    def members(self) -> Tell:
        """As `Candidate.members` gives them."""
        found = Membership.objects.filter(project__in=self.projects, user__is_active=True)
        rows = list(found.select_related("user", "folder"))
        restricted = {pair.version.prompt_id for pair in self.pairs if pair.version.prompt.restricted}
        named: dict[int, set[int]] = defaultdict(set)
        for prompt, user in PromptUserPermission.objects.filter(content_object__in=restricted).values_list("content_object_id", "user_id"):
            named[prompt].add(user)

        def told(pair: Review | Pair) -> list[Membership]:
            prompt = pair.version.prompt
            return who_counts(prompt, [row for row in rows if row.holds_at(prompt.folder)], named[prompt.pk])

        return told

    def requests(self) -> Tell:
        links = links_of(self.prompts)
        return lambda pair: brought_by(pair.version, self.standing(pair), links)

    def tests(self) -> Tell:
        return lambda pair: self._tests[pair.version_id]

    def live_tests(self) -> Tell:
        return lambda pair: self._tests[live.pk] if (live := self.standing(pair)) else []

    @cached_property
    def _tests(self) -> dict[int, list[Standing]]:
        """One question for both sides of every comparison."""
        return standings_of({pair.version for pair in self.pairs} | set(self._live.values()))

    def acceptances(self) -> Tell:
        found: dict[Key, list[AcceptedCase]] = defaultdict(list)
        for row in AcceptedCase.objects.filter(version__in=self.versions).select_related("by"):
            found[row.version_id, row.environment_id].append(row)
        return lambda pair: found[key_of(pair)]
