from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "promptstudio.notifications"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers them)
