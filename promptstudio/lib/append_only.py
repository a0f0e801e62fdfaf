"""Rows that are written once. Python refuses first, with a clear error; `triggers` makes the database refuse as well."""

from typing import Any, ClassVar, NoReturn

from django.db import models

# What stands in the place of words that were erased.
ERASED = "[erased]"


class NeverChanges(TypeError):
    """Raised by an attempt to change or delete an append-only row."""


def _refuse(model: type[models.Model]) -> NoReturn:
    raise NeverChanges(f"{model._meta.verbose_name} rows are written once and never change.")


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:
        _refuse(self.model)

    def delete(self) -> NoReturn:
        _refuse(self.model)

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(self.model)

    def update_or_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(self.model)

    def _raw_delete(self, using: str | None) -> NoReturn:
        _refuse(self.model)


class AppendOnly(models.Model):
    """Base of every model whose rows never change. Foreign keys from and to such rows are PROTECT."""

    objects = AppendOnlyQuerySet.as_manager()
    # A text that may hold personal data. It may become ERASED, once, and nothing else: the triggers say so as well.
    ERASABLE: ClassVar[str] = ""

    class Meta:
        abstract = True
        # Related objects and refreshes go through the base manager, which would otherwise be a plain one.
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse(type(self))
        super().save(*args, force_insert=True, **{k: v for k, v in kwargs.items() if k == "using"})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(type(self))


def erase(row: AppendOnly) -> str:
    """Replace the erasable text of a row by ERASED, in the database and in `row`. Returns what stood there."""
    if not row.ERASABLE:
        _refuse(type(row))
    words = str(getattr(row, row.ERASABLE))
    models.QuerySet(type(row)).filter(pk=row.pk).update(**{row.ERASABLE: ERASED})
    setattr(row, row.ERASABLE, ERASED)
    return words


def append_only_models() -> list[type[AppendOnly]]:
    from django.apps import apps

    return [model for model in apps.get_models() if issubclass(model, AppendOnly)]
