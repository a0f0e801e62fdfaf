"""The gates that a policy asks for, as data that a person can read back as a sentence."""

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

ROLE_WORDS = {
    "viewer": "viewer",
    "domain_expert": "domain expert",
    "product": "product",
    "technical": "technical",
    "auditor": "auditor",
    "admin": "project admin",
}
EDITORS = frozenset({"domain_expert", "product", "technical", "admin"})


class Rules(BaseModel):
    """`approvals` maps roles to how many different people of that role must approve."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    previous_environment: bool = False
    change_record: bool = False
    approvals: dict[str, PositiveInt] = Field(default_factory=dict)
    same_baseline: bool = True
    deployers: tuple[str, ...] = ("domain_expert", "product", "technical", "admin")

    def in_words(self, environment: str, previous: str | None) -> str:
        """One sentence: "To enter Production a version needs …"."""
        needs = []
        if self.previous_environment and previous:
            needs.append(f"to be live in {previous} first")
        if self.approvals:
            people = [f"{count} {ROLE_WORDS.get(role, role)} approval{'s' if count > 1 else ''}" for role, count in self.approvals.items()]
            needs.append(" and ".join(people) + (" given against what is live now" if self.same_baseline else ""))
        if self.change_record:
            needs.append("a complete change record")
        if not needs:
            if set(self.deployers) >= EDITORS:
                return f"Anyone who edits can promote to {environment}. There are no conditions."
            return f"There are no conditions. {self.deployers_in_words(environment)}"
        return f"To enter {environment} a version needs {_listed(needs)}."

    def deployers_in_words(self, environment: str) -> str:
        """Who may press the button, once the conditions are met."""
        if not self.deployers:
            return f"Nobody but a site admin may promote to {environment}."
        return f"Promoting to {environment} is for: {_listed([ROLE_WORDS.get(role, role) for role in self.deployers])}."


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
