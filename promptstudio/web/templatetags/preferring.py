"""How comparisons by people are shown."""

from collections import Counter

from django import template

register = template.Library()
SIDES = {"new": "new is better", "old": "old is better", "neither": "no difference", "skipped": "cannot tell"}


@register.filter
def side_word(side: str) -> str:
    return SIDES[side]


@register.filter
def of(count: Counter[str], name: str) -> int:
    return count[name]


@register.filter
def percent(share: float) -> str:
    return f"{share:.0%}"
