"""What the library knows of every prompt of a project at once: enough to filter, count and order 10,000 of them."""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Max

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Head
from promptstudio.deployments import board
from promptstudio.deployments.models import Placement, PublishJob
from promptstudio.projects.models import Environment, Project
from promptstudio.projects.permissions import can
from promptstudio.prompts.catalogue import Catalogue, Model, plain_id
from promptstudio.prompts.models import Prompt, Tag, Version

STATES = {
    "live": "Newest is live",
    "behind": "Behind",
    "publishing": "On its way",
    "failed": "Failed",
    "gone": "Out of service",
    "none": "Not there yet",
}
NO_MODEL = "none"
PROJECTS_REMEMBERED = 8


class Fact(NamedTuple):
    """Keys of one prompt. `state` is one of STATES, in the project's last environment; `changed` is when its newest version was saved.

    `model` is its name without a geography.
    """

    prompt: int
    folder: int
    owner: int
    model: str
    state: str
    title: str
    changed: datetime
    tag: frozenset[str] = frozenset()
    archived: bool = False


@dataclass(frozen=True)
class Chosen:
    """What the reader keeps; an empty set keeps everything."""

    folder: frozenset[int] = frozenset()
    state: frozenset[str] = frozenset()
    owner: frozenset[int] = frozenset()
    model: frozenset[str] = frozenset()
    tag: frozenset[str] = frozenset()


@dataclass
class Shelf:
    """`found` is what the choice keeps, in order. A count says what one more choice would find, the choices of other kinds kept."""

    found: list[Fact] = field(default_factory=list)
    folder: Counter[int] = field(default_factory=Counter)
    state: Counter[str] = field(default_factory=Counter)
    owner: Counter[int] = field(default_factory=Counter)
    model: Counter[str] = field(default_factory=Counter)
    tag: Counter[str] = field(default_factory=Counter)


# Per project: the seal of its trail's last entry, and the facts of that moment. Everything that changes a fact adds an entry.
_remembered: OrderedDict[int, tuple[str, list[Fact]]] = OrderedDict()


def facts(project: Project) -> list[Fact]:
    """Every prompt of `project`, archived ones too, newest change first. One query while nothing happens, seven when something did."""
    seal = Head.objects.filter(chain=str(project.uid)).values_list("hash", flat=True).first() or ""
    known = _remembered.get(project.pk)
    if known is None or known[0] != seal:
        known = _remembered[project.pk] = seal, _facts(project)
        while len(_remembered) > PROJECTS_REMEMBERED:
            _remembered.popitem(last=False)
    return known[1]


def facts_for(actor: Actor, project: Project) -> list[Fact]:
    """As `facts`, without what this person may not see. Whoever may read the whole project costs nothing more."""
    known = facts(project)
    if can(actor, "read", project) and not project.prompts.filter(restricted=True).exists():
        return known
    seen = set(Prompt.objects.visible_to(actor).filter(project=project).order_by().values_list("pk", flat=True))
    return [fact for fact in known if fact.prompt in seen]


def folders_for(actor: Actor, project: Project) -> dict[int, str]:
    """Id to path of the folders that this person may know of."""
    found = project.folders.order_by("path")
    if not can(actor, "read", project):
        found = found.granted(actor.user, "read")
    return dict(found.values_list("pk", "path"))


def arranged(known: list[Fact], chosen: Chosen) -> Shelf:
    wanted = {name: values for name, values in vars(chosen).items() if values}
    shelf = Shelf(_kept(known, wanted))
    for name in vars(chosen):
        others = {other: values for other, values in wanted.items() if other != name}
        counted = _kept(known, others) if name in wanted else shelf.found
        values = map(attrgetter(name), counted)
        setattr(shelf, name, Counter(chain.from_iterable(values) if name == "tag" else values))
    return shelf


def _kept(known: list[Fact], wanted: dict[str, frozenset[Any]]) -> list[Fact]:
    for name, values in wanted.items():
        key = attrgetter(name)
        known = [fact for fact in known if (fact.tag & values if name == "tag" else key(fact) in values)]
    return known


def model_label(model: str, known: Catalogue) -> str:
    return "No model chosen" if model == NO_MODEL else known.label_of(model)


def retiring(facts: list[Fact], known: Catalogue) -> list[tuple[Model, list[int]]]:
    """Models that retire and the prompts whose newest version uses one, the soonest first; what is archived may stay as it is."""
    using: dict[str, list[int]] = {}
    for fact in facts:
        if fact.archived:
            continue
        using.setdefault(fact.model, []).append(fact.prompt)
    found = [(model, using[model.id]) for model in known if model.retires_on and model.id in using]
    return sorted(found, key=lambda pair: (str(pair[0].retires_on), pair[0].label))


def _facts(project: Project) -> list[Fact]:
    last = project.environments.order_by("position").last()
    newest, placed, moving, tags = _newest(project), _placed(last), _moving(last), _tags(project)
    columns = ("pk", "folder_id", "owner_id", "title", "created_at", "archived_at")
    found = []
    for pk, folder, owner, title, created_at, archived_at in Prompt.objects.filter(project=project).order_by().values_list(*columns):
        version, model, saved_at = newest.get(pk, (0, "", created_at))
        live, gone = placed.get(pk, (None, False))
        state = "gone" if gone else moving.get(pk) or ("none" if live is None else "live" if live == version else "behind")
        words = frozenset(tags.get(pk, ()))
        title = title.strip().casefold()[:120]
        found.append(Fact(pk, folder, owner, plain_id(model) or NO_MODEL, state, title, saved_at, words, archived_at is not None))
    return sorted(found, key=lambda fact: (fact.changed, fact.prompt), reverse=True)


def _newest(project: Project) -> dict[int, tuple[int, str, datetime]]:
    """Prompt to its newest version. Numbers of a prompt only rise, so the last one saved is the newest."""
    last_saved = Version.objects.filter(prompt__project=project).order_by().values("prompt").annotate(newest=Max("pk")).values("newest")
    rows = Version.objects.filter(pk__in=last_saved).order_by().values_list("prompt_id", "pk", "model", "created_at")
    return {prompt: (pk, model, saved_at) for prompt, pk, model, saved_at in rows}


def _tags(project: Project) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for prompt, word in Tag.objects.filter(prompt__project=project).order_by().values_list("prompt_id", "word"):
        found.setdefault(prompt, []).append(word)
    return found


def _placed(environment: Environment | None) -> dict[int, tuple[int | None, bool]]:
    rows = Placement.objects.filter(environment=environment).values_list("prompt_id", "live__version_id", "out_of_service_at")
    return {prompt: (version, gone is not None) for prompt, version, gone in rows}


def _moving(environment: Environment | None) -> dict[int, str]:
    """Prompt to publishing or failed. Jobs of what was overtaken are settled, so an unsettled one is of the newest deployment."""
    jobs = PublishJob.objects.filter(state__in=board.UNSETTLED, deployment__placement__environment=environment)
    # Ordered so that one failed place outweighs others on their way.
    rows = jobs.order_by("-state").values_list("deployment__placement__prompt_id", "state")
    return {prompt: "failed" if state == PublishJob.State.FAILED else "publishing" for prompt, state in rows}
