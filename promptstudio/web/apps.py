from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "promptstudio.web"

    def ready(self) -> None:
        from .admin import group_mappings, people, places, releases  # noqa: F401  (registers what the admin panel shows)
        from .sign_in import checks  # noqa: F401  (registers what is checked at start-up)
