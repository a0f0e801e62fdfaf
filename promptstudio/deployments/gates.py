"""What must be so before a version may enter an environment. One class per gate; each answers with a reason."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from promptstudio.accounts.models import User
from promptstudio.evaluations.standing import Standing
from promptstudio.lib import clock
from promptstudio.projects.answering import Answering
from promptstudio.projects.models import Environment
from promptstudio.projects.roles import ROLES
from promptstudio.projects.rules import ROLE_WORDS, Rules
from promptstudio.prompts.models import Version
from promptstudio.reviews.answering import Asked
from promptstudio.reviews.mentioning import in_words
from promptstudio.reviews.models import Decision
from promptstudio.reviews.models.substitutes import today

from . import naming
from .candidate import Candidate as Candidate
from .candidate import Gate
from .candidate import Outcome as Outcome
from .models import Placement
from .requests import is_confirmed

log = structlog.get_logger(__name__)


class NotRecalled(Gate):
    name, title = "not_recalled", "Not recalled"

    def applies(self, rules: Rules) -> bool:
        return True

    def check(self, candidate: Candidate) -> Outcome:
        recall = candidate.recall
        if recall is None:
            return self.passed("Nobody recalled this version.")
        if self._is_lifted(candidate):
            names, marks = _named([d.person for d in candidate.approvals])
            sentence = "It was recalled, and approved in a new review by {}."
            return self.passed(sentence.format(names), kept=sentence.format(marks))
        sentence = f"{{}} recalled {candidate.version.semver}: “{{}}” A new review has to approve it first."
        return self.blocked(
            sentence.format(recall.by, recall.reason),
            kept=sentence.format(naming.person(recall.by), naming.recalled(recall)),
            recall=str(recall.uid),
        )

    def _is_lifted(self, candidate: Candidate) -> bool:
        """Also on the way back, which asks nothing else: one of two approvals does not lift it, nor one beside wishes for changes."""
        asked = [gate for gate in (Approvals(), ForTheFolder()) if gate.applies(candidate.rules)]
        return bool(candidate.approvals) and not candidate.requested_changes and all(gate.check(candidate).passed for gate in asked)


class PreviousEnvironment(Gate):
    name, title = "previous_environment", "Previous environment"

    def applies(self, rules: Rules) -> bool:
        return rules.previous_environment

    def check(self, candidate: Candidate) -> Outcome:
        previous = candidate.previous
        if previous is None:
            return self.passed("This is the first environment.")
        was_live = candidate.was_live_before
        if was_live is None:
            return self.blocked(f"{candidate.version.semver} has not been live in {previous} yet. Promote it there first.")
        return self.passed(f"Live in {previous} on {was_live.at:%-d %B}.", at=was_live.at.isoformat())


class ChangeRecord(Gate):
    name, title = "change_record", "Change record"

    def applies(self, rules: Rules) -> bool:
        return rules.change_record

    def check(self, candidate: Candidate) -> Outcome:
        version = candidate.version
        if version.origin == "import":
            return self.blocked(f"{version.semver} was imported and tells no story of its change. Save a new version with a change record.")
        if candidate.missing_from_record:
            missing = " and ".join(f"“{label}”" for label in candidate.missing_from_record)
            return self.blocked(f"{missing} is still missing from the change record.")
        return self.passed("Summary, expected impact and how we will know are there.")


class Approvals(Gate):
    name, title = "approvals", "Approvals"

    def applies(self, rules: Rules) -> bool:
        return bool(rules.approvals)

    def check(self, candidate: Candidate) -> Outcome:
        if candidate.requested_changes:
            return _changes_wanted(self, candidate)
        given = {role: [d for d in candidate.approvals if d.role == role] for role in candidate.rules.approvals}
        missing = [
            f"{count - len(given[role])} more {ROLE_WORDS[role]} approval"
            for role, count in candidate.rules.approvals.items()
            if len(given[role]) < count
        ]
        evidence = {"decisions": _uids(candidate.approvals)}
        if missing:
            able, marks = _named(_able(candidate, [role for role in given if len(given[role]) < candidate.rules.approvals[role]]))
            needed = " and ".join(missing) + " needed. "
            old, old_marks = _lapsed_words(candidate)
            sentence = "These people can give it: {}." if able else "Nobody can give it at the moment."
            return self.blocked(needed + old + sentence.format(able), kept=needed + old_marks + sentence.format(marks), **evidence)
        roles = [f" ({ROLE_WORDS[d.role]})" for d in candidate.approvals]
        names, marks = _named([d.person for d in candidate.approvals], roles)
        return self.passed(f"Approved by {names}.", kept=f"Approved by {marks}.", **evidence)


_ONE_ANSWERS = "It needs the approval of {}, who answers for {place}."


class ForTheFolder(Gate):
    """Whoever answers for the folder of the prompt; see `projects.answering`."""

    name, title = "folder_reviewers", "Approval for the folder"

    def applies(self, rules: Rules) -> bool:
        return rules.folder_reviewers

    def check(self, candidate: Candidate) -> Outcome:
        answering = candidate.answering
        if answering is None:
            return self.passed("It asks nobody: no person and no role answers for its folder.")
        if candidate.requested_changes and not candidate.rules.approvals:
            return _changes_wanted(self, candidate)
        asked = Asked(answering, candidate.members, candidate.substitutes, candidate.authors)
        given = [d for d in candidate.approvals if asked.gave(d)]
        if fresh := [d for d in given if _still_holds(d, candidate)]:
            in_place = [asked.in_place_of(d) for d in fresh]
            sentence = "{} approved it for {place}."
            return self._said(
                self.passed, sentence, answering, _named([d.person for d in fresh], in_place_of=in_place), decisions=_uids(fresh)
            )
        if given:
            sentence = "{} approved it for {place} when something else was live, and must look at the new difference and confirm."
            return self._said(self.blocked, sentence, answering, _named([d.person for d in given]), waiting=_uids(given))
        if able := sorted(asked.able(today()).values(), key=lambda user: (user.name, user.pk)):
            sentence = "It needs the approval of {}, who answer for {place}." if len(able) > 1 else _ONE_ANSWERS
            return self._said(self.blocked, sentence, answering, _named(able, glue=" or "))
        return self._nobody(candidate, asked)

    def _nobody(self, candidate: Candidate, asked: Asked) -> Outcome:
        """Fails closed, and says whom to ask and what to do."""
        admins = {row.user_id: row.user for row in candidate.members if row.role in ROLES["administer"]}
        keepers = _named(list(admins.values()), glue=" or ") if admins else ("a site admin", "a site admin")
        if wrote := asked.wrote_it():
            sentence = "{} answer(s) for {place} and worked on this version. Ask {ask} to name somebody else there as well."
            sentence = sentence.replace("answer(s)", "answer" if len(wrote) > 1 else "answers")
            return self._said(self.blocked, sentence, asked.answering, _named(wrote, glue=" and "), keepers)
        named = _named(list(asked.answering.people), glue=" or ")
        who = " ({})" if asked.answering.people else ""
        sentence = (
            f"Nobody who answers for {{place}}{who} can approve at the moment. Ask {{ask}} to name somebody else under Settings › Folders."
        )
        return self._said(self.blocked, sentence, asked.answering, named, keepers)

    def _said(
        self, outcome: Any, sentence: str, answering: Answering, people: tuple[str, str], ask: tuple[str, str] = ("", ""), **evidence: Any
    ) -> Outcome:
        said, kept = (sentence.format(who, place=answering.place, ask=keeper) for who, keeper in zip(people, ask, strict=True))
        result: Outcome = outcome(said, kept=kept, folder=answering.place, **evidence)
        return result


class Tested(Gate):
    """The required suites of its prompt, on exactly this version, and where there is an environment before, since it went live there."""

    name, title = "tests", "Tests"

    def applies(self, rules: Rules) -> bool:
        return rules.tests

    def check(self, candidate: Candidate) -> Outcome:
        if not candidate.tests:
            return self.blocked("No suite is required of this prompt, so nothing can have passed. Make one under Tests, and tick Required.")
        since = candidate.was_live_before.at if candidate.was_live_before else None
        open_ = [sentence for standing in candidate.tests if (sentence := self._open(standing, candidate, since))]
        evidence: dict[str, Any] = {"runs": [str(standing.run.uid) for standing in candidate.tests if standing.run]}
        if open_:
            return self.blocked(" ".join(open_), **evidence)
        told = [f"{standing.suite} passed {standing.total} of {standing.total} cases." for standing in candidate.tests]
        return self.passed(" ".join(told), **evidence)

    def _open(self, standing: Standing, candidate: Candidate, since: datetime | None) -> str:
        """Why this suite does not speak for the version; empty where it does."""
        days, place = candidate.rules.tests_days, candidate.previous
        if standing.cannot_fail:
            return f"{standing.suite} proves nothing: {standing.cannot_fail[0]}"
        if standing.run is None:
            return f"{standing.suite} was not run on {candidate.version.semver} as its cases are now."
        if standing.waiting:
            return f"{standing.suite} is still running."
        if wrong := standing.total - standing.passed:
            return f"{standing.suite}: {wrong} of {standing.total} cases did not pass."
        if place and (since is None or standing.run.asked_at < since):
            return f"{standing.suite} was not run since {candidate.version.semver} is live in {place}."
        if days and standing.run.asked_at < clock.now() - timedelta(days=days):
            return f"{standing.suite} was run more than {days} days ago."
        return ""


class SameBaseline(Gate):
    """An approval says "this instead of that". When another version went live since, it speaks of a difference that no longer is."""

    name, title = "same_baseline", "Approved against what is live now"

    def applies(self, rules: Rules) -> bool:
        return bool(rules.approvals) and rules.same_baseline

    def check(self, candidate: Candidate) -> Outcome:
        fresh = [d.role for d in candidate.approvals if d.baseline_id == _pk(candidate.live)]
        short = {role for role, count in candidate.rules.approvals.items() if fresh.count(role) < count}
        if candidate.live and candidate.live.pk == candidate.version.pk:
            return self.passed("It is the version that stood here itself.")
        stale = [d for d in candidate.approvals if d.role in short and d.baseline_id != _pk(candidate.live)]
        if stale:
            now = f"{candidate.live.semver} is live now" if candidate.live else "nothing is live now"
            saw = [f" (who saw {d.baseline.semver if d.baseline else 'nothing'} live)" for d in stale]
            names, marks = _named([d.person for d in stale], saw)
            sentence = f"{now[0].upper()}{now[1:]}. Before it goes on, {{}} must look at the new difference and confirm."
            return self.blocked(
                sentence.format(names),
                kept=sentence.format(marks),
                waiting=[str(d.person.uid) for d in stale],
            )
        if not candidate.approvals:
            return self.passed("There is no approval yet that could be held against what is live.")
        if candidate.live is None:
            return self.passed("Nothing is live there yet.")
        return self.passed(f"The approvals that count were given against {candidate.live.semver}, which is live now.")


class OtherHands(Gate):
    name, title = "other_hands", "Promoted by somebody else"

    def applies(self, rules: Rules) -> bool:
        return rules.asks_approval and not rules.approver_may_deploy

    def check(self, candidate: Candidate) -> Outcome:
        if candidate.by is None:
            return self.passed("It is looked at when somebody promotes it: not by one of those who approved it.")
        if candidate.by.pk in {d.person_id for d in candidate.approvals}:
            sentence = "{} approved it, so somebody else has to promote it."
            kept = sentence.format(naming.person(candidate.by))
            return self.blocked(sentence.format(candidate.by), kept=kept, by=str(candidate.by.uid))
        return self.passed(f"{candidate.by} did not approve it.", kept=f"{naming.person(candidate.by)} did not approve it.")


class AskerConfirms(Gate):
    """What was asked for goes on when whoever asked said that it is this. Without a request there is nobody to ask."""

    name, title = "asker_confirms", "Confirmed by who asked"

    def applies(self, rules: Rules) -> bool:
        return rules.asker_confirms

    def check(self, candidate: Candidate) -> Outcome:
        if not candidate.requests:
            return self.passed("Nobody asked for it in a request.")
        waiting = [request for request in candidate.requests if not is_confirmed(request, candidate.version)]
        asked = waiting or candidate.requests
        names, marks = _named(list({request.asked_by_id: request.asked_by for request in asked}.values()))
        evidence = {"requests": [str(request.uid) for request in asked]}
        if waiting:
            sentence = "{} asked for it and did not confirm yet that this is what was wanted."
            return self.blocked(sentence.format(names), kept=sentence.format(marks), **evidence)
        sentence = "It is what {} asked for: they confirmed it, or somebody in their place."
        return self.passed(sentence.format(names), kept=sentence.format(marks), **evidence)


GATES: tuple[Gate, ...] = (
    NotRecalled(),
    PreviousEnvironment(),
    ChangeRecord(),
    AskerConfirms(),
    Approvals(),
    ForTheFolder(),
    Tested(),
    SameBaseline(),
    OtherHands(),
)


def candidate_for(version: Version, environment: Environment, *, by: User | None = None) -> Candidate:
    placement = Placement.objects.filter(prompt=version.prompt_id, environment=environment).select_related("live__version").first()
    return Candidate(version, environment, environment.policy, placement.live_version if placement else None, by)


def evaluate(candidate: Candidate, gates: tuple[Gate, ...] | None = None, *, prepared: bool = False) -> list[Outcome]:
    """Every gate that the policy asks for, in order. A gate that cannot answer blocks.

    `prepared` says that the candidate holds its facts already, so that no query is made that could fail.
    """
    return list(_outcomes(candidate, GATES if gates is None else gates, prepared))


def _outcomes(candidate: Candidate, gates: tuple[Gate, ...], prepared: bool) -> Iterator[Outcome]:
    for gate in gates:
        try:
            # A savepoint, so that a failed query of one gate leaves the others their transaction.
            with nullcontext() if prepared else transaction.atomic():
                outcome = gate.check(candidate) if gate.applies(candidate.rules) else None
            if outcome:
                yield outcome
        except Exception as error:
            log.exception("gate.broken", gate=gate.name, version=str(candidate.version.uid))
            yield gate.blocked(f"This could not be checked, so it blocks ({type(error).__name__}). Tell an administrator.")


def _named(
    people: list[User], more: list[str] | None = None, *, glue: str = ", ", in_place_of: Sequence[User | None] = ()
) -> tuple[str, str]:
    """People with commas between them, the last one after `glue`, and the same as marks; `more` follows each of them."""
    endings = more or [""] * len(people)
    absent = in_place_of or [None] * len(people)
    rows = list(zip(people, endings, absent, strict=True))
    names = [f"{user.name}{f' in the place of {away.name}' if away else ''}{end}" for user, end, away in rows]
    marks = [f"{naming.person(user)}{f' in the place of {naming.person(away)}' if away else ''}{end}" for user, end, away in rows]
    return _joined(names, glue), _joined(marks, glue)


def _joined(parts: list[str], glue: str) -> str:
    return glue.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _still_holds(decision: Decision, candidate: Candidate) -> bool:
    """Whether what was live when it was given is live now, where the conditions ask for that."""
    is_there = candidate.live is not None and candidate.live.pk == candidate.version.pk
    return is_there or not candidate.rules.same_baseline or decision.baseline_id == _pk(candidate.live)


def _changes_wanted(gate: Gate, candidate: Candidate) -> Outcome:
    who = candidate.requested_changes[0]
    sentence = "{} asked for changes: “{}”"
    kept = sentence.format(naming.person(who.person), naming.comment(who))
    return gate.blocked(sentence.format(who.person, in_words(who)), kept=kept, by=str(who.person.uid))


def _uids(decisions: list[Decision]) -> list[str]:
    return [str(decision.uid) for decision in decisions]


def _lapsed_words(candidate: Candidate) -> tuple[str, str]:
    """A sentence for each approval that is too old to count, with names and with marks."""
    words = [f"The approval of {{}} of {d.decided_at:%-d %B} lapsed after {candidate.rules.approval_days} days. " for d in candidate.lapsed]
    pairs = list(zip(words, candidate.lapsed, strict=True))
    return "".join(w.format(d.person) for w, d in pairs), "".join(w.format(naming.person(d.person)) for w, d in pairs)


def _able(candidate: Candidate, roles: list[str]) -> list[User]:
    """People who could give an approval in one of `roles` today."""
    out = candidate.authors | {d.person_id for d in candidate.approvals}
    able = {row.user for row in candidate.members if row.role in roles and row.user_id not in out}
    return sorted(able, key=lambda user: user.name)


def _pk(version: Version | None) -> int | None:
    return version.pk if version else None
