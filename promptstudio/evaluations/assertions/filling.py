"""The values of a case put into the value of an assertion: `{{name}}` and nothing else, in one pass.

promptfoo reads Nunjucks there. Whatever of it is more than a name is refused, never guessed and never run.
"""

from collections.abc import Mapping
from typing import Any

from promptstudio.prompts.templating import PLACEHOLDER

from .javascript import as_string
from .saying import MAX_TEXT, TOO_LONG, CannotSay, shown

_TAGS = ("{{", "{%", "{#")


def has_placeholder(value: Any) -> bool:
    """Whether it is known only when the values of a case are."""
    texts = value if isinstance(value, (list, tuple)) else [value]
    return any(isinstance(text, str) and any(tag in text for tag in _TAGS) for text in texts)


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """Texts, and texts in a list, with the values in them; everything else as it is. Raises CannotSay."""
    if isinstance(value, str):
        return _filled(value, values)
    if isinstance(value, (list, tuple)):
        return [_filled(each, values) if isinstance(each, str) else each for each in value]
    return value


def _filled(text: str, values: Mapping[str, Any]) -> str:
    end, parts = 0, []
    for match in PLACEHOLDER.finditer(text):
        parts += [_plain(text[end : match.start()]), _value(match[1], values)]
        end = match.end()
    whole = "".join([*parts, _plain(text[end:])])
    if len(whole) > MAX_TEXT:
        raise CannotSay(TOO_LONG)
    return whole


def _plain(text: str) -> str:
    if any(tag in text for tag in _TAGS):
        raise CannotSay("It needs more than {{name}}: logic in templates is not run here.")
    return text


def _value(name: str, values: Mapping[str, Any]) -> str:
    if name not in values:
        raise CannotSay(f"It asks for {shown(name)}, and the case has no such value.")
    value = values[name]
    return "" if value is None else as_string(value)
