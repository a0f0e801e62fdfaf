"""Talking about lines of a version, and suggesting other words for them."""

from copy import deepcopy
from typing import Any

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.append_only import ERASED
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.lengths import check_lengths
from promptstudio.lib.locking import locked
from promptstudio.prompts import services as prompts
from promptstudio.prompts.bundle import Bundle, parse
from promptstudio.prompts.diff import Lines, follow, replaced
from promptstudio.prompts.models import Draft, Version
from promptstudio.prompts.permissions import can_write

from . import mentioning
from .models import Remark, Suggestion, Taken, Thread
from .permissions import can_discuss

MOST_LINES = 100
OF_A_SNIPPET = "These words come from a snippet, so they are changed there. Nothing was changed, and the suggestion stays here."
GONE = "The text changed since: the lines are not in {where} any more. Nothing was changed, and the suggestion stays here."


class LinesGone(Conflict):
    """What somebody suggested other words for is not there any more."""


@transaction.atomic
def begin_thread(*, version: Version, lines: Lines, text: str = "", suggests: str | None = None, actor: Actor) -> Thread:
    """Say something about lines of a version; `suggests` are words to put in their place, where something is suggested."""
    can_discuss(actor, version.prompt).require()
    if not lines.are_in(version.bundle):
        raise Invalid({"lines": f"There are no such lines in {version.semver}. Choose lines that are there."})
    if lines.last - lines.first >= MOST_LINES:
        raise Invalid({"lines": f"Choose at most {MOST_LINES} lines."})
    thread = Thread.objects.create(
        version=version, place=lines.place, first=lines.first, last=lines.last, begun_by=actor.user, begun_at=clock.now()
    )
    _said("thread.begun", _say(thread, text, suggests, actor), actor)
    return thread


@transaction.atomic
def reply(*, thread: Thread, text: str = "", suggests: str | None = None, actor: Actor) -> Remark:
    """Go on with a conversation, which need not be open."""
    can_discuss(actor, thread.version.prompt).require()
    remark = _say(thread, text, suggests, actor)
    _said("thread.replied", remark, actor)
    return remark


@transaction.atomic
def resolve(*, thread: Thread, actor: Actor) -> Thread:
    """It is settled. Somebody who is faster settles it too, and stays named."""
    thread = _locked(thread)
    can_discuss(actor, thread.version.prompt).require()
    if thread.is_open:
        thread.resolved_by, thread.resolved_at = actor.user, clock.now()
        thread.save(update_fields=["resolved_by", "resolved_at"])
        _record("thread.resolved", thread, actor)
    return thread


@transaction.atomic
def reopen(*, thread: Thread, actor: Actor) -> Thread:
    thread = _locked(thread)
    can_discuss(actor, thread.version.prompt).require()
    if not thread.is_open:
        thread.resolved_by, thread.resolved_at = None, None
        thread.save(update_fields=["resolved_by", "resolved_at"])
        _record("thread.reopened", thread, actor)
    return thread


@transaction.atomic
def take_suggestion(*, suggestion: Suggestion, actor: Actor) -> Draft:
    """Put the suggested words into a draft of the newest version: this person's own open one, else a new one.

    Whoever takes it is the editor, not who suggested it. Raises NotAllowed, Conflict when the lines are not there any more.
    """
    thread = _locked(suggestion.remark.thread)
    prompt = thread.version.prompt
    can_write(actor, prompt).require()
    if suggestion.text == ERASED:
        raise Conflict("The suggested words were erased.")
    newest = prompt.newest or thread.version
    own = prompt.drafts.open().filter(created_by=actor.user, based_on=newest).order_by("-updated_at").first()
    try:
        content = _put_in(thread, suggestion.text, own.content if own else newest.as_written, "your draft" if own else newest.semver)
    except LinesGone:
        if _found(thread, newest.bundle):
            raise Conflict(OF_A_SNIPPET) from None
        raise
    draft = own or prompts.open_draft(prompt=prompt, based_on=newest, actor=actor)
    draft = prompts.save_draft(draft=draft, content=content, revision=draft.revision, actor=actor)
    Taken.objects.create(suggestion=suggestion, draft=draft, by=actor.user, at=clock.now())
    _record("suggestion.taken", thread, actor, draft=draft.uid, suggested_by=suggestion.remark.author.uid)
    return draft


def _put_in(thread: Thread, words: str, content: dict[str, Any], where: str) -> dict[str, Any]:
    try:
        lines = _found(thread, parse(content))
    except Invalid as error:
        raise Conflict(f"{where.capitalize()} is not finished enough to put this in. {error.sentence} Mend that first.") from None
    if lines is None:
        raise LinesGone(GONE.format(where=where))
    changed = deepcopy(content)
    holder, key = (changed, "system") if lines.place == "system" else (changed["messages"][_index(lines)], "text")
    holder[key] = replaced(holder[key], lines, words)
    return changed


def _found(thread: Thread, bundle: Bundle) -> Lines | None:
    """Where the lines of a conversation stand word for word."""
    found = follow(thread.version.bundle, bundle, [thread.lines])[thread.lines]
    return found.lines if found and not found.reworded else None


def _index(lines: Lines) -> int:
    return int(lines.place.split(".")[1])


def _say(thread: Thread, text: str, suggests: str | None, actor: Actor) -> Remark:
    text, words = text.strip(), None if suggests is None else suggests.replace("\r\n", "\n")
    if not text and words is None:
        raise Invalid({"text": "Write something first."})
    check_lengths(text=text, suggests=words or "")
    if words is not None and words == thread.quoted:
        raise Invalid({"suggests": "This is what stands there already. Change the words, or leave the suggestion out."})
    kept, named = mentioning.with_marks(text, thread.version.prompt)
    remark = Remark.objects.create(thread=thread, author=actor.user, text=kept, written_at=clock.now())
    mentioning.note(named, by=actor.user, remark=remark)
    if words is not None:
        Suggestion.objects.create(remark=remark, text=words)
    return remark


def _said(action: str, remark: Remark, actor: Actor) -> None:
    mentioned = [str(uid) for uid in remark.mentions.values_list("person__uid", flat=True)]
    _record(action, remark.thread, actor, suggests=remark.suggestions.exists(), mentioned=mentioned)


def _record(action: str, thread: Thread, actor: Actor, **data: Any) -> None:
    version = thread.version
    record(actor=actor, action=action, subject=thread, project_uid=version.prompt.project.uid, semver=version.semver, **data)


def _locked(thread: Thread) -> Thread:
    return locked(Thread.objects.all(), "version__prompt__project", "version__prompt__folder", pk=thread.pk)
