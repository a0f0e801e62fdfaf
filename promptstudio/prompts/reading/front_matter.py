"""YAML between two lines of `---`, read without tags, aliases, dates or anything else that a file could make expensive."""

import re
from typing import Any

import yaml

from .found import Unreadable

LARGEST = 200_000
EDGE = re.compile(r"^---[ \t]*$", re.MULTILINE)


class _Plain(yaml.SafeLoader):
    """Aliases grow without end, so none are taken; dates stay the words that they are."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(("timestamp", "merge", "value"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not taken")
        return super().compose_node(parent, index)


def split(text: str) -> tuple[dict[str, Any], str] | None:
    """What stands on top, and the rest; None where the text has no front matter. Raises Unreadable for what is no YAML."""
    start = EDGE.match(text.lstrip("\n"))
    if not start:
        return None
    text = text.lstrip("\n")
    end = EDGE.search(text, start.end())
    if not end:
        return None
    return _mapping(text[start.end() : end.start()]), text[end.end() :].lstrip("\n")


def _mapping(text: str) -> dict[str, Any]:
    if len(text) > LARGEST:
        raise Unreadable("The part between the lines of --- is too long to be read.")
    try:
        value = yaml.load(text, Loader=_Plain)  # noqa: S506 - a safe loader with less
    # PyYAML raises many kinds of errors for hostile text, beside its own.
    except Exception:
        raise Unreadable(
            "The part between the lines of --- cannot be read as YAML. Check its indents; tags (!) and aliases (*) are not taken."
        ) from None
    if not isinstance(value, dict | None):
        raise Unreadable("The part between the lines of --- has no names with values, such as “model: …”.")
    return {str(name): member for name, member in (value or {}).items()}
