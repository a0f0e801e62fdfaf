"""What a version means for one environment: the step from what is live there, which may be more than the step from the version before."""

from dataclasses import dataclass

from promptstudio.prompts import semver
from promptstudio.prompts.models import Version


@dataclass(frozen=True)
class Step:
    """`impact` and `reasons` are those from `live` to the version; `between` are the versions on the way, which it brings along."""

    live: Version
    impact: str
    reasons: list[str]
    between: list[Version]
    # Whether it is more than the version says of itself.
    says_more: bool


def step_from(live: Version | None, version: Version) -> Step | None:
    """None where nothing is live, or what is live is the same."""
    if live is None or live.pk == version.pk:
        return None
    bump = semver.compare(live.bundle, version.bundle)
    between = [each for each in _versions_between(live, version) if each.number not in (live.number, version.number)]
    if bump is None:
        return None
    return Step(live, bump.impact.value, bump.reasons, between, bool(between) or bump.impact != version.impact)


def _versions_between(live: Version, version: Version) -> list[Version]:
    """Oldest first; nothing on the way back."""
    if version.number < live.number:
        return []
    numbers = {each.number: each for each in version.prompt.versions.only("pk", "semver", "summary", "major", "minor", "patch", "prompt")}
    return [numbers[number] for number in sorted(numbers) if live.number < number < version.number]
