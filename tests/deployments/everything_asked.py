"""A version that meets every condition there is, in front of an environment that asks for all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from promptstudio.deployments import target_services
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.suite_services import add_suite
from promptstudio.evaluations.worker import answer_due
from promptstudio.lib import clock
from promptstudio.projects.folder_services import name_reviewers
from promptstudio.projects.services import change_policy
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Version
from promptstudio.reviews.conversation_services import begin_thread, resolve
from tests.cast import STRICT, Cast, approved, bundle, promote, wished
from tests.evaluations.scripted import MODEL, saying

HOURS = {"weekdays": [0, 1, 2, 3, 4, 5, 6], "opens": "00:00", "closes": "24:00", "zone": "Europe/Berlin"}
EVERYTHING: dict[str, Any] = STRICT.model_dump(mode="json") | {
    "previous_hours": 2,
    "approver_may_deploy": False,
    "asker_confirms": True,
    "folder_reviewers": True,
    "suggester_counts_as_author": True,
    "tests": True,
    "tests_days": 7,
    "tests_repeats": 2,
    "never_fail": True,
    "no_regression": True,
    "significance": True,
    "cost_percent": 10,
    "p95_percent": 10,
    "no_open_changes": True,
    "no_open_comments": True,
    "portable": True,
    "model_not_retired": True,
    "hours": [HOURS],
}


@contextmanager
def after_its_stay() -> Iterator[None]:
    with clock.at(clock.now() + timedelta(hours=3)):
        yield


def ready(cast: Cast, title: str = "First letter") -> Version:
    """Whoever promotes it after its stay meets no open condition. Answers of models come from `tests.evaluations.scripted`."""
    change_policy_once(cast)
    request = wished(cast.claims, by=cast.vera, title=title)
    draft = asking.start_writing(request=request, actor=cast.alice)
    draft = prompts.save_draft(draft=draft, content=bundle(model=MODEL), revision=draft.revision, actor=cast.alice)
    change = prompts.Change("As asked.", "Fewer calls.", "We count the calls.")
    version = prompts.save_version_of_draft(draft=draft, revision=draft.revision, change=change, actor=cast.alice)
    asking.send_back(request=request, version=version, actor=cast.alice)
    asking.confirm(request=request, version=version, actor=cast.vera)
    promote(version, cast.development, cast.staging, by=cast.alice)
    tested(cast, version)
    resolve(thread=begin_thread(version=version, lines=Lines("messages.0.text", 1, 1), text="Shorter?", actor=cast.bob), actor=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    return version


def change_policy_once(cast: Cast) -> None:
    if cast.production.policy.number == 1:
        folder = cast.claims.folders.get_or_create(path="")[0]
        name_reviewers(folder=folder, people=[cast.bella.user], roles=(), actor=cast.dora)
        target_services.add_target(environment=cast.production, name="Frankfurt", settings={"region": "eu-central-1"}, actor=cast.dora)
        change_policy(environment=cast.production, data=EVERYTHING, actor=cast.dora)


def tested(cast: Cast, version: Version) -> None:
    cases = Cases.model_validate({"cases": [{"values": {"claim": "x"}, "assertions": [{"type": "icontains", "value": "sort"}]}]})
    suite = add_suite(prompt=version.prompt, name="Usual", required=True, cases=cases, actor=cast.alice)
    start_run(suite=suite, bundle=version.bundle, label=version.semver, version=version, repeats=2, actor=cast.alice)
    with saying():
        answer_due()
