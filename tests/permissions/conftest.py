from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.template import Context
from django.template.backends.django import Template
from django.test.signals import template_rendered

from promptstudio.deployments.publishing import publisher_for

from .stage import Stage, build


@pytest.fixture(scope="package")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    publishers = settings.PUBLISHERS
    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)
    settings.PUBLISHERS = publishers
    publisher_for.cache_clear()


@pytest.fixture(autouse=True)
def _in_few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are made and not written out: what stands on them is tested elsewhere, and writing them takes most of the time here."""

    def told(self: Template, context: Any = None, request: Any = None) -> str:
        template_rendered.send(sender=self, template=self, context=Context(context))
        return ""

    monkeypatch.setattr(Template, "render", told)


@pytest.fixture(autouse=True)
def _around_each_walk(stage: Stage, db: None) -> None:
    """First the stage, then the transaction of the test within that of the stage."""
