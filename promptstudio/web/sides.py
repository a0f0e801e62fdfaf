"""The two sides of a comparison, as they stand in an address: `1.4.0`, `env:production`, `draft:<uid>`, `prompt:<name>@1.2.0`.

A side is one segment of the address, so the name of another prompt has `:` where it has `/`. Without a version, its newest is meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.models import Placement
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.freezing import freeze
from promptstudio.prompts.models import Draft, Inclusion, Prompt, Version
from promptstudio.prompts.templating import placeholder, preview

from .uids import uid_or_404


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


def address_of_other(typed: str) -> str:
    """`prompt:claims:first-letter@1.2.0` of what a person typed: claims/first-letter@1.2.0, with blanks or without."""
    return f"prompt:{typed.strip().replace('/', ':')}"


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
