"""What a key may see of a prompt: through an environment, only what was let into it."""

from typing import cast

from django.db.models import Exists, OuterRef, Subquery

from promptstudio.accounts.actor import Actor
from promptstudio.deployments.models import Placement, Recall, WentLive
from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, PromptQuerySet, Version, VersionQuerySet
from promptstudio.prompts.semver import SEMVER, in_range, parse_semver

from .keys import bound_to, project_of
from .problems import NotFound, NotReleasedHere, OutOfService


def released(versions: VersionQuerySet, environment: Environment) -> VersionQuerySet:
    """Those that are or were live in `environment` and were not recalled since."""
    last_live = WentLive.objects.filter(version=OuterRef("pk"), placement__environment=environment).order_by("-id").values("at")[:1]
    recalled = Recall.objects.filter(version=OuterRef("pk"), created_at__gte=OuterRef("last_live_at"))
    return versions.annotate(last_live_at=Subquery(last_live)).filter(~Exists(recalled), last_live_at__isnull=False)


def readable_prompts(actor: Actor) -> PromptQuerySet:
    prompts = cast(PromptQuerySet, Prompt.objects.visible_to(actor))
    bound = bound_to(actor)
    if bound is None:
        return prompts
    served = Placement.objects.filter(environment=bound, live__isnull=False, out_of_service_at=None).values("prompt")
    once_served = released(Version.objects.filter(prompt__project=bound.project_id), bound).values("prompt")
    return prompts.filter(pk__in=served) | prompts.filter(pk__in=once_served)


def readable_versions(actor: Actor, prompt: Prompt) -> VersionQuerySet:
    bound = bound_to(actor)
    return released(prompt.versions.all(), bound) if bound else prompt.versions.all()


def prompt_to_read(actor: Actor, name: str) -> Prompt:
    prompt = readable_prompts(actor).select_related("project", "folder").filter(name=name).first()
    if prompt is None:
        bound = bound_to(actor)
        raise not_released(name, bound) if bound else NotFound(f"There is no prompt {name} in this project.")
    return prompt


def prompt_to_change(actor: Actor, name: str) -> Prompt:
    prompt = Prompt.objects.visible_to(actor).select_related("project", "folder").filter(name=name).first()
    if prompt is None:
        raise NotFound(f"There is no prompt {name} in this project.")
    return prompt


def version_to_read(actor: Actor, prompt: Prompt, semver: str) -> Version:
    """Raises Invalid for what is no version number, NotReleasedHere or NotFound."""
    parse_semver(semver)
    version = readable_versions(actor, prompt).select_related("prompt__project").filter(semver=semver).first()
    if version is None:
        bound = bound_to(actor)
        raise not_released(f"{prompt.name} {semver}", bound) if bound else NotFound(f"{prompt.name} has no version {semver}.")
    return version


def version_to_use(prompt: Prompt, semver: str) -> Version:
    """The version that a body names. Raises Invalid under `version`."""
    parse_semver(semver)
    version = prompt.versions.select_related("prompt__project").filter(semver=semver).first()
    if version is None:
        raise Invalid({"version": f"{prompt.name} has no version {semver}."})
    return version


def environment_to_use(actor: Actor, slug: str) -> Environment:
    """The environment that a body names. Raises Invalid under `environment`."""
    environments = list(project_of(actor).environments.select_related("project"))
    found = next((environment for environment in environments if environment.slug == slug), None)
    if found is None:
        known = ", ".join(environment.slug for environment in environments) or "none yet"
        raise Invalid({"environment": f"This project has no environment of that name. It has: {known}."})
    return found


def environment_to_read(actor: Actor, slug: str, name: str) -> Environment:
    """The environment that an address or a body asks to read from. Raises NotReleasedHere for any but a bound key's own."""
    bound = bound_to(actor)
    if bound and bound.slug != slug:
        raise NotReleasedHere(f"This key reads {bound.slug} only.")
    if bound:
        return bound
    try:
        return environment_to_use(actor, slug)
    except Invalid as error:
        raise NotFound(error.sentence) from None


def served_version(actor: Actor, prompt: Prompt, environment: Environment, wanted: str) -> Version:
    """What `environment` answers for `wanted`: a range, a version, or "" for what is live.

    Raises NotReleasedHere, OutOfService, and Invalid for what is no range.
    """
    placement = Placement.objects.filter(prompt=prompt, environment=environment).select_related("live__version").first()
    if placement is None or placement.live is None:
        raise not_released(prompt.name, environment)
    if placement.out_of_service_at:
        raise OutOfService(f"{prompt.name} was taken out of service in {environment.slug}: {placement.out_of_service_reason}")
    if not wanted:
        return placement.live.version
    return newest_in_range(prompt, environment, wanted, bound=bound_to(actor) is not None)


def newest_in_range(prompt: Prompt, environment: Environment, wanted: str, *, bound: bool) -> Version:
    """Raises NotReleasedHere; a key that is not `bound` to an environment reads what was recalled as well, so it is told."""
    numbers = released(prompt.versions.all(), environment).newest_first().values_list("pk", "major", "minor", "patch")
    in_range(wanted, (0, 0, 0))
    found = next((pk for pk, *number in numbers if in_range(wanted, tuple(number))), None)
    if found is None:
        what = wanted if SEMVER.fullmatch(wanted) else f"in the range {wanted}"
        if not bound and (recall := _last_recall(prompt, environment, wanted)):
            raise NotReleasedHere(f"{prompt.name} {recall.version.semver} was recalled: “{recall.reason}” It is not handed out any more.")
        raise NotReleasedHere(f"No version {what} of {prompt.name} is or was live in {environment.slug}.")
    return Version.objects.select_related("prompt__project").get(pk=found)


def _last_recall(prompt: Prompt, environment: Environment, wanted: str) -> Recall | None:
    """The recall that took the newest version of `wanted` from `environment`'s readers, if one did."""
    were_live = WentLive.objects.filter(placement__prompt=prompt, placement__environment=environment).values("version")
    recalls = Recall.objects.filter(version__in=were_live).select_related("version").order_by("-id")
    found = [recall for recall in recalls if in_range(wanted, recall.version.number)]
    return max(found, key=lambda recall: recall.version.number, default=None)


def not_released(what: str, environment: Environment) -> NotReleasedHere:
    return NotReleasedHere(f"Nothing of the name {what} was released to {environment.slug}.")
