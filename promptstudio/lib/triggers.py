"""Database triggers that keep append-only tables as they are.

They are installed after every migration, because SQLite silently drops the triggers of a table that a migration rebuilds.
Each names its own table only, and its refusal arrives in Django as IntegrityError. Where a model has an erasable text, one change goes
through: that text, and nothing beside it, becomes ERASED.
"""

import hashlib
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from .append_only import ERASED, AppendOnly, append_only_models

_FUNCTION = """
CREATE OR REPLACE FUNCTION studio_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% rows are written once and never change', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
# Compares whole rows, so that a column added later is covered as well.
_ERASING = f"""
CREATE OR REPLACE FUNCTION studio_erasing_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) ->> TG_ARGV[0] = '{ERASED}' AND to_jsonb(OLD) ->> TG_ARGV[0] <> '{ERASED}'
     AND to_jsonb(NEW) - TG_ARGV[0] = to_jsonb(OLD) - TG_ARGV[0] THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% rows are written once and never change', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def expected(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Trigger name to the statement that creates it, for this database."""
    make = _postgresql if connection.vendor == "postgresql" else _sqlite
    return {name: sql for model in append_only_models() for name, sql in make(model)}


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
    standing = present(connection)
    absent = set(wanted) - standing
    # Of an earlier version of this file: two sets of triggers would refuse what one of them lets through.
    stale = {name for name in standing - set(wanted) if name.startswith("never_") and name.endswith("_stays") and _table(name) in tables}
    if not absent and not stale:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
            cursor.execute(_ERASING)
        for name in sorted(absent):
            cursor.execute(wanted[name])
        for name in sorted(stale):
            cursor.execute(f'DROP TRIGGER "{name}" ON "{_table(name)}"' if connection.vendor == "postgresql" else f'DROP TRIGGER "{name}"')


def install_after_migrate(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    install(connections[using])


def deleting_by_replace(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """SQLite fires no delete trigger for the row that a REPLACE removes, unless each connection asks for it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA recursive_triggers = ON")


def _table(trigger: str) -> str:
    return trigger.removeprefix("never_").split("_", 1)[1].removesuffix("_stays")


def _sqlite(model: type[AppendOnly]) -> list[tuple[str, str]]:
    table = model._meta.db_table
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} rows are written once and never change'); END"
    update, unless = f"never_update_{table}_stays", ""
    if model.ERASABLE:
        unless = _unless_erasing(model)
        # The columns are part of the name, so that a new one brings a new trigger.
        update = f"never_rewrite{hashlib.sha256(unless.encode()).hexdigest()[:8]}_{table}_stays"
    delete = f"never_delete_{table}_stays"
    return [
        (update, f'CREATE TRIGGER "{update}" BEFORE UPDATE ON "{table}" {unless}{refuse}'),
        (delete, f'CREATE TRIGGER "{delete}" BEFORE DELETE ON "{table}" {refuse}'),
    ]


def _unless_erasing(model: type[AppendOnly]) -> str:
    erasable = _column(model)
    others = [field.column for field in model._meta.concrete_fields if field.column != erasable]
    same = "".join(f' AND NEW."{column}" IS OLD."{column}"' for column in others)
    return f"WHEN NOT (NEW.\"{erasable}\" = '{ERASED}' AND OLD.\"{erasable}\" <> '{ERASED}'{same}) "


def _column(model: type[AppendOnly]) -> str:
    return next(str(field.column) for field in model._meta.concrete_fields if field.name == model.ERASABLE)


def _postgresql(model: type[AppendOnly]) -> list[tuple[str, str]]:
    table = model._meta.db_table
    row, function = f"never_row_{table}_stays", "studio_never_changes()"
    if model.ERASABLE:
        row, function = f"never_rewrite_{table}_stays", f"studio_erasing_only('{_column(model)}')"
    whole = f"never_truncate_{table}_stays"
    return [
        (row, f'CREATE TRIGGER "{row}" BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW EXECUTE FUNCTION {function}'),
        (whole, f'CREATE TRIGGER "{whole}" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION studio_never_changes()'),
    ]
