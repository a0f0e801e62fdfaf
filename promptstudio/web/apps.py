from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "promptstudio.web"

    def ready(self) -> None:
        # The panel's menu shows its lists in the order in which they are registered.
        from .admin import (  # noqa: F401, I001
            people,
            group_mappings,
            places,
            conditions,
            floors,
            targets,
            models,
            reviewing,
            releases,
            snippets,
            publications,
            trail,
        )
        from . import sessions  # noqa: F401  (listens to who signs in)
        from .sign_in import checks  # noqa: F401  (registers what is checked at start-up)
