"""What people said, with those whom they named as chips."""

import re
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from promptstudio.reviews.mentioning import MARK, in_words

register = template.Library()


@register.simple_tag
def said(row: Any) -> SafeString:
    """The text of a remark, comment or decision. Only a mark that stands for somebody who was named there becomes a chip."""
    people = {str(mention.person.uid): mention.person.name for mention in row.mentions.all()}
    parts: list[SafeString] = []
    end = 0
    for match in MARK.finditer(row.text):
        if match[1] in people:
            parts += [_lines(row.text[end : match.start()]), format_html('<bdi class="mention">@{}</bdi>', people[match[1]])]
            end = match.end()
    return mark_safe("".join([*parts, _lines(row.text[end:])]))  # noqa: S308 (joined from escaped parts)


@register.filter
def plainly(row: Any) -> str:
    """The same as plain text."""
    return in_words(row)


def _lines(text: str) -> SafeString:
    return mark_safe(re.sub(r"\r\n|\r|\n", "<br>", conditional_escape(text)))  # noqa: S308 (escaped)
