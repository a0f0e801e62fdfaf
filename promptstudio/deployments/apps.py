from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "promptstudio.deployments"

    def ready(self) -> None:
        # It registers how a confirmed change of a target is carried out.
        from . import target_services  # noqa: F401
