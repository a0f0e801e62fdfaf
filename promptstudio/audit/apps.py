from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "promptstudio.audit"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers them)
