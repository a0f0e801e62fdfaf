"""What people said, with those whom they named as chips."""

import re
from collections import Counter
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from promptstudio.evaluations.models import AcceptedCase
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.people import people_of
from promptstudio.reviews.mentioning import MARK, in_words, nobodys_names
from promptstudio.reviews.models import Comment, Decision, Remark

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


@register.simple_tag
def people_here(prompt: Prompt) -> SafeString:
    """For `naming.js`: who can be named there. Of two people with one name, the user names are written."""
    people = people_of(prompt)
    names = Counter(person.name for person in people)
    shown = [(person.name if names[person.name] == 1 else person.username, person.name) for person in people]
    return format_html('<datalist id="people">{}</datalist>', format_html_join("", '<option value="{}" label="{}"></option>', shown))


@register.filter
def told_nobody(row: Any) -> str:
    """“@Pawel”: the names in it that were nobody's, for whoever wrote it."""
    return " and ".join(f"@{name}" for name in nobodys_names(row))


@register.simple_tag(takes_context=True)
def kept_text(context: dict[str, Any]) -> SafeString:
    """For `kept-text.js`: whose unsent words the browser keeps, and how often the server took some of theirs."""
    person = context["request"].actor.user
    said = (
        Remark.objects.filter(author=person),
        Comment.objects.filter(author=person),
        Decision.objects.filter(person=person),
        AcceptedCase.objects.filter(by=person),
    )
    return format_html('<kept-text data-person="{}" data-said="{}" hidden></kept-text>', person.uid, sum(rows.count() for rows in said))


def _lines(text: str) -> SafeString:
    return mark_safe(re.sub(r"\r\n|\r|\n", "<br>", conditional_escape(text)))  # noqa: S308 (escaped)
