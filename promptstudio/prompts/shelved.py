"""Whether a prompt was archived while somebody did something with it."""

from promptstudio.lib.errors import Conflict
from promptstudio.lib.locking import locked

from .models import Prompt


def still_in_the_library(prompt: Prompt) -> Prompt:
    """`prompt` as it is now, locked until the transaction ends: archiving takes the same lock. Raises Conflict where it was faster."""
    prompt = locked(Prompt.objects.all(), "project", "folder", pk=prompt.pk)
    if prompt.archived_at:
        raise Conflict(f"{prompt} was archived a moment ago. Restore it first.")
    return prompt
