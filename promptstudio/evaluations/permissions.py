"""May this actor let a model answer? It costs money, so whoever only reads may not."""

from django.conf import settings

from promptstudio.accounts.actor import Actor
from promptstudio.lib.permission import Allowed, Denied
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.permissions import can_here, can_write

from .model_runner import is_on
from .models import Answer, Comparison, Rater


def can_try(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    """Whoever writes, and whoever asked for this prompt and sees it: they have to say whether its answers are what they wanted."""
    general = can_run(actor, prompt)
    if general or not is_on() or actor.key or prompt.archived_at or not can_here(actor, "read", prompt):
        return general
    return Allowed() if prompt.requests.filter(asked_by=actor.user, declined_at=None).exists() else general


def can_run(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    """Run a suite on it: hundreds of calls, so it is for those who write."""
    if not is_on():
        return Denied("No models are called from here. Whoever runs Prompt Studio can switch it on.")
    if actor.key:
        return Denied("A key cannot do this. A person has to.")
    return can_write(actor, prompt)


def can_stop(actor: Actor, answer: Answer) -> Allowed | Denied:
    """Stop what is on its way in the round of `answer`: whoever writes, and whoever asked it."""
    general = can_run(actor, answer.prompt)
    return general if general or answer.asked_by_id != actor.user.pk else can_try(actor, answer.prompt)


def can_run_tests(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    """Whoever may try it, and a key with the scope for it: a pipeline writes no prompts, and a key that writes spends no money."""
    if not is_on():
        return Denied("No models are called from here. Whoever runs Prompt Studio can switch it on.")
    if prompt.archived_at:
        return Denied("This prompt is archived. It can be read, not changed.")
    return can_here(actor, "test", prompt)


def can_change_suite(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    if actor.key:
        return Denied("A key cannot do this. A person has to.")
    return can_write(actor, prompt)


def can_rate(actor: Actor, prompt: Prompt) -> Allowed | Denied:
    """Say what one thinks of an answer: whoever reads the prompt."""
    if actor.key:
        return Denied("A key cannot do this. A person has to.")
    if prompt.archived_at:
        return Denied("This prompt is archived. It can be read, not changed.")
    return can_here(actor, "read", prompt)


def can_vote(actor: Actor, rater: Rater) -> Allowed | Denied:
    """Say which answers one prefers: whoever was asked, as long as they read the prompt."""
    if rater.person_id != actor.user.pk:
        return Denied("You were not asked to compare these answers.")
    return can_rate(actor, rater.comparison.prompt)


def can_see_preferences(actor: Actor, comparison: Comparison) -> Allowed | Denied:
    """How a comparison came out: whoever reads the prompt, and whoever is asked once they have finished."""
    if comparison.closed_at is None and comparison.raters.filter(person=actor.user, finished_at=None).exists():
        return Denied("You see how it came out once you have finished your own.")
    return can_here(actor, "read", comparison.prompt)


def can_close_comparison(actor: Actor, comparison: Comparison) -> Allowed | Denied:
    """Whoever asked for it, and whoever writes."""
    general = can_change_suite(actor, comparison.prompt)
    return general if general or comparison.asked_by_id != actor.user.pk else can_rate(actor, comparison.prompt)


def most_a_day() -> int:
    return int(settings.MODEL_CALLS_A_DAY)
