"""The conditions in force of many environments at once."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from .models import Environment, Policy
from .rules import Rules


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
