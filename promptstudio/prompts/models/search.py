"""What the search looks through: the names of each prompt, and each version ever saved."""

from typing import Any, ClassVar

from django.db import connections, models
from django.db.models.expressions import RawSQL

from ..folding import folded
from ..search_index import Parts, index_of
from .prompts import Prompt
from .versions import Version


class SearchTextQuerySet(models.QuerySet["SearchText"]):
    def prompts_holding(self, words: str) -> RawSQL | None:
        """The keys of prompts with a row that holds every word, as a part of another one as well; None without words."""
        sql, parameters = index_of(connections[self.db]).finding(words)
        return RawSQL(sql, parameters) if sql else None  # noqa: S611  parameters are bound


def says(words: str) -> models.Q:
    """Whether a row holds every word, without the index: for a few rows at hand."""
    return models.Q(*(models.Q(text__contains=word) for word in folded(words).split()))


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
