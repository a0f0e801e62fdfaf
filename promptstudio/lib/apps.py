from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class LibConfig(AppConfig):
    name = "promptstudio.lib"

    def ready(self) -> None:
        from .triggers import deleting_by_replace, install_after_migrate

        connection_created.connect(deleting_by_replace, dispatch_uid="append_only_replace")
        post_migrate.connect(install_after_migrate, dispatch_uid="append_only_triggers")
