"""Asking for a prompt, writing it, and hearing from who asked whether this is what was wanted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.append_only import ERASED
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.lengths import LONGEST_TITLE, check_lengths, too_long
from promptstudio.lib.locking import locked
from promptstudio.projects.models import Folder

from .bundle import NAME
from .models import Draft, NamedExample, Prompt, Request, RequestAnswer, RequestEvent, Version
from .request_permissions import (
    can_ask,
    can_confirm_answer,
    can_decline,
    can_hand_over,
    can_say,
    can_take,
    is_shut_out,
    writers_for,
)
from .services import create_prompt, open_draft, save_example

Kind = RequestEvent.Kind
MOST_ANSWERS = 20
LONGEST_NAME = 120
# A line such as “damage_report: The pipe burst.”
_VALUE = re.compile(rf"({NAME}):[ \t]*(\S.*)")


@dataclass(frozen=True)
class Answer:
    """What the asker would be glad to read, or not `good`, to what is `given`: plain text, or a line `name: value` for each value."""

    text: str
    good: bool = True
    name: str = ""
    given: str = ""
    why: str = ""

    @property
    def values(self) -> dict[str, str]:
        """The values by name, where every line gives one."""
        lines = [line.strip() for line in self.given.splitlines() if line.strip()]
        found = [_VALUE.fullmatch(line) for line in lines]
        return {match[1]: match[2].strip() for match in found if match} if all(found) else {}


@transaction.atomic
def ask_for_prompt(
    *,
    place: Folder | Prompt,
    title: str,
    wanted: str,
    audience: str = "",
    given: str = "",
    due_on: date | None = None,
    answers: Sequence[Answer] = (),
    actor: Actor,
) -> Request:
    """Ask for a new prompt in a folder, or for a change of a prompt. Raises Invalid without an answer that would be good."""
    can_ask(actor, place).require()
    _check_wish(title, wanted, audience, given, due_on, answers)
    prompt = place if isinstance(place, Prompt) else None
    folder = place.folder if isinstance(place, Prompt) else place
    request = Request.objects.create(
        project=folder.project,
        folder=folder,
        prompt=prompt,
        title=title.strip(),
        wanted=wanted.strip(),
        audience=audience.strip(),
        given=given.strip(),
        due_on=due_on,
        asked_by=actor.user,
        asked_at=clock.now(),
    )
    for number, answer in enumerate(answers, 1):
        name = answer.name.strip() or f"{'Good' if answer.good else 'Bad'} answer {number}"
        RequestAnswer.objects.create(
            request=request,
            good=answer.good,
            name=name,
            given=answer.given.strip(),
            values=answer.values,
            text=answer.text.strip(),
            why=answer.why.strip(),
        )
    _noted(request, Kind.ASKED, "request.asked", actor)
    return request


@transaction.atomic
def take_request(*, request: Request, actor: Actor) -> Request:
    """Say that one will write it oneself. Raises Conflict when somebody has it."""
    request = _locked(request)
    can_take(actor, request).require()
    _is_not_over(request)
    _nobody_else_has(request, actor)
    if request.owner_id:
        raise Conflict("You have taken it already.")
    return _owned(request, actor)


@transaction.atomic
def hand_over(*, request: Request, to: User, actor: Actor) -> Request:
    """Let somebody else write it: one of those who may."""
    request = _locked(request)
    can_hand_over(actor, request).require()
    _is_not_over(request)
    if to.pk == request.owner_id:
        raise Conflict(f"{to} has it already.")
    if to not in writers_for(request):
        raise Invalid({"to": f"{to} may not write here. Choose somebody who may."})
    request.owner = to
    request.save(update_fields=["owner"])
    _noted(request, Kind.HANDED_OVER, "request.handed_over", actor, person=to)
    return request


@transaction.atomic
def decline(*, request: Request, reason: str, actor: Actor) -> Request:
    """Say no to it with a reason; the asker withdraws it in the same way."""
    request = _locked(request)
    can_decline(actor, request).require()
    _is_not_over(request)
    _check_words(reason, "reason", "Say why, so that whoever asked knows what to do next.")
    request.declined_at = clock.now()
    request.save(update_fields=["declined_at"])
    _noted(request, Kind.DECLINED, "request.declined", actor, words=reason)
    return request


@transaction.atomic
def start_writing(*, request: Request, actor: Actor) -> Draft:
    """Open the draft that shall answer it; without a prompt, make one where it is wanted. Whoever starts has taken it."""
    request = _locked(request)
    can_take(actor, request).require()
    _is_not_over(request)
    _nobody_else_has(request, actor)
    if request.sent_back_at:
        raise Conflict(f"{request.version} is with {request.asked_by}. Wait for the answer, or say below what you want to change.")
    if request.draft and request.draft.is_open:
        raise Conflict(f"{request.draft.created_by} opened a draft for it already.")
    if request.owner_id is None:
        _owned(request, actor)
    if request.prompt is None:
        request.prompt = create_prompt(project=request.project, title=request.title, folder=request.folder.path, actor=actor)
    _keep_examples(request, request.prompt, actor)
    request.draft = open_draft(prompt=request.prompt, actor=actor)
    request.save(update_fields=["prompt", "draft"])
    _noted(request, Kind.STARTED, "request.writing_started", actor, draft=request.draft)
    return request.draft


@transaction.atomic
def answer_request(*, request: Request, version: Version, actor: Actor) -> Request:
    """Say that `version` answers it, without asking the asker yet."""
    request = _locked(request)
    _check_answer(request, version, actor)
    if request.version_id == version.pk:
        raise Conflict(f"{version.semver} is linked to it already.")
    request.version, request.sent_back_at = version, None
    _take_quietly(request, actor)
    request.save(update_fields=["version", "sent_back_at", "owner"])
    _noted(request, Kind.ANSWERED, "request.answered", actor, version=version)
    return request


@transaction.atomic
def send_back(*, request: Request, version: Version, words: str = "", actor: Actor) -> Request:
    """Ask the asker to look at `version`: is it what was wanted?"""
    request = _locked(request)
    _check_answer(request, version, actor)
    check_lengths(words=words)
    if request.version_id == version.pk and request.sent_back_at:
        raise Conflict(f"{version.semver} is with {request.asked_by} already.")
    request.version, request.sent_back_at = version, clock.now()
    _take_quietly(request, actor)
    request.save(update_fields=["version", "sent_back_at", "owner"])
    _noted(request, Kind.SENT_BACK, "request.sent_back", actor, version=version, words=words)
    return request


@transaction.atomic
def confirm(*, request: Request, version: Version, words: str = "", actor: Actor) -> Request:
    """“This is what I wanted.” `version` is the one that the asker looked at. Raises Conflict when another was sent meanwhile."""
    request = _locked(request)
    can_confirm_answer(actor, request).require()
    check_lengths(words=words)
    _is_with_the_asker(request, version)
    request.confirmed_at = clock.now()
    request.save(update_fields=["confirmed_at"])
    _noted(request, Kind.CONFIRMED, "request.confirmed", actor, version=version, words=words)
    return request


@transaction.atomic
def reopen(*, request: Request, words: str, actor: Actor) -> Request:
    """The asker wants something else, also after they confirmed or declined it: back to whoever writes, with words."""
    request = _locked(request)
    can_confirm_answer(actor, request).require()
    if request.declined_at is None and request.sent_back_at is None:
        raise Conflict("It is open, and nothing was sent back yet. Say below what you would like to add.")
    _check_words(words, "words", "Say what should be different, so that it can be written.")
    version = request.version
    request.version = request.sent_back_at = request.confirmed_at = request.declined_at = None
    request.save(update_fields=["version", "sent_back_at", "confirmed_at", "declined_at"])
    _noted(request, Kind.REOPENED, "request.reopened", actor, version=version, words=words)
    return request


@transaction.atomic
def say(*, request: Request, text: str, actor: Actor) -> RequestEvent:
    can_say(actor, request).require()
    _check_words(text, "text", "Write something first.")
    return _noted(request, Kind.SAID, "request.commented", actor, words=text, told=False)


def _check_wish(title: str, wanted: str, audience: str, given: str, due_on: date | None, answers: Sequence[Answer]) -> None:
    texts = {"wanted": wanted, "audience": audience, "given": given}
    errors = {name: sentence for name, text in texts.items() if (sentence := too_long(text.strip()))}
    if not title.strip():
        errors["title"] = "Give it a name, as your colleagues would say it."
    elif sentence := too_long(title.strip(), LONGEST_TITLE):
        errors["title"] = sentence
    if not wanted.strip():
        errors["wanted"] = "Say what should come out, in your own words."
    if due_on and due_on < timezone.localdate(clock.now()):
        errors["due_on"] = "That day has passed."
    if sentence := _wrong_with(answers):
        errors["answers"] = sentence
    if errors:
        raise Invalid(errors)


def _wrong_with(answers: Sequence[Answer]) -> str:
    if not any(answer.good for answer in answers):
        return "Show at least one answer that you would be glad to read."
    if len(answers) > MOST_ANSWERS:
        return f"At most {MOST_ANSWERS} answers fit. Keep those that differ most."
    for answer in answers:
        if not answer.text.strip():
            return f"The answer “{answer.name.strip() or '…'}” has no words yet."
        if len(answer.name.strip()) > LONGEST_NAME:
            return f"The name of an answer has at most {LONGEST_NAME} characters."
        for text in (answer.text, answer.given, answer.why):
            if sentence := too_long(text.strip()):
                return sentence
    return ""


def _check_words(text: str, field: str, sentence: str) -> None:
    if not text.strip():
        raise Invalid({field: sentence})
    check_lengths(**{field: text})


def _check_answer(request: Request, version: Version, actor: Actor) -> None:
    can_take(actor, request).require()
    _is_not_over(request)
    if request.prompt is None or version.prompt_id != request.prompt_id:
        raise Invalid({"version": "That version belongs to another prompt than the request."})
    if is_shut_out(request):
        raise Invalid({"version": f"{request.asked_by} does not see this prompt. Name them there first."})


def _is_not_over(request: Request) -> None:
    if request.declined_at:
        raise Conflict(f"This request was declined on {request.declined_at:%-d %B}. Its asker can open it again.")
    if request.confirmed_at:
        raise Conflict(f"{request.version} was confirmed on {request.confirmed_at:%-d %B}. Its asker can open it again.")


def _nobody_else_has(request: Request, actor: Actor) -> None:
    if request.owner and request.owner_id != actor.user.pk:
        raise Conflict(f"{request.owner} has taken it. They, or a project admin, can hand it over.", by=request.owner.name)


def _is_with_the_asker(request: Request, version: Version) -> None:
    _is_not_over(request)
    if request.sent_back_at is None or request.version is None:
        raise Conflict("Nothing was sent back yet, so there is nothing to confirm.")
    if request.version_id != version.pk:
        raise Conflict(f"{request.version.semver} was sent back meanwhile. Look at it before you confirm.")


def _owned(request: Request, actor: Actor) -> Request:
    request.owner = actor.user
    request.save(update_fields=["owner"])
    _noted(request, Kind.TAKEN, "request.taken", actor)
    return request


def _take_quietly(request: Request, actor: Actor) -> None:
    """What somebody answers without having taken it is theirs from then on: the asker's words need somebody to reach."""
    request.owner = request.owner or actor.user


