"""Whose words stand in a version without their hand having been on it: what they suggested, somebody took."""

from collections.abc import Iterable

from promptstudio.prompts.models import Version

from .models import Review, Taken

# A prompt, a version of it, and who suggested words that were taken into its draft, still there or not.
Origin = tuple[int, int, int]


def origins_in(prompts: Iterable[int]) -> list[Origin]:
    """One query."""
    taken = Taken.objects.filter(draft__became__prompt__in=set(prompts))
    return list(taken.values_list("draft__became__prompt", "draft__became", "suggestion__remark__author"))


def suggesters_of(version: Version, live: Version | None, origins: Iterable[Origin]) -> set[int]:
    """Whose words come where `live` is: with `version` itself, and with what it brings along since."""
    since = live.pk if live else 0
    return {
        author
        for prompt, became, author in origins
        if became == version.pk or (prompt == version.prompt_id and since < became <= version.pk)
    }


def suggesters_for(review: Review) -> set[int]:
    """As `suggesters_of`, of what is asked for in `review`."""
    prompt = review.version.prompt
    placement = prompt.placements.filter(environment=review.environment_id).select_related("live__version").first()
    return suggesters_of(review.version, placement.live_version if placement else None, origins_in([prompt.pk]))
