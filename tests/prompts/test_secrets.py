"""Secrets and what belongs to one person are hinted at in their line; what only looks alike is left in peace."""

import time

import pytest

from promptstudio.prompts import lint
from promptstudio.prompts.secrets_in import likely_secrets

from .strategies import text_bundle


def kinds(text: str) -> list[str]:
    return [sentence.split(".")[0].removeprefix("This looks like ") for _, sentence in likely_secrets(text, at_most=50)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AKIA" + "ABCDEFGHIJKLMNOP", "a password or key"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a password or key"),
        ("password: hunter22", "a password or key"),
        ("Pay to DE89 3704 0044 0532 0130 00.", "a true account number (IBAN)"),
        ("GB82WEST12345698765432", "a true account number (IBAN)"),
        ("card 4111 1111 1111 1111", "a true card number"),
        ("card 5500-0055-5555-5559", "a true card number"),
        ("write to ada.lovelace@nordlicht-insurance.com", "somebody's e-mail address"),
        ("call +49 (30) 901-820 55", "somebody's phone number"),
    ],
)
def test_what_is_likely_a_secret_is_named(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 01",
        "4111 1111 1111 1112",
        "0000 0000 0000 0000",
        "claim S-26-10433 of 2026-11-26, 1,200,300.45 euros",
        "someone@example.com or x@claims.example",
        "1+1=2 and +5 degrees",
        "password: {{password}}",
        "@mention and a@b",
    ],
)
def test_what_only_looks_alike_is_left_in_peace(text: str) -> None:
    assert kinds(text) == []


def test_the_hint_stands_in_its_line_and_keeps_nothing_from_being_saved() -> None:
    data = text_bundle("One\nPay to DE89370400440532013000 now").as_json()
    found = [finding for finding in lint.findings(data) if "IBAN" in finding.sentence]
    assert [(f.level, f.place, f.line, f.column) for f in found] == [("hint", "messages.0.text", 2, 8)]
    assert not lint.errors_of(data)


@pytest.mark.parametrize("piece", ["1", "1 ", "A1", "DE89 ", "a@", "a.", "+1", "+1 2", "-", "eyJa", "4111 1111 1111 1111 "])
def test_hostile_texts_take_no_time(piece: str) -> None:
    text = (piece * 200_000)[:199_000]
    started = time.perf_counter()
    list(likely_secrets(text, at_most=50))
    assert time.perf_counter() - started < 5
