"""What is wrong with a draft, beside the text that it concerns. Takes JSON as it is being typed, and never raises.

Limits that say "Bedrock" are those of the service model of bedrock-agent (2023-06-05).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Any, get_args

from promptstudio.lib.errors import Invalid

from . import jinja, limits, lint_schemas, soundness
from .bundle import MAX_VARIABLES, VARIABLE_NAME, Bundle, Variable, parse
from .catalogue import BUILT_IN, MODEL_ID, Catalogue, Model, in_place_of
from .findings import BEDROCK, Finding, errors_first
from .gaps import LONGEST_LABEL, gaps
from .names import ascii_words
from .secrets_in import likely_secrets
from .soundness import listed, mapping, text_of
from .templating import OPEN_BRACES, PLACEHOLDER, misfit, placeholder, plain_text, positions, stray_braces

# Of one kind in one text: whoever pasted a page of code needs to see some of them, not thousands.
SHOWN = 50
GAPS_SHOWN = 10
# Where the catalogue does not know the model, nobody is served by an offer of a greater length.
USUAL_MAX_TOKENS = 1000
TYPES = get_args(Variable.model_fields["type"].annotation)
BRACED_WORDS = re.compile(r"\{\{([^{}\n]{1,200})\}\}")


def findings(data: Any, known: Catalogue = BUILT_IN) -> list[Finding]:
    """All that is to be said about a draft, errors first, then in reading order. No error depends on which models are `known`."""
    if problem := soundness.problem_of(data):
        return [problem]
    found = [*_schema(data), *_conversation(data), *_texts(data), *_variables(data), *lint_schemas.findings(data), *_model(data, known)]
    return errors_first(found)


def errors_of(data: Any) -> dict[str, str]:
    """What keeps a version from being saved: places (`messages.0.text`) to sentences. Empty where nothing does."""
    return by_place(findings(data))


def by_place(found: Iterable[Finding]) -> dict[str, str]:
    """The errors of `found`: places to sentences."""
    errors: dict[str, list[str]] = {}
    for finding in found:
        if finding.level == "error":
            errors.setdefault(finding.place, []).append(_with_line(finding))
    return {place: " ".join(dict.fromkeys(sentences)) for place, sentences in errors.items()}


def _with_line(finding: Finding) -> str:
    # What a page mends by a button it also finds by it.
    return f"Line {finding.line}: {finding.sentence}" if finding.line and not finding.fix else finding.sentence


def portable(bundle: Bundle) -> dict[str, list[str]]:
    """For each kind of target, why the bundle cannot be published there as it is; an empty list where it can."""
    reasons = list(errors_of(bundle.as_json()).values()) + (_logic_in(bundle) if bundle.syntax == "jinja" else [])
    if not bundle.model:
        reasons.append("Bedrock needs a model to run the prompt with, and none is chosen.")
    if bundle.output_schema is not None:
        reasons.append("Bedrock cannot store the form of the answer; applications have to send it with each call.")
    if bundle.tools and bundle.kind == "text":
        reasons.append("Bedrock holds tools in chats only.")
    return {BEDROCK: reasons}


def _logic_in(bundle: Bundle) -> list[str]:
    reasons = []
    for place, text in bundle.texts:
        where = "the system text" if place == "system" else f"message {int(place.split('.')[1]) + 1}"
        try:
            if not plain_text(text).strip():
                reasons.append(f"Nothing is left of {where} when it is worked out, and Bedrock takes no empty text.")
        except jinja.Depends as depends:
            reasons.append(f"Line {depends.line} of {where}: {_needs_logic(depends)}")
        except jinja.Refused:
            # An error of the text, which stands above.
            continue
    return reasons


def _schema(data: dict[str, Any]) -> Iterator[Finding]:
    try:
        parse(data)
    except Invalid as invalid:
        typed = lint_schemas.unread(data)
        for place, sentence in invalid.errors.items():
            # The table says the same beside the second name, and what was typed as JSON is answered with its line.
            if place not in typed and not (place == "bundle" and sentence.startswith("Each variable")):
                yield _with_a_name(_schema_error(place, sentence), data)


def _schema_error(place: str, sentence: str) -> Finding:
    value = re.match(r"(variables\.\d+\.(?:default|example))\.", place)
    if value:
        # The schema tries each type in turn and complains once for each.
        return Finding("error", value[1], "This must be a text, a number, or true or false.")
    plain = re.match(r"Input should be a valid (string|integer|number|boolean|tuple|list|dictionary)", sentence)
    if plain:
        return Finding("error", place, f"This must be {WANTED[plain[1]]}.")
    return Finding("error", place, sentence)


def _with_a_name(finding: Finding, data: dict[str, Any]) -> Finding:
    """Beside a name of plain words, the one that is nearest to it."""
    row = re.fullmatch(r"variables\.(\d+)\.name", finding.place)
    names = _names(data)
    offer = ascii_words(names[int(row[1])], "_", at_most=100) if row else ""
    if not offer or offer == OPEN_BRACES or offer in names:
        return finding
    return replace(finding, fix="rename_variable", name=offer)


WANTED = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dictionary": "an object with named fields",
}


def _conversation(data: dict[str, Any]) -> Iterator[Finding]:
    messages = [mapping(message) for message in listed(data.get("messages"))]
    if not messages:
        yield Finding("error", "messages", "There is no message yet. Write what the model shall do.", fix="add_message")
    for index, message in enumerate(messages):
        if not text_of(message.get("text")).strip():
            fix = "remove_message" if len(messages) > 1 else None
            yield Finding("error", f"messages.{index}.text", "This message is empty. Write something in it, or remove it.", fix=fix)
    roles = [message.get("role", "user") for message in messages]
    yield from _chat_order(roles) if data.get("kind", "text") == "chat" else _text_shape(data, roles)


def _text_shape(data: dict[str, Any], roles: list[Any]) -> Iterator[Finding]:
    if text_of(data.get("system")):
        sentence = "A prompt of one text has no system text. Make it a chat, or move the words into the message."
        yield Finding("error", "system", sentence, fix="make_chat")
    if roles and roles != ["user"]:
        yield Finding(
            "error", "messages", "A prompt of one text is exactly one user message. Make it a chat to have more.", fix="make_chat"
        )


def _chat_order(roles: list[Any]) -> Iterator[Finding]:
    if roles and roles[0] == "assistant":
        yield Finding("error", "messages.0.role", "A chat starts with a user message. Put one first.")
    for index in range(1, len(roles)):
        if roles[index] == roles[index - 1] and roles[index] in ("user", "assistant"):
            sentence = f"Two {roles[index]} messages follow each other. User and assistant take turns: join them, or change one."
            yield Finding("error", f"messages.{index}.role", sentence)


def _places(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "system", text_of(data.get("system"))
    for index, message in enumerate(listed(data.get("messages"))):
        yield f"messages.{index}.text", text_of(mapping(message).get("text"))


def _is_jinja(data: dict[str, Any]) -> bool:
    return data.get("syntax") == "jinja"


def _texts(data: dict[str, Any]) -> Iterator[Finding]:
    declared = set(_names(data))
    for place, text in _places(data):
        if _is_jinja(data):
            yield from _jinja(place, text, declared)
            continue
        yield from _undeclared(place, text, declared)
        yield from _stray(place, text)
        yield from _secrets(place, text)
        yield from _gaps(place, text)
        if place == "system":
            yield from _in_system(text)


def _jinja(place: str, text: str, declared: set[str]) -> Iterator[Finding]:
    try:
        uses = jinja.read(text).variables
    except jinja.Refused as refused:
        yield Finding("error", place, refused.sentence, refused.line)
        return
    for name, line in uses.items():
        if name not in declared and name != OPEN_BRACES:
            sentence = f"{name} is not in the table of variables, so nothing would be filled in."
            yield Finding("error", place, sentence, line, fix="add_variable", name=name)
        elif place == "system" and name != OPEN_BRACES:
            yield Finding("warning", "system", _uncertain(name), line, name=name, rule_of=BEDROCK)
    yield from _secrets(place, text)
    try:
        plain_text(text)
    except jinja.Depends as depends:
        sentence = f"{_needs_logic(depends)} The API serves it; it cannot be published there."
        yield Finding("warning", place, sentence, depends.line, rule_of=BEDROCK)
    except jinja.Refused as refused:
        # No value could mend it.
        yield Finding("error", place, refused.sentence, refused.line)


def _needs_logic(depends: jinja.Depends) -> str:
    return f"Bedrock fills variables in and decides nothing, and what stands here depends on {depends.name}."


def _uncertain(name: str) -> str:
    return f"It is not certain that Bedrock fills in {name} here. Variables are safe in messages."


def _declared(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [mapping(variable) for variable in listed(data.get("variables"))]


def _names(data: dict[str, Any]) -> list[str]:
    return [text_of(variable.get("name")) for variable in _declared(data)]


def _first_uses(text: str) -> dict[str, int]:
    uses: dict[str, int] = {}
    for match in PLACEHOLDER.finditer(text):
        uses.setdefault(match[1], match.start())
    return uses


def _undeclared(place: str, text: str, declared: set[str]) -> Iterator[Finding]:
    uses = _first_uses(text).items()
    missing = dict(islice(((name, start) for name, start in uses if name not in declared and name != OPEN_BRACES), SHOWN))
    for name, (line, column) in zip(missing, positions(text, missing.values()), strict=True):
        sentence = f"{name} is not in the table of variables, so nothing would be filled in."
        yield Finding("error", place, sentence, line, column, "add_variable", name)


def _stray(place: str, text: str) -> Iterator[Finding]:
    words = {match.start(): match[1].strip() for match in BRACED_WORDS.finditer(text) if not PLACEHOLDER.match(match[0])}
    named = dict(zip(positions(text, words), words.values(), strict=True))
    for line, column in islice(stray_braces(text), SHOWN):
        meant = named.get((line, column))
        sentence = (
            f"“{meant}” cannot be a variable: its name has letters and digits, with a single _ or - between them. "
            "Rename it, or keep the braces as text."
            if meant
            else "Bedrock would take these two braces for the start of a variable. Keep them as text, or write the variable out."
        )
        yield Finding("error", place, sentence, line, column, "escape_braces", meant or None, "" if meant else BEDROCK)
    triple = [match.start() - 1 for match in PLACEHOLDER.finditer(text) if match.start() and text[match.start() - 1] == "{"]
    for line, column in positions(text, triple[:SHOWN]):
        sentence = "Three braces in a row: put a space after the first, so that every target reads them alike."
        yield Finding("warning", place, sentence, line, column, rule_of=BEDROCK)


def _secrets(place: str, text: str) -> Iterator[Finding]:
    found = sorted(likely_secrets(text, at_most=SHOWN))
    for (_, sentence), (line, column) in zip(found, positions(text, [start for start, _ in found]), strict=True):
        yield Finding("hint", place, sentence, line, column)


def _gaps(place: str, text: str) -> Iterator[Finding]:
    first = {gap.name: gap for gap in reversed(gaps(text))}
    shown = list(islice(reversed(first.values()), GAPS_SHOWN))
    for gap, (line, column) in zip(shown, positions(text, [gap.start for gap in shown]), strict=True):
        sentence = f"“{gap.text[:LONGEST_LABEL]}” looks like a gap to be filled in: make it a variable."
        yield Finding("hint", place, sentence, line, column, "make_variable", gap.name)


def _in_system(text: str) -> Iterator[Finding]:
    uses = _first_uses(text)
    for name, (line, column) in zip(uses, positions(text, uses.values()), strict=True):
        if name != OPEN_BRACES:
            yield Finding("warning", "system", _uncertain(name), line, column, name=name, rule_of=BEDROCK)


def _variables(data: dict[str, Any]) -> Iterator[Finding]:
    declared = _declared(data)
    used = _used(data)
    names: set[str] = set()
    for index, (name, variable) in enumerate(zip(_names(data), declared, strict=True)):
        yield from _variable(f"variables.{index}", variable, used, repeated=name in names)
        names.add(name)
    count = len(declared) + (OPEN_BRACES in used and OPEN_BRACES not in names)
    if count > MAX_VARIABLES:
        including = ", the one for literal braces included" if OPEN_BRACES in used else ""
        sentence = f"There are {count} variables{including}; Bedrock holds at most {MAX_VARIABLES}. Join some, or write them into the text."
        yield Finding("error", "variables", sentence, rule_of=BEDROCK)


def _used(data: dict[str, Any]) -> set[str]:
    texts = [text for _, text in _places(data)]
    if not _is_jinja(data):
        return {name for text in texts for name in _first_uses(text)}
    try:
        return {name for text in texts for name in jinja.read(text).variables}
    except jinja.Refused:
        # What a text that cannot be read asks for is not known, and nobody is told to remove it meanwhile.
        return set(_names(data))


def _variable(place: str, variable: dict[str, Any], used: set[str], repeated: bool) -> Iterator[Finding]:
    name = text_of(variable.get("name"))
    if name and repeated:
        yield Finding("error", f"{place}.name", f"{name} stands in the table twice. Remove one.", fix="remove_variable", name=name)
    elif name == OPEN_BRACES:
        sentence = f"{OPEN_BRACES} always stands for two braces and is filled in by itself. Take it out of the table."
        yield Finding("error", f"{place}.name", sentence, fix="remove_variable", name=name)
    elif VARIABLE_NAME.fullmatch(name) and name not in used:
        sentence = f"{name} is in the table but in no text. Write {placeholder(name)} where it belongs, or remove it."
        yield Finding("error", f"{place}.name", sentence, fix="remove_variable", name=name)
    yield from _values(place, name, variable)


def _values(place: str, name: str, variable: dict[str, Any]) -> Iterator[Finding]:
    type_, choices = variable.get("type", "string"), [text_of(choice) for choice in listed(variable.get("choices"))]
    called = name or "The variable"
    if type_ == "choice" and not choices:
        yield Finding("error", f"{place}.choices", f"{called} is a choice: list what can be chosen.", name=name or None)
    elif type_ == "choice" and (len(set(choices)) < len(choices) or not all(choice.strip() for choice in choices)):
        yield Finding("error", f"{place}.choices", "Each choice is a different word, and none is empty.", name=name or None)
    for member in ("default", "example"):
        value = variable.get(member)
        if type_ not in TYPES or value is None or (type_ == "choice" and not choices):
            continue
        if problem := misfit(type_, choices, value) or limits.beyond(type_, variable, value):
            yield Finding("error", f"{place}.{member}", f"The {member} of {called} {problem}.", name=name or None)
    for member, sentence in limits.problems(variable, type_):
        yield Finding("error", f"{place}.{member}", sentence, name=name or None)
    if variable.get("required", True) is True and variable.get("default") is not None:
        sentence = f"{called} has a default, so nobody has to send it. Make it optional, or remove the default."
        yield Finding("hint", f"{place}.required", sentence, fix="make_optional", name=name or None)


def _model(data: dict[str, Any], known: Catalogue) -> Iterator[Finding]:
    model_id, inference = text_of(data.get("model")), mapping(data.get("inference"))
    model = known.find(model_id)
    if not model_id:
        sentence = "No model is chosen. A version can be saved without, but Bedrock needs one before it can be called."
        yield Finding("warning", "model", sentence, fix="choose_model", rule_of=BEDROCK)
    elif len(model_id) <= 2048 and not MODEL_ID.fullmatch(model_id):
        yield Finding(
            "error", "model", "This is not how Bedrock names a model. Choose one of the list, or check it for spaces and unusual signs."
        )
    elif model is None:
        sentence = "This model is not in Studio's list. That is allowed, because Bedrock adds models weekly; check its spelling."
        yield Finding("warning", "model", sentence)
    elif model.retires_on:
        yield _retiring(model_id, model, known)
    yield from _inference(inference, model)
    if model:
        yield from _refused(inference, model)


def _retiring(model_id: str, model: Model, known: Catalogue) -> Finding:
    next_id = in_place_of(model_id, model.successor) if model.successor else None
    follows = known.find(model.successor)
    more = f" {follows.label if follows else model.successor} is meant to follow it." if next_id else " Choose another in time."
    return Finding("warning", "model", f"{model.label} retires on {in_words(model.retires_on)}.{more}", fix="set_model", name=next_id)


def in_words(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


def _refused(inference: dict[str, Any], model: Model) -> Iterator[Finding]:
    for name in model.refuses:
        if inference.get(name) not in (None, [], ()):
            yield Finding(
                "warning", f"inference.{name}", f"{model.label} does not take this setting, and calls with it may fail. Leave it empty."
            )


def _inference(inference: dict[str, Any], model: Model | None) -> Iterator[Finding]:
    max_tokens = inference.get("max_tokens")
    if max_tokens is None:
        offer = min(USUAL_MAX_TOKENS, model.max_output) if model else USUAL_MAX_TOKENS
        sentence = f"The longest answer is not set, so the model decides when to stop. {offer:,} tokens are about {offer * 3 // 4:,} words."
        yield Finding("warning", "inference.max_tokens", sentence, fix="set_max_tokens")
    elif model and isinstance(max_tokens, (int, float)) and max_tokens > model.max_output:
        sentence = f"{model.label} answers with at most {model.max_output:,} tokens."
        yield Finding("warning", "inference.max_tokens", sentence, fix="set_max_tokens")
    if inference.get("temperature") is not None and inference.get("top_p") is not None:
        yield Finding("warning", "inference.top_p", "Set the temperature or Top P, not both: together their effect is hard to foresee.")
    for index, sequence in enumerate(listed(inference.get("stop_sequences"))):
        if sequence == "":
            yield Finding("error", f"inference.stop_sequences.{index}", "This stop sequence is empty. Write it, or remove it.")
