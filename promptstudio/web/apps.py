from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "promptstudio.web"

    def ready(self) -> None:
        from .admin import people, places, releases  # noqa: F401  (registers what the admin panel shows)
