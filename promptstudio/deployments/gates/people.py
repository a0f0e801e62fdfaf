"""Gates that ask people."""

from typing import Any

from promptstudio.accounts.models import User
from promptstudio.projects.answering import Answering
from promptstudio.projects.roles import ROLES
from promptstudio.projects.rules import ROLE_WORDS, Rules
from promptstudio.prompts.models import Version
from promptstudio.reviews.answering import Asked
from promptstudio.reviews.mentioning import in_words
from promptstudio.reviews.models import Decision
from promptstudio.reviews.models.substitutes import today

from .. import naming
from ..candidate import Candidate, Gate, Outcome
from ..requests import is_confirmed
from .saying import named, uids


class Approvals(Gate):
    name, title = "approvals", "Approvals"

    def applies(self, rules: Rules) -> bool:
        return bool(rules.approvals)

    def check(self, candidate: Candidate) -> Outcome:
        if candidate.requested_changes and not candidate.rules.no_open_changes:
            return _changes_wanted(self, candidate)
        given = {role: [d for d in candidate.approvals if d.role == role] for role in candidate.rules.approvals}
        missing = [
            f"{count - len(given[role])} more {ROLE_WORDS[role]} approval"
            for role, count in candidate.rules.approvals.items()
            if len(given[role]) < count
        ]
        evidence = {"decisions": uids(candidate.approvals)}
        if missing:
            able, marks = named(_able(candidate, [role for role in given if len(given[role]) < candidate.rules.approvals[role]]))
            needed = " and ".join(missing) + " needed. "
            old, old_marks = _lapsed_words(candidate)
            sentence = "These people can give it: {}." if able else "Nobody can give it at the moment."
            return self.blocked(needed + old + sentence.format(able), kept=needed + old_marks + sentence.format(marks), **evidence)
        roles = [f" ({ROLE_WORDS[d.role]})" for d in candidate.approvals]
        names, marks = named([d.person for d in candidate.approvals], roles)
        return self.passed(f"Approved by {names}.", kept=f"Approved by {marks}.", **evidence)


class NoOpenChanges(Gate):
    """Says it in the place of the approvals, and also where nobody's approval is asked for."""

    name, title = "no_open_changes", "No changes asked for"

    def applies(self, rules: Rules) -> bool:
        return rules.no_open_changes

    def check(self, candidate: Candidate) -> Outcome:
        if candidate.requested_changes:
            return _changes_wanted(self, candidate)
        return self.passed("No reviewer asks for changes.")


class NoOpenComments(Gate):
    """On its lines and on those of earlier versions: its review shows all of them until somebody settles them."""

    name, title = "no_open_comments", "Comments settled"

    def applies(self, rules: Rules) -> bool:
        return rules.no_open_comments

    def check(self, candidate: Candidate) -> Outcome:
        threads = candidate.open_threads
        if not threads:
            return self.passed("No comment on its lines waits to be settled.")
        names, marks = named(list({thread.begun_by_id: thread.begun_by for thread in threads}.values()), glue=" and ")
        waiting = "1 comment on lines is" if len(threads) == 1 else f"{len(threads)} comments on lines are"
        sentence = f"{waiting} not settled yet. They come from {{}}; settle them in the review, beside the text."
        if len(threads) == 1:
            sentence = f"{waiting} not settled yet. It comes from {{}}; settle it in the review, beside the text."
        return self.blocked(sentence.format(names), kept=sentence.format(marks), threads=[str(thread.uid) for thread in threads])


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
        if candidate.requested_changes and not (candidate.rules.approvals or candidate.rules.no_open_changes):
            return _changes_wanted(self, candidate)
        asked = Asked(answering, candidate.members, candidate.substitutes, candidate.authors)
        given = [d for d in candidate.approvals if asked.gave(d)]
        if fresh := [d for d in given if _still_holds(d, candidate)]:
            in_place = [asked.in_place_of(d) for d in fresh]
            sentence = "{} approved it for {place}."
            return self._said(
                self.passed, sentence, answering, named([d.person for d in fresh], in_place_of=in_place), decisions=uids(fresh)
            )
        if given:
            sentence = "{} approved it for {place} when something else was live, and must look at the new difference and confirm."
            return self._said(self.blocked, sentence, answering, named([d.person for d in given]), waiting=uids(given))
        if able := sorted(asked.able(today()).values(), key=lambda user: (user.name, user.pk)):
            sentence = "It needs the approval of {}, who answer for {place}." if len(able) > 1 else _ONE_ANSWERS
            return self._said(self.blocked, sentence, answering, named(able, glue=" or "))
        return self._nobody(candidate, asked)

    def _nobody(self, candidate: Candidate, asked: Asked) -> Outcome:
        """Fails closed, and says whom to ask and what to do."""
        admins = {row.user_id: row.user for row in candidate.members if row.role in ROLES["administer"]}
        keepers = named(list(admins.values()), glue=" or ") if admins else ("a site admin", "a site admin")
        if wrote := asked.wrote_it():
            sentence = "{} answer(s) for {place} and worked on this version. Ask {ask} to name somebody else there as well."
            sentence = sentence.replace("answer(s)", "answer" if len(wrote) > 1 else "answers")
            return self._said(self.blocked, sentence, asked.answering, named(wrote, glue=" and "), keepers)
        who_is_named = named(list(asked.answering.people), glue=" or ")
        who = " ({})" if asked.answering.people else ""
        sentence = (
            f"Nobody who answers for {{place}}{who} can approve at the moment. Ask {{ask}} to name somebody else under Settings › Folders."
        )
        return self._said(self.blocked, sentence, asked.answering, who_is_named, keepers)

    def _said(
        self, outcome: Any, sentence: str, answering: Answering, people: tuple[str, str], ask: tuple[str, str] = ("", ""), **evidence: Any
    ) -> Outcome:
        said, kept = (sentence.format(who, place=answering.place, ask=keeper) for who, keeper in zip(people, ask, strict=True))
        result: Outcome = outcome(said, kept=kept, folder=answering.place, **evidence)
        return result


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
            names, marks = named([d.person for d in stale], saw)
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
        names, marks = named(list({request.asked_by_id: request.asked_by for request in asked}.values()))
        evidence = {"requests": [str(request.uid) for request in asked]}
        if waiting:
            sentence = "{} asked for it and did not confirm yet that this is what was wanted."
            return self.blocked(sentence.format(names), kept=sentence.format(marks), **evidence)
        sentence = "It is what {} asked for: they confirmed it, or somebody in their place."
        return self.passed(sentence.format(names), kept=sentence.format(marks), **evidence)


def _still_holds(decision: Decision, candidate: Candidate) -> bool:
    """Whether what was live when it was given is live now, where the conditions ask for that."""
    is_there = candidate.live is not None and candidate.live.pk == candidate.version.pk
    return is_there or not candidate.rules.same_baseline or decision.baseline_id == _pk(candidate.live)


def _changes_wanted(gate: Gate, candidate: Candidate) -> Outcome:
    who = candidate.requested_changes[0]
    sentence = "{} asked for changes: “{}”"
    kept = sentence.format(naming.person(who.person), naming.comment(who))
    return gate.blocked(sentence.format(who.person, in_words(who)), kept=kept, by=str(who.person.uid))


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
