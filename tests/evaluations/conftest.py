import pytest

from promptstudio.evaluations.model_runner import Call
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, bundle

from .scripted import MODEL


@pytest.fixture(autouse=True)
def _scripted(calls: list[Call]) -> None:
    """No test here asks a real model."""


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    change = prompts.Change(summary="Say it better.")
    return prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=change, actor=cast.alice)
