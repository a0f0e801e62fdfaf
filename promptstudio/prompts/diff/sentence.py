"""What changed, in one or two plain sentences."""

from collections import Counter
from typing import TYPE_CHECKING

from .cards import CardDiff
from .structure import FieldChange
from .text import Row
from .tokens import tokens

if TYPE_CHECKING:
    from .comparison import Comparison

_MOST_PHRASES = 4
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def sentence(of: "Comparison") -> str:
    if of.is_first:
        return _first(of)
    texts = [phrase for card in of.cards for phrase in _card_phrases(card, of)]
    tables = [*_variable_phrases(of.variables), *map(_setting_phrase, of.settings), *_structure_phrases(of)]
    if not texts and not tables:
        return "Only white space differs." if of.differs else "Both sides are the same."
    if len(texts) + len(tables) <= _MOST_PHRASES:
        return _as_sentence(texts + tables)
    return " ".join(_as_sentence(phrases) for phrases in (texts, tables) if phrases)


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(parts: list[str]) -> str:
    """ "a", "a and b", "a, b, and c"."""
    if len(parts) < 3:
        return " and ".join(parts)
    return ", ".join(parts[:-1]) + ", and " + parts[-1]


def _as_sentence(phrases: list[str]) -> str:
    if len(phrases) > _MOST_PHRASES:
        more = len(phrases) - _MOST_PHRASES + 1
        phrases = [*phrases[: _MOST_PHRASES - 1], f"makes {counted(more, 'more change')}"]
    text = listed(phrases)
    return text[0].upper() + text[1:] + "."


def _first(of: "Comparison") -> str:
    parts = [counted(sum(len(card.rows) for card in of.cards), "line")]
    parts += [counted(len(found), what) for found, what in ((of.variables, "variable"), (of.tools, "tool")) if found]
    return f"Everything is new: {listed(parts)}."


def _card_phrases(card: CardDiff, of: "Comparison") -> list[str]:
    if card.is_new or card.is_removed:
        article = "the" if card.role == "System" or of.is_one_text else "an" if card.role == "Assistant" else "a"
        return [f"{'adds' if card.is_new else 'removes'} {article} {_noun(card, of)}"]
    phrases = []
    if card.moved and card.new_index is not None:
        phrases.append(f"moves {_article(card.role)} message to place {card.new_index + 1}")
    if card.role != card.old_role:
        phrases.append(f"turns {_article(card.old_role)} message into {_article(card.role)} message")
    changed = [row for row in card.rows if row.kind != "same"]
    return [*phrases, *_lines_phrases(card, changed, _message(card, of))] if changed else phrases


def _article(role: str) -> str:
    return f"{'an' if role == 'Assistant' else 'a'} {role.lower()}"


def _lines_phrases(card: CardDiff, changed: list[Row], message: str) -> list[str]:
    if not any(span.kind == "same" and span.text.strip() for row in card.rows for span in row.new):
        return [f"rewrites {message}"]
    if len(card.rows) == 1 and changed[0].kind not in ("added", "removed"):
        words = _words_changed(changed[0])
        return [f"changes {counted(words, 'word')} of {message}" if words else f"changes {message}"]
    count = Counter("changed" if row.kind not in ("added", "removed") else row.kind for row in changed)
    verbs = (("changed", "changes", "of"), ("added", "adds", "to"), ("removed", "removes", "from"))
    made = [(verb, counted(count[kind], "line"), joint) for kind, verb, joint in verbs if count[kind]]
    return [f"{verb} {lines} {joint} {'it' if index else message}" for index, (verb, lines, joint) in enumerate(made)]


def _words_changed(row: Row) -> int:
    marked = [[token for span in side if span.kind != "same" for token in tokens(span.text)] for side in (row.old, row.new)]
    return max(sum(token[0].isalnum() or token.startswith("{{") for token in side) for side in marked)


def _message(card: CardDiff, of: "Comparison") -> str:
    alike = [other.place for other in of.cards if other.role == card.role and not other.is_removed]
    if len(alike) < 2:
        return f"the {_noun(card, of)}"
    place = alike.index(card.place)
    return f"the {_ORDINALS[place]} {_noun(card, of)}" if place < len(_ORDINALS) else f"{_noun(card, of)} {place + 1}"


