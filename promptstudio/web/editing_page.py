"""What the editor shows of a draft beside its fields: findings where they belong, and what the model will read."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from promptstudio.deployments.models import Placement
from promptstudio.deployments.places import names_by_kind
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle, Message, parse
from promptstudio.prompts.catalogue import BUILT_IN, Catalogue, cost_per_call, estimate_tokens, is_elsewhere
from promptstudio.prompts.findings import Finding, concerning
from promptstudio.prompts.freezing import freeze
from promptstudio.prompts.models import Draft, ModelEntry, NamedExample, RequestAnswer, Snippet, Version
from promptstudio.prompts.renames import Renames, carried, renames_of
from promptstudio.prompts.soundness import listed, mapping, text_of
from promptstudio.prompts.starting_points import STARTING_POINTS
from promptstudio.prompts.templating import Piece, Rendered, preview

from .forms.bundle_form import BundleFields, shown
from .forms.draft_steps import offered_length
from .forms.merging import SETTINGS, seen
from .forms.schema_form import TYPES as FIELD_TYPES
from .forms.schema_form import row_at, walk
from .requests import StudioRequest

WORDS = {"error": "Must be mended", "warning": "Look at this", "hint": "Hint"}
SYNTAXES = (("plain", "Plain: variables are filled in"), ("jinja", "Jinja: with if and for"))
TYPES = (("string", "Text"), ("number", "Number"), ("boolean", "Yes or no"), ("choice", "Choice"))
FROM_TABLE = ""
# Completion knows all of them; a menu is read from top to bottom.
SNIPPETS_OFFERED = 20
SINGLE_BLOCKS = ("general", "system", "variables", "model", "temperature", "top_p", "max_tokens", "stop_sequences", "tools", "tool_choice")


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
    known = ModelEntry.objects.catalogue()
    frozen = freeze(draft.prompt, content, known)
    found = _said(concerning(frozen.findings, names_by_kind(draft.prompt.project)), fields)
    blocks = findings_by_block(found, fields, known)
    examples = list(NamedExample.objects.filter(prompt=draft.prompt_id, archived_at=None))
    filled_with, values, typed = values_of(given, content, examples, renames_of(draft.prompt))
    model = known.find(fields.model)
    newer = draft.newer_version if draft.is_open else None
    return {
        "draft": draft,
        "newer": newer,
        "newer_is_live": _lives_in(newer),
        "fields": fields,
        "seen": json.dumps(seen(content), separators=(",", ":")),
        "findings": blocks,
        "blocks": [*SINGLE_BLOCKS, *_row_blocks(fields)],
        "counts": counts(found),
        "first_problem": next((item.field for block in blocks.values() for item in block if item.level == "error"), ""),
        "preview": preview_of(frozen.data, values, known),
        **_beside_live(draft, values, known),
        "examples": examples,
        "filled_with": filled_with,
        "wished": _wished(filled_with),
        "values": [Value(name, typed.get(name, ""), shown(values.get(name))) for name in names_in(content) if name],
        "variable_names": [name for name in names_in(content) if name],
        # Asked for only where the whole editor is shown.
        "snippets": Snippet.objects.within(draft.prompt.project).active().order_by("name", "project")[:SNIPPETS_OFFERED],
        "models": sorted(
            (model for model in known if not is_elsewhere(model.id)), key=lambda model: (model.retires_on is not None, model.label)
        ),
        "known_model": model,
        "prices": [f"${price.normalize():f}" for price in (model.input_price, model.output_price)] if model else [],
        "refused_settings": " or ".join(SETTINGS[name].lower() for name in model.refuses if name in SETTINGS) if model else "",
        "longest": model.max_output if model else None,
        "about_words": _about_words(content),
        "types": TYPES,
        "syntaxes": SYNTAXES,
        "starting_points": STARTING_POINTS if fields.is_empty else (),
        "field_types": FIELD_TYPES,
        "blocks_open": _open_tools(fields, blocks),
        "unknown_tool": fields.tool_choice if fields.tool_choice not in ("", "auto", "any", *(t.name for t in fields.tools)) else "",
        "kept_aside": _kept_aside(content),
        "others": list(draft.editors.exclude(user=request.actor.user).select_related("user").order_by("-last_at")[:3]),
    }


def _beside_live(draft: Draft, values: Mapping[str, Any], known: Catalogue) -> dict[str, Any]:
    """What is live furthest on, and what the same values take there."""
    placements = Placement.objects.filter(prompt=draft.prompt_id, live__isnull=False).select_related("live__version")
    placement = placements.order_by("-environment__position").first()
    version = placement.live_version if placement else None
    return {"live_version": version, "live_preview": preview_of(version.bundle.as_json(), values, known) if version else None}


def _lives_in(version: Version | None) -> str:
    """The environments where it is live, in words."""
    if version is None:
        return ""
    places = Placement.objects.filter(live__version=version).select_related("environment").order_by("environment__position")
    return " and ".join(placement.environment.name for placement in places)


def _wished(example: str) -> RequestAnswer | None:
    """The answer that somebody asked for, where the chosen example is one of theirs."""
    if example == FROM_TABLE:
        return None
    return RequestAnswer.objects.filter(example__uid=example).select_related("request__asked_by").first()


def _said(found: Iterable[Finding], fields: BundleFields) -> list[Finding]:
    """Nobody is told to mend a row in which nothing is typed yet; a version with it is refused when it is saved."""
    fresh = tuple(f"variables.{index}." for index, row in enumerate(fields.variables) if row.is_fresh)
    return [finding for finding in found if not finding.place.startswith(fresh)]


def findings_by_block(found: Iterable[Finding], fields: BundleFields, known: Catalogue = BUILT_IN) -> dict[str, list[Shown]]:
    """Findings under the id of the block that they stand in: `system`, a row's key, a setting, or `general`."""
    blocks: dict[str, list[Shown]] = defaultdict(list)
    for finding in found:
        block, field = _where(finding.place, fields)
        step, label = _step(finding, block, fields, known)
        sentence = finding.sentence
        blocks[block].append(Shown(finding.level, WORDS[finding.level], sentence, finding.line, field, step, label))
    return dict(blocks)


