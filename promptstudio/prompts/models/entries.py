"""The AI models that people can choose, with their limits and prices, as site admins keep them."""

import uuid
from typing import Any, ClassVar

from django.db import models

from promptstudio.accounts.models import User

from ..catalogue import Catalogue, Model


class ModelEntryQuerySet(models.QuerySet["ModelEntry"]):
    def catalogue(self) -> Catalogue:
        """All of them, in one query."""
        return Catalogue(entry.model for entry in self)


class ModelEntry(models.Model):
    """One model. `changed_at` is None as long as nobody changed what Studio brought along; then an update may renew it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    model_id = models.CharField("Name at Bedrock", max_length=200, unique=True)
    label = models.CharField("Name for people", max_length=100)
    input_price = models.DecimalField("Price of a million tokens in", max_digits=12, decimal_places=6)
    output_price = models.DecimalField("Price of a million tokens out", max_digits=12, decimal_places=6)
    context = models.PositiveIntegerField("Reads at most")
    max_output = models.PositiveIntegerField("Answers with at most")
    dearer_by_geography = models.BooleanField("Dearer in a geography", default=False)
    refuses = models.JSONField("Does not take", default=list, blank=True)
    retires_on = models.DateField("Retires on", null=True, blank=True)
    successor = models.CharField("Successor", max_length=200, blank=True)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    changed_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = ModelEntryQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        verbose_name_plural = "model entries"

    def __str__(self) -> str:
        return self.label

    @property
    def model(self) -> Model:
        return Model(
            id=self.model_id,
            label=self.label,
            input_price=self.input_price,
            output_price=self.output_price,
            context=self.context,
            max_output=self.max_output,
            dearer_by_geography=self.dearer_by_geography,
            refuses=tuple(self.refuses),
            retires_on=self.retires_on,
            successor=self.successor,
        )
