"""From groups to roles: what a pattern matches, and what is no pattern."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptstudio.projects.provider_roles import Given, Meaning, faults_of, given_by
from promptstudio.projects.rules import ROLE_WORDS

BOTH = Meaning("promptstudio-<project>-<role>")


def roles(groups: list[str], *meanings: Meaning) -> set[tuple[str, str]]:
    return set(given_by(groups, meanings).roles)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("promptstudio-claims-viewer", ("claims", "viewer")),
        ("promptstudio-claims-domain-expert", ("claims", "domain_expert")),
        ("promptstudio-claims-domain_expert", ("claims", "domain_expert")),
        ("promptstudio-motor-claims-admin", ("motor-claims", "admin")),
        ("promptstudio-admin-admin", ("admin", "admin")),
        ("promptstudio-domain-expert", None),
        ("promptstudio-claims-king", None),
        ("promptstudio-Claims-viewer", None),
        ("promptstudio--viewer", None),
        ("promptstudio-claims-viewer-x", None),
        ("x-promptstudio-claims-viewer", None),
        ("promptstudio-claims-viewer\n", None),
        ("promptstudio-cl/aims-viewer", None),
    ],
)
def test_a_pattern_with_both(group: str, expected: tuple[str, str] | None) -> None:
    assert roles([group], BOTH) == ({expected} if expected else set())


def test_an_exact_name_is_exact() -> None:
    meaning = Meaning("claims.experts", project="claims", role="domain_expert")
    assert roles(["claims.experts"], meaning) == {("claims", "domain_expert")}
    assert roles(["claimsxexperts", "Claims.experts", "claims.experts2"], meaning) == set()


def test_one_half_may_be_fixed() -> None:
    assert roles(["studio/claims"], Meaning("studio/<project>", role="viewer")) == {("claims", "viewer")}
    assert roles(["claims: technical"], Meaning("claims: <role>", project="claims")) == {("claims", "technical")}


def test_several_groups_and_meanings_add_up() -> None:
    meanings = (BOTH, Meaning("heads", project="claims", role="product"), Meaning("heads", project="library", role="viewer"))
    held = roles(["heads", "promptstudio-claims-auditor", "unknown"], *meanings)
    assert held == {("claims", "product"), ("library", "viewer"), ("claims", "auditor")}


def test_a_site_admin_gets_no_role() -> None:
    assert given_by(["bosses"], [Meaning("bosses", site_admin=True)]) == Given(frozenset(), site_admin=True)
    assert given_by(["others"], [Meaning("bosses", site_admin=True)]) == Given()


@pytest.mark.parametrize(
    ("meaning", "field"),
    [
        (Meaning(""), "pattern"),
        (Meaning(" claims", "claims", "viewer"), "pattern"),
        (Meaning("<project>-<role>"), "pattern"),
        (Meaning("x-<team>", "claims", "viewer"), "pattern"),
        (Meaning("x-<project>-<project>", role="viewer"), "pattern"),
        (Meaning("x-<project>", project="claims", role="viewer"), "project"),
        (Meaning("x-<project>"), "role"),
        (Meaning("x-<role>", project="claims", role="viewer"), "role"),
        (Meaning("x", role="viewer"), "project"),
        (Meaning("x", project="claims"), "role"),
        (Meaning("x", project="claims", site_admin=True), "site_admin"),
        (Meaning("x-<role>", site_admin=True), "site_admin"),
    ],
    ids=str,
)
def test_what_says_too_little_or_too_much_is_refused(meaning: Meaning, field: str) -> None:
    assert list(faults_of(meaning)) == [field]


@pytest.mark.parametrize("meaning", [BOTH, Meaning("x", "claims", "viewer"), Meaning("x", site_admin=True), Meaning("a<>b", "c", "viewer")])
def test_what_says_one_thing_is_taken(meaning: Meaning) -> None:
    assert ("pattern" in faults_of(meaning)) == (meaning.pattern == "a<>b")


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_it(pattern: str, group: str) -> None:
    """And only a role that exists is ever given."""
    meaning = Meaning(pattern, project="claims", role="viewer")
    if not faults_of(meaning):
        assert given_by([group], [meaning]).roles == ({("claims", "viewer")} if group == pattern else set())
    for _, role in given_by([group], [BOTH]).roles:
        assert role in ROLE_WORDS
