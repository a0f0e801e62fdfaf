"""What the gates answer for many reviews, in a constant number of queries. The gates are the same; their facts come in bulk."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from promptstudio.evaluations.models import AcceptedCase
from promptstudio.evaluations.standing import Standing, standings_of
from promptstudio.projects.answering import named_in, nearest
from promptstudio.projects.models import Environment, Membership, Policy
from promptstudio.projects.rules import Rules
from promptstudio.prompts.models import ChangeNote, Contributor, PromptUserPermission
from promptstudio.reviews.answering import substitutes_of
from promptstudio.reviews.authorship import origins_in, suggesters_of
from promptstudio.reviews.models import Decision, Review

from .candidate import Candidate, Outcome, who_counts
from .gates import evaluate
from .models import Recall, WentLive
from .requests import brought_by, links_of
from .waiting import live_versions, newest_policies


def at_a_glance(reviews: Sequence[Review], *, instead: Mapping[int, Rules] | None = None) -> dict[int, list[Outcome]]:
    """The gates' answers by review; `reviews` come with their version's prompt and their environment.

    `instead` gives, by environment, rules to try in the place of those in force.
    """
    policies = newest_policies({review.environment_id for review in reviews})
    for environment, rules in (instead or {}).items():
        if environment in policies:
            policies[environment] = Policy(environment_id=environment, data=rules.model_dump(mode="json"))
    live = live_versions(reviews)
    # One question for both sides of every comparison.
    tests = standings_of({review.version for review in reviews} | set(live.values()))
    facts = _facts(reviews, tests)
    links = links_of(review.version.prompt_id for review in reviews)
    origins = origins_in(review.version.prompt_id for review in reviews)
    answers = {}
    for review in reviews:
        standing = live.get((review.version.prompt_id, review.environment_id))
        candidate = Candidate(review.version, review.environment, policies[review.environment_id], standing)
        brought = {
            "live_tests": tests[standing.pk] if standing else [],
            "requests": brought_by(review.version, standing, links),
            "suggesters": suggesters_of(review.version, standing, origins),
        }
        vars(candidate).update(facts[review.pk] | brought)
        answers[review.pk] = evaluate(candidate, prepared=True)
    return answers


def _facts(reviews: Sequence[Review], tests: Mapping[int, list[Standing]]) -> dict[int, dict[str, Any]]:
    """By review, the facts of `Candidate` by their names."""
    versions = {review.version_id for review in reviews}
    recalls = {recall.version_id: recall for recall in Recall.objects.filter(version__in=versions).select_related("by").order_by("id")}
    writers: dict[int, set[int]] = defaultdict(set)
    for version, user in Contributor.objects.filter(version__in=versions).values_list("version_id", "user_id"):
        writers[version].add(user)
    named = named_in(review.environment.project_id for review in reviews)
    substitutes = substitutes_of({person.pk for answering in named.values() for person in answering.people})
    written = set(ChangeNote.objects.filter(version__in=versions).values_list("version_id", "field"))
    members = _members(reviews)
    decisions = _decisions(reviews)
    previous = _previous(reviews)
    acceptances = _acceptances(reviews)
    was_live = _was_live(versions, previous)
    return {
        review.pk: {
            "recall": recalls.get(review.version_id),
            "previous": (before := previous[review.environment_id]),
            "was_live_before": was_live.get((review.version_id, before.pk)) if before else None,
            "missing_from_record": [label for value, label in ChangeNote.Field.choices if (review.version_id, value) not in written],
            "writers": writers[review.version_id],
            "answering": (answering := nearest(review.version.prompt.folder, named)),
            "substitutes": [row for row in substitutes if answering and row.person_id in {person.pk for person in answering.people}],
            "tests": tests[review.version_id],
            "acceptances": acceptances[review.version_id, review.environment_id],
            "decisions": decisions[review.version_id, review.environment_id],
            "members": members[review.pk],
        }
        for review in reviews
    }


def _members(reviews: Sequence[Review]) -> dict[int, list[Membership]]:
    """By review, as `Candidate.members` gives them for one."""
    rows = list(
        Membership.objects.filter(project__in={review.environment.project_id for review in reviews}, user__is_active=True).select_related(
            "user", "folder"
        )
    )
    restricted = {review.version.prompt_id for review in reviews if review.version.prompt.restricted}
    named: dict[int, set[int]] = defaultdict(set)
    for prompt, user in PromptUserPermission.objects.filter(content_object__in=restricted).values_list("content_object_id", "user_id"):
        named[prompt].add(user)

    def counts(review: Review) -> list[Membership]:
        prompt = review.version.prompt
        return who_counts(prompt, [row for row in rows if row.holds_at(prompt.folder)], named[prompt.pk])

    return {review.pk: counts(review) for review in reviews}


def _decisions(reviews: Sequence[Review]) -> dict[tuple[int, int], list[Decision]]:
    """Each person's last one, by version and environment, as `reviews.services.standing_decisions` gives them for one."""
    rows = Decision.objects.filter(
        review__version__in={r.version_id for r in reviews}, review__environment__in={r.environment_id for r in reviews}
    ).exclude(review__outcome=Review.Outcome.WITHDRAWN)
    last: dict[tuple[int, int], dict[int, Decision]] = defaultdict(dict)
    for row in rows.select_related("person", "baseline", "review").prefetch_related("mentions__person").order_by("id"):
        last[row.review.version_id, row.review.environment_id][row.person_id] = row
    found: dict[tuple[int, int], list[Decision]] = defaultdict(list)
    return found | {key: list(people.values()) for key, people in last.items()}


def _acceptances(reviews: Sequence[Review]) -> dict[tuple[int, int], list[AcceptedCase]]:
    """By version and environment, as `Candidate.acceptances` gives them for one."""
    found: dict[tuple[int, int], list[AcceptedCase]] = defaultdict(list)
    for row in AcceptedCase.objects.filter(version__in={review.version_id for review in reviews}).select_related("by"):
        found[row.version_id, row.environment_id].append(row)
    return found


def _previous(reviews: Sequence[Review]) -> dict[int, Environment | None]:
    before: dict[int, Environment | None] = {}
    last: Environment | None = None
    for place in Environment.objects.filter(project__in={r.environment.project_id for r in reviews}).order_by("project_id", "position"):
        before[place.pk] = last if last and last.project_id == place.project_id else None
        last = place
    return before


def _was_live(versions: set[int], previous: Mapping[int, Environment | None]) -> dict[tuple[int, int], WentLive]:
    places = {place.pk for place in previous.values() if place}
    rows = WentLive.objects.filter(version__in=versions, placement__environment__in=places).select_related("placement").order_by("id")
    return {(row.version_id, row.placement.environment_id): row for row in rows}
