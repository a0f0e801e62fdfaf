"""What is stored is read with any key that is still there, and with no other."""

from typing import Any

from promptstudio.lib.secrets import opened, rotated, sealed

OLD, NEW = "an-old-key-of-more-than-thirty-two-characters", "a-new-key-of-more-than-thirty-two-characters"


def test_it_is_read_again_and_not_to_be_seen() -> None:
    token = sealed("Ärger.im.Token")
    assert opened(token) == "Ärger.im.Token"
    assert "Token" not in token
    assert sealed("Ärger.im.Token") != token


def test_a_new_key_in_front_still_reads_what_the_old_one_wrote(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    token = sealed("words")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert opened(token) == "words"
    again = rotated(token)
    settings.ENCRYPTION_KEYS = [NEW]
    assert opened(again) == "words"
    assert opened(token) == rotated(token) == ""


def test_without_keys_of_its_own_it_follows_the_secret_key_and_its_fallbacks(settings: Any) -> None:
    settings.SECRET_KEY = OLD
    token = sealed("words")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    assert opened(token) == "words"
    settings.SECRET_KEY_FALLBACKS = []
    assert opened(token) == ""


def test_what_was_never_encrypted_is_nothing() -> None:
    assert [opened(text) for text in ("", "plain", "ünlesbar")] == ["", "", ""]
