"""Values of named examples under the names that variables got later.

An example belongs to its prompt, and fills versions in that call the same variable differently: what is live may say `name` for a year
after a draft says `customer`. So the example keeps the name under which its values were given, nothing in it is written over or doubled,
and a rename that is remembered beside it answers under the new name. A draft that is discarded takes nothing with it.
"""

from collections.abc import Mapping
from typing import Any

from .bundle import VARIABLE_NAME
from .models import Prompt, VariableRename

# A name to those that it had before, the latest first.
Renames = Mapping[str, list[str]]


def remember(prompt: Prompt, renamed: Mapping[str, str]) -> None:
    """`renamed`: new names to old ones. What was typed before and is no name stood in no text, so nothing was filled in under it."""
    longest = VariableRename._meta.get_field("old").max_length or 0
    for new, old in renamed.items():
        # With a _ between all letters a name can be longer than anybody writes.
        if VARIABLE_NAME.fullmatch(new) and VARIABLE_NAME.fullmatch(old) and max(len(new), len(old)) <= longest:
            VariableRename.objects.get_or_create(prompt=prompt, old=old, new=new)


def renames_of(prompt: Prompt) -> Renames:
    """One query."""
    found: dict[str, list[str]] = {}
    for new, old in VariableRename.objects.filter(prompt=prompt).order_by("-pk").values_list("new", "old"):
        found.setdefault(new, []).append(old)
    return found


def carried(values: Mapping[str, Any], renames: Renames) -> dict[str, Any]:
    """`values` as they are, and under each name that something in them got later. What has a value of its own keeps it."""
    found = {new: values[old] for new in renames if new not in values and (old := _first_known(new, values, renames)) is not None}
    return {**values, **found}


def _first_known(name: str, values: Mapping[str, Any], renames: Renames) -> str | None:
    """The name before, or the one before that: a variable is renamed more than once, and back again."""
    seen, waiting = {name}, list(renames[name])
    while waiting:
        old = waiting.pop(0)
        if old in values:
            return old
        waiting += [older for older in renames.get(old, ()) if older not in seen]
        seen.add(old)
    return None
