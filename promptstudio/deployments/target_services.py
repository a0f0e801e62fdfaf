"""The places outside that an environment publishes to: adding, changing and asking them. A publisher is never asked in a transaction."""

from typing import Any

from django.conf import settings
from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib.errors import Conflict, Invalid
from promptstudio.lib.locking import locked
from promptstudio.projects import controls
from promptstudio.projects.models import Environment, PendingChange

from .models import Target
from .permissions import can_administer_targets
from .publishing import Checked, PublishFailed, publisher_for
from .references import secrets_in


def add_target(
    *,
    environment: Environment,
    name: str,
    kind: str = "bedrock",
    settings: dict[str, Any] | None = None,
    is_active: bool = True,
    actor: Actor,
) -> Target:
    """A new place to publish to. Where the site asks for a second person, it stays switched off until somebody confirmed it."""
    can_administer_targets(actor, environment).require()
    if not name.strip():
        raise Invalid({"name": "Give the place a name that people will recognise, such as “Bedrock, Frankfurt”."})
    target = Target(environment=environment, name=name, kind=kind, settings=settings or {})
    _check(target)
    with transaction.atomic():
        waits = is_active and _waits_for_second_person(target, actor)
        target.is_active = is_active and not waits
        _saved(target, actor, "target.added")
        if waits:
            _ask_for(target, {"is_active": True}, "versions are sent to one more place", actor)
    return target


def save_target(*, target: Target, actor: Actor) -> Target | PendingChange:
    """Keep what changed on `target`. Sending elsewhere than before may wait for a second person; switching off never does."""
    can_administer_targets(actor, target.environment).require()
    _check(target)
    with transaction.atomic():
        before = Target.objects.select_for_update().get(pk=target.pk)
        elsewhere = target.settings != before.settings or (target.is_active and not before.is_active)
        if elsewhere and target.is_active and _waits_for_second_person(target, actor):
            wish = {"name": target.name, "settings": target.settings, "is_active": True}
            return _ask_for(before, wish, "versions are sent to another place than before", actor)
        return _saved(target, actor, "target.changed")


def check_target(*, target: Target, actor: Actor) -> Checked:
    """Ask the place, by one cheap and bounded read, whether it would be reached."""
    can_administer_targets(actor, target.environment).require()
    if target.kind not in settings.PUBLISHERS:
        raise Conflict(f"Nothing here can publish to a place of the kind “{target.kind}”.")
    try:
        checked = Checked(True, publisher_for(target.kind).check(target.settings))
    except PublishFailed as failure:
        checked = Checked(False, failure.sentence)
    record(
        actor=actor,
        action="target.checked",
        subject=target,
        project_uid=target.environment.project.uid,
        environment=target.environment.slug,
        answered=checked.answered,
        sentence=checked.sentence,
    )
    return checked


def _check(target: Target) -> None:
    errors = {}
    if target.kind not in settings.PUBLISHERS:
        errors["kind"] = f"Choose one of {', '.join(settings.PUBLISHERS)}."
    if not isinstance(target.settings, dict):
        errors["settings"] = 'Write the settings as a JSON object, such as {"region": "eu-central-1"}.'
    elif secret := secrets_in(target.settings):
        errors["settings"] = " ".join(f"{name}: {sentence}" for name, sentence in secret.items())
    elif not errors and (wrong := publisher_for(target.kind).check_settings(target.settings)):
        errors["settings"] = " ".join(f"{name}: {sentence}" for name, sentence in wrong.items())
    if len(target.name) > 80:
        errors["name"] = "A name has at most 80 characters."
    if target.environment.targets.filter(name=target.name).exclude(pk=target.pk).exists():
        errors["name"] = f"{target.environment} already publishes to a place named {target.name}."
    if errors:
        raise Invalid(errors)


def _saved(target: Target, actor: Actor, action: str) -> Target:
    target._history_user = actor.user  # type: ignore[attr-defined]
    target.save()
    record(
        actor=actor,
        action=action,
        subject=target,
        project_uid=target.environment.project.uid,
        environment=target.environment.slug,
        kind=target.kind,
        settings=target.settings,
        is_active=target.is_active,
    )
    return target


def _waits_for_second_person(target: Target, actor: Actor) -> bool:
    return controls.is_guarded(target.environment) and controls.needs_second_person(actor, target.environment.project)


def _ask_for(target: Target, wish: dict[str, Any], reason: str, actor: Actor) -> PendingChange:
    return controls.ask(
        kind="target",
        subject=f"target:{target.uid}",
        label=f"Publishing from {target.environment} to {target.name}",
        reasons=[reason],
        project=target.environment.project,
        actor=actor,
        data={"target": str(target.uid), **wish},
    )


def _confirmed(change: PendingChange, actor: Actor) -> None:
    """What was asked for was checked then; only the name may be taken since."""
    target = locked(Target.objects.all(), "environment__project", uid=change.data["target"])
    for name in ("name", "settings", "is_active"):
        setattr(target, name, change.data.get(name, getattr(target, name)))
    if target.environment.targets.filter(name=target.name).exclude(pk=target.pk).exists():
        raise Conflict(f"{target.environment} already publishes to a place named {target.name}.")
    _saved(target, actor, "target.changed")


controls.register("target", carry_out=_confirmed)
