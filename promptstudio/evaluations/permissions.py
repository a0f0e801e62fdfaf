"""May this actor let a model answer? It costs money, so whoever only reads may not."""

from django.conf import settings

from promptstudio.accounts.actor import Actor
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.permissions import can_write

from .model_runner import is_on


def can_try(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    if not is_on():
        return Denied("No models are called from here. Whoever runs Prompt Studio can switch it on.")
    if actor.key:
        return Denied("A key cannot do this. A person has to.")
    return can_write(actor, prompt)


def can_change_suite(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    if actor.key:
        return Denied("A key cannot do this. A person has to.")
    return can_write(actor, prompt)


def most_a_day() -> int:
    return int(settings.MODEL_CALLS_A_DAY)
