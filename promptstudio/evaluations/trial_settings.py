"""Settings that are others for one trial: read as they were typed, put into the bundle, and said in words."""

from collections.abc import Mapping
from typing import Any

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle, parse

Number = float | int
NAMES = {"temperature": "Temperature", "top_p": "Top P", "max_tokens": "Longest answer"}
FRACTIONS = ("temperature", "top_p")
WORDS = {"temperature": "temperature {}", "top_p": "Top P {}", "max_tokens": "at most {} tokens"}


def settings_in(typed: Mapping[str, str]) -> dict[str, Number]:
    """What was typed, by the name of the setting; what is empty stays as it is in the prompt. Raises Invalid."""
    wanted = {name: text.strip().replace(",", ".") for name, text in typed.items() if name in WORDS and text.strip()}
    return {name: _number(name, text) for name, text in wanted.items()}


def with_settings(bundle: Bundle, changed: Mapping[str, Number]) -> Bundle:
    """Another wording, with a digest of its own. Raises Invalid for what no setting can be."""
    if not changed:
        return bundle
    data = bundle.as_json()
    try:
        return parse(data | {"inference": {**data.get("inference", {}), **changed}})
    except Invalid as error:
        raise Invalid({_bare(place): f"{NAMES.get(_bare(place), place)}: {sentence}" for place, sentence in error.errors.items()}) from None


def really_other(bundle: Bundle, changed: Mapping[str, Number]) -> dict[str, Number]:
    """Without what the prompt says itself: that is no other wording."""
    return {name: value for name, value in changed.items() if getattr(bundle.inference, name) != value}


def in_words(changed: Mapping[str, Number]) -> str:
    """“ with temperature 0 and at most 300 tokens”, to stand behind what is tried; nothing where nothing changed."""
    said = [words.format(f"{changed[name]:g}" if name in FRACTIONS else changed[name]) for name, words in WORDS.items() if name in changed]
    return f" with {' and '.join(said)}" if said else ""


def _bare(place: str) -> str:
    return place.removeprefix("inference.")


def _number(name: str, text: str) -> Any:
    try:
        return float(text) if name in FRACTIONS else int(text)
    except ValueError:
        example = "a number, such as 0.2" if name in FRACTIONS else "a whole number, such as 500"
        raise Invalid({name: f"{NAMES[name]}: write {example}."}) from None
