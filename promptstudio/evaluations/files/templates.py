"""`$ref: '#/assertionTemplates/short'`: an assertion that stands once in a file of promptfoo. What stands beside the `$ref` counts more."""

from collections.abc import Mapping
from typing import Any

from .found import is_same

START = "#/assertionTemplates/"
REF = "$ref"


class NoTemplate(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.sentence = (
            f"There is no {name[:120]} in assertionTemplates." if name else "This refers to something outside assertionTemplates."
        )


def resolved(assertion: Mapping[str, Any], templates: Any) -> dict[str, Any]:
    """With the members of its template, and with the `$ref` that it had. Raises NoTemplate."""
    found = dict(assertion)
    if REF in found:
        found = {**_template(found[REF], templates), **found}
    if isinstance(found.get("assert"), list):
        found["assert"] = [resolved(member, templates) if isinstance(member, dict) else member for member in found["assert"]]
    return found


def referring(assertion: Mapping[str, Any], templates: Any) -> dict[str, Any] | None:
    """As short as the file had it; None where the template does not give it any more."""
    short = dict(assertion)
    if isinstance(short.get("assert"), list):
        members = [referring(member, templates) for member in short["assert"]]
        if None in members:
            return None
        short["assert"] = members
    if REF not in short:
        return short
    try:
        template = _template(short[REF], templates)
    except NoTemplate:
        return None
    short = {name: value for name, value in short.items() if name not in template or not is_same(value, template[name])}
    return short if is_same(resolved(short, templates), assertion) else None


def plain(assertion: Mapping[str, Any]) -> dict[str, Any]:
    """Written out, for a place without templates."""
    found = {name: value for name, value in assertion.items() if name != REF}
    if isinstance(found.get("assert"), list):
        found["assert"] = [plain(member) if isinstance(member, dict) else member for member in found["assert"]]
    return found


def _template(ref: Any, templates: Any) -> dict[str, Any]:
    name = ref.removeprefix(START) if isinstance(ref, str) and ref.startswith(START) else ""
    template = templates.get(name) if isinstance(templates, dict) else None
    # One that refers on is what nobody needs, and could go round in a circle.
    if not isinstance(template, dict) or REF in template:
        raise NoTemplate(name)
    return template
