"""What only tests may do: take the triggers of append-only tables down for a moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

from promptstudio.lib import triggers
from promptstudio.lib.append_only import append_only_models


@contextmanager
def triggers_down(connection: BaseDatabaseWrapper) -> Iterator[None]:
    drop(connection)
    try:
        yield
    finally:
        triggers.install(connection)


def drop(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table with foreign keys still to be checked cannot be altered.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name, table in _standing(connection):
            cursor.execute(f'DROP TRIGGER "{name}" ON "{table}"' if connection.vendor == "postgresql" else f'DROP TRIGGER "{name}"')
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _standing(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    names = set(triggers.expected(connection)) & triggers.present(connection)
    tables = [model._meta.db_table for model in append_only_models()]
    return [(name, table) for table in tables for name in names if name.endswith(f"_{table}_stays")]
