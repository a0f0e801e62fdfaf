"""What helps to find prompts again, and taking one over into another project."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.projects.models import Project

from . import services
from .models import Prompt, SavedFilter, Snippet, Tag, Version
from .permissions import can_copy, can_keep_filter, can_remove_filter, can_write
from .renames import carried, renames_of
from .snippets import included_in

MOST_TAGS = 12
LONGEST_TAG = 40
LONGEST_FILTER_NAME = 60
LONGEST_QUERY = 2000


@transaction.atomic
def tag_prompt(*, prompt: Prompt, words: Iterable[str], actor: Actor) -> list[str]:
    """Let exactly these tags stand on `prompt`. Returns them as kept: small letters, each once, in order. Raises Invalid, Conflict."""
    can_write(actor, prompt).require()
    wanted = _checked(words)
    return _tagged(prompt, wanted, _standing(prompt), actor)


@transaction.atomic
def add_tags(*, prompt: Prompt, words: Iterable[str], actor: Actor) -> list[str]:
    """As `tag_prompt`, besides the tags that stand there."""
    can_write(actor, prompt).require()
    more = _checked(words)
    if not more:
        raise Invalid({"tags": "Write the tag."})
    standing = _standing(prompt)
    return _tagged(prompt, _checked([*standing, *more]), standing, actor)


@transaction.atomic
def take_tags(*, prompt: Prompt, words: Iterable[str], actor: Actor) -> list[str]:
    """Take those of these tags away that `prompt` has. Returns those that stay."""
    can_write(actor, prompt).require()
    gone = _checked(words)
    if not gone:
        raise Invalid({"tags": "Write the tag."})
    standing = _standing(prompt)
    if not set(gone) & set(standing):
        raise Conflict("It does not have this tag." if len(gone) == 1 else "It has none of these tags.")
    return _tagged(prompt, [word for word in standing if word not in gone], standing, actor)


@transaction.atomic
def keep_filter(*, project: Project, name: str, query: str, shared: bool, replace: bool = False, actor: Actor) -> SavedFilter:
    """Keep filters of the library, as they stand in its address, under a name; those kept under it before go only if `replace`."""
    can_keep_filter(actor, project, shared=shared).require()
    name = " ".join(name.split())
    if not name:
        raise Invalid({"name": "Give these filters a name, such as “waiting for legal”."})
    if len(name) > LONGEST_FILTER_NAME:
        raise Invalid({"name": f"A name has at most {LONGEST_FILTER_NAME} characters; this one has {len(name)}."})
    if not query or len(query) > LONGEST_QUERY:
        raise Invalid({"name": "Choose filters first." if not query else "These are too many filters to keep. Take some away."})
    if not replace and SavedFilter.objects.filter(project=project, owner=actor.user, name=name).exists():
        raise Invalid({"replace": f"You already keep filters as “{name}”. Choose another name, or tick Replace them."})
    kept, _ = SavedFilter.objects.update_or_create(
        project=project, owner=actor.user, name=name, defaults={"query": query, "shared": shared, "created_at": clock.now()}
    )
    record(actor=actor, action="filter.saved", subject=kept, label="Filters", project_uid=project.uid, shared=shared, words={"name": name})
    return kept


@transaction.atomic
def remove_filter(*, kept: SavedFilter, actor: Actor) -> None:
    can_remove_filter(actor, kept).require()
    words = {"name": kept.name}
    record(actor=actor, action="filter.removed", subject=kept, label="Filters", project_uid=kept.project.uid, words=words)
    kept.delete()


@transaction.atomic
def copy_prompt(*, prompt: Prompt, project: Project, folder: str = "", actor: Actor) -> Prompt:
    """The newest version of `prompt` as a draft in `project`, with its examples. What was restricted stays so, to whoever copied it."""
    can_copy(actor, prompt, project).require()
    newest = prompt.newest
    if newest is None:
        raise Conflict("There is no version of it yet, so there is nothing to copy.")
    copy = services.create_prompt(project=project, title=prompt.title, folder=folder, actor=actor)
    draft = services.open_draft(prompt=copy, actor=actor)
    services.save_draft(draft=draft, content=_words_for(newest, project), revision=draft.revision, actor=actor)
    renames = renames_of(prompt)
    for example in prompt.examples.filter(archived_at=None):
        services.save_example(prompt=copy, name=example.name, values=carried(example.values, renames), actor=actor)
    if prompt.restricted:
        services.restrict_prompt(prompt=copy, people=[copy.owner], actor=actor)
    record(
        actor=actor,
        action="prompt.copied",
        subject=prompt,
        project_uid=prompt.project.uid,
        semver=newest.semver,
        copy=copy.uid,
        to_project=project.uid,
    )
    return copy


def _words_for(version: Version, project: Project) -> dict[str, Any]:
    """As written, so that a copy goes on following its snippets, where `project` includes the same ones; else with their words in it.

    A copy never held what is archived, so it could not be saved with its name.
    """
    snippets = {row.snippet_version.snippet for row in version.inclusions.select_related("snippet_version__snippet")}
    if {snippet.name for snippet in snippets if snippet.archived_at} & included_in(version.as_written):
        return version.bundle.as_json()
    if version.prompt.project_id == project.pk:
        return version.as_written
    own = Snippet.objects.filter(project=project, name__in={snippet.name for snippet in snippets})
    same = all(snippet.on_shelf for snippet in snippets) and not own.exists()
    return version.as_written if same else version.bundle.as_json()


def _standing(prompt: Prompt) -> list[str]:
    """Read under the lock: what somebody else adds meanwhile must not be taken away."""
    Prompt.objects.select_for_update().get(pk=prompt.pk)
    return list(Tag.objects.filter(prompt=prompt).order_by("word").values_list("word", flat=True))


def _tagged(prompt: Prompt, wanted: list[str], standing: list[str], actor: Actor) -> list[str]:
    if wanted == standing:
        raise Conflict("Nothing changed: it has these tags already." if wanted else "It has no tags, and none are typed here. Write one.")
    prompt.tags.exclude(word__in=wanted).delete()
    Tag.objects.bulk_create(Tag(prompt=prompt, word=word) for word in wanted if word not in standing)
    record(actor=actor, action="prompt.tagged", subject=prompt, project_uid=prompt.project.uid, words={"tags": ", ".join(wanted)})
    return wanted


def _checked(words: Iterable[str]) -> list[str]:
    wanted = sorted({word for text in words if (word := " ".join(text.split()).lower())})
    if len(wanted) > MOST_TAGS:
        raise Invalid({"tags": f"At most {MOST_TAGS} tags are possible; these are {len(wanted)}."})
    if long := [word for word in wanted if len(word) > LONGEST_TAG]:
        raise Invalid({"tags": f"A tag has at most {LONGEST_TAG} characters; “{long[0][:LONGEST_TAG]}…” has {len(long[0])}."})
    if any("," in word for word in wanted):
        raise Invalid({"tags": "A comma stands between two tags, not in one."})
    return wanted
