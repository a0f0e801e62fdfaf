"""What the panel holds, in groups with plain names. The index and the menu beside every page of the panel read it here."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

SECTIONS = {"people": "People and access", "places": "Projects and places", "releases": "Releases", "trail": "Trail"}
# Where a list belongs that does not say so itself.
_BY_APP = {"accounts": "people", "projects": "places", "audit": "trail"}


@dataclass(frozen=True)
class Item:
    label: str
    hint: str
    url: str
    icon: str
    current: bool


@dataclass(frozen=True)
class Section:
    key: str
    label: str
    items: list[Item]


def sections(request: HttpRequest) -> list[Section]:
    """Every list of the panel that this person may open, in the order in which they were registered. No queries."""
    found: dict[str, list[Item]] = {key: [] for key in SECTIONS}
    for model, panel in admin.site._registry.items():
        if not panel.has_module_permission(request):
            continue
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        key = getattr(panel, "section", "") or _BY_APP.get(model._meta.app_label, "releases")
        item = Item(many_of(model), getattr(panel, "hint", ""), url, getattr(panel, "icon", "list"), request.path.startswith(url))
        found[key].append(item)
    if request.actor.user.is_site_admin:  # type: ignore[attr-defined]
        hint = "Sign-ins, people and groups, and what stands elsewhere."
        found["trail"].append(Item("Trail of the installation", hint, reverse("site_audit"), "shield-check", current=False))
    return [Section(key, SECTIONS[key], items) for key, items in found.items() if items]


def one_of(model: Any) -> str:
    """What one row of `model` is called on pages."""
    return getattr(_panel(model), "one", "") or str(model._meta.verbose_name)


def many_of(model: Any) -> str:
    """What rows of `model` are called on pages, with a capital."""
    many = getattr(_panel(model), "many", "") or str(model._meta.verbose_name_plural)
    return many[0].upper() + many[1:]


def _panel(model: Any) -> Any:
    # Pages of the past come with the model of the history.
    return admin.site._registry.get(model)
