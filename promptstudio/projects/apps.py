from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, post_save


class ProjectsConfig(AppConfig):
    name = "promptstudio.projects"

    def ready(self) -> None:
        # Services register how confirmed changes are carried out.
        from . import folder_services, group_mappings, key_services, role_services, services  # noqa: F401
        from .models import Folder, Membership

        # Signals and not calls, so that no service can forget: a membership without its mirror would be a role that opens nothing,
        # a mirror without its membership a door that nobody sees.
        post_save.connect(_membership_changed, sender=Membership, dispatch_uid="mirror_granted")
        post_delete.connect(_membership_changed, sender=Membership, dispatch_uid="mirror_revoked")
        post_save.connect(_folder_made, sender=Folder, dispatch_uid="mirror_folder")
        post_migrate.connect(_migrated, sender=self, dispatch_uid="mirror_everything")


def _membership_changed(instance: Any, **kwargs: Any) -> None:
    from .mirror import mirror_person

    mirror_person(instance.user, instance.project)


def _folder_made(instance: Any, created: bool, **kwargs: Any) -> None:
    from .mirror import mirror_folder

    if created:
        mirror_folder(instance)


def _migrated(**kwargs: Any) -> None:
    from .mirror import mirror_everything

    mirror_everything()
