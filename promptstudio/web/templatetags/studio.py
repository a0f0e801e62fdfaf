"""What templates say again and again: icons, version chips, states, people, times, prompt text and form fields."""

import datetime as dt
import re
import zlib
from collections.abc import Iterable

from django import forms, template
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from promptstudio.prompts.bundle import NAME

register = template.Library()

# state: (CSS class, icon, words for screen readers)
CHIPS = {
    "live": ("is-live", "circle-check-filled", "live and newest"),
    "behind": ("behind", "history", "live, behind the newest"),
    "publishing": ("publishing", "progress", "publishing"),
    "failed": ("failed", "alert-triangle-filled", "failed"),
}
# state: (hue, icon, word)
STATES = {
    "live": ("live", "circle-check-filled", "Live"),
    "confirmed": ("live", "circle-check-filled", "Confirmed"),
    "approved": ("live", "circle-check", "Approved"),
    "passed": ("live", "circle-check-filled", "Passed"),
    "publishing": ("publishing", "progress", "Publishing"),
    "waiting": ("publishing", "circle-dashed", "Waiting"),
    "retrying": ("publishing", "refresh", "Trying again"),
    "missed": ("failed", "circle-x", "Missed"),
    "no_data": ("behind", "circle-dashed", "No data"),
    "changes_requested": ("publishing", "arrow-back-up", "Changes asked for"),
    "stale": ("publishing", "history", "Needs another look"),
    "failed": ("failed", "alert-triangle-filled", "Failed"),
    "blocked": ("failed", "circle-x", "Blocked"),
    "recalled": ("failed", "ban", "Recalled"),
    "emergency": ("failed", "bolt", "In an emergency"),
    "in_review": ("review", "eye", "In review"),
    "open": ("review", "eye", "In review"),
    "asked": ("publishing", "circle-dashed", "Asked"),
    "being_written": ("behind", "pencil", "Being written"),
    "back_with_asker": ("publishing", "eye", "Back with the asker"),
    "declined": ("behind", "circle-x", "Declined"),
    "draft": ("behind", "pencil", "Draft"),
    "behind": ("behind", "history", "Behind"),
    "superseded": ("behind", "history", "Superseded"),
    "excluded": ("behind", "ban", "Left out"),
    "withdrawn": ("behind", "arrow-back-up", "Withdrawn"),
    "archived": ("behind", "archive", "Archived"),
}
LANES = {"development", "staging", "production"}
PLACEHOLDER = re.compile(r"\{\{(?:[ \t]*(" + NAME + r")[ \t]*|>[ \t]*([^{}\s]{1,120})[ \t]*)\}\}")


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """A Tabler icon from `static/vendor/icons.svg`, never read aloud: the word beside it is. `frontend/icons.txt` lists the names."""
    return format_html(
        '<svg class="icon{}" viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" stroke-linecap="round"'
        ' stroke-linejoin="round" aria-hidden="true"><use href="{}#{}"></use></svg>',
        f" {extra}" if extra else "",
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def version_chip(semver: str | None, state: str = "plain", url: str = "", words: str = "") -> SafeString:
    """One version somewhere: `state` is live, behind, publishing, failed, plain (just the number) or none.

    `words` replaces what screen readers hear after the number; for `none` it replaces the visible "nothing yet".
    """
    if state == "none" or not semver:
        return format_html('<span class="version none">{}</span>', words or "nothing yet")
    look, shape, meaning = CHIPS.get(state, ("plain", "", ""))
    spoken = words or meaning
    inside = format_html(
        "{}{}{}", icon(shape) if shape else "", semver, format_html('<span class="visually-hidden">, {}</span>', spoken) if spoken else ""
    )
    if url:
        return format_html('<a class="version {}" href="{}">{}</a>', look, url, inside)
    return format_html('<span class="version {}">{}</span>', look, inside)


@register.simple_tag
def state_badge(state: str, word: str = "", plain: bool = False) -> SafeString:
    """A state as shape, word and hue; `word` replaces the usual word, `plain` leaves out the pill."""
    hue, shape, usual = STATES.get(state, ("behind", "circle-dashed", state.replace("_", " ").capitalize()))
    return format_html('<span class="state {}state-{}">{} {}</span>', "" if plain else "badge-state ", hue, icon(shape), word or usual)


@register.simple_tag
def avatar(name: str) -> SafeString:
    """Initials on one of three tints that stays with the name. Not read aloud: write the name beside it."""
    parts = re.findall(r"[^\W_]+", name) or ["?"]
    initials = parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")
    tint = ("", " b", " c")[zlib.crc32(name.encode()) % 3]
    return format_html('<span class="avatar-i{}" aria-hidden="true">{}</span>', tint, initials.upper())


@register.simple_tag
def ago(moment: dt.datetime | None) -> SafeString:
    """A time as people say it, in the server's time zone: today 08:31; yesterday, 16:20; 19 October; 19 October 2025."""
    if moment is None:
        return mark_safe("")
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), date_format(local, "j F Y, H:i e"), _spoken(local)
    )


def _spoken(local: dt.datetime) -> str:
    days = (timezone.localdate() - local.date()).days
    clock = date_format(local, "H:i")
    near = {0: f"today {clock}", 1: f"yesterday, {clock}", -1: f"tomorrow, {clock}"}
    return near.get(days) or date_format(local, "j F" if local.year == timezone.localdate().year else "j F Y")


@register.filter
def prompt_text(text: str, variables: Iterable[str] | None = None) -> SafeString:
    """Prompt text with its `{{variables}}` and `{{> snippets}}` as chips.

    With `variables` (names), those that are not among them are marked as unknown.
    """
    known = None if variables is None else set(variables)
    parts: list[str] = []
    end = 0
    for match in PLACEHOLDER.finditer(text):
        chip = _chip(match[1], known is None or match[1] in known) if match[1] else _snippet_chip(match[2])
        parts += [escape(text[end : match.start()]), chip]
        end = match.end()
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308  each part was escaped


def _chip(name: str, known: bool) -> SafeString:
    if known:
        return format_html('<span class="var">{}</span>', name)
    return format_html('<span class="var var-unknown">{}<span class="visually-hidden"> (not in the table of variables)</span></span>', name)


def _snippet_chip(name: str) -> SafeString:
    return format_html('<span class="snippet"><span class="visually-hidden">snippet </span>{}</span>', name)


@register.filter
def lane(slug: str) -> str:
    """The CSS class that gives an environment its hue."""
    return f"lane-{slug}" if slug in LANES else "lane-other"


@register.simple_tag
def control(field: BoundField, hint: str = "", extra: str = "") -> SafeString:
    """A form field's control in the look of the product, tied to its hint and errors as `components/_field.html` names them."""
    widget = field.field.widget
    described = [f"{field.auto_id}_helptext"] * bool(hint) + [f"{field.auto_id}_error"] * bool(field.errors)
    attrs = {"aria-describedby": " ".join(described)} if described else {}
    look = "form-control"
    if isinstance(widget, forms.CheckboxInput):
        look = "form-check-input"
    elif isinstance(widget, forms.Select):
        look = "form-select"
    own = widget.attrs.get("class", "")
    return field.as_widget(attrs={**attrs, "class": " ".join(part for part in (look, own, extra) if part)})


@register.filter
def kind(field: BoundField) -> str:
    """Which arrangement a form field needs: check, group, rows, text or plain."""
    widget = field.field.widget
    if shape := getattr(widget, "shape", ""):
        return str(shape)
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "group"
    return "text" if isinstance(widget, forms.Textarea) else "plain"
