"""Which role may do what. One table: pages, API, administration and services are answered from it, and docs/roles.md shows it."""

from .rules import ROLE_WORDS

EVERYONE = frozenset(ROLE_WORDS)
ROLES: dict[str, frozenset[str]] = {
    "read": EVERYONE,
    "write": frozenset({"domain_expert", "product", "technical", "admin"}),
    "test": frozenset({"domain_expert", "product", "technical", "admin"}),
    "review": frozenset({"domain_expert", "product", "technical", "admin"}),
    "deploy": frozenset({"domain_expert", "product", "technical", "admin"}),
    "roll_back": frozenset({"product", "technical", "admin"}),
    "recall": frozenset({"product", "technical", "admin"}),
    "emergency": frozenset({"product", "technical", "admin"}),
    "audit": frozenset({"auditor", "product", "technical", "admin"}),
    "administer": frozenset({"admin"}),
}
# In the order in which people read them.
REVIEWERS = tuple(role for role in ROLE_WORDS if role in ROLES["review"])
DEPLOYERS = tuple(role for role in ROLE_WORDS if role in ROLES["deploy"])
IN_AN_EMERGENCY = tuple(role for role in ROLE_WORDS if role in ROLES["emergency"])
# As a refusal says it; `{place}` is project or folder.
DEEDS = {
    "read": "read this {place}",
    "write": "write prompts in this {place}",
    "test": "run tests in this {place}",
    "review": "review in this {place}",
    "deploy": "promote in this {place}",
    "roll_back": "roll back in this {place}",
    "recall": "recall versions in this {place}",
    "emergency": "promote past the conditions in this {place}",
    "audit": "read the audit trail of this {place}",
    "administer": "change the settings of this {place}",
}
# The same, as the first column of the table that people read.
IN_WORDS = {
    "read": "Read prompts, versions and reviews",
    "write": "Write prompts, ask for reviews",
    "test": "Run tests, which asks models and costs money",
    "review": "Review; the conditions say whose approval counts where",
    "deploy": "Promote; the conditions say who where",
    "roll_back": "Roll back",
    "recall": "Recall a version",
    "emergency": "Promote in an emergency, past the conditions; they say who where",
    "audit": "Read the audit trail",
    "administer": "Change these settings",
}
# What a key needs for a deed; what is missing here, no key can do.
SCOPES = {"read": "read", "write": "write", "test": "test", "deploy": "deploy", "roll_back": "deploy", "recall": "deploy"}
# A folder has no trail of its own, so nobody is its auditor.
IN_A_FOLDER = tuple(role for role in ROLE_WORDS if role != "auditor")


def table() -> list[tuple[str, list[bool]]]:
    """A line for each deed: its words, and whether each role (in the order of ROLE_WORDS) may do it."""
    return [(IN_WORDS[deed], [role in roles for role in ROLE_WORDS]) for deed, roles in ROLES.items()]


def as_markdown() -> str:
    """The same table as docs/roles.md has it."""
    head = ["It may", *(word[0].upper() + word[1:] for word in ROLE_WORDS.values())]
    lines = [[words, *("yes" if may else "no" for may in answers)] for words, answers in table()]
    return "".join(f"| {' | '.join(line)} |\n" for line in [head, ["---"] * len(head), *lines])


def scopes_as_markdown() -> str:
    """What each deed asks of a key, as docs/roles.md has it."""
    rows = [[IN_WORDS[deed], f"`{SCOPES[deed]}`" if deed in SCOPES else "no key does this"] for deed in ROLES]
    return "".join(f"| {' | '.join(line)} |\n" for line in [["It may", "A key needs the scope"], ["---", "---"], *rows])
