"""Which checks can be chosen, as a list says them behind “The answer”."""

from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from promptstudio.evaluations.assertions import WORDS, label_of


def _short(kind: str) -> str:
    label = label_of(kind).removeprefix("The answer ").replace(", in capital or small letters,", "")
    return f"{label} (capitals matter)" if kind.removeprefix("not-") in ("contains", "contains-any", "contains-all") else label


# What most people want first: every check that is run here, each with its opposite below it.
_RUN = sorted((name for name, word in WORDS.items() if word.group == "run"), key=lambda name: name != "icontains")
_BOTH = [kind for name in _RUN for kind in (name, f"not-{name}") if kind == name or WORDS[name].negated]
OFFERED = [(kind, _short(kind)) for kind in _BOTH]
KINDS = frozenset(kind for kind, _ in OFFERED)


def options(kind: str) -> SafeString:
    """The options of a list with this one chosen; a form has hundreds of such lists."""
    if kind in KINDS:
        return _offered(kind)
    return _offered("") + format_html('<option value="{}" selected>{} (kept as it came)</option>', kind, kind)


@lru_cache(maxsize=128)
def _offered(chosen: str) -> SafeString:
    rows = ((kind, " selected" if kind == chosen else "", label) for kind, label in OFFERED)
    return format_html_join("", '<option value="{}"{}>{}</option>', rows)
