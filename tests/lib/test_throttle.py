"""Pauses that begin, grow and end, whatever happens to the cache."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from promptstudio.lib import clock
from promptstudio.lib.addresses import address_of, neighbourhood
from promptstudio.lib.throttle import Limit, count, in_words, pause

THREE = Limit("three", most=3, window=60, first=10, longest=40)
NOON = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
NOBODY_LISTENS = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "unix:///nowhere/redis.sock"}}


def fill(source: str) -> list[bool]:
    return [count(THREE, source) for _ in range(THREE.most)]


def test_only_the_last_one_of_a_window_begins_a_pause() -> None:
    with clock.at(NOON):
        assert fill("10.0.0.1") == [False, False, True]
        assert pause(THREE, "10.0.0.1") == 10
        assert pause(THREE, "10.0.0.2") == 0


def test_it_grows_while_somebody_goes_on_and_has_a_longest() -> None:
    pauses = []
    for minute in range(5):
        with clock.at(NOON + timedelta(minutes=minute)):
            assert pause(THREE, "10.0.0.1") == 0
            fill("10.0.0.1")
            pauses.append(pause(THREE, "10.0.0.1"))
    assert pauses == [10, 20, 40, 40, 40]


def test_few_failures_in_each_window_are_never_too_many() -> None:
    for minute in range(5):
        with clock.at(NOON + timedelta(minutes=minute)):
            assert [count(THREE, "10.0.0.1") for _ in range(2)] == [False, False]


def test_it_goes_on_counting_in_this_process_while_the_cache_is_away(settings: Any) -> None:
    settings.CACHES = NOBODY_LISTENS
    with clock.at(NOON):
        assert pause(THREE, "10.0.0.1") == 0
        assert fill("10.0.0.1") == [False, False, True]
        assert pause(THREE, "10.0.0.1") == 10


@pytest.mark.parametrize(
    ("proxies", "passed_on", "address"),
    [
        (0, "198.51.100.7", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        (1, "1.1.1.1, 198.51.100.7:4433", "198.51.100.7"),
        (1, "[2001:db8::1]:4433", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "<script>", "192.0.2.1"),
        (2, "1.1.1.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "198.51.100.7", "192.0.2.1"),
    ],
)
def test_an_address_is_believed_as_far_as_our_own_proxies_wrote_it(settings: Any, proxies: int, passed_on: str, address: str) -> None:
    settings.PROXIES = proxies
    assert address_of({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": passed_on}) == address


def test_an_ipv6_network_counts_as_one_address() -> None:
    assert neighbourhood("2001:db8:0:1::5") == neighbourhood("2001:db8:0:1:ffff::") == "2001:db8:0:1::/64"
    assert neighbourhood("2001:db8:0:2::5") != neighbourhood("2001:db8:0:1::5")
    assert neighbourhood("192.0.2.1") == "192.0.2.1"


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 second"), (30, "30 seconds"), (60, "1 minute"), (61, "2 minutes")])
def test_waiting_is_said_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
