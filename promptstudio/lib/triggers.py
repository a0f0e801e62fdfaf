"""Database triggers that keep append-only tables as they are.

They are installed after every migration, because SQLite silently drops the triggers of a table that a migration rebuilds.
Each names its own table only, and its refusal arrives in Django as IntegrityError.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from .append_only import append_only_models

_FUNCTION = """
CREATE OR REPLACE FUNCTION studio_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% rows are written once and never change', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def expected(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Trigger name to the statement that creates it, for this database."""
    make = _postgresql if connection.vendor == "postgresql" else _sqlite
    return {name: sql for model in append_only_models() for name, sql in make(model._meta.db_table)}


def present(connection: BaseDatabaseWrapper) -> set[str]:
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {row[0] for row in cursor.fetchall()}


def missing(connection: BaseDatabaseWrapper) -> set[str]:
    """Names of triggers that should stand in the database and do not."""
    return set(expected(connection)) - present(connection)


def install(connection: BaseDatabaseWrapper) -> None:
    tables = set(connection.introspection.table_names())
    wanted = {name: sql for name, sql in expected(connection).items() if _table(name) in tables}
    absent = set(wanted) - present(connection)
    if not absent:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for name in sorted(absent):
            cursor.execute(wanted[name])


def install_after_migrate(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    install(connections[using])


def deleting_by_replace(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """SQLite fires no delete trigger for the row that a REPLACE removes, unless each connection asks for it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA recursive_triggers = ON")


def _table(trigger: str) -> str:
    return trigger.removeprefix("never_").split("_", 1)[1].removesuffix("_stays")


def _sqlite(table: str) -> list[tuple[str, str]]:
    return [
        (
            f"never_{verb}_{table}_stays",
            f'CREATE TRIGGER "never_{verb}_{table}_stays" BEFORE {verb.upper()} ON "{table}" '
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are written once and never change'); END",
        )
        for verb in ("update", "delete")
    ]


def _postgresql(table: str) -> list[tuple[str, str]]:
    row = f"never_row_{table}_stays"
    whole = f"never_truncate_{table}_stays"
    return [
        (row, f'CREATE TRIGGER "{row}" BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW EXECUTE FUNCTION studio_never_changes()'),
        (whole, f'CREATE TRIGGER "{whole}" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION studio_never_changes()'),
    ]
