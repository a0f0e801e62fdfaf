"""Every prompt of a project: found, filtered, and where each of them stands."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.deployments import board
from promptstudio.evaluations.marks import marks_of
from promptstudio.projects.models import Project
from promptstudio.prompts import favourites
from promptstudio.prompts.catalogue import Catalogue, plain_id
from promptstudio.prompts.models import ModelEntry, Prompt, SavedFilter
from promptstudio.prompts.permissions import can_create_somewhere
from promptstudio.reviews.models import Review

from .. import searching, shelf
from ..answers import see_other
from ..requests import StudioRequest

PER_PAGE = 25
SHOWN_FIRST = 6
SORTS = {"": "newest change", "title": "title"}
# Names in the address, in the order in which the chips stand.
FILTERS = ("q", "folder", "state", "owner", "tag", "model", "star", "archived")
MOST_AT_ONCE = 500
# What can be done with many prompts at once: value, label, and what the field beside it means.
DEEDS = (("tag", "Add the tag"), ("untag", "Take away the tag"), ("move", "Move to the folder"), ("archive", "Archive"))
RESTORING = (("restore", "Bring back from the archive"),)


@dataclass(frozen=True)
class Option:
    """One box of a facet."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Found:
    """What the filters of an address keep, and everything that they were applied to."""

    everything: list[shelf.Fact]
    arranged: shelf.Shelf
    chosen: shelf.Chosen
    folders: dict[int, str]
    people: dict[int, User]
    starred: set[int]
    words: str
    # by prompt, the name of before that the words fit
    former: dict[int, SafeString]
    # how many stand in the archive, and how many of them the words fit
    archived: int
    archived_hits: int


@require_safe
def project(request: StudioRequest, project: str) -> HttpResponse:
    """Whoever shortens an address comes to the prompts."""
    space = get_object_or_404(Project.objects.visible_to(request.actor), slug=project)
    return see_other(reverse("library", args=[space.slug]))


@require_safe
def library(request: StudioRequest, project: str) -> HttpResponse:
    """`?q=` words, `?folder=` a path, `?star=`, `?archived=`, `?sort=title`; `?state=`, `?owner=`, `?tag=`, `?model=` more than once."""
    return library_page(request, get_object_or_404(Project.objects.visible_to(request.actor), slug=project))


def library_page(request: StudioRequest, space: Project, *, status: int = 200, **refused: dict[str, Any]) -> HttpResponse:
    """What the address finds; with the form that was `refused` (`bulk` or `keep`), its sentences and what was typed."""
    request.section = "prompts"  # type: ignore[attr-defined]
    found = found_for(request.actor, space, request.GET)
    known = ModelEntry.objects.catalogue()
    sort = request.GET.get("sort", "") if request.GET.get("sort") in SORTS else ""
    facts = sorted(found.arranged.found, key=attrgetter("title")) if sort == "title" else found.arranged.found
    page = Paginator(facts, PER_PAGE).get_page(request.GET.get("page"))
    places = list(space.environments.order_by("position"))
    context = {
        "project": space,
        "list_url": reverse("library", args=[space.slug]),
        "words": found.words,
        "total": len(found.everything),
        "page_obj": page,
        "rows": _rows(list(page.object_list), places, found),
        "places": places,
        "tree": _tree(found.folders, found.arranged.folder, request.GET.get("folder", "")),
        "facets": _facets(found, request.GET, places[-1].name if places else "", request.actor.user, known),
        "chips": _chips(request.GET, found.words, found.people, known),
        "retiring": [(model, len(prompts)) for model, prompts in shelf.retiring(found.everything, known)],
        "kept": [(name, value) for name, values in request.GET.lists() for value in values if name not in ("q", "page")],
        "kept_by_facets": [(name, request.GET[name]) for name in ("q", "folder", "sort") if request.GET.get(name)],
        "sort": sort,
        "sorts": SORTS,
        "may_create": can_create_somewhere(request.actor, space),
        "in_archive": "archived" in request.GET,
        "archived_hits": 0 if "archived" in request.GET else found.archived_hits,
        "query": filters_of(request.GET),
        "saved": list(SavedFilter.objects.visible_to(request.actor).filter(project=space).select_related("owner")),
        "deeds": RESTORING if "archived" in request.GET else DEEDS,
        "most_at_once": MOST_AT_ONCE,
    }
    return render(request, "library/page.html", context | refused, status=status)


def found_for(actor: Actor, space: Project, query: QueryDict) -> Found:
    """What `actor` finds with the filters of an address."""
    words = searching.tidied(query.get("q", ""))
    folders = shelf.folders_for(actor, space)
    visible = shelf.facts_for(actor, space)
    archive = "archived" in query
    everything = [fact for fact in visible if fact.archived == archive]
    people = {user.pk: user for user in User.objects.filter(pk__in={fact.owner for fact in everything})}
    chosen = _chosen(query, folders, people)
    starred = favourites.starred(actor.user)
    former = searching.former_names(space.former_names.all(), words.split())
    fitting = _matching(visible, space, words, former)
    matching = [fact for fact in fitting if fact.archived == archive]
    if "star" in query:
        matching = [fact for fact in matching if fact.prompt in starred]
    archived = len(everything) if archive else len(visible) - len(everything)
    hits = sum(fact.archived for fact in fitting) if words else 0
    return Found(everything, shelf.arranged(matching, chosen), chosen, folders, people, starred, words, former, archived, hits)


