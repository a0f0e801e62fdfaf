"""Versions as they stand at a target, for who wants to call exactly what applications call."""

from uuid import UUID

from django.db.models import Max

from promptstudio.evaluations.run_services import Wanted
from promptstudio.lib.errors import Conflict
from promptstudio.prompts.models import Prompt

from .models import PublishJob, Receipt

# What a runner of models can call: a version of a prompt at Bedrock. Other places only store it.
CALLABLE = "bedrock"


def published_of(prompt: Prompt) -> list[Receipt]:
    """What was confirmed last at each place that the prompt is published to, in the order of environments. One query."""
    jobs = PublishJob.objects.filter(
        state=PublishJob.State.CONFIRMED, deployment__placement__prompt=prompt, target__is_active=True, target__kind=CALLABLE
    )
    newest = jobs.order_by().values("target").annotate(newest=Max("receipt")).values("newest")
    found = Receipt.objects.filter(pk__in=newest).select_related("version", "job__target__environment", "job__deployment__placement")
    return list(found.order_by("job__target__environment__position", "job__target__name"))


def wanted_of(prompt: Prompt, uid: UUID) -> Wanted:
    """A run of what this receipt confirmed, called where it stands. Raises Conflict where that is not what the version says."""
    receipt = next((each for each in published_of(prompt) if each.uid == uid), None)
    if receipt is None:
        raise Conflict("It is not published there any more. Look at the list again.")
    version, target = receipt.version, receipt.job.target
    if receipt.digest != version.digest:
        raise Conflict(f"What {target} holds is not {version.semver} as it was approved, so nothing is asked.")
    return Wanted(bundle=version.bundle, label=label_of(receipt), version=version, environment=target.environment, address=receipt.address)


def label_of(receipt: Receipt) -> str:
    target = receipt.job.target
    return f"{receipt.version.semver} as published in {target.environment} ({target})"