def _noun(card: CardDiff, of: "Comparison") -> str:
    return "text" if of.is_one_text else f"{card.role.lower()} message"


def _variable_phrases(changes: list[FieldChange]) -> list[str]:
    phrases = []
    for word, verb in (("Added", "adds"), ("Removed", "removes")):
        names = [change.name for change in changes if change.word == word]
        if names:
            phrases.append(f"{verb} the variable {names[0]}" if len(names) == 1 else f"{verb} the variables {_names(names)}")
    return phrases + [_variable_phrase(change) for change in changes if change.word not in ("Added", "Removed")]


def _names(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    # "and" inside an enumeration of phrases would not tell where the names end.
    return (
        ", ".join(names[:-1]) + " and " + names[-1]
        if len(names) <= _MOST_PHRASES
        else f"{', '.join(names[:3])} and {len(names) - 3} others"
    )


def _variable_phrase(change: FieldChange) -> str:
    match change.word:
        case "Renamed":
            return f"renames the variable {change.old} to {change.new}"
        case "Now required" | "Now optional":
            return f"makes the variable {change.name} {change.word.removeprefix('Now ')}"
    return "changes the order of the variables" if change.name == "variables" else f"changes the variable {change.name}"


def _setting_phrase(change: FieldChange) -> str:
    label = change.label if change.label == "Top P" or ":" in change.label else change.label[0].lower() + change.label[1:]
    match change.word:
        case "Lower" | "Higher":
            return f"{'lowers' if change.word == 'Lower' else 'raises'} the {label} from {change.old} to {change.new}"
        case "Removed":
            return f"unsets the {label}"
        case "Added":
            return f"sets the {label}" + (f" to {change.new}" if len(change.new) < 60 else "")
    short = len(change.old) + len(change.new) < 100
    return f"changes the {label}" + (f" from {change.old} to {change.new}" if short else "")


def _structure_phrases(of: "Comparison") -> list[str]:
    phrases = []
    came_or_went = [change for change in of.tools if change.name.count(".") == 1 and change.word in ("Added", "Removed")]
    phrases += [f"{'adds' if change.word == 'Added' else 'removes'} the tool {change.label}" for change in came_or_went]
    by_tool: dict[str, list[FieldChange]] = {}
    for change in of.tools:
        if change not in came_or_went:
            by_tool.setdefault(change.name.split(".")[1] if "." in change.name else "", []).append(change)
    for name, changes in by_tool.items():
        phrases += _field_phrases(changes, f"the tool {name}") if name else ["changes the order of the tools"]
    if of.schema and of.schema[0].name == "output_schema" and of.schema[0].word in ("Added", "Removed"):
        return [*phrases, "asks for fixed fields in the answer" if of.schema[0].word == "Added" else "lets the answer be free text"]
    return phrases + (_field_phrases(of.schema, "the answer") if of.schema else [])


def _field_phrases(changes: list[FieldChange], where: str) -> list[str]:
    """What happened to the fields of a tool or of the answer; all that is not about a field is one change."""
    phrases = []
    for word, verb, joint in (("Added", "adds", "to"), ("Removed", "removes", "from")):
        names = [change.field for change in changes if change.word == word and change.field and change.label.endswith(change.field)]
        if names:
            phrases.append(f"{verb} the field{'' if len(names) == 1 else 's'} {_names(names)} {joint} {where}")
    needs = [change for change in changes if change.word in ("Now required", "Now optional")]
    phrases += [f"makes the field {change.field} of {where} {change.word.removeprefix('Now ')}" for change in needs]
    told = {change.field for change in changes if change.word in ("Added", "Removed") and change.label.endswith(change.field)}
    rest = [change for change in changes if change not in needs and not (change.field and change.field in told)]
    fields = list(dict.fromkeys(change.field for change in rest if change.field))
    if fields:
        phrases.append(f"changes the field{'' if len(fields) == 1 else 's'} {_names(fields)} of {where}")
    return phrases + ([f"changes {where}"] if any(not change.field for change in rest) else [])
