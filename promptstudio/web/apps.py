from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "promptstudio.web"

    def ready(self) -> None:
        # The panel's menu shows its lists in the order in which they are registered.
        from .admin import people, places, conditions, targets, reviewing, releases, publications, trail  # noqa: F401, I001
