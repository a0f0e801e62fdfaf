"""What the search looks through: the names of each prompt, and each version ever saved."""

from typing import Any, ClassVar

from django.db import connections, models
from django.db.models.expressions import RawSQL

from ..search_index import Parts, index_of
from .prompts import Prompt
from .versions import Version


class SearchTextQuerySet(models.QuerySet["SearchText"]):
    def holding(self, words: str) -> "SearchTextQuerySet":
        """Rows that hold every word, as a part of another one as well."""
        sql, parameters = index_of(connections[self.db]).finding(words)
        return self.filter(pk__in=RawSQL(sql, parameters)) if sql else self  # noqa: S611  parameters are bound


class SearchText(models.Model):
    """Title, name and words of one version, folded; without a version, title and name alone. Drafts are nobody else's business."""

    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="search_texts")
    version = models.OneToOneField(Version, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    parts = Parts(null=True)

    objects: ClassVar[Any] = SearchTextQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prompt"], condition=models.Q(version=None), name="the_names_of_a_prompt_stand_once"),
        ]

    def __str__(self) -> str:
        return str(self.version or self.prompt)
