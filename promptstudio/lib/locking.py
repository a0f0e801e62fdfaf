"""Locking one row and reading what it points at."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def locked(rows: QuerySet[Row], *related: str, **which: Any) -> Row:
    """The one row of `rows` that `which` names, locked, with `related` read after the lock was given.

    In one statement PostgreSQL (READ COMMITTED) joins the newest values of a row that it had to wait for to what the former ones
    pointed at: a placement that moved meanwhile came without what is live, and a draft that somebody else saved not at all.
    """
    held = rows.select_for_update().get(**which)
    return rows.select_related(*related).get(pk=held.pk)