def filters_of(query: QueryDict) -> str:
    """The filters of an address, and nothing else of it, as they can be kept."""
    kept = QueryDict(mutable=True)
    for name in FILTERS:
        if values := [value for value in query.getlist(name) if value and "\x00" not in value]:
            kept.setlist(name, values)
    return kept.urlencode()


def _matching(known: list[shelf.Fact], space: Project, words: str, former: Collection[int]) -> list[shelf.Fact]:
    if not words:
        return known
    hits = set(Prompt.objects.filter(project=space).search(words).order_by().values_list("pk", flat=True))
    return [fact for fact in known if fact.prompt in hits or fact.prompt in former]


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
        model=frozenset(map(plain_id, query.getlist("model"))),
        tag=frozenset(query.getlist("tag")),
    )


def _rows(facts: list[shelf.Fact], places: list[Any], found: Found) -> list[dict[str, Any]]:
    words = found.words.split()
    prompts = Prompt.objects.select_related("folder", "owner", "project").in_bulk([fact.prompt for fact in facts])
    rows = board.rows([prompts[fact.prompt] for fact in facts], places)
    reviews = {
        review.version.prompt_id: review
        for review in Review.objects.open().filter(version__prompt__in=prompts).select_related("version").with_changes_asked()
    }
    hits = searching.hits(prompts.values(), words)
    marks = marks_of(row.newest for row in rows if row.newest)
    return [
        {
            "prompt": row.prompt,
            "cells": row.cells,
            "folder": row.prompt.folder.path.replace("/", " / "),
            "title": searching.shown(row.prompt.title, words),
            "hit": hits.get(row.prompt.pk),
            "former": found.former.get(row.prompt.pk),
            "review": reviews.get(row.prompt.pk),
            "tags": sorted(fact.tag),
            "mark": marks.get(row.newest.pk) if row.newest else None,
            "starred": fact.prompt in found.starred,
        }
        for row, fact in zip(rows, facts, strict=True)
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


def _facets(found: Found, query: QueryDict, place: str, reader: User, known: Catalogue) -> list[dict[str, Any]]:
    arranged, chosen = found.arranged, found.chosen
    stars = sum(fact.prompt in found.starred for fact in arranged.found)
    facets = [
        ("star", "Yours", [Option("1", "Favourites", stars, "star" in query)] if stars or "star" in query else []),
        ("state", f"In {place}" if place else "", _states(found)),
        ("owner", "Owner", _owners(found, reader)),
        ("tag", "Tag", [Option(t, t, arranged.tag[t], t in chosen.tag) for t in _by_count(arranged.tag, chosen.tag)]),
        ("model", "Model", [Option(m, shelf.model_label(m, known), arranged.model[m], m in chosen.model) for m in _models(found)]),
        ("archived", "Put away", [Option("1", "Archived", found.archived, "archived" in query)] if found.archived else []),
    ]
    return [
        {"name": name, "label": label, "first": options[:SHOWN_FIRST], "more": options[SHOWN_FIRST:]}
        for name, label, options in facets
        if label and options
    ]


def _states(found: Found) -> list[Option]:
    count, chosen = found.arranged.state, found.chosen.state
    return [Option(state, label, count[state], state in chosen) for state, label in shelf.STATES.items() if count[state] or state in chosen]


def _owners(found: Found, reader: User) -> list[Option]:
    count, chosen, people = found.arranged.owner, found.chosen.owner, found.people
    owners = sorted(count.keys() | (chosen & people.keys()), key=lambda pk: (pk != reader.pk, -count[pk], people[pk].name))
    return [Option(str(people[pk].uid), "You" if pk == reader.pk else people[pk].name, count[pk], pk in chosen) for pk in owners]


def _models(found: Found) -> list[str]:
    return _by_count(found.arranged.model, found.chosen.model)


def _by_count(count: Counter[str], chosen: frozenset[str]) -> list[str]:
    return sorted(count.keys() | chosen, key=lambda value: (-count[value], value))


def _chips(query: QueryDict, words: str, people: dict[int, User], known: Catalogue) -> list[dict[str, str]]:
    """What is filtered by, each with the address of the page without it."""
    names = {str(user.uid): user.name for user in people.values()}
    chips = []
    for name in FILTERS:
        for value in dict.fromkeys(query.getlist(name)):
            label = {
                "q": f"Text: {words}" if words else "",
                "folder": f"Folder: {value.strip('/')}" if value.strip("/") else "",
                "state": shelf.STATES.get(value, ""),
                "owner": names.get(value, "Somebody else"),
                "model": shelf.model_label(value, known),
                "tag": f"Tag: {value}",
                "star": "Favourites",
                "archived": "Archived",
            }[name]
            if label:
                chips.append({"label": label[:80], "url": _without(query, name, value)})
    return chips


def _without(query: QueryDict, name: str, value: str) -> str:
    rest = query.copy()
    rest.setlist(name, [other for other in rest.getlist(name) if other != value])
    rest.pop("page", None)
    return f"?{rest.urlencode()}"
