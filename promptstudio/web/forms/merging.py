"""Two people wrote in one draft: what can be joined is joined, and the rest is put before them with both texts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptstudio.prompts.diff.three_way import Joined, three_way
from promptstudio.prompts.soundness import listed, mapping, text_of

from .bundle_form import shown

SETTINGS = {"temperature": "Temperature", "top_p": "Top P", "max_tokens": "Longest answer", "stop_sequences": "Stop at"}
ROLE_WORDS = {"user": "User", "assistant": "Assistant"}


@dataclass(frozen=True)
class Clash:
    """A place that both changed. `is_text`: a joint text can be written by hand."""

    place: str
    label: str
    mine: str
    theirs: str
    is_text: bool
    # What was chosen so far, where the page comes back because something else is open.
    choice: str = ""
    own: str = ""
    # That the text written here is not what was chosen was said before, and the choice stood.
    heard: bool = False

    @property
    def joint(self) -> str:
        """What writing it together begins with: mine, then the lines that theirs has besides."""
        here = _lines(self.mine)
        return "\n".join([*here, *(line for line in _lines(self.theirs) if line not in here)])

    @property
    def together(self) -> str:
        return self.own if self.own or self.choice == "own" else self.joint

    @property
    def is_torn(self) -> bool:
        """A text was written, and another one chosen."""
        wrote = self.is_text and self.own.strip() not in ("", self.joint.strip())
        return wrote and self.choice in ("mine", "theirs") and not self.heard

    @property
    def is_settled(self) -> bool:
        return bool(self.choice) and not self.is_torn


@dataclass(frozen=True)
class Choice:
    """What a person decided about a clash: `mine`, `theirs`, or `own` with the text that they wrote."""

    which: str
    text: str = ""
    heard: bool = False

    def of(self, mine: Any, theirs: Any) -> Any:
        return {"mine": mine, "own": self.text}.get(self.which, theirs)


@dataclass(frozen=True)
class Merged:
    content: dict[str, Any]
    clashes: list[Clash]
    taken: list[str]


def seen(content: dict[str, Any]) -> dict[str, str]:
    """A short hash for each place, so that a page can later tell who changed what."""
    found = {**places(content, by_message=True), **places(content, by_message=False)}
    return {place: _hash(value) for place, value in found.items()}


def merge(
    *,
    mine: dict[str, Any],
    theirs: dict[str, Any],
    seen: Mapping[str, str],
    decided: Mapping[str, Choice],
    before: dict[str, Any] | None = None,
) -> Merged:
    """`theirs` with what only I changed. Where both changed a place, `decided` says what stays; else it is a clash, and theirs stands.

    `before` is what both perhaps began with. A text in it that the page showed as well is joined line by line, where no line clashes.
    """
    aligned = shape_of(mine) == shape_of(theirs) and _hash(shape_of(mine)) == seen.get("messages.shape")
    aligned = aligned and not (_moved(mine, seen) or _moved(theirs, seen))
    began = places(before, by_message=aligned) if before else {}
    ours, others = places(mine, by_message=aligned), places(theirs, by_message=aligned)
    chosen: dict[str, Any] = {}
    clashes: list[Clash] = []
    taken: list[str] = []
    for place in dict.fromkeys([*others, *ours]):
        one, other = ours.get(place), others.get(place)
        chosen[place] = other
        choice = decided.get(place, Choice(""))
        if place in decided:
            clashes.append(clash_of(place, label_of(place, theirs), one, other, choice, as_text=is_text(place)))
            chosen[place] = choice.of(one, other)
        elif one == other:
            continue
        elif _hash(other) == seen.get(place, ""):
            chosen[place] = one
        elif _hash(one) == seen.get(place, ""):
            taken.append(label_of(place, theirs))
        elif (
            is_text(place)
            and _hash(began.get(place)) == seen.get(place)
            and (text := _line_by_line(began[place], text_of(one), text_of(other))) is not None
        ):
            chosen[place] = text
            taken.append(label_of(place, theirs))
        else:
            clashes.append(clash_of(place, label_of(place, theirs), one, other, choice, as_text=is_text(place)))
    # Those that are decided stay on the page with the others, so that no choice is asked for twice.
    return Merged(joined(theirs, chosen), [] if all(clash.is_settled for clash in clashes) else clashes, taken)


def _moved(content: dict[str, Any], seen: Mapping[str, str]) -> bool:
    """A message stands where the page had another one, and the page had it elsewhere."""
    texts = [_hash(text_of(mapping(message).get("text"))) for message in listed(content.get("messages"))]
    had = [seen.get(f"messages.{index}.text") for index in range(len(texts))]
    return any(text != was and text in had for text, was in zip(texts, had, strict=True))


def _line_by_line(before: str, mine: str, theirs: str) -> str | None:
    """None where both changed a line."""
    pieces = three_way(f"{before}\n", f"{mine}\n", f"{theirs}\n")
    texts = [piece.text for piece in pieces if isinstance(piece, Joined)]
    return "".join(texts).removesuffix("\n") if len(texts) == len(pieces) else None


def clash_of(place: str, label: str, mine: Any, theirs: Any, choice: Choice, *, as_text: bool) -> Clash:
    return Clash(place, label, words_of(mine), words_of(theirs), as_text, choice.which, choice.text, choice.heard)


def shape_of(content: dict[str, Any]) -> list[str]:
    return [text_of(mapping(message).get("role")) for message in listed(content.get("messages"))]


def places(content: dict[str, Any], *, by_message: bool) -> dict[str, Any]:
    """Place to value, in reading order. The messages are one place where rows were added, moved or removed."""
    found: dict[str, Any] = {
        "kind": content.get("kind", "text"),
        "syntax": content.get("syntax", "plain"),
        "system": text_of(content.get("system")),
    }
    if by_message:
        found["messages.shape"] = shape_of(content)
        for index, message in enumerate(listed(content.get("messages"))):
            found[f"messages.{index}.text"] = text_of(mapping(message).get("text"))
    else:
        found["messages"] = listed(content.get("messages"))
    for variable in map(mapping, listed(content.get("variables"))):
        name = f"variables.{text_of(variable.get('name'))}"
        while name in found:
            name += "'"
        found[name] = variable
    for tool in map(mapping, listed(content.get("tools"))):
        name = f"tools.{text_of(tool.get('name'))}"
        while name in found:
            name += "'"
        found[name] = tool
    found["tool_choice"], found["output_schema"] = content.get("tool_choice"), content.get("output_schema")
    found["model"] = text_of(content.get("model"))
    inference = mapping(content.get("inference"))
    return found | {f"inference.{name}": inference.get(name) for name in SETTINGS}


def joined(theirs: dict[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    messages = chosen.get("messages", listed(theirs.get("messages")))
    if "messages" not in chosen:
        messages = [{**mapping(m), "text": chosen.get(f"messages.{index}.text", "")} for index, m in enumerate(messages)]
    return {
        **theirs,
        **({"syntax": chosen["syntax"]} if chosen["syntax"] != theirs.get("syntax", "plain") else {}),
        "kind": chosen["kind"],
        "system": chosen["system"],
        "messages": messages,
        "variables": [value for place, value in chosen.items() if place.startswith("variables.") and value is not None],
        "tools": [value for place, value in chosen.items() if place.startswith("tools.") and value is not None],
        "tool_choice": chosen["tool_choice"],
        "output_schema": chosen["output_schema"],
        "model": chosen["model"],
        "inference": {**mapping(theirs.get("inference")), **{name: chosen[f"inference.{name}"] for name in SETTINGS}},
    }


def _lines(text: str) -> list[str]:
    """As a field gives them back: browsers know one end of a line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n") if text else []


