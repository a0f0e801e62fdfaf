"""The conditions in force of many environments at once."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from . import windows
from .models import Environment, Policy
from .rules import Rules, listed


def with_conditions(environments: QuerySet[Environment]) -> QuerySet[Any]:
    """Each row gets `rules_data` and `previous_name`, so that a list asks for them once."""
    newest = Policy.objects.filter(environment=OuterRef("pk")).order_by("-number")
    before = Environment.objects.filter(project=OuterRef("project"), position__lt=OuterRef("position")).order_by("-position")
    return environments.annotate(rules_data=Subquery(newest.values("data")[:1]), previous_name=Subquery(before.values("name")[:1]))


def in_words(environment: Any, rules: Rules | None = None) -> str:
    """“To enter Production a version needs …”, by the rules in force or by others that somebody tries."""
    known = hasattr(environment, "rules_data")
    rules = rules or (Rules.model_validate(environment.rules_data) if known else environment.policy.rules)
    before = environment.previous_name if known else environment.previous and environment.previous.name
    return rules.in_words(environment.name, before)


def changed_in_words(old: Rules, new: Rules, environment: str, previous: str | None) -> list[str]:
    """What is different under `new`, a sentence for each kind of difference."""
    needed, needs = old.needs(previous), new.needs(previous)
    found = []
    if gained := [need for need in needs if need not in needed]:
        found.append(f"A version now needs {listed(gained)}.")
    if lost := [need for need in needed if need not in needs]:
        found.append(f"It no longer needs {listed(lost)}.")
    if windows.in_words(old) != windows.in_words(new):
        found += windows.in_words(new) or ["Promotion is allowed at any time."]
        found += [f"No longer so: {sentence}" for sentence in windows.in_words(old) if sentence not in windows.in_words(new)]
    if set(old.deployers) != set(new.deployers):
        found += [new.deployers_in_words(environment), f"No longer so: {old.deployers_in_words(environment)}"]
    return found or ["Nothing that is told in words."]
