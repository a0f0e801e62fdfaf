"""Settings that are others for one trial."""

import pytest

from promptstudio.evaluations.trial_settings import in_words, really_other, settings_in, with_settings
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.bundle import Bundle

COOL = Bundle.model_validate({"messages": [{"role": "user", "text": "x"}], "inference": {"temperature": 0.5, "stop_sequences": ["END"]}})


def test_what_is_empty_stays_as_it_is() -> None:
    assert settings_in({"temperature": " ", "top_p": "0,9", "max_tokens": "300", "model": "x"}) == {"top_p": 0.9, "max_tokens": 300}


def test_it_is_another_wording_with_a_digest_of_its_own() -> None:
    other = with_settings(COOL, {"temperature": 0.0})
    assert other.digest != COOL.digest
    assert (other.inference.temperature, other.inference.stop_sequences) == (0, ("END",))
    assert COOL.inference.temperature == 0.5
    assert with_settings(COOL, {}) is COOL


def test_what_the_prompt_says_itself_is_no_change() -> None:
    assert really_other(COOL, {"temperature": 0.5, "max_tokens": 5}) == {"max_tokens": 5}


def test_it_is_said_behind_what_is_tried() -> None:
    assert in_words({}) == ""
    assert in_words({"temperature": 0.0}) == " with temperature 0"
    assert in_words({"max_tokens": 1000000, "temperature": 0.25}) == " with temperature 0.25 and at most 1000000 tokens"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"temperature": "warm"}, "Temperature: write a number, such as 0.2."),
        ({"max_tokens": "1.5"}, "Longest answer: write a whole number, such as 500."),
        ({"temperature": "2"}, "Temperature: "),
        ({"temperature": "nan"}, "Temperature: "),
        ({"top_p": "-1"}, "Top P: "),
        ({"max_tokens": "0"}, "Longest answer: "),
        ({"max_tokens": "9" * 5000}, "Longest answer: "),
    ],
)
def test_what_no_setting_can_be_is_said(typed: dict[str, str], sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        with_settings(COOL, settings_in(typed))
    [(place, said)] = refused.value.errors.items()
    assert place in typed
    assert said.startswith(sentence)
