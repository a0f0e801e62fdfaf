"""Dotprompt: front matter with a Picoschema or JSON Schema, and a body whose messages begin with `{{role "…"}}`.

Nothing is carried out: no helper, no part of another file, no media.
"""

import re
from typing import Any

from ..soundness import listed, mapping
from .found import Found, tidy, title_from
from .settings import inference_from, model_from, quoted, variable_from

ROLE = re.compile(r"\{\{[ \t]*role[ \t]+[\"'](\w{1,20})[\"'][ \t]*\}\}")
HISTORY = re.compile(r"\{\{[ \t]*history[ \t]*\}\}")
FIELD = re.compile(r"([^?(]+)(\?)?(?:\((\w+)(?:,[ \t]*(.*))?\))?(\?)?", re.DOTALL)
TAKEN = {"name", "variant", "model", "config", "input", "version"}
ROLES = {"system": "system", "user": "user", "model": "assistant", "assistant": "assistant"}


def read_dotprompt(front: dict[str, Any], body: str, name: str) -> Found:
    body, had_history = HISTORY.subn("", body)
    system, messages, strange = _messages(body)
    given = mapping(front.get("input"))
    variables, notes = _variables(given.get("schema"), mapping(given.get("default")))
    model, about_model = model_from(front.get("model"))
    inference, about_settings = inference_from(mapping(front.get("config")))
    left = sorted(set(front) - TAKEN)
    notes += about_model + about_settings
    notes += [f"{quoted(role)} is no role here; its text became a user message." for role in strange]
    notes += ["The place of earlier messages, {{history}}, was left out."] if had_history else []
    notes += [f"Not taken: {', '.join(map(quoted, left[:8]))}."] if left else []
    title = front.get("name") if isinstance(front.get("name"), str) else ""
    return Found(
        title=tidy(title or "") or name or title_from(body),
        system=system,
        messages=messages,
        model=model,
        inference=inference,
        variables=variables,
        notes=notes,
    )


def _messages(body: str) -> tuple[str, list[dict[str, str]], list[str]]:
    """Text before any role is a user message."""
    first, *rest = ROLE.split(body)
    system: list[str] = []
    messages: list[dict[str, str]] = []
    strange: list[str] = []
    for role, text in [("user", first), *zip(rest[::2], rest[1::2], strict=True)]:
        ours = ROLES.get(role, "user")
        if role not in ROLES:
            strange.append(role)
        if not tidy(text):
            continue
        if ours == "system":
            system.append(tidy(text))
        else:
            messages.append({"role": ours, "text": tidy(text)})
    return "\n\n".join(system), messages, strange


def _variables(schema: Any, defaults: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    shape = mapping(schema)
    fields = _of_json_schema(shape) if isinstance(shape.get("type"), str) and isinstance(shape.get("properties"), dict) else _pico(shape)
    known = {given["name"] for given in fields}
    fields += [{"name": name} for name in defaults if name not in known]
    variables, notes = [], []
    for given in fields:
        variable, about = variable_from(**given, default=defaults.get(given["name"]))
        notes += about
        variables += [variable] if variable else []
    return variables, notes


def _of_json_schema(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = listed(schema.get("required"))
    fields = []
    for name, member in mapping(schema.get("properties")).items():
        of = mapping(member)
        choices = listed(of.get("enum"))
        kind = "choice" if choices else of.get("type", "string")
        fields.append({"name": name, "kind": kind, "required": name in required, "words": of.get("description", ""), "choices": choices})
    return fields


def _pico(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """`name?: string, words`, `name(enum, words): [A, B]` and their like."""
    fields = []
    for written, value in schema.items():
        field = FIELD.fullmatch(str(written).strip()[:2000])
        if not field or str(written).startswith("("):
            continue
        name, optional = field[1].strip(), bool(field[2] or field[5])
        if field[3]:
            kind, words, choices = ("choice" if field[3] == "enum" else field[3]), field[4] or "", listed(value)
        else:
            kind, _, words = str(value).partition(",") if not isinstance(value, dict) else ("object", "", "")
            choices = []
        fields.append({"name": name, "kind": kind.strip(), "required": not optional, "words": words.strip(), "choices": choices})
    return fields
