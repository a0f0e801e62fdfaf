"""Promise 8: a person sees only the projects that they belong to."""

from typing import Any

import pytest

from promptstudio.deployments.models import Deployment
from promptstudio.projects.models import Project
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Draft, Prompt, Version
from promptstudio.reviews.models import Review
from tests.cast import Cast, a_key, a_version, an_application, asked, promote

LISTS = [Project, Prompt, Version, Draft, Review, Deployment]
each_list = pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)


@pytest.fixture(autouse=True)
def one_of_each(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    prompts.open_draft(prompt=prompt, actor=cast.alice)
    asked(version, cast.production, by=cast.alice)
    promote(version, cast.development, by=cast.alice)


def seen(model: Any, actor: Any) -> int:
    rows = model.objects.visible_to(actor)
    return rows.filter(slug="claims").count() if model is Project else rows.count()


@each_list
@pytest.mark.parametrize("who", ["alice", "bob", "bella", "dora", "vera", "axel", "root"])
def test_members_and_site_admins_see_it(cast: Cast, model: Any, who: str) -> None:
    assert seen(model, getattr(cast, who)) == 1


@each_list
def test_an_outsider_sees_nothing(cast: Cast, model: Any) -> None:
    assert seen(model, cast.charlie) == 0


@each_list
def test_a_key_of_another_project_sees_nothing(cast: Cast, model: Any) -> None:
    account = an_application(cast.elsewhere, responsible=cast.alice, by=cast.root)
    _, key = a_key(account, "read", "write", "deploy", by=cast.root)
    assert seen(model, key) == 0


@each_list
def test_a_key_of_the_project_sees_it(cast: Cast, model: Any) -> None:
    _, key = a_key(an_application(cast.claims, responsible=cast.charlie, by=cast.dora), "read", by=cast.dora)
    assert seen(model, key) == 1
