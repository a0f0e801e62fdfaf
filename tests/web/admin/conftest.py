"""Somebody who may open the panel, and something of everything in it."""

import pytest

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import services as deployments
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import add_environment
from promptstudio.prompts.models import Prompt
from tests.cast import Cast, a_key, a_prompt, a_version, an_application, asked, in_production, promote

from .panel import staff


@pytest.fixture
def dora(cast: Cast) -> Actor:
    """Project admin of “claims”, who may open the panel."""
    return staff(cast.dora)


@pytest.fixture
def filled(cast: Cast, prompt: Prompt) -> Cast:
    """Something of everything, in “claims” and in the project of Charlie."""
    version = a_version(prompt, by=cast.alice)
    in_production(cast, version)
    asked(version, cast.staging, by=cast.alice)
    secret_place = add_environment(project=cast.elsewhere, slug="vault", name="Secret vault", rules=Rules(), actor=cast.root)
    theirs = a_prompt(cast.elsewhere, by=cast.charlie, title="Secret recipe")
    a_key(an_application(cast.elsewhere, responsible=cast.charlie, by=cast.root), "read", by=cast.root)
    deployments.add_target(environment=secret_place, name="Secret target", settings={"role_arn": "arn:secret"}, actor=cast.root)
    other = a_version(theirs, by=cast.charlie)
    asked(other, secret_place, by=cast.charlie)
    promote(other, secret_place, by=cast.charlie)
    return cast
