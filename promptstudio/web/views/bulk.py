"""One deed for many prompts of the library, and filters that are kept. Each prompt goes through its own service and permission."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_list_or_404, get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import upkeep_services
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed, StudioError
from promptstudio.projects.models import Project
from promptstudio.prompts import services, shelf_services
from promptstudio.prompts.models import Prompt, SavedFilter

from ..answers import see_other
from ..middleware import refused
from ..requests import StudioRequest
from ..uids import uid_in
from .library import MOST_AT_ONCE, filters_of, found_for, library_page

Deed = Callable[[Prompt, str, Actor], Any]


@dataclass
class Outcome:
    done: list[Prompt] = field(default_factory=list)
    # each with the sentence of its service
    refused: list[tuple[Prompt, str]] = field(default_factory=list)
    not_allowed: int = 0
    # what services say of the words themselves
    wrong: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        return 403 if self.not_allowed and self.not_allowed == len(self.refused) and not self.done else 200

    @property
    def wrong_words(self) -> str:
        """The one sentence for which nothing at all was done, if the words are to blame for it."""
        alike = not self.done and len(self.wrong) == len(self.refused) and len(set(self.wrong)) == 1
        return self.wrong[0] if alike else ""


@require_POST
def library_bulk(request: StudioRequest, project: str) -> HttpResponse:
    """`deed` with its `words`, for `which`: the `prompt`s that were ticked, all that stood on the `page`, or all that the address finds."""
    space = get_object_or_404(Project.objects.visible_to(request.actor), slug=project)
    deed, words = request.POST.get("deed", ""), request.POST.get("words", "")
    try:
        outcome = _all_done(request, space, deed, words)
    except Invalid as error:
        typed = {"deed": deed, "words": words, "which": request.POST.get("which", ""), "ticked": request.POST.getlist("prompt")}
        return library_page(request, space, status=422, bulk=typed | {"wrong": error.errors})
    request.section = "prompts"  # type: ignore[attr-defined]
    context = {
        "project": space,
        "outcome": outcome,
        "refused": outcome.not_allowed,
        "said": DEEDS[deed][1],
        "words": " ".join(words.split()),
        "query": filters_of(request.GET),
    }
    return render(request, "library/done.html", context, status=outcome.status)


@require_POST
def library_keep(request: StudioRequest, project: str) -> HttpResponse:
    """Keep the filters of the address under a `name`."""
    space = get_object_or_404(Project.objects.visible_to(request.actor), slug=project)
    query, name = filters_of(request.GET), request.POST.get("name", "")
    ticked = {"shared": "shared" in request.POST, "replace": "replace" in request.POST}
    try:
        kept = shelf_services.keep_filter(project=space, name=name, query=query, actor=request.actor, **ticked)
    except Invalid as error:
        keep = ticked | {"name": name, "taken": "replace" in error.errors, "wrong": error.sentence}
        return library_page(request, space, status=422, keep=keep)
    messages.success(request, f"These filters are kept as “{kept.name}”.")
    return see_other(f"{reverse('library', args=[space.slug])}?{kept.query}")


@require_POST
def library_forget(request: StudioRequest, project: str, uid: UUID) -> HttpResponse:
    kept = get_object_or_404(SavedFilter.objects.visible_to(request.actor), uid=uid, project__slug=project)
    shelf_services.remove_filter(kept=kept, actor=request.actor)
    messages.success(request, f"“{kept.name}” is removed. The prompts stay as they are.")
    return see_other(reverse("library", args=[project]))


def _all_done(request: StudioRequest, space: Project, deed: str, words: str) -> Outcome:
    """Raises Invalid where nothing is done because of what was chosen or typed."""
    if deed not in DEEDS:
        raise Invalid({"deed": "Choose what to do with these prompts."})
    if deed == "move" and not words.strip():
        raise Invalid({"words": "Write the folder. A single / is the top of the library."})
    outcome = Outcome()
    for prompt in _meant(request, space):
        _do(request, DEEDS[deed][0], prompt, words, outcome)
    if outcome.wrong_words:
        raise Invalid({"words": outcome.wrong_words})
    return outcome


def _meant(request: StudioRequest, space: Project) -> list[Prompt]:
    """The prompts that are meant, of those that this person sees. Raises Invalid for none, and for too many at once."""
    seen = Prompt.objects.visible_to(request.actor).filter(project=space)
    if request.POST.get("which") == "all":
        found = found_for(request.actor, space, request.GET).arranged.found
        keys = [fact.prompt for fact in found]
        if len(keys) > MOST_AT_ONCE:
            raise Invalid({"which": f"These are {len(keys):,} prompts. At most {MOST_AT_ONCE} go at once; filter further."})
        meant = seen.filter(pk__in=keys)
    else:
        uids = request.POST.getlist("page" if request.POST.get("which") == "page" else "prompt")
        if not uids:
            raise Invalid({"which": "Choose the prompts first: tick them in the list, or take all of them."})
        meant = seen.filter(uid__in=[uid for text in uids[:MOST_AT_ONCE] if (uid := uid_in(text))])
    return get_list_or_404(meant.select_related("project", "folder", "owner").order_by(Lower("title"), "pk"))


def _do(request: StudioRequest, deed: Deed, prompt: Prompt, words: str, outcome: Outcome) -> None:
    try:
        deed(prompt, words, request.actor)
    except StudioError as error:
        if isinstance(error, NotAllowed):
            refused(request, error, project=prompt.project)
            outcome.not_allowed += 1
        if isinstance(error, Invalid):
            outcome.wrong.append(error.sentence)
        outcome.refused.append((prompt, error.sentence))
    else:
        outcome.done.append(prompt)


def _tag(prompt: Prompt, words: str, actor: Actor) -> None:
    shelf_services.add_tags(prompt=prompt, words=words.split(","), actor=actor)


def _untag(prompt: Prompt, words: str, actor: Actor) -> None:
    shelf_services.take_tags(prompt=prompt, words=words.split(","), actor=actor)


def _move(prompt: Prompt, words: str, actor: Actor) -> None:
    if words.strip().strip("/") == prompt.folder.path:
        raise Conflict("It is there already.")
    services.change_prompt(prompt=prompt, folder=words, actor=actor)


# value: the deed, and how the page says that it is done
DEEDS: dict[str, tuple[Deed, str]] = {
    "tag": (_tag, "tagged"),
    "untag": (_untag, "without the tag now"),
    "move": (_move, "moved"),
    "archive": (lambda prompt, _, actor: upkeep_services.archive_prompt(prompt=prompt, actor=actor), "archived"),
    "restore": (lambda prompt, _, actor: upkeep_services.restore_prompt(prompt=prompt, actor=actor), "back in the library"),
}
