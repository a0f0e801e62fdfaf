"""Whatever changes the last environment of a project is signed at once, not within the hour."""

from promptstudio.audit.anchors import anchor

from .models import Deployment


def anchor_production(deployment: Deployment) -> None:
    """Within the transaction whose entry is to be signed, after that entry."""
    environment = deployment.placement.environment
    if environment.next is None:
        anchor(str(deployment.placement.prompt.project.uid), occasion="production deployment")
