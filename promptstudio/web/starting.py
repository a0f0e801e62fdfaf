"""A draft that begins with a well-structured prompt instead of an empty page."""

from promptstudio.accounts.actor import Actor
from promptstudio.prompts import services
from promptstudio.prompts.models import Draft
from promptstudio.prompts.starting_points import StartingPoint


def begin_with(draft: Draft, point: StartingPoint, actor: Actor) -> Draft:
    begun = services.save_draft(draft=draft, content={**draft.content, **point.content()}, revision=draft.revision, actor=actor)
    save_first_examples(begun, point, actor)
    return begun


def save_first_examples(draft: Draft, point: StartingPoint, actor: Actor) -> None:
    for name, values in point.examples.items():
        services.save_example(prompt=draft.prompt, name=name, values=dict(values), actor=actor)
