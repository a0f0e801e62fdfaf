"""Addresses of the administration, and who may open it."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.prompts.models import Version

from ..reading import at

PANELS = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)
READ_ONLY = ["prompt", "version", "review", "deployment", "evaluation", "publishjob", "entry", "apikey", "serviceaccount", "project"]
READ_ONLY += [
    "acceptedcase",
    "decision",
    "comment",
    "remark",
    "suggestion",
    "rating",
    "recall",
    "conclusion",
    "schedule",
    "request",
    "requestevent",
    "snippet",
    "hookmessage",
    "ballot",
    "comparison",
    "criterionoutcome",
]


def ids(panel: Any) -> str:
    return panel[0]._meta.label if isinstance(panel, tuple) else str(panel)


def staff(actor: Actor) -> Actor:
    actor.user.is_staff = True
    actor.user.save()
    return actor


def address(model: type[Model], page: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def promote_url(version: Version) -> str:
    return reverse("admin:promote_version", args=[version.pk])


def entries(action: str) -> int:
    return Entry.objects.filter(action=action, via="admin").count()


def client_post(client: Client, actor: Actor, path: str, typed: dict[str, Any]) -> Any:
    return at(client, actor).post(path, typed)
