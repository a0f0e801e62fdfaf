"""How cases are shown."""

from django import template

from ..forms.case_texts import percent as share_in_percent
from ..forms.case_texts import typed

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """90 for 0.9, nothing for nothing."""
    return share_in_percent(share)


@register.filter
def as_typed(number: float) -> str:
    """2 for 2.0."""
    return typed(number)
