"""May this actor do this with a prompt? The tooltip and the refusal say the same sentence."""

from promptstudio.accounts.actor import Actor
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.projects.models import Project
from promptstudio.projects.permissions import can

from .models import Draft, Prompt


def can_create_prompt(actor: Actor, project: Project) -> Allowed | Denied:
    return can(actor, "write", project)


def can_write(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    if prompt.archived_at:
        return Denied("This prompt is archived. It can be read, not changed.")
    return can(actor, "write", prompt.project)


def can_edit(actor: Actor, draft: Draft) -> Allowed | Denied:
    if not draft.is_open:
        return Denied(
            f"This draft became version {draft.became.semver}. Open a new draft to go on." if draft.became else "This draft was discarded."
        )
    return can_write(actor, draft.prompt)
