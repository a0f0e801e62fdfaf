"""The two questions of the hot path, asked without the ORM: compiling a query costs more than answering it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from promptstudio.accounts.models import User
from promptstudio.deployments.models import Generation, Placement, Snapshot
from promptstudio.projects.models import ApiKey, Environment, ServiceAccount
from promptstudio.prompts.models import FormerName, Prompt
from promptstudio.prompts.names import renamed_headers

from .memory import Answer


def _names(**models: Any) -> dict[str, str]:
    return {name: model._meta.db_table for name, model in models.items()}


# The key as `ApiKey.objects.usable()` finds it, and the generation in the same breath: revoking works at once.
# A key that is bound to a folder is Django's to answer.
ASKING = """
SELECT a.project_id, e.slug, k.scopes, g.number
FROM {key} k
JOIN {account} a ON a.id = k.account_id
JOIN {user} u ON u.id = a.user_id
JOIN {generation} g ON g.id = 1
LEFT JOIN {environment} e ON e.id = k.environment_id
WHERE k.secret_hash = %s AND k.revoked_at IS NULL AND u.is_active
AND (k.expires_at IS NULL OR k.expires_at > %s) AND k.last_used_at > %s AND k.folder_id IS NULL AND NOT k.waits
""".format(**_names(key=ApiKey, account=ServiceAccount, user=User, generation=Generation, environment=Environment))
SERVED = """
SELECT status, body, etag FROM {snapshot} WHERE project_id = %s AND environment_slug = %s AND prompt_name = %s
""".format(**_names(snapshot=Snapshot))
# The same for a name that the prompt had before, and what it is called now.
SERVED_BEFORE = """
SELECT s.status, s.body, s.etag, p.name, f.since
FROM {former} f
JOIN {prompt} p ON p.id = f.prompt_id
JOIN {placement} l ON l.prompt_id = p.id
JOIN {snapshot} s ON s.placement_id = l.id
WHERE f.project_id = %s AND s.environment_slug = %s AND f.name = %s
""".format(**_names(former=FormerName, prompt=Prompt, placement=Placement, snapshot=Snapshot))


@dataclass(frozen=True)
class Asking:
    """A key in use. `environment` is the slug of the one that it is bound to."""

    project: int
    environment: str | None
    may_read: bool
    generation: int


def asking(secret_hash: str, now: datetime, noted_since: timedelta) -> Asking | None:
    """The usable key with this hash, if its use was noted within `noted_since`; else None, and Django has to look."""
    database = _database()
    adapt = database.ops.adapt_datetimefield_value
    rows = _rows(database, ASKING, [secret_hash, adapt(now), adapt(now - noted_since)])
    if not rows:
        return None
    project, environment, scopes, generation = rows[0]
    # The JSON column as text on either database; no name of a scope holds another's in quotes.
    return Asking(project, environment, '"read"' in scopes, generation)


def served(project: int, environment: str, prompt: str) -> Answer | None:
    place = [project, environment, prompt]
    rows = _rows(_database(), SERVED, place) or _rows(_database(), SERVED_BEFORE, place)
    if not rows:
        return None
    status, body, etag, *renamed = rows[0]
    return Answer(status, body.encode(), etag, _renamed(*renamed) if renamed else ())


def _renamed(name: str, since: datetime | str) -> tuple[tuple[str, str], ...]:
    # SQLite keeps moments as text, in UTC.
    moment = since if isinstance(since, datetime) else datetime.fromisoformat(since).replace(tzinfo=UTC)
    return tuple(renamed_headers(f"/api/v1/prompts/{name}/live", moment).items())


def forget_connection() -> None:
    """After an error: whatever is wrong with it, the next request gets a new one."""
    database = _database()
    if not database.in_atomic_block:
        database.close()


def _database() -> BaseDatabaseWrapper:
    # This thread's; the proxy `connection` would look it up anew at every word.
    return connections[DEFAULT_DB_ALIAS]


def _rows(database: BaseDatabaseWrapper, sql: str, parameters: list[Any]) -> list[Any]:
    _drop_what_is_too_old(database)
    if database.vendor == "postgresql":
        return _prepared(database, sql, parameters)
    # Fetched whole: an open cursor on SQLite would keep the write-ahead log from being taken in.
    with database.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _prepared(database: Any, sql: str, parameters: list[Any]) -> list[Any]:
    """PostgreSQL takes longer to plan these joins than to follow them, and Django's own cursors never keep a plan."""
    import psycopg

    database.ensure_connection()
    connection = database.connection
    if connection.prepare_threshold is None:
        connection.prepare_threshold = 0
    with database.wrap_database_errors, psycopg.Cursor(connection) as cursor:
        return cursor.execute(sql, parameters, prepare=True).fetchall()


def _drop_what_is_too_old(database: BaseDatabaseWrapper) -> None:
    """As close_old_connections, but a connection that Django keeps for no longer than a request stays open here (SQLite)."""
    lives = database.settings_dict["CONN_MAX_AGE"]
    if lives and database.close_at is not None and time.monotonic() >= database.close_at and not database.in_atomic_block:
        database.close()
