"""What each entry of the trail says, by its action: an icon, a tone and the words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from django.utils.html import format_html
from django.utils.safestring import SafeString

from promptstudio.projects.rules import ROLE_WORDS
from promptstudio.projects.windows import moment_in_words

LONGEST = 300
GATES = {
    "approvals": "approvals",
    "same_baseline": "approvals against what is live now",
    "previous_environment": "the environment before",
    "change_record": "the change record",
    "not_recalled": "the recall",
    "other_hands": "who approved it",
    "asker_confirms": "who asked for it",
    "tests": "the required tests",
    "never_fail": "cases that must never fail",
    "no_regression": "cases that got worse",
    "cost": "what a call costs",
    "latency": "how long answers take",
    "folder_reviewers": "who answers for the folder",
    "previous_hours": "how long it stayed in the environment before",
    "no_open_changes": "changes that a reviewer asks for",
    "no_open_comments": "comments that are not settled",
    "portable": "places that cannot hold it",
    "model_not_retired": "its retired model",
    "allowed_time": "when promoting is allowed",
}
# why something scheduled was refused when its moment had come
REFUSED_AT_ITS_MOMENT = {
    "blocked": "conditions were not met",
    "overtaken": "somebody had sent something else there meanwhile",
    "not_allowed": "whoever scheduled it may not promote there any more",
    "conflict": "it was not possible as things stood",
    "broken": "something unexpected happened",
}
# why a sign-in was refused, where the word itself does not say it
REFUSALS = {
    "archived": "the account is closed",
    "not_in_an_allowed_group": "none of their groups may enter",
    "too_many_groups": "the provider sent no groups, because there are too many",
    "wrong_audience": "the token was made for another program",
    "wrong_party": "the token was made for another program",
    "wrong_issuer": "the token comes from another issuer",
    "wrong_nonce": "the token belongs to another sign-in",
    "wrong_state": "it did not begin in that browser, or was used already",
    "wrong_signature": "the token was not signed by the provider",
    "wrong_algorithm": "the token was signed in a way that is not accepted",
    "unknown_key": "the token was signed with a key that the provider does not name",
    "expired": "the token had expired",
    "another_subject": "the provider spoke of two different people",
    "code_refused": "the code was used already, or too late",
    "access_denied": "the provider, or the person, said no",
    "provider_refused": "the provider refused the request",
}


@dataclass(frozen=True)
class Facts:
    label: str
    data: dict[str, Any]
    environment: str
    person: str

    @property
    def what(self) -> SafeString:
        return format_html("<b>{}</b>", self.label)

    def reason(self, name: str = "reason") -> SafeString:
        text = " ".join(str(self.data.get(name) or "").split())
        return format_html(": “{}”", text[: LONGEST - 1] + "…" if len(text) > LONGEST else text) if text else SafeString("")

    @property
    def number(self) -> str:
        return str(self.data.get("semver") or "")

    @property
    def target(self) -> str:
        return str(self.data.get("target") or "a target")


Wording = Callable[[Facts], SafeString]


def _asked_models(facts: Facts) -> SafeString:
    count = facts.data.get("questions") or 0
    return format_html("let a model answer {} ({} call{})", facts.what, count, "" if count == 1 else "s")


def _rated(facts: Facts) -> SafeString:
    found = "found an answer of {} not good{}" if facts.data.get("verdict") == "down" else "found an answer of {} good{}"
    return format_html(found, facts.what, facts.reason("why"))


def _said(template: str) -> Wording:
    """`{what}`, `{number}`, `{environment}`, `{person}`, `{target}`, `{reason}` and `{role}` are filled in, escaped."""

    def wording(facts: Facts) -> SafeString:
        return format_html(
            template,
            what=facts.what,
            number=facts.number,
            environment=facts.environment,
            person=facts.person,
            target=facts.target,
            reason=facts.reason(),
            error=facts.reason("error"),
            role=ROLE_WORDS.get(str(facts.data.get("role")), str(facts.data.get("role") or "")),
        )

    return wording


def _role(template: str) -> Wording:
    def wording(facts: Facts) -> SafeString:
        role = ROLE_WORDS.get(str(facts.data.get("role")), str(facts.data.get("role") or ""))
        by_group = facts.data.get("source") == "provider"
        folder = format_html(" in the folder {}", facts.data["folder"]) if facts.data.get("folder") else ""
        because = " because of their groups" if by_group else ""
        return format_html(template, person=facts.person, role=role, folder=folder, because=because)

    return wording


def _person_changed(facts: Facts) -> SafeString:
    by_provider = " as the identity provider says" if facts.data.get("source") == "provider" else ""
    if fields := facts.data.get("fields"):
        words = [{"email": "e-mail address"}.get(str(field), str(field)) for field in fields]
        return format_html("changed the {} of {}{}", " and ".join(words), facts.person, by_provider)
    return format_html("changed what {} may do{}", facts.person, by_provider)


def _signed_in(facts: Facts) -> SafeString:
    return format_html("signed in{}", " with the company account" if facts.data.get("way") == "single_sign_on" else " to the demo")


def _signed_out(facts: Facts) -> SafeString:
    because = str(facts.data.get("because") or "asked")
    ended = {"asked": "signed out", "provider_session_ended": "was signed out: the session at the identity provider has ended"}
    return format_html("{}", ended.get(because, f"was signed out: {_refusal(because)}"))


def _sign_in_refused(facts: Facts) -> SafeString:
    who = f" of {facts.person}" if facts.data.get("person") else ""
    return format_html("refused a sign-in{} by {}: {}", who, facts.label, _refusal(str(facts.data.get("because") or "")))


def _sessions_ended(facts: Facts) -> SafeString:
    number = int(facts.data.get("sessions") or 0)
    what = "1 session" if number == 1 else f"{number} sessions"
    return format_html("ended {} of {}", what, "their own" if facts.data.get("own") else facts.person)


def _throttled(facts: Facts) -> SafeString:
    whence = "for one name" if facts.data.get("by") == "name" else "from one address"
    return format_html("slowed sign-ins {} down: there were too many by {}", whence, facts.label)


def _guessing(facts: Facts) -> SafeString:
    if facts.data.get("by") == "key":
        return format_html("slowed requests down that begin like the key {} and are not it", facts.what)
    return SafeString("slowed requests from one address down: too many came with keys that are not in use")


def _refusal(because: str) -> str:
    return REFUSALS.get(because, because.replace("_", " "))


def _draft_opened(facts: Facts) -> SafeString:
    start = facts.data.get("based_on")
    return format_html("started a {}{}", _draft(facts), f", from {start}" if start else "")


def _draft_discarded(facts: Facts) -> SafeString:
    return format_html("discarded a {}", _draft(facts))


def _drafts_opened(facts: Facts) -> SafeString:
    number = int(facts.data.get("drafts") or 0)
    return format_html("started {} to bring in {}", "1 draft" if number == 1 else f"{number} drafts", facts.what)


def _draft(facts: Facts) -> SafeString:
    return format_html("draft of <b>{}</b>", facts.label.removeprefix("Draft of "))


def _prompt_changed(facts: Facts) -> SafeString:
    before, after = facts.data.get("before") or {}, facts.data.get("after") or {}
    if before.get("title") != after.get("title"):
        return format_html("renamed “{}” to {}", " ".join(str(before.get("title", "")).split())[:LONGEST], facts.what)
    if before.get("folder") != after.get("folder"):
        return format_html("moved {} to {}", facts.what, after.get("folder") or "the top of the library")
    return format_html("changed who owns {}", facts.what)


def _renamed(facts: Facts) -> SafeString:
    return format_html("gave {} the name {} instead of {}", facts.what, facts.data.get("name", ""), facts.data.get("before", ""))


def _former_name_dropped(facts: Facts) -> SafeString:
    return format_html("let {} go as a name of {}", facts.data.get("name", ""), facts.what)


def _tagged(facts: Facts) -> SafeString:
    if "tags" not in facts.data:
        return format_html("changed the tags of {}", facts.what)
    return format_html("tagged {} with {}", facts.what, facts.data["tags"])


def _confirmed(facts: Facts) -> SafeString:
    instead = " in the place of who asked" if facts.data.get("instead_of") else ""
    return format_html("confirmed{} that {} is what was wanted: {}{}", instead, facts.number, facts.what, facts.reason())


def _gates(facts: Facts) -> list[str]:
    return [GATES.get(str(gate), str(gate).replace("_", " ")) for gate in facts.data.get("gates") or []]


def _blocked(facts: Facts) -> SafeString:
    gates = _gates(facts)
    missing = f" because of {', '.join(gates)}" if gates else ""
    return format_html("wanted to send {} to {}; it was held back{}", facts.what, facts.environment, missing)


def _sent(facts: Facts) -> SafeString:
    replaced = facts.data.get("replaces")
    return format_html("sent {}{}{}", facts.what, f", in place of {replaced}" if replaced else "", facts.reason())


def _forced(facts: Facts) -> SafeString:
    return format_html("promoted {} in an emergency, past {}{}", facts.what, ", ".join(_gates(facts)) or "the conditions", facts.reason())


def _concluded(facts: Facts) -> SafeString:
    verdict = "justified" if facts.data.get("verdict") == "justified" else "not justified"
    return format_html("closed it: {}. It was {}{}", facts.what, verdict, facts.reason())


def _scheduled(template: str) -> Wording:
    def wording(facts: Facts) -> SafeString:
        gates = f" ({', '.join(_gates(facts))})" if facts.data.get("gates") else ""
        because = REFUSED_AT_ITS_MOMENT.get(str(facts.data.get("because")), "")
        return format_html(template, what=facts.what, when=_moment(facts), reason=facts.reason(), because=f"because {because}{gates}")

    return wording


def _moment(facts: Facts) -> str:
    """As it was said: in the time zone of whoever scheduled it."""
    try:
        return moment_in_words(datetime.fromisoformat(str(facts.data.get("at"))), str(facts.data.get("zone")))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return "later"


def _rolled_back(facts: Facts) -> SafeString:
    replaced = facts.data.get("replaces")
    return format_html("rolled {}{}{}", facts.what, f" back from {replaced}" if replaced else " back", facts.reason())


def _checked(facts: Facts) -> SafeString:
    answer = "it answered" if facts.data.get("answered") else "it did not answer as it should"
    return format_html("tested the connection to {}; {}{}", facts.what, answer, facts.reason("sentence"))


def _forgotten(facts: Facts) -> SafeString:
    number = int(facts.data.get("entries") or 0)
    day = str(facts.data.get("before") or "")[:10]
    return format_html("erased names and addresses from {} entr{} older than {}", number, "y" if number == 1 else "ies", day)


def _import_finished(facts: Facts) -> SafeString:
    number = int(facts.data.get("came_in") or 0)
    return format_html("brought in {} prompt{} from a file", number, "" if number == 1 else "s")


def _imports_removed(facts: Facts) -> SafeString:
    number = int(facts.data.get("batches") or 0)
    return format_html("removed {} file{} that had been read a day before", number, "" if number == 1 else "s")


def _held(facts: Facts) -> SafeString:
    return format_html("found that {} did what it should in {}{}", facts.what, facts.environment, facts.reason("sentence"))


def _missed(facts: Facts) -> SafeString:
    return format_html("found that {} did not do what it should in {}{}", facts.what, facts.environment, facts.reason("sentence"))


def _unknown(facts: Facts) -> SafeString:
    return format_html("could not find out whether {} did what it should in {}{}", facts.what, facts.environment, facts.reason("sentence"))


KINDS_OF_USE = {"read": "reading", "write": "writing", "test": "running tests", "promote": "promoting", "roll_back": "rolling back"}


def _first_use(facts: Facts) -> SafeString:
    kind = str(facts.data.get("kind") or "")
    return format_html("used the key {} for the first time for {}", facts.what, KINDS_OF_USE.get(kind, kind))


# action: (icon, tone, wording)
WORDINGS: dict[str, tuple[str, str, Wording]] = {
    "person.added": ("user", "quiet", _said("added {person}")),
    "person.changed": ("user", "quiet", _person_changed),
    "person.signed_in": ("login-2", "quiet", _signed_in),
    "person.signed_out": ("logout", "quiet", _signed_out),
    "sign_in.refused": ("lock", "back", _sign_in_refused),
    "sessions.ended": ("logout", "quiet", _sessions_ended),
    "sign_in.throttled": ("lock", "back", _throttled),
    "key.guessing_noticed": ("lock", "back", _guessing),
    "break_glass.made": ("key", "back", _said("made a password for the break-glass administrator {what}")),
    "break_glass.used": ("alert-triangle", "back", _said("signed in by break-glass as {what}")),
    "group_mapping.added": ("users", "quiet", _said("said what the group {what} gives")),
    "group_mapping.changed": ("users", "quiet", _said("changed what the group {what} gives")),
    "group_mapping.removed": ("users", "quiet", _said("said that the group {what} gives nothing any more")),
    "access.refused": ("ban", "back", _said("was refused{reason} at {what}")),
    "project.created": ("plus", "quiet", _said("created the project {what}")),
    "folder.reviewers_named": ("users", "quiet", _said("said who answers for {what}")),
    "environment.added": ("stack-2", "quiet", _said("added the environment {what}")),
    "environment.changed": ("stack-2", "quiet", _said("changed the environment {what}")),
    "policy.changed": ("shield-check", "quiet", _said("changed the conditions of {environment}")),
    "floor.changed": ("shield-check", "quiet", _said("set what every project must ask for at least")),
    "model_entry.added": ("adjustments", "quiet", _said("put the model {what} on the list")),
    "model_entry.changed": ("adjustments", "quiet", _said("changed what the list says of the model {what}")),
    "control.asked": ("shield-check", "quiet", _said("asked a second person to confirm: {what}")),
    "control.confirmed": ("shield-check", "", _said("confirmed what {person} asked for: {what}")),
    "control.declined": ("circle-x", "back", _said("declined what {person} asked for: {what}")),
    "control.withdrawn": ("arrow-back-up", "quiet", _said("withdrew the wish for {what}")),
    "access.signed": ("users", "", _said("looked at who has access, and signed for it")),
    "role.granted": ("user", "quiet", _role("gave {person} the role {role}{folder}{because}")),
    "role.revoked": ("user", "quiet", _role("took the role {role}{folder} from {person}{because}")),
    "service_account.created": ("key", "quiet", _said("made the service account {what}, for which {person} is responsible")),
    "key.created": ("key", "quiet", _said("made the key {what}")),
    "key.rotated": ("key", "quiet", _said("made a new key in place of {what}")),
    "key.revoked": ("key", "quiet", _said("revoked the key {what}")),
    "target.added": ("stack-2", "quiet", _said("made {environment} publish to {what}")),
    "target.changed": ("stack-2", "quiet", _said("changed where {environment} publishes: {what}")),
    "target.checked": ("link", "quiet", _checked),
    "prompt.created": ("plus", "quiet", _said("created {what}")),
    "prompt.changed": ("pencil", "quiet", _prompt_changed),
    "prompt.renamed": ("pencil", "quiet", _renamed),
    "prompt.former_name_dropped": ("x", "quiet", _former_name_dropped),
    "prompt.archived": ("archive", "quiet", _said("archived {what}")),
    "prompt.restored": ("arrow-back-up", "quiet", _said("brought {what} back from the archive")),
    "prompt.tagged": ("tag", "quiet", _tagged),
    "prompt.copied": ("copy", "quiet", _said("copied {what} {number} into a project")),
    "filter.saved": ("filter", "quiet", _said("kept filters of the library")),
    "filter.removed": ("filter", "quiet", _said("removed kept filters of the library")),
    "prompt.restricted": ("lock", "quiet", _said("restricted {what} to named people")),
    "prompt.opened": ("users", "quiet", _said("opened {what} to everyone with a role")),
    "prompt.taken_out_of_service": ("ban", "back", _said("took {what} out of service in {environment}{reason}")),
    "draft.opened": ("pencil", "quiet", _draft_opened),
    "draft.renewed": ("git-pull-request", "quiet", _said("took {number} into {what}")),
    "draft.discarded": ("trash", "quiet", _draft_discarded),
    "example.saved": ("test-pipe", "quiet", _said("kept the example {what}")),
    "example.changed": ("pencil", "quiet", _said("changed the values of the example {what}")),
    "example.archived": ("archive", "quiet", _said("removed the example {what}")),
    "model.asked": ("player-play", "quiet", _asked_models),
    "model.stopped": ("x", "quiet", _said("stopped asking a model about {what}")),
    "model.old_removed": ("clock", "quiet", _said("forgot old {what}")),
    "answer.rated": ("thumb-up", "quiet", _rated),
    "answer.rating_removed": ("x", "quiet", _said("took back what they thought of an answer of {what}")),
    "suite.added": ("test-pipe", "quiet", _said("made the tests {what}")),
    "suite.cases_saved": ("device-floppy", "quiet", _said("saved the cases of {what}")),
    "suite.changed": ("pencil", "quiet", _said("changed the name of {what}, or whether it is required")),
    "suite.archived": ("archive", "quiet", _said("archived the tests {what}")),
    "suite.restored": ("archive", "", _said("brought the tests {what} back from the archive")),
    "case.accepted": ("check", "quiet", _said("let a case get worse in {what}{reason}")),
    "case.acceptance_withdrawn": ("arrow-back-up", "quiet", _said("no longer lets a case get worse in {what}")),
    "suite.answers_compared": ("gavel", "quiet", _said("had a judge compare the answers of two runs of {what}")),
    "comparison.asked": ("users", "quiet", _said("asked people which answers are better: {what}")),
    "comparison.rated": ("check", "quiet", _said("finished comparing answers: {what}")),
    "comparison.closed": ("circle-check", "quiet", _said("closed the comparison of answers {what}")),
    "comparison.archived": ("archive", "quiet", _said("archived the comparison of answers {what}")),
    "judge.appointed": ("gavel", "quiet", _said("chose who judges answers in {what}")),
    "suite.started": ("player-play", "quiet", _said("ran the tests {what}")),
    "snippet.added": ("plus", "quiet", _said("made the snippet {what}")),
    "snippet.version_saved": ("device-floppy", "quiet", _said("saved {what}, a snippet")),
    "snippet.changed": ("pencil", "quiet", _said("changed what the snippet {what} is for, or who keeps it")),
    "snippet.archived": ("archive", "quiet", _said("archived the snippet {what}{reason}")),
    "snippet.restored": ("arrow-back-up", "quiet", _said("brought the snippet {what} back from the archive")),
    "snippet.drafts_opened": ("pencil", "quiet", _drafts_opened),
    "request.asked": ("message", "quiet", _said("asked for {what}")),
    "request.taken": ("pencil", "quiet", _said("took the request {what}")),
    "request.handed_over": ("user", "quiet", _said("handed the request {what} over to {person}")),
    "request.writing_started": ("pencil", "quiet", _said("started writing what was asked for: {what}")),
    "request.answered": ("link", "quiet", _said("said that {number} answers the request {what}")),
    "request.sent_back": ("send", "quiet", _said("sent {number} back to who asked for {what}{reason}")),
    "request.confirmed": ("circle-check", "", _confirmed),
    "request.reopened": ("arrow-back-up", "back", _said("wants something else for {what}{reason}")),
    "request.declined": ("circle-x", "back", _said("declined the request {what}{reason}")),
    "request.commented": ("message", "quiet", _said("said something about the request {what}")),
    "version.saved": ("device-floppy", "quiet", _said("saved {what}")),
    "version.change_record_added": ("file-text", "quiet", _said("added to the change record of {what}")),
    "criterion.added": ("help-circle", "quiet", _said("wrote down how it will be known whether {what} did what it should")),
    "criterion.asked": ("help-circle", "quiet", _said("asked {person} whether {what} did what it should")),
    "criterion.confirmed": ("circle-check", "", _held),
    "criterion.missed": ("circle-x", "back", _missed),
    "criterion.no_data": ("circle-dashed", "quiet", _unknown),
    "version.recalled": ("ban", "back", _said("recalled {what}{reason}")),
    "import.previewed": ("file-text", "quiet", _said("read a file to see what would come in")),
    "import.discarded": ("trash", "quiet", _said("forgot a file that would have come in")),
    "import.finished": ("download", "quiet", _import_finished),
    "import.old_removed": ("trash", "quiet", _imports_removed),
    "review.asked": ("eye", "quiet", _said("asked for a review of {what}")),
    "review.approved": ("circle-check", "", _said("approved {what} as {role}")),
    "review.changes_requested": ("arrow-back-up", "back", _said("asked for changes to {what}")),
    "review.commented": ("message", "quiet", _said("commented on {what}")),
    "review.withdrawn": ("arrow-back-up", "quiet", _said("withdrew the review of {what}")),
    "thread.begun": ("message", "quiet", _said("commented on {what}")),
    "thread.replied": ("message", "quiet", _said("replied about {what}")),
    "thread.resolved": ("circle-check", "quiet", _said("settled what was said about {what}")),
    "thread.reopened": ("refresh", "quiet", _said("opened again what was said about {what}")),
    "substitute.named": ("users", "quiet", _said("named {person} to decide in their place")),
    "substitute.ended": ("users", "quiet", _said("ended that {person} decides in somebody's place")),
    "suggestion.taken": ("pencil", "quiet", _said("took a suggestion for {what} into a draft")),
    "deployment.made": ("rocket", "", _sent),
    "deployment.forced": ("bolt", "back", _forced),
    "schedule.made": ("calendar-time", "quiet", _scheduled("scheduled {what} for {when}{reason}")),
    "schedule.moved": ("calendar-time", "quiet", _scheduled("moved {what} to {when}")),
    "schedule.cancelled": ("x", "quiet", _scheduled("cancelled {what}, which was scheduled for {when}")),
    "schedule.promoted": ("calendar-time", "", _scheduled("promoted what was scheduled: {what}")),
    "schedule.refused": ("circle-x", "back", _scheduled("did not promote what was scheduled, {because}: {what}")),
    "release.made": ("packages", "quiet", _said("began the release {what} for {environment}")),
    "release.changed": ("packages", "quiet", _said("changed what goes with the release {what}")),
    "release.withdrawn": ("arrow-back-up", "quiet", _said("withdrew the release {what}")),
    "release.promoted": ("packages", "", _said("promoted all of the release {what} to {environment}{reason}")),
    "release.rolled_back": ("arrow-back-up", "back", _said("rolled all of the release {what} back in {environment}{reason}")),
    "release.blocked": ("circle-x", "back", _said("wanted to promote the release {what} to {environment}; it was held back")),
    "release.rollback_blocked": ("circle-x", "back", _said("wanted to roll the release {what} back in {environment}; it was held back")),
    "release.not_allowed": ("lock", "back", _said("wanted to move the release {what} in {environment} and was not allowed to{reason}")),
    "emergency.blocked": ("circle-x", "back", _said("wanted to promote {what} to {environment} in an emergency; the recall held it back")),
    "emergency.not_allowed": (
        "lock",
        "back",
        _said("wanted to promote {what} to {environment} in an emergency and was not allowed to{reason}"),
    ),
    "emergency.reminded": ("clock", "back", _said("reminded the project admins: nobody has closed it yet: {what}")),
    "emergency.concluded": ("circle-check", "", _concluded),
    "deployment.rolled_back": ("arrow-back-up", "back", _rolled_back),
    "deployment.went_live": ("circle-check-filled", "", _said("saw {what} go live")),
    "deployment.blocked": ("circle-x", "back", _blocked),
    "review.not_allowed": ("lock", "back", _said("wanted to decide about {what} and was not allowed to{reason}")),
    "deployment.not_allowed": ("lock", "back", _said("wanted to send {what} to {environment} and was not allowed to{reason}")),
    "rollback.blocked": ("circle-x", "back", _said("wanted to go back to {what} in {environment}; it was held back")),
    "rollback.not_allowed": ("lock", "back", _said("wanted to roll {what} back in {environment} and was not allowed to{reason}")),
    "publication.confirmed": ("circle-check", "", _said("published {number} to {target} and read it back")),
    "publication.failed": ("alert-triangle", "back", _said("could not publish {number} to {target}{error}")),
    "deployment.seal_broken": ("alert-triangle-filled", "back", _said("stopped {what}: it did not come through the door of Prompt Studio")),
    "audit.exported": ("download", "quiet", _said("took a file out: {what}")),
    "key.first_use": ("key", "quiet", _first_use),
    "notifications.changed": ("bell", "quiet", _said("chose what to be told about, and how")),
    "person.anonymised": ("user", "quiet", _said("made a person anonymous")),
    "names.erased": ("trash", "quiet", _forgotten),
    "text.erased": ("trash", "quiet", _said("erased words: {what}")),
    "places.asked": ("help-circle", "quiet", _said("asked the places of {environment} what they hold")),
    "publication.drift_noticed": (
        "alert-triangle",
        "back",
        _said("found that {target} does not hold {number} of {what} any more{error}"),
    ),
    "publication.retried": ("refresh", "quiet", _said("had the publication of {number} to {target} tried again")),
    "publication.cancelled": ("ban", "back", _said("stopped trying to publish {number} to {target}{reason}")),
    "publication.excluded": ("ban", "back", _said("left {target} out for {number}{reason}")),
}
