from django.apps import AppConfig


class RunningConfig(AppConfig):
    name = "promptstudio.running"
    label = "running"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (they register themselves)
