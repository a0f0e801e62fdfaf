"""A small deterministic model: the same input gives the same answer, and every answer says that no real model wrote it."""

import hashlib
import json
import math
import random
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

MARK = "[local model]"
DEEPEST = 12
WORD = re.compile(r"[A-Za-z][A-Za-z-]{4,}")
QUOTED_KEY = re.compile(r'"([A-Za-z_][A-Za-z0-9_]{0,40})"\s*:')
IGNORED = re.compile(
    "about|above|after|again|answer|assistant|because|before|being|below|between|could|every|following|given|having|information|never|"
    "other|please|question|should|their|there|these|thing|those|through|under|until|using|where|which|while|without|would|write|yours|"
    "summari[sz]e|classify|extract|return|reply|respond|explain|decide|choose|answers|sentences?|words|exactly|short|concise|polite"
)
OPENERS = ("In short", "Having read the text", "Briefly", "From what was given", "On the facts stated")
MIDDLES = (
    "{a} decides the matter and {b} supports it",
    "the text turns on {a}, with {b} as its background",
    "{a} comes first; {b} should be settled next",
    "{a} and {b} belong together here",
)
CLOSINGS = (
    "Nothing in the text speaks against it.",
    "A person should confirm {c} before anything is sent.",
    "What remains open is {c}.",
    "I would ask once more about {c}.",
)


@dataclass(frozen=True)
class ToolCall:
    name: str
    input: Any


@dataclass(frozen=True)
class Answer:
    text: str
    stop_reason: str
    input_tokens: int
    output_tokens: int
    latency_ms: int
    tool_call: ToolCall | None = None


@dataclass(frozen=True)
class Tool:
    name: str
    schema: dict


def tokens_in(text: str) -> int:
    """Emulated: four characters count as one token."""
    return max(1, math.ceil(len(text) / 4))


def answer(*, text: str, model_id: str, settings: dict, tool: Tool | None = None, schema: dict | None = None) -> Answer:
    """What the local model says to `text`. `settings` are maxTokens, temperature, topP and stopSequences, as Converse names them.

    It calls `tool` where there is one; else the answer is JSON of the form that `schema` describes, where there is one.
    """
    seed = hashlib.sha256(json.dumps([text, model_id, settings], sort_keys=True).encode()).digest()
    rng = random.Random(seed)  # noqa: S311 - wanted reproducible, not secret
    sentence, topics = _sentence(text, rng)
    if tool:
        called = ToolCall(tool.name, _instance(tool.schema, sentence, topics, rng))
        said, reason = f"{MARK} I would ask {tool.name}.", "tool_use"
        spent = tokens_in(said) + tokens_in(json.dumps(called.input))
        return Answer(said, reason, tokens_in(text), spent, 120 + 9 * spent + rng.randrange(80), called)
    composed = json.dumps(_instance(schema, sentence, topics, rng)) if schema else _compose(text, sentence, topics, rng)
    said, reason = _stopped(composed, settings)
    spent = tokens_in(said)
    return Answer(said, reason, tokens_in(text), spent, 120 + 9 * spent + rng.randrange(80))


def _sentence(text: str, rng: random.Random) -> tuple[str, tuple[str, str, str]]:
    a, b, c = _topics(text)
    return f"{rng.choice(OPENERS)}: {rng.choice(MIDDLES)}. {rng.choice(CLOSINGS)}".format(a=a, b=b, c=c), (a, b, c)


def _compose(text: str, sentence: str, topics: tuple[str, str, str], rng: random.Random) -> str:
    if re.search(r"\bjson\b", text, re.IGNORECASE):
        return _as_json(text, sentence, rng.choice(topics))
    return f"{MARK} {sentence}"


def _as_json(text: str, sentence: str, topic: str) -> str:
    # Prompts that ask for JSON are graded for being JSON, so the mark moves inside.
    keys = list(dict.fromkeys(QUOTED_KEY.findall(text))) or ["answer"]
    return json.dumps({key: f"{MARK} {sentence}" if not number else f"{MARK} {topic}" for number, key in enumerate(keys)})


def _instance(schema: Any, sentence: str, topics: tuple[str, str, str], rng: random.Random, depth: int = 0) -> Any:
    """Something of the form of `schema`: what the editor of Studio can express of JSON Schema, and a text for everything else."""
    schema = schema if isinstance(schema, dict) else {}
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return rng.choice(schema["enum"])
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kind = kinds[0] if isinstance(kinds, list) and kinds else kinds
    if kind == "object":
        members = schema.get("properties") or {}
        return {name: _instance(inner, sentence, topics, rng, depth + 1) for name, inner in members.items()} if depth < DEEPEST else {}
    if kind == "array":
        count = max(schema.get("minItems", 1), 1)
        return [_instance(schema.get("items"), sentence, topics, rng, depth + 1) for _ in range(min(count, 20))] if depth < DEEPEST else []
    if kind in ("number", "integer"):
        return schema.get("minimum", schema.get("maximum", rng.randrange(10)))
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "null":
        return None
    return f"{MARK} {sentence}" if depth <= 1 else f"{MARK} {rng.choice(topics)}"


def _topics(text: str) -> tuple[str, str, str]:
    counted = Counter(word.lower() for word in WORD.findall(text) if not IGNORED.fullmatch(word.lower()))
    found = [word for word, _ in counted.most_common(3)]
    padded = [*found, *("the request", "its context", "the details")[len(found) :]]
    return padded[0], padded[1], padded[2]


def _stopped(said: str, settings: dict) -> tuple[str, str]:
    reason = "end_turn"
    cuts = [said.index(stop) for stop in settings.get("stopSequences", []) if stop and stop in said]
    if cuts:
        said, reason = said[: min(cuts)], "stop_sequence"
    room = settings.get("maxTokens") or 0
    if room and tokens_in(said) > room:
        said, reason = said[: room * 4], "max_tokens"
    return said, reason
