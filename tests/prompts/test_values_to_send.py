"""What goes along with the address of a published prompt: a text for each placeholder in it, which fills it in as `render` does."""

from typing import Any

import pytest

from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.templating import PLACEHOLDER, render, values_to_send

VARIABLES = [
    {"name": "claim"},
    {"name": "sum", "type": "number"},
    {"name": "urgent", "type": "boolean", "required": False},
    {"name": "tone", "required": False, "default": "friendly"},
    {"name": "unused", "required": False},
]


def a_bundle(text: str, **more: Any) -> Bundle:
    return Bundle.model_validate({"messages": [{"role": "user", "text": text}], "variables": VARIABLES, **more})


def test_exactly_what_stands_in_the_text_is_sent_as_texts() -> None:
    bundle = a_bundle("{{claim}}: {{ sum }} {{urgent}} {{tone}}")
    assert values_to_send(bundle, {"claim": "{{tone}}", "sum": 12.5}) == {
        "claim": "{{tone}}",
        "sum": "12.5",
        "urgent": "",
        "tone": "friendly",
    }


def test_filled_in_elsewhere_it_says_what_render_says() -> None:
    bundle, values = a_bundle("{{claim}} {{open_braces}}x}} {{sum}} {{urgent}}"), {"claim": "A", "sum": 3, "urgent": True}
    sent = values_to_send(bundle, values)
    assert PLACEHOLDER.sub(lambda found: sent[found[1]], bundle.messages[0].text) == render(bundle, values).messages[0].text
    assert sent["open_braces"] == "{{"


def test_what_is_missing_is_refused_as_everywhere() -> None:
    with pytest.raises(Invalid) as refused:
        values_to_send(a_bundle("{{claim}} {{sum}}"), {"claim": "A"})
    assert list(refused.value.errors) == ["variables.sum"]