def _keep_examples(request: Request, prompt: Prompt, actor: Actor) -> None:
    """Good answers become named examples; none that is there already is written over."""
    taken = set(NamedExample.objects.filter(prompt=prompt, archived_at=None).values_list("name", flat=True))
    for answer in request.answers.filter(good=True, example=None).exclude(text=ERASED):
        name = _free(answer.name, taken)
        values = answer.values or ({"input": answer.given} if answer.given else {})
        answer.example = save_example(prompt=prompt, name=name, values=values, actor=actor)
        answer.save(update_fields=["example"])
        taken.add(name)


def _free(name: str, taken: set[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name[: LONGEST_NAME - 5]} {number}"
    return found


def _noted(
    request: Request,
    kind: str,
    action: str,
    actor: Actor,
    *,
    version: Version | None = None,
    draft: Draft | None = None,
    person: User | None = None,
    words: str = "",
    told: bool = True,
) -> RequestEvent:
    """The step, and its entry. What was said (not `told`) stands in the conversation alone."""
    instead = kind in (Kind.CONFIRMED, Kind.REOPENED) and actor.user.pk != request.asked_by_id
    event = RequestEvent.objects.create(
        request=request,
        kind=kind,
        by=actor.user,
        at=clock.now(),
        instead=instead,
        version=version,
        draft=draft,
        person=person,
        words=words.strip(),
    )
    data = {"semver": version.semver} if version else {}
    data |= {"person": str(person.uid)} if person else {}
    data |= {"instead_of": str(request.asked_by.uid)} if instead else {}
    record(
        actor=actor,
        action=action,
        subject=request,
        project_uid=request.project.uid,
        words={"reason": words.strip()} if told and words.strip() else None,
        **data,
    )
    return event


def _locked(request: Request) -> Request:
    related = ("project", "folder", "prompt__folder", "asked_by", "owner", "draft__created_by", "version")
    return locked(Request.objects.all(), *related, pk=request.pk)
