"""Whether a row of a file came in before. Prompts that a person may not see are not told of, not even so."""

import hashlib
from collections.abc import Collection

from promptstudio.accounts.actor import Actor
from promptstudio.projects.models import Project

from .models import ImportRow, Prompt

# Values in one question to the database.
AT_ONCE = 500


def key_for(project: Project, key: str, actor: Actor) -> tuple[str, Prompt | None]:
    """The key under which a row comes in, and the prompt that it became before."""
    keys = [key, _own(key, actor)]
    before = Prompt.objects.visible_to(actor).filter(project=project, import_key__in=keys).first()
    hidden = before is None and project.prompts.filter(import_key=key).exists()
    return keys[1] if hidden else key, before


def before_of(project: Project, rows: Collection[ImportRow], actor: Actor) -> dict[int, Prompt]:
    """Number of a row to the prompt that it became before."""
    numbers = {key: row.number for row in rows for key in (row.key, _own(row.key, actor))}
    keys = list(numbers)
    found: dict[int, Prompt] = {}
    for start in range(0, len(keys), AT_ONCE):
        prompts = Prompt.objects.visible_to(actor).filter(project=project, import_key__in=keys[start : start + AT_ONCE])
        found |= {numbers[prompt.import_key or ""]: prompt for prompt in prompts}
    return found


def namesakes_of(project: Project, rows: Collection[ImportRow], actor: Actor) -> dict[str, Prompt]:
    """Title to a prompt that is called so. One query."""
    titles = {row.title for row in rows}
    return {prompt.title: prompt for prompt in Prompt.objects.visible_to(actor).active().filter(project=project, title__in=titles)}


def _own(key: str, actor: Actor) -> str:
    """Another key of the same row, for a person who may not see the prompt that has the first."""
    return hashlib.sha256(f"{key} {actor.user.uid}".encode()).hexdigest()
