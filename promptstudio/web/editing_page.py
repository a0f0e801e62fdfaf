"""What the editor shows of a draft beside its fields: findings where they belong, and what the model will read."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle, Message, parse
from promptstudio.prompts.catalogue import MODELS, cost_per_call, estimate_tokens, find_model
from promptstudio.prompts.findings import Finding
from promptstudio.prompts.freezing import freeze
from promptstudio.prompts.models import Draft, NamedExample
from promptstudio.prompts.soundness import listed, mapping, text_of
from promptstudio.prompts.starting_points import STARTING_POINTS
from promptstudio.prompts.templating import Piece, Rendered, preview

from .forms.bundle_form import BundleFields, shown
from .forms.draft_steps import offered_length
from .forms.merging import seen
from .requests import StudioRequest

WORDS = {"error": "Must be mended", "warning": "Look at this", "hint": "Hint"}
SYNTAXES = (("plain", "Plain: variables are filled in"), ("jinja", "Jinja: with if and for"))
TYPES = (("string", "Text"), ("number", "Number"), ("boolean", "Yes or no"), ("choice", "Choice"))
FROM_TABLE = ""
SINGLE_BLOCKS = ("general", "system", "variables", "model", "temperature", "top_p", "max_tokens", "stop_sequences")


@dataclass(frozen=True)
class Shown:
    """A finding on the page. `step` is what its button does; `field` the id of the field to go to, `line` the line in it."""

    level: str
    word: str
    sentence: str
    line: int | None = None
    field: str = ""
    step: str = ""
    step_label: str = ""


@dataclass(frozen=True)
class Card:
    title: str
    html: SafeString


@dataclass(frozen=True)
class Preview:
    cards: list[Card]
    words: int
    tokens: int
    cost: str


@dataclass(frozen=True)
class Value:
    """`typed` beside the preview; else `filled` stands there."""

    name: str
    typed: str
    filled: str


def editor_context(
    request: StudioRequest, draft: Draft, fields: BundleFields, content: dict[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that the editor's fragments need. `given` says which example fills the preview, and what was typed instead of it."""
    frozen = freeze(draft.prompt.project, content)
    found = frozen.findings
    blocks = findings_by_block(found, fields)
    examples = list(NamedExample.objects.filter(prompt=draft.prompt_id, archived_at=None))
    filled_with, values, typed = values_of(given, content, examples)
    model = find_model(fields.model)
    return {
        "draft": draft,
        "fields": fields,
        "seen": json.dumps(seen(content), separators=(",", ":")),
        "findings": blocks,
        "blocks": [*SINGLE_BLOCKS, *(f"m{row.key}" for row in fields.messages), *(f"v{row.key}" for row in fields.variables)],
        "counts": counts(found),
        "first_problem": next((item.field for block in blocks.values() for item in block if item.level == "error"), ""),
        "preview": preview_of(frozen.data, values),
        "examples": examples,
        "filled_with": filled_with,
        "values": [Value(name, typed.get(name, ""), shown(values.get(name))) for name in _names(content) if name],
        "variable_names": [name for name in _names(content) if name],
        "models": MODELS,
        "known_model": model,
        "longest": model.max_output if model else None,
        "about_words": _about_words(content),
        "types": TYPES,
        "syntaxes": SYNTAXES,
        "starting_points": STARTING_POINTS if fields.is_empty else (),
        "kept_aside": _kept_aside(content),
        "others": list(draft.editors.exclude(user=request.actor.user).select_related("user").order_by("-last_at")[:3]),
    }


def findings_by_block(found: Iterable[Finding], fields: BundleFields) -> dict[str, list[Shown]]:
    """Findings under the id of the block that they stand in: `system`, a row's key, a setting, or `general`."""
    blocks: dict[str, list[Shown]] = defaultdict(list)
    for finding in found:
        block, field = _where(finding.place, fields)
        step, label = _step(finding, block, fields)
        sentence = finding.sentence
        blocks[block].append(Shown(finding.level, WORDS[finding.level], sentence, finding.line, field, step, label))
    return dict(blocks)


def counts(found: list[Finding]) -> str:
    """“1 problem and 2 hints”, or nothing."""
    problems = sum(finding.level == "error" for finding in found)
    hints = len(found) - problems
    parts = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in ((problems, "problem"), (hints, "hint")) if count]
    return " and ".join(parts)


def preview_of(content: dict[str, Any], values: Mapping[str, Any]) -> Preview:
    """The texts with `values` filled in, and what one call costs at most."""
    syntax = text_of(content.get("syntax"))
    system = preview(text_of(content.get("system")), values, syntax)
    messages = [
        (text_of(mapping(message).get("role")) or "user", preview(text_of(mapping(message).get("text")), values, syntax))
        for message in listed(content.get("messages"))
    ]
    cards = [Card(role.capitalize(), _html(pieces)) for role, pieces in [("system", system), *messages] if pieces]
    rendered = Rendered(_plain(system), tuple(Message.model_construct(role=role, text=_plain(pieces)) for role, pieces in messages))  # type: ignore[arg-type]
    texts = [rendered.system, *(message.text for message in rendered.messages)]
    return Preview(cards, sum(len(text.split()) for text in texts), sum(map(estimate_tokens, texts)), _cost(content, rendered))


