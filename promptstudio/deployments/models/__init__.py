"""Django models of deployments."""

from .criteria import CriterionOutcome, CriterionWatch, CriterionWatchQuerySet
from .deploying import (
    Attempt,
    AttemptEnd,
    Deployment,
    DeploymentQuerySet,
    Evaluation,
    Generation,
    PlaceCheck,
    Placement,
    PublishJob,
    RateBudget,
    Recall,
    Receipt,
    RemoteResource,
    Seal,
    Snapshot,
    Target,
    WentLive,
)
from .emergencies import AfterReview, Conclusion
from .releases import Release, ReleaseItem
from .schedules import Schedule

__all__ = [
    "AfterReview",
    "Attempt",
    "AttemptEnd",
    "Conclusion",
    "CriterionOutcome",
    "CriterionWatch",
    "CriterionWatchQuerySet",
    "Deployment",
    "DeploymentQuerySet",
    "Evaluation",
    "Generation",
    "PlaceCheck",
    "Placement",
    "PublishJob",
    "RateBudget",
    "Recall",
    "Receipt",
    "Release",
    "ReleaseItem",
    "RemoteResource",
    "Schedule",
    "Seal",
    "Snapshot",
    "Target",
    "WentLive",
]
