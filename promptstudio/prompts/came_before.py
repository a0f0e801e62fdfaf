"""Whether a row of a file came in before. Prompts that a person may not see are not told of, not even so."""

import hashlib
from collections.abc import Collection, Iterator

from promptstudio.accounts.actor import Actor
from promptstudio.projects.models import Project

from .models import ImportRow, Prompt

# Values in one question to the database.
AT_ONCE = 500


def key_for(project: Project, key: str, actor: Actor) -> tuple[str, Prompt | None]:
    """The key under which a row comes in, and the prompt that it became before."""
    while holder := project.prompts.filter(import_key=key).first():
        if Prompt.objects.visible_to(actor).filter(pk=holder.pk).exists():
            return key, holder
        # What came in under this person's own key may have been hidden from them since, so there is always another one.
        key = _own(key, actor)
    return key, None


def before_of(project: Project, rows: Collection[ImportRow], actor: Actor) -> dict[int, Prompt]:
    """Number of a row to the prompt that it became before. As many questions as a row was hidden, however many rows."""
    waiting = {row.key: row.number for row in rows}
    found: dict[int, Prompt] = {}
    while waiting:
        hidden = []
        for holder, seen in _holders(project, list(waiting), actor):
            if seen:
                found[waiting[holder.import_key or ""]] = holder
            else:
                hidden.append(holder.import_key or "")
        waiting = {_own(key, actor): waiting[key] for key in hidden}
    return found


def _holders(project: Project, keys: list[str], actor: Actor) -> Iterator[tuple[Prompt, bool]]:
    """The prompts that came in under `keys`, and whether this person sees them."""
    for start in range(0, len(keys), AT_ONCE):
        prompts = list(project.prompts.filter(import_key__in=keys[start : start + AT_ONCE]))
        seen = set(Prompt.objects.visible_to(actor).filter(pk__in=[prompt.pk for prompt in prompts]).values_list("pk", flat=True))
        yield from ((prompt, prompt.pk in seen) for prompt in prompts)


def namesakes_of(project: Project, rows: Collection[ImportRow], actor: Actor) -> dict[str, Prompt]:
    """Title to a prompt that is called so. One query."""
    titles = {row.title for row in rows}
    return {prompt.title: prompt for prompt in Prompt.objects.visible_to(actor).active().filter(project=project, title__in=titles)}


def _own(key: str, actor: Actor) -> str:
    """Another key of the same row, for a person who may not see the prompt that has the first."""
    return hashlib.sha256(f"{key} {actor.user.uid}".encode()).hexdigest()
