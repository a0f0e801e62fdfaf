"""Bundles and texts of every shape, for Hypothesis."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from promptstudio.prompts.bundle import Bundle, parse

# A busy machine is slow, not wrong; the tests that are about time measure it themselves.
settings.register_profile("studio", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("studio")

# What a database and UTF-8 can hold: no NUL, no halves of surrogate pairs.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
texts = st.text(characters, max_size=60)
braced = st.lists(
    st.sampled_from(["{", "}", "{{", "}}", "{{a}}", "{{ b }}", "{{open_braces}}", " ", "\n", "a", "ü", "$"]), max_size=14
).map("".join)
names = st.sampled_from(["rooms", "date_of_loss", "tone", "Amount-2", "x"])
numbers = st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
variables = st.fixed_dictionaries(
    {"name": names},
    optional={
        "type": st.sampled_from(["string", "number", "boolean", "choice"]),
        "required": st.booleans(),
        "default": st.none() | texts | numbers | st.booleans(),
        "example": st.none() | texts | numbers,
        "description": texts,
        "choices": st.lists(texts, max_size=3),
    },
)
schemas = st.fixed_dictionaries(
    {"type": st.just("object")},
    optional={
        "properties": st.dictionaries(
            st.sampled_from(["a", "b", "c"]), st.fixed_dictionaries({"type": st.sampled_from(["string", "number"])}), max_size=3
        ),
        "required": st.lists(st.sampled_from(["a", "b", "c"]), unique=True),
        "description": texts,
    },
)
tools = st.fixed_dictionaries({"name": st.sampled_from(["look_up", "pay"])}, optional={"description": texts, "input_schema": schemas})
bundle_data = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["text", "chat"]),
        "system": texts | braced,
        "messages": st.lists(
            st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "text": texts | braced}), max_size=3
        ),
        "variables": st.lists(variables, max_size=4, unique_by=lambda variable: variable["name"]),
        "tools": st.lists(tools, max_size=2, unique_by=lambda tool: tool["name"]),
        "tool_choice": st.none() | st.sampled_from(["auto", "pay"]),
        "output_schema": st.none() | schemas,
        "model": st.sampled_from(["", "amazon.nova-lite-v1:0", "new.model-v9:0"]),
        "inference": st.fixed_dictionaries(
            {},
            optional={
                "temperature": st.floats(0, 1),
                "top_p": st.floats(0, 1),
                "max_tokens": st.integers(1, 512_000),
                "stop_sequences": st.lists(texts, max_size=4),
            },
        ),
        "extra_model_fields": st.dictionaries(texts, json_values, max_size=2),
    },
)  # fmt: skip
bundles: st.SearchStrategy[Bundle] = bundle_data.map(parse)


def text_bundle(text: str, **members: Any) -> Bundle:
    return parse({"messages": [{"text": text}], **members})
