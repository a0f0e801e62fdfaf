"""What a version is held to, wherever its change record is shown."""

from django import template
from django.db.models import Prefetch

from promptstudio.deployments.models import CriterionWatch
from promptstudio.prompts.models import Criterion, Version

register = template.Library()


@register.simple_tag
def held_to(version: Version) -> list[Criterion]:
    """Its criteria with how each came out, every time that it was live. Two queries."""
    watches = CriterionWatch.objects.select_related("run", "outcome__by", "deployment__placement").order_by("id")
    return list(version.criteria.select_related("environment", "person", "author").prefetch_related(Prefetch("watches", watches)))
