"""The two sides of a comparison, as they stand in an address: `1.4.0`, `env:production`, `draft:<uid>`, `prompt:<name>@1.2.0`.

A side is one segment of the address, so the name of another prompt has `:` where it has `/`. Without a version, its newest is meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models.functions import Lower
from django.http import Http404

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.models import Placement
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.freezing import freeze
from promptstudio.prompts.models import Draft, Inclusion, Prompt, Version
from promptstudio.prompts.templating import placeholder, preview

from .uids import uid_or_404

MOST_OTHERS = 300


@dataclass(frozen=True)
class Side:
    """`bundle` is None where nothing is (an environment without a live version)."""

    address: str
    label: str
    bundle: Bundle | None
    version: Version | None = None
    draft: Draft | None = None
    # name and number of each snippet in it
    snippets: frozenset[tuple[str, str]] = frozenset()


def side(prompt: Prompt, address: str, actor: Actor) -> Side:
    """Raises Http404 for what is not there, Invalid for a draft that is too unfinished to compare."""
    if "\x00" in address:
        # PostgreSQL cannot even look for it.
        raise Http404
    kind, _, rest = address.partition(":")
    if kind == "env":
        return _environment(prompt, rest)
    if kind == "draft":
        return _draft(prompt, rest, actor)
    if kind == "prompt":
        return _other_prompt(prompt, rest, actor)
    version = prompt.versions.filter(semver=address).first()
    if version is None:
        raise Http404
    return Side(address, version.semver, version.bundle, version, snippets=_held(version))


def both(prompt: Prompt, sides: str, actor: Actor) -> tuple[Side, Side]:
    old, dots, new = sides.partition("...")
    if not dots:
        raise Http404
    return side(prompt, old, actor), side(prompt, new, actor)


def other_snippets(old: Side, new: Side) -> list[tuple[str, str, str]]:
    """Snippets whose version differs between two sides: name, numbers before, numbers after (empty where it is not held)."""
    names = sorted({name for name, _ in old.snippets ^ new.snippets})
    return [(name, _numbers(old, name), _numbers(new, name)) for name in names]


def choices(prompt: Prompt) -> list[tuple[str, list[tuple[str, str]]]]:
    """Everything that can stand on a side, in groups of (address, label)."""
    newest = prompt.versions.newest_first().values_list("semver", "summary")[:200]
    versions = [(semver, f"{semver} · {summary[:60]}") for semver, summary in newest]
    environments = [(f"env:{e.slug}", f"What is live in {e}") for e in prompt.project.environments.all()]
    drafts = [(f"draft:{d.uid}", f"Draft of {d.created_by}") for d in prompt.drafts.open().select_related("created_by")[:20]]
    groups = [("Versions", versions), ("Live", environments), ("Drafts", drafts)]
    return [(name, group) for name, group in groups if group]


def others(prompt: Prompt, actor: Actor) -> list[str]:
    """Titles of other prompts that can stand on a side, for a field that helps to type one."""
    found = Prompt.objects.visible_to(actor).filter(project=prompt.project_id, archived_at=None).exclude(pk=prompt.pk)
    return list(found.order_by(Lower("title"), "pk").values_list("title", flat=True)[:MOST_OTHERS])


def address_of_other(prompt: Prompt, typed: str, actor: Actor) -> str:
    """`prompt:claims:first-letter@1.2.0` of a title or a name, with the project before it or without. Raises Invalid for what is none."""
    words = " ".join(typed.replace("\x00", "").split())
    called, semver = words, ""
    named = _called(prompt, words, actor)
    if not named:
        called, _, semver = (part.strip() for part in words.rpartition("@"))
        named = _called(prompt, called, actor) if called else []
    if not named:
        raise Invalid(
            {"other": f"There is no prompt called “{words[:60]}” in {prompt.project.name}. Choose one of the list, or write its title."}
        )
    if len(named) > 1:
        names = " or ".join(one.name for one in named[:3])
        raise Invalid({"other": f"{len(named)} prompts are called “{called[:60]}”. Write the name of the one that you mean: {names}."})
    return f"prompt:{named[0].name.replace('/', ':')}" + _number_of(named[0], semver)


def _called(prompt: Prompt, words: str, actor: Actor) -> list[Prompt]:
    """A name says exactly one; a title may say several."""
    found = Prompt.objects.visible_to(actor).filter(project=prompt.project_id)
    name = words.lower()
    names = {name, name.removeprefix(f"{prompt.project.slug}/")}
    return list(found.filter(name__in=names).order_by("pk")[:1]) or list(found.filter(title__iexact=words).order_by("pk")[:4])


def _number_of(other: Prompt, semver: str) -> str:
    if other.newest is None:
        raise Invalid({"other": f"“{other.title[:60]}” has no version yet, so there is nothing to compare."})
    if not semver:
        return ""
    if not other.versions.filter(semver=semver).exists():
        raise Invalid({"other": f"“{other.title[:60]}” has no version {semver[:20]}. Its newest is {other.newest.semver}."})
    return f"@{semver}"


def filled(side: Side, values: Mapping[str, Any]) -> Side:
    """The texts with `values` in them. What has no value stays as it is written."""
    if side.bundle is None:
        return side
    messages = tuple(message.model_copy(update={"text": _filled(message.text, values)}) for message in side.bundle.messages)
    return replace(side, bundle=side.bundle.model_copy(update={"system": _filled(side.bundle.system, values), "messages": messages}))


def _filled(text: str, values: Mapping[str, Any]) -> str:
    pieces = preview(text, values)
    return "".join(placeholder(piece.name) if piece.kind == "missing" and piece.name else piece.text for piece in pieces)


def _other_prompt(prompt: Prompt, rest: str, actor: Actor) -> Side:
    name, _, semver = rest.partition("@")
    found = Prompt.objects.visible_to(actor).filter(project=prompt.project_id, name=name.replace(":", "/")).first()
    version = found and (found.versions.filter(semver=semver).first() if semver else found.newest)
    if not found or not version:
        raise Http404
    title = " ".join(found.title.split())
    return Side(f"prompt:{rest}", f"{title[:60]} {version.semver}", version.bundle, version)


def _environment(prompt: Prompt, slug: str) -> Side:
    environment = prompt.project.environments.filter(slug=slug).first()
    if environment is None:
        raise Http404
    placement = Placement.objects.filter(prompt=prompt, environment=environment).select_related("live__version").first()
    version = placement.live_version if placement else None
    label = f"{version.semver}, live in {environment}" if version else f"nothing in {environment}"
    return Side(f"env:{slug}", label, version.bundle if version else None, version, snippets=_held(version))


def _draft(prompt: Prompt, uid: str, actor: Actor) -> Side:
    draft = Draft.objects.visible_to(actor).filter(prompt=prompt, uid=uid_or_404(uid)).select_related("created_by").first()
    if draft is None:
        raise Http404
    try:
        frozen = freeze(prompt, draft.content)
        held = frozenset((stored.name, stored.semver) for stored in frozen.resolved.held)
        return Side(f"draft:{uid}", f"Draft of {draft.created_by}", frozen.bundle, draft=draft, snippets=held)
    except Invalid as error:
        raise Invalid({"draft": f"The draft is not finished enough yet. {error.sentence}"}) from None


def _held(version: Version | None) -> frozenset[tuple[str, str]]:
    if version is None:
        return frozenset()
    return frozenset((held.snippet_version.snippet.name, held.snippet_version.semver) for held in Inclusion.objects.of_version(version))


def _numbers(side: Side, name: str) -> str:
    return ", ".join(sorted(number for held, number in side.snippets if held == name))
