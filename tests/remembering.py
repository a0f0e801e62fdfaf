"""The same rows for every test without doing everything that led to them again.

What a function of the cast does takes a tenth of a second, and thousands of tests begin with it. The first time its services run; after
that the rows that they left are put in as they were, where the database stands as it did then and nobody stopped the clock.
"""

import functools
import pickle
from collections.abc import Callable
from typing import Any, TypeVar

from django.apps import apps
from django.db import connection, transaction

from promptstudio.lib import clock

Made = TypeVar("Made")
# What every database of tests has from the beginning, and gets anew, with other numbers, when a test emptied all tables.
ALWAYS_THERE = {"django_content_type", "auth_permission", "django_migrations"}


def remembered(make: Callable[[], Made]) -> Callable[[], Made]:
    memory: dict[str, Any] = {}

    @functools.wraps(make)
    def once() -> Made:
        stands = _standing()
        if clock._fixed.get() is None and memory.get("stood") == stands:
            _put_in(memory["rows"])
            return pickle.loads(memory["made"])  # type: ignore[no-any-return]
        before = _keys()
        made = make()
        if clock._fixed.get() is None:
            memory.update(stood=stands, rows=_rows_since(before), made=pickle.dumps(made))
        return made

    return once


def _tables() -> list[Any]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy]


def _standing() -> tuple[Any, ...]:
    """How many rows each table has, and which numbers those have that stand in others."""
    counts = ", ".join(f'(SELECT count(*) FROM "{model._meta.db_table}")' for model in _tables())
    numbers = ", ".join(f'(SELECT max(id) FROM "{table}"), (SELECT min(id) FROM "{table}")' for table in sorted(ALWAYS_THERE))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}, {numbers}")
        return tuple(cursor.fetchone())


def _keys() -> dict[Any, set[Any]]:
    return {model: set(model._base_manager.values_list("pk", flat=True)) for model in _tables()}


def _rows_since(before: dict[Any, set[Any]]) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """For each table with new rows the statement that puts them in, and their values as the database takes them."""
    found = []
    for model, keys in before.items():
        fresh = [row for row in model._base_manager.order_by("pk") if row.pk not in keys]
        if fresh:
            fields = model._meta.concrete_fields
            columns = ", ".join(f'"{field.column}"' for field in fields)
            statement = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({", ".join(["%s"] * len(fields))})'
            found.append((statement, [tuple(f.get_db_prep_save(f.value_from_object(row), connection) for f in fields) for row in fresh]))
    return found


def _put_in(rows: list[tuple[str, list[tuple[Any, ...]]]]) -> None:
    # Tables come in no order: what points at what is checked at the end.
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, values in rows:
            cursor.executemany(statement, values)
