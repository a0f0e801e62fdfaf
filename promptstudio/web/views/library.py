"""Every prompt of a project: found, filtered, and where each of them stands."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from promptstudio.accounts.models import User
from promptstudio.deployments import board
from promptstudio.projects.models import Project
from promptstudio.prompts.catalogue import Catalogue
from promptstudio.prompts.models import ModelEntry, Prompt, PromptText
from promptstudio.prompts.permissions import can_create_somewhere
from promptstudio.reviews.models import Review

from .. import searching, shelf
from ..requests import StudioRequest

PER_PAGE = 25
SHOWN_FIRST = 6
SORTS = {"": "newest change", "title": "title"}


@dataclass(frozen=True)
class Option:
    """One box of a facet."""

    value: str
    label: str
    count: int
    chosen: bool


@require_safe
def library(request: StudioRequest, project: str) -> HttpResponse:
    """`?q=` words, `?folder=` a path, `?state=`, `?owner=` and `?model=` as often as wanted, `?sort=title`."""
    request.section = "prompts"  # type: ignore[attr-defined]
    space = get_object_or_404(Project.objects.visible_to(request.actor), slug=project)
    words = searching.typed(request)
    folders = shelf.folders_for(request.actor, space)
    everything = shelf.facts_for(request.actor, space)
    known = ModelEntry.objects.catalogue()
    people = {user.pk: user for user in User.objects.filter(pk__in={fact.owner for fact in everything})}
    chosen = _chosen(request.GET, folders, people)
    arranged = shelf.arranged(_matching(everything, space, words), chosen)
    sort = request.GET.get("sort", "") if request.GET.get("sort") in SORTS else ""
    found = sorted(arranged.found, key=attrgetter("title")) if sort == "title" else arranged.found
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    places = list(space.environments.order_by("position"))
    context = {
        "project": space,
        "words": words,
        "total": len(everything),
        "page_obj": page,
        "rows": _rows(list(page.object_list), places, words.split()),
        "places": places,
        "tree": _tree(folders, arranged.folder, request.GET.get("folder", "")),
        "facets": _facets(arranged, chosen, people, places[-1].name if places else "", request.actor.user, known),
        "chips": _chips(request.GET, words, people, known),
        "retiring": [(model, len(prompts)) for model, prompts in shelf.retiring(everything, known)],
        "kept": [(name, value) for name, values in request.GET.lists() for value in values if name not in ("q", "page")],
        "kept_by_facets": [(name, request.GET[name]) for name in ("q", "folder", "sort") if request.GET.get(name)],
        "sort": sort,
        "sorts": SORTS,
        "may_create": can_create_somewhere(request.actor, space),
    }
    return render(request, "library/page.html", context)


def _matching(everything: list[shelf.Fact], space: Project, words: str) -> list[shelf.Fact]:
    if not words:
        return everything
    hits = set(Prompt.objects.filter(project=space).search(words).order_by().values_list("pk", flat=True))
    return [fact for fact in everything if fact.prompt in hits]


def _chosen(query: QueryDict, folders: dict[int, str], people: dict[int, User]) -> shelf.Chosen:
    path = query.get("folder", "").strip("/")
    within = frozenset(pk for pk, other in folders.items() if other == path or other.startswith(f"{path}/")) if path else frozenset()
    uids = set(query.getlist("owner"))
    owners = frozenset(pk for pk, user in people.items() if str(user.uid) in uids)
    nowhere = frozenset({0})
    return shelf.Chosen(
        folder=within or (nowhere if path else within),
        state=frozenset(query.getlist("state")) & frozenset(shelf.STATES),
        owner=owners or (nowhere if uids else owners),
        model=frozenset(query.getlist("model")),
    )


def _rows(found: list[shelf.Fact], places: list[Any], words: list[str]) -> list[dict[str, Any]]:
    prompts = Prompt.objects.select_related("folder", "owner", "project").in_bulk([fact.prompt for fact in found])
    rows = board.rows([prompts[fact.prompt] for fact in found], places)
    reviews = {
        review.version.prompt_id: review for review in Review.objects.open().filter(version__prompt__in=prompts).select_related("version")
    }
    texts = dict(PromptText.objects.filter(prompt__in=prompts).values_list("prompt_id", "text")) if words else {}
    return [
        {
            "prompt": row.prompt,
            "cells": row.cells,
            "folder": row.prompt.folder.path.replace("/", " / "),
            "title": searching.shown(row.prompt.title, words),
            "hit": searching.hit(row.prompt, texts.get(row.prompt.pk, ""), words),
            "review": reviews.get(row.prompt.pk),
        }
        for row in rows
    ]


def _tree(folders: dict[int, str], counts: Any, path: str) -> dict[str, Any]:
    """Folders as nested nodes with how many prompts are in and below each. Only what leads to `path` stands open."""
    root: dict[str, Any] = {"name": "All folders", "path": "", "count": 0, "children": {}, "current": not path, "open": True}
    for pk, other in folders.items():
        node = root
        node["count"] += counts[pk]
        steps = other.split("/") if other else []
        for depth, step in enumerate(steps, 1):
            here = "/".join(steps[:depth])
            fresh = {
                "name": step,
                "path": here,
                "count": 0,
                "children": {},
                "current": here == path,
                "open": f"{path}/".startswith(f"{here}/"),
            }
            node = node["children"].setdefault(step, fresh)
            node["count"] += counts[pk]
    return root


def _facets(
    arranged: shelf.Shelf, chosen: shelf.Chosen, people: dict[int, User], place: str, reader: User, known: Catalogue
) -> list[dict[str, Any]]:
    owners = sorted(
        arranged.owner.keys() | (chosen.owner & people.keys()), key=lambda pk: (pk != reader.pk, -arranged.owner[pk], people[pk].name)
    )
    models = sorted(arranged.model.keys() | chosen.model, key=lambda model: (-arranged.model[model], model))
    states = [state for state in shelf.STATES if arranged.state[state] or state in chosen.state]
    facets = [
        ("state", f"In {place}", [Option(s, shelf.STATES[s], arranged.state[s], s in chosen.state) for s in states] if place else []),
        (
            "owner",
            "Owner",
            [
                Option(str(people[pk].uid), "You" if pk == reader.pk else people[pk].name, arranged.owner[pk], pk in chosen.owner)
                for pk in owners
            ],
        ),
        ("model", "Model", [Option(m, shelf.model_label(m, known), arranged.model[m], m in chosen.model) for m in models]),
    ]
    return [
        {"name": name, "label": label, "first": options[:SHOWN_FIRST], "more": options[SHOWN_FIRST:]}
        for name, label, options in facets
        if options
    ]


def _chips(query: QueryDict, words: str, people: dict[int, User], known: Catalogue) -> list[dict[str, str]]:
    """What is filtered by, each with the address of the page without it."""
    names = {str(user.uid): user.name for user in people.values()}
    chips = []
    for name in ("q", "folder", "state", "owner", "model"):
        for value in dict.fromkeys(query.getlist(name)):
            label = {
                "q": f"Text: {words}" if words else "",
                "folder": f"Folder: {value.strip('/')}" if value.strip("/") else "",
                "state": shelf.STATES.get(value, ""),
                "owner": names.get(value, "Somebody else"),
                "model": shelf.model_label(value, known),
            }[name]
            if label:
                chips.append({"label": label[:80], "url": _without(query, name, value)})
    return chips


def _without(query: QueryDict, name: str, value: str) -> str:
    rest = query.copy()
    rest.setlist(name, [other for other in rest.getlist(name) if other != value])
    rest.pop("page", None)
    return f"?{rest.urlencode()}"
