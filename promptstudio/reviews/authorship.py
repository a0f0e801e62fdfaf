"""Whose words stand in a version without their hand having been on it: what they suggested, somebody took."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from .models import Taken


def suggesters_of(versions: Iterable[int]) -> Mapping[int, set[int]]:
    """By version, who suggested words that were taken into its draft, still there or not. One query."""
    found: dict[int, set[int]] = defaultdict(set)
    taken = Taken.objects.filter(draft__became__in=list(versions))
    for version, author in taken.values_list("draft__became", "suggestion__remark__author"):
        found[version].add(author)
    return found