def counts(found: list[Finding]) -> str:
    """“1 problem and 2 hints”, or nothing."""
    problems = sum(finding.level == "error" for finding in found)
    hints = len(found) - problems
    parts = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in ((problems, "problem"), (hints, "hint")) if count]
    return " and ".join(parts)


def preview_of(content: dict[str, Any], values: Mapping[str, Any], known: Catalogue = BUILT_IN) -> Preview:
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
    return Preview(cards, sum(len(text.split()) for text in texts), sum(map(estimate_tokens, texts)), _cost(content, rendered, known))


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
    if head in ("system", "model", "variables", "tool_choice"):
        return head, head if head != "variables" else ""
    return _schema_place(place, fields)


def _schema_place(place: str, fields: BundleFields) -> tuple[str, str]:
    head, _, rest = place.partition(".")
    index, _, member = rest.partition(".")
    if head == "output_schema" and fields.output:
        return _field_place("out", rest, fields)
    if head == "tools" and index.isdigit() and int(index) < len(fields.tools):
        block = f"t{fields.tools[int(index)].key}"
        name, _, inside = member.partition(".")
        return _field_place(block, inside, fields) if name == "input_schema" else (block, f"{block}-{name or 'name'}")
    return ("tools", "") if head == "tools" else ("general", "")


def _field_place(block: str, inside: str, fields: BundleFields) -> tuple[str, str]:
    row = row_at(fields.schemas[block].rows, inside)
    return (f"p{row.key}", f"p{row.key}-name") if row else (block, f"{block}-json")


def _open_tools(fields: BundleFields, blocks: Mapping[str, list[Shown]]) -> dict[str, bool]:
    """Which tools something is said about, in whatever row."""
    there = {f"t{tool.key}": {f"t{tool.key}", *(f"p{row.key}" for row in walk(tool.schema.rows))} for tool in fields.tools}
    return {block: bool(inner & blocks.keys()) for block, inner in there.items()}