def _where(place: str, fields: BundleFields) -> tuple[str, str]:
    """The block of a place, and the id of the field there."""
    head, _, rest = place.partition(".")
    index, _, member = rest.partition(".")
    if head == "messages" and index.isdigit() and int(index) < len(fields.messages):
        key = fields.messages[int(index)].key
        return f"m{key}", f"m{key}-{'role' if member == 'role' else 'text'}"
    if head == "variables" and index.isdigit() and int(index) < len(fields.variables):
        key = fields.variables[int(index)].key
        return f"v{key}", f"v{key}-{member.partition('.')[0] or 'name'}"
    if head == "inference" and index in ("temperature", "top_p", "max_tokens", "stop_sequences"):
        return index, "stop-1" if index == "stop_sequences" else index
    if head in ("system", "model", "variables"):
        return head, head if head != "variables" else ""
    return "general", ""


def _step(finding: Finding, block: str, fields: BundleFields) -> tuple[str, str]:
    match finding.fix:
        case "add_variable":
            return f"add_variable:{finding.name}", f"Add “{finding.name}” to the table"
        case "remove_variable":
            return f"remove_variable:{block[1:]}", f"Remove “{finding.name}” from the table"
        case "make_optional":
            return f"make_optional:{block[1:]}", "Make it optional"
        case "escape_braces":
            return f"escape_braces:{'system' if block == 'system' else block[1:]}", "Keep the braces as text"
        case "make_variable":
            return f"make_variable:{'system' if block == 'system' else block[1:]}:{finding.name}", f"Make it “{finding.name}”"
        case "set_max_tokens":
            return "set_max_tokens", f"Set it to {offered_length(fields.model):,} tokens"
        case "make_chat":
            return "make_chat", "Make it a conversation"
        case "add_message":
            return "add_message:user", "Add a message"
        case "remove_message":
            return f"remove_message:{block[1:]}", "Remove this message"
    return "", ""


def _names(content: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(text_of(mapping(variable).get("name")) for variable in listed(content.get("variables"))))


def values_of(
    given: Mapping[str, Any], content: dict[str, Any], examples: list[NamedExample]
) -> tuple[str, dict[str, Any], dict[str, str]]:
    """The uid of the example that is chosen (or none), the values that stand in the preview, and those of them that were typed beside it.

    Typed values count while they belong to the example that is chosen.
    """
    chosen = next((example for example in examples if str(example.uid) == given.get("example")), None)
    uid = str(chosen.uid) if chosen else FROM_TABLE
    typed: dict[str, str] = {}
    if given.get("filled_with", FROM_TABLE) == uid:
        typed = {name[6:]: text for name, text in given.items() if name.startswith("value-") and isinstance(text, str) and text}
    values = _from_table(content) | (chosen.values if chosen else {}) | typed
    return uid, {name: value for name, value in values.items() if value not in (None, "")}, typed


def _from_table(content: dict[str, Any]) -> dict[str, Any]:
    rows = [mapping(variable) for variable in listed(content.get("variables"))]
    return {text_of(row.get("name")): row.get("example") if row.get("example") is not None else row.get("default") for row in rows}


def _html(pieces: Iterable[Piece]) -> SafeString:
    return format_html_join("", "{}", ((_piece(piece),) for piece in pieces))


def _piece(piece: Piece) -> str:
    if piece.kind == "text":
        return piece.text
    if piece.kind == "value":
        return format_html('<span class="filled" title="{}">{}</span>', piece.name, piece.text)
    return format_html('<span class="var unknown">{}<span class="visually-hidden"> (no value yet)</span></span>', piece.name)


def _plain(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _cost(content: dict[str, Any], rendered: Rendered) -> str:
    try:
        bundle: Bundle = parse(content)
    except Invalid:
        return ""
    cost = cost_per_call(bundle, rendered)
    if cost is None:
        return ""
    cents = cost * 100
    return f"at most {cents:.2g} US cents per call" if cents < 10 else f"at most {cost:.2f} US dollars per call"


def _about_words(content: dict[str, Any]) -> int | None:
    longest = mapping(content.get("inference")).get("max_tokens")
    return longest * 3 // 4 if isinstance(longest, int) and not isinstance(longest, bool) else None


def _kept_aside(content: dict[str, Any]) -> str:
    """What has no field on the page, in words."""
    parts = [f"{len(listed(content.get('tools')))} tools"] if content.get("tools") else []
    parts += ["a fixed form of the answer"] if content.get("output_schema") else []
    parts += ["settings of its own for this model"] if content.get("extra_model_fields") else []
    return " and ".join(parts)
