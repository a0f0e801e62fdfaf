"""Which checks can be chosen, as a list says them behind “The answer”."""

from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from promptstudio.evaluations.assertions import WORDS, is_run, label_of
from promptstudio.evaluations.assertions.words import Group


def _short(kind: str) -> str:
    label = label_of(kind).removeprefix("The answer ").replace(", in capital or small letters,", "")
    return f"{label} (capitals matter)" if kind.removeprefix("not-") in ("contains", "contains-any", "contains-all") else label


# In promptfoo's files; for whoever begins, other kinds say the same.
_SECOND_NAMES = ("model-graded-factuality", "similar:cosine")


def _both(group: Group, first: str) -> list[tuple[str, str]]:
    """Every check of a group, `first` what most people want, each with its opposite below it."""
    names = sorted((name for name, word in WORDS.items() if word.group == group), key=lambda name: name != first)
    kinds = [kind for name in names for kind in (name, f"not-{name}") if kind == name or WORDS[name].negated]
    return [(kind, _short(kind)) for kind in kinds if kind.removeprefix("not-") not in _SECOND_NAMES]


# What can be chosen, and who decides it.
OFFERED = [
    ("Prompt Studio looks", _both("run", "icontains")),
    ("Another model is asked, which costs a call", _both("asked", "llm-rubric")),
]
KINDS = frozenset(kind for _, group in OFFERED for kind, _ in group)


def options(kind: str) -> SafeString:
    """The options of a list with this one chosen; a form has hundreds of such lists."""
    if kind in KINDS:
        return _offered(kind)
    label = _short(kind) if is_run(kind) else f"{kind} (kept as it came)"
    return _offered("") + format_html('<option value="{}" selected>{}</option>', kind, label)


@lru_cache(maxsize=128)
def _offered(chosen: str) -> SafeString:
    return format_html_join("", '<optgroup label="{}">{}</optgroup>', ((label, _group(rows, chosen)) for label, rows in OFFERED))


def _group(rows: list[tuple[str, str]], chosen: str) -> SafeString:
    told = ((kind, " selected" if kind == chosen else "", label) for kind, label in rows)
    return format_html_join("", '<option value="{}"{}>{}</option>', told)