def _row_blocks(fields: BundleFields) -> list[str]:
    rows = [("m", fields.messages), ("v", fields.variables), ("p", list(fields.fields))]
    return [f"{letter}{row.key}" for letter, found in rows for row in found] + list(fields.schemas)  # type: ignore[attr-defined]


def _step(finding: Finding, block: str, fields: BundleFields, known: Catalogue) -> tuple[str, str]:
    match finding.fix:
        case "add_variable":
            return f"add_variable:{finding.name}", f"Add “{finding.name}” to the table"
        case "rename_variable" if finding.name:
            return f"rename_variable:{block[1:]}:{finding.name}", f"Call it “{finding.name}”"
        case "remove_variable":
            return f"remove_variable:{block[1:]}", f"Remove “{finding.name}” from the table"
        case "make_optional":
            return f"make_optional:{block[1:]}", "Make it optional"
        case "escape_braces":
            return f"escape_braces:{'system' if block == 'system' else block[1:]}", "Keep the braces as text"
        case "make_variable":
            return f"make_variable:{'system' if block == 'system' else block[1:]}:{finding.name}", f"Make it “{finding.name}”"
        case "write_out":
            return f"write_out:{'system' if block == 'system' else block[1:]}:{finding.name}", "Write its words here"
        case "set_max_tokens":
            length = offered_length(fields.model, known)
            return f"set_max_tokens:{length}", f"Set it to {length:,} tokens"
        case "set_model" if finding.name:
            follows = known.find(finding.name)
            return f"set_model:{finding.name}", f"Take {follows.label if follows else finding.name}"
        case "make_chat":
            return "make_chat", "Make it a conversation"
        case "add_message":
            return "add_message:user", "Add a message"
        case "remove_message":
            return _removal(block[1:], fields)
    return "", ""


def _removal(key: str, fields: BundleFields) -> tuple[str, str]:
    """Half an example teaches nothing, so it goes with its other half."""
    pair = next((pair for pair in fields.pairs if key in (pair[0].key, pair[1].key)), None)
    return (f"remove_pair:{pair[0].key}", "Remove this example") if pair else (f"remove_message:{key}", "Remove this message")


def names_in(content: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(text_of(mapping(variable).get("name")) for variable in listed(content.get("variables"))))


def values_of(
    given: Mapping[str, Any], content: dict[str, Any], examples: list[NamedExample], renames: Renames
) -> tuple[str, dict[str, Any], dict[str, str]]:
    """The uid of the example that is chosen (or none), the values that stand in the preview, and those of them that were typed beside it.

    Typed values count while they belong to the example that is chosen.
    """
    chosen = next((example for example in examples if str(example.uid) == given.get("example")), None)
    uid = str(chosen.uid) if chosen else FROM_TABLE
    typed: dict[str, str] = {}
    if given.get("filled_with", FROM_TABLE) == uid:
        beside = {name[6:]: text for name, text in given.items() if name.startswith("value-") and isinstance(text, str) and text}
        # Of a variable that was renamed just now, the field still has the old name.
        typed = carried(beside, renames)
    values = _from_table(content) | carried(chosen.values if chosen else {}, renames) | typed
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


def _cost(content: dict[str, Any], rendered: Rendered, known: Catalogue) -> str:
    try:
        bundle: Bundle = parse(content)
    except Invalid:
        return ""
    cost = cost_per_call(bundle, rendered, known)
    if cost is None:
        return ""
    cents = cost * 100
    return f"at most {cents:.2g} US cents per call" if cents < 10 else f"at most {cost:.2f} US dollars per call"


def _about_words(content: dict[str, Any]) -> int | None:
    longest = mapping(content.get("inference")).get("max_tokens")
    return longest * 3 // 4 if isinstance(longest, int) and not isinstance(longest, bool) else None


def _kept_aside(content: dict[str, Any]) -> str:
    """What has no field on the page, in words."""
    return "settings of its own for this model" if content.get("extra_model_fields") else ""
