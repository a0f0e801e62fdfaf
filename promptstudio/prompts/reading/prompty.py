"""Prompty, first and second version: front matter with inputs, and a body whose messages begin with `system:`, `user:`, `assistant:`.

`${file:…}` and `${env:…}` stay the words that they are.
"""

import re
from typing import Any

from ..soundness import listed, mapping
from .found import Found, tidy, title_from
from .settings import inference_from, model_from, quoted, variable_from

ROLE = re.compile(
    r"^[ \t]{0,8}#{0,3}[ \t]{0,8}(system|user|assistant|developer)(?:\[[^\]\n]{0,200}\])?:[ \t]*$", re.MULTILINE | re.IGNORECASE
)
TAKEN = {"name", "displayName", "model", "inputs", "sample", "template"}
NEVER = re.compile(r"\$\{(?:file|env):", re.IGNORECASE)


def read_prompty(front: dict[str, Any], body: str, name: str) -> Found:
    system, messages = _messages(body)
    model, inference, notes = _model(front.get("model"))
    variables, about = _variables(front.get("inputs"), mapping(front.get("sample")))
    left = sorted(set(front) - TAKEN)
    notes += about
    notes += [f"Not taken: {', '.join(map(quoted, left[:8]))}."] if left else []
    notes += ["What stands in files or in the environment of a server was not fetched."] if NEVER.search(f"{front}{body}") else []
    title = next((front[word] for word in ("displayName", "name") if isinstance(front.get(word), str)), "")
    return Found(
        title=tidy(title) or name or title_from(body),
        system=system,
        messages=messages,
        model=model,
        inference=inference,
        variables=variables,
        notes=notes,
    )


def has_roles(body: str) -> bool:
    return ROLE.search(body) is not None


def _messages(body: str) -> tuple[str, list[dict[str, str]]]:
    """Text before any role is a system text, as Prompty has it; alone, it is the one message."""
    first, *rest = ROLE.split(body)
    if not rest:
        return "", [{"role": "user", "text": tidy(first)}]
    system = [tidy(first)] if tidy(first) else []
    messages = []
    for role, text in zip(map(str.lower, rest[::2]), map(tidy, rest[1::2]), strict=True):
        if role in ("system", "developer"):
            system += [text] if text else []
        elif text:
            messages.append({"role": role, "text": text})
    return "\n\n".join(system), messages


def _model(given: Any) -> tuple[str, dict[str, Any], list[str]]:
    if isinstance(given, str):
        model, notes = model_from(given)
        return model, {}, notes
    of = mapping(given)
    first = mapping(of.get("configuration"))
    wanted = next((value for value in (of.get("id"), first.get("name"), first.get("model"), first.get("azure_deployment")) if value), "")
    model, notes = model_from(wanted)
    inference, about = inference_from(mapping(of.get("options")) or mapping(of.get("parameters")))
    return model, inference, notes + about


def _variables(inputs: Any, samples: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    named = {str(mapping(one).get("name", "")): one for one in inputs} if isinstance(inputs, list) else mapping(inputs)
    variables, notes = [], []
    for name in dict.fromkeys([*named, *samples]):
        variable, about = _variable(name, named.get(name), samples.get(name))
        notes += about
        variables += [variable] if variable else []
    return variables, notes


def _variable(name: Any, given: Any, sample: Any) -> tuple[dict[str, Any] | None, list[str]]:
    if not isinstance(given, dict):
        # A scalar is short for its default.
        return variable_from(name, kind=_kind_of(given if given is not None else sample), default=given, example=sample)
    choices = listed(given.get("enumValues") or given.get("enum"))
    example = next((value for value in (given.get("example"), given.get("sample"), sample) if value is not None), None)
    kind = given.get("kind") or given.get("type") or _kind_of(given.get("default", example))
    return variable_from(
        name,
        kind="choice" if choices else kind,
        required=given.get("required") is not False,
        default=given.get("default"),
        example=example,
        words=given.get("description", ""),
        choices=choices,
    )


def _kind_of(value: Any) -> str:
    return "boolean" if isinstance(value, bool) else "number" if isinstance(value, (int, float)) else "string"