def _hash(value: Any) -> str:
    if value is None:
        return ""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def label_of(place: str, content: dict[str, Any]) -> str:
    kind, _, rest = place.partition(".")
    match kind:
        case "messages" if rest == "shape" or not rest:
            return "The messages"
        case "messages":
            index = int(rest.split(".")[0])
            return f"Message {index + 1} ({ROLE_WORDS.get(shape_of(content)[index], 'User')})"
        case "variables":
            return f"Variable {rest.rstrip(chr(39)) or 'without a name'}"
        case "tools":
            return f"Tool {rest.rstrip(chr(39)) or 'without a name'}"
        case "inference":
            return SETTINGS[rest]
    schemas = {
        "tool_choice": "Which tool is used",
        "output_schema": "Form of the answer",
        "extra_model_fields": "Settings of its own for this model",
    }
    return (
        schemas.get(kind)
        or {"kind": "One message or conversation", "syntax": "Template language", "system": "System", "model": "Model"}[kind]
    )


def is_text(place: str) -> bool:
    return place == "system" or (place.startswith("messages.") and place.endswith(".text"))


def words_of(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, dict):
        if "input_schema" in value or not {"name", "role"} & value.keys():
            return json.dumps(value, indent=2, ensure_ascii=False)
        return "\n".join(f"{name.capitalize()}: {words_of(member)}" for name, member in value.items() if member not in (None, "", []))
    if isinstance(value, list):
        return "\n\n".join(_message(member) if isinstance(member, dict) else shown(member) for member in value)
    if value in ("text", "chat"):
        return {"text": "One message", "chat": "Conversation"}[value]
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else shown(value)


def _message(message: dict[str, Any]) -> str:
    return f"{ROLE_WORDS.get(text_of(message.get('role')), 'User')}:\n{text_of(message.get('text'))}"
