"""Releases: several prompts that go together, and come back together.

The release is locked first, then the placements of all its prompts in the order of the prompts, so that two releases which share
prompts wait for each other and never in a circle. Rows are written before the first entry of the trail, whose chain is locked last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from promptstudio.accounts.actor import Actor
from promptstudio.audit.services import record
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed, StudioError
from promptstudio.lib.lengths import check_lengths
from promptstudio.lib.locking import locked
from promptstudio.projects.models import Environment
from promptstudio.prompts.models import Prompt, Version

from . import door, gates, live
from .models import Deployment, Evaluation, Placement, Release, ReleaseItem
from .permissions import can_deploy, can_make_release, can_promote_release, can_roll_back_release, can_withdraw_release

MOST_PROMPTS = 50
LONGEST_NAME = 120
# By version, the newest deployment that the caller saw where it goes.
SeenThere = Mapping[Version, Deployment | None]


@dataclass(frozen=True)
class Looked:
    """One prompt of a release under its lock. `why` says what holds it back; empty when it may go.

    On the way back, what replaced nothing has no `evaluation`: it is taken out of service.
    """

    item: ReleaseItem
    placement: Placement
    newest: Deployment | None
    why: str = ""
    evaluation: Evaluation | None = None


class Refused(StudioError):
    """Nothing of the release went. `reasons` says of each prompt that held it back why; its evaluation is kept."""

    code = "blocked"

    def __init__(self, release: Release, held_back: Sequence[Looked], *, back: bool = False) -> None:
        count = len(held_back)
        what = "1 prompt holds it back" if count == 1 else f"{count} prompts hold it back"
        nothing = "Nothing was rolled back" if back else f"Nothing of “{release}” went to {release.environment}"
        super().__init__(f"{nothing}: {what}.")
        self.reasons = [(each.item, each.why) for each in held_back]
        self.evaluations = [each.evaluation for each in held_back if each.evaluation]


def make_release(*, environment: Environment, name: str, actor: Actor, versions: Sequence[Version] = ()) -> Release:
    """An open release for `environment`. Raises NotAllowed, Invalid under `name` and `versions`."""
    can_make_release(actor, environment).require()
    for version in versions:
        can_deploy(actor, environment, version.prompt).require()
    _check_name(name)
    _check_versions(environment, versions)
    with transaction.atomic():
        made: Release = Release.objects.create(
            project=environment.project, environment=environment, name=name.strip(), made_by=actor.user, made_at=clock.now()
        )
        ReleaseItem.objects.bulk_create(ReleaseItem(release=made, prompt=version.prompt, version=version) for version in versions)
        _recorded(made, "release.made", actor, versions=[version.uid for version in versions])
    return made


def put_into_release(*, release: Release, version: Version, actor: Actor) -> ReleaseItem:
    """Add a version, in the place of another one of its prompt. Raises NotAllowed, Invalid, Conflict."""
    can_deploy(actor, release.environment, version.prompt).require()
    _check_versions(release.environment, [version])
    with transaction.atomic():
        row = _locked_open(release)
        if row.items.exclude(prompt=version.prompt).count() >= MOST_PROMPTS:
            raise Conflict(f"At most {MOST_PROMPTS} prompts go together. Make another release for the others.")
        item, is_new = ReleaseItem.objects.get_or_create(release=row, prompt=version.prompt, defaults={"version": version})
        if not is_new and item.version == version:
            raise Conflict(f"{version} is in this release already.")
        item.version = version
        item.save(update_fields=["version"])
        _recorded(row, "release.changed", actor, prompt=version.prompt.uid, semver=version.semver)
    return item


def take_from_release(*, release: Release, prompt: Prompt, actor: Actor) -> None:
    can_deploy(actor, release.environment, prompt).require()
    with transaction.atomic():
        row = _locked_open(release)
        if not row.items.filter(prompt=prompt).delete()[0]:
            raise Conflict(f"{prompt} is not in this release any more.")
        _recorded(row, "release.changed", actor, prompt=prompt.uid, semver=None)


def withdraw_release(*, release: Release, actor: Actor) -> Release:
    can_withdraw_release(actor, release).require()
    with transaction.atomic():
        row = _locked_open(release)
        _settle(row, Release.State.WITHDRAWN, actor)
        _recorded(row, "release.withdrawn", actor)
    return row


def promote_release(*, release: Release, actor: Actor, reason: str = "", seen: SeenThere | None = None) -> Release:
    """Send every version of it in one transaction, or none.

    `seen` is what the caller saw in it and where each goes. Raises NotAllowed, Conflict when it was changed meanwhile, and Refused
    with every reason of every prompt; refusals are kept.
    """
    _permitted(can_promote_release(actor, release), release, actor)
    check_lengths(reason=reason)
    with transaction.atomic():
        row = _locked_open(release)
        items = _items(row)
        _is_as_seen(items, seen)
        looked = [_looked_at(item, placement, seen, actor) for item, placement in _under_locks(items)]
        held_back = [each for each in looked if each.why]
        if not held_back:
            made = [_sent(each, reason.strip(), actor) for each in looked]
            _settle(row, Release.State.PROMOTED, actor)
            for deployment in made:
                door.sent_recorded(deployment, "deployment.made", actor, release=row.uid)
            _recorded(row, "release.promoted", actor, words={"reason": reason.strip()}, prompts=len(made))
            return row
        _refusal_recorded(row, "release.blocked", held_back, actor)
    raise Refused(row, held_back)


def roll_back_release(*, release: Release, reason: str, actor: Actor) -> Release:
    """Each prompt of it back to what it replaced, all or none; asks for permission and a reason. Raises as `promote_release`.

    Where nothing was live before, the prompt is taken out of service.
    """
    _permitted(can_roll_back_release(actor, release), release, actor)
    if not reason.strip():
        raise Invalid({"reason": "Say why. Everyone who looks at these prompts later will read it."})
    check_lengths(reason=reason)
    with transaction.atomic():
        row = locked(Release.objects.all(), "environment__project", "project", pk=release.pk)
        if row.state != Release.State.PROMOTED:
            raise Conflict(f"“{row}” is {row.get_state_display().lower()}, so there is nothing to roll back.")
        looked = [_way_back(item, placement, actor) for item, placement in _under_locks(_items(row))]
        held_back = [each for each in looked if each.why]
        if not held_back:
            made = [_sent_back(each, reason.strip(), actor) for each in looked if each.evaluation]
            ended = [each.placement for each in looked if not each.evaluation and not each.placement.out_of_service_at]
            for placement in ended:
                live.take_out_of_service(placement=placement, reason=reason.strip())
            _settle(row, Release.State.ROLLED_BACK, actor)
            for deployment in made:
                door.sent_recorded(deployment, "deployment.rolled_back", actor, release=row.uid)
            for placement in ended:
                door.recorded_out_of_service(placement, reason.strip(), actor, release=row.uid)
            _recorded(row, "release.rolled_back", actor, words={"reason": reason.strip()}, prompts=len(looked))
            return row
        _refusal_recorded(row, "release.rollback_blocked", held_back, actor)
    raise Refused(row, held_back, back=True)


def _under_locks(items: Sequence[ReleaseItem]) -> list[tuple[ReleaseItem, Placement]]:
    """All of them are locked before the first one is looked at."""
    return [(item, door.lock_placement(item.prompt, item.environment)) for item in sorted(items, key=lambda item: item.prompt_id)]


def _looked_at(item: ReleaseItem, placement: Placement, seen: SeenThere | None, actor: Actor) -> Looked:
    newest, place = placement.newest, placement.environment
    try:
        door.is_still_in_the_library(item.prompt)
        door.nobody_was_faster(placement, newest, item.version, door.ANY if seen is None else seen[item.version])
    except Conflict as error:
        return Looked(item, placement, newest, error.sentence)
    candidate = gates.Candidate(item.version, place, place.policy, placement.live_version, actor.answerable)
    evaluation = door.evaluated(candidate, gates.evaluate(candidate), "promotion", actor)
    return Looked(item, placement, newest, _missing(evaluation), evaluation)


def _way_back(item: ReleaseItem, placement: Placement, actor: Actor) -> Looked:
    newest, place, sent = placement.newest, placement.environment, item.deployment
    if newest is None or newest != sent:
        who = f"{newest.by} sent {newest.version.semver} since" if newest else "Nothing is there any more"
        return Looked(item, placement, newest, f"{who}. Going back from it is a decision of its own.")
    if sent.replaces is None:
        is_there = placement.live is not None
        why = "" if is_there else f"{sent.version.semver} is still on its way to {place}. Wait for it, or stop its publication."
        return Looked(item, placement, newest, why)
    candidate = gates.Candidate(sent.replaces.version, place, place.policy, placement.live_version)
    outcomes = [*gates.evaluate(candidate, (gates.NotRecalled(),)), door.WAY_BACK]
    evaluation = door.evaluated(candidate, outcomes, "rollback", actor)
    return Looked(item, placement, newest, _missing(evaluation), evaluation)


def _missing(evaluation: Evaluation) -> str:
    return " ".join(answer["reason"] for answer in evaluation.answers if not answer["passed"])


def _sent(looked: Looked, reason: str, actor: Actor) -> Deployment:
    assert looked.evaluation
    looked.item.deployment = door.sent(looked.placement, looked.evaluation, looked.newest, reason, actor)
    looked.item.save(update_fields=["deployment"])
    return looked.item.deployment


def _sent_back(looked: Looked, reason: str, actor: Actor) -> Deployment:
    assert looked.evaluation
    looked.item.way_back = door.sent(looked.placement, looked.evaluation, looked.newest, reason, actor)
    looked.item.save(update_fields=["way_back"])
    return looked.item.way_back


def _is_as_seen(items: Sequence[ReleaseItem], seen: SeenThere | None) -> None:
    if not items:
        raise Conflict("There is no prompt in this release yet. Add one first.")
    if seen is not None and set(seen) != {item.version for item in items}:
        raise Conflict("The release was changed after you looked. Look at what is in it now, then decide.")


def _items(release: Release) -> list[ReleaseItem]:
    return list(ReleaseItem.objects.with_everything().filter(release=release))


def _locked_open(release: Release) -> Release:
    row = locked(Release.objects.all(), "environment__project", "project", "settled_by", pk=release.pk)
    if not row.is_open:
        raise Conflict(f"“{row}” is not open any more: {row.get_state_display().lower()} by {row.settled_by}.")
    return row


def _settle(row: Release, state: Release.State, actor: Actor) -> None:
    row.state, row.settled_by, row.settled_at = state, actor.user, clock.now()
    row.save(update_fields=["state", "settled_by", "settled_at"])


def _check_name(name: str) -> None:
    if not name.strip():
        raise Invalid({"name": "Give it a name by which others know it, such as “Storm season”."})
    if len(name.strip()) > LONGEST_NAME:
        raise Invalid({"name": f"This is too long: at most {LONGEST_NAME} characters."})


def _check_versions(environment: Environment, versions: Sequence[Version]) -> None:
    if any(version.prompt.project_id != environment.project_id for version in versions):
        raise Invalid({"versions": "All prompts of a release belong to its project."})
    if len({version.prompt_id for version in versions}) < len(versions):
        raise Invalid({"versions": "Choose one version of each prompt."})
    if len(versions) > MOST_PROMPTS:
        raise Invalid({"versions": f"At most {MOST_PROMPTS} prompts go together."})


def _permitted(answer: object, release: Release, actor: Actor) -> None:
    if not answer:
        _recorded(release, "release.not_allowed", actor, reason=str(answer))
        raise NotAllowed(str(answer), kept=True)


def _refusal_recorded(release: Release, action: str, held_back: Sequence[Looked], actor: Actor) -> None:
    evaluations = [each.evaluation.uid for each in held_back if each.evaluation]
    _recorded(release, action, actor, prompts=len(held_back), evaluations=evaluations)


def _recorded(release: Release, action: str, actor: Actor, **more: Any) -> None:
    record(
        actor=actor,
        action=action,
        subject=release,
        project_uid=release.project.uid,
        environment=release.environment.slug,
        **more,
    )
