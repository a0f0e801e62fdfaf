from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PromptsConfig(AppConfig):
    name = "promptstudio.prompts"

    def ready(self) -> None:
        from .search_index import install_after_migrate

        post_migrate.connect(_migrated, sender=self, dispatch_uid="seed_models")
        post_migrate.connect(install_after_migrate, dispatch_uid="search_index")


def _migrated(using: str, **kwargs: Any) -> None:
    from django.db import connections

    from .models import ModelEntry
    from .seeding import seed_models

    # Not there while somebody migrates back to before it.
    if ModelEntry._meta.db_table in connections[using].introspection.table_names():
        seed_models()
