"""One SQLite file. Whatever a caller was told is committed before it was told."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

FILE_NAME = "local-aws.db"
JOURNAL_KEPT = 20_000

SCHEMA = """
create table if not exists prompts (
    position integer primary key autoincrement, account text not null, region text not null, id text not null unique,
    last_version integer not null default 0);
create table if not exists versions (
    prompt_id text not null references prompts(id) on delete cascade, version text not null, number integer not null, body text not null,
    created_at text not null, updated_at text not null, primary key (prompt_id, version));
create table if not exists tags (arn text not null, key text not null, value text not null, primary key (arn, key));
create table if not exists client_tokens (
    account text not null, region text not null, operation text not null, token text not null,
    fingerprint text not null, reply text not null, created_at real not null, primary key (account, region, operation, token));
create table if not exists faults (
    id integer primary key autoincrement, operation text not null, kind text not null, remaining integer, taken integer not null default 0,
    settings text not null);
create table if not exists journal (id integer primary key autoincrement, entry text not null);
create table if not exists access_keys (access_key text primary key, account text not null);
create table if not exists parameter_calls (
    id integer primary key autoincrement, account text not null, region text not null, name text not null,
    target text not null, body text not null);
"""


class Store:
    def __init__(self, *, state_dir: Path) -> None:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Threads share one connection behind one lock: the operations are short and must see each other in order.
        self._lock = threading.Lock()
        self._db = sqlite3.connect(state_dir / FILE_NAME, isolation_level=None, check_same_thread=False, timeout=30)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        # A killed process loses nothing so; a power cut may, and this is a development tool.
        self._db.execute("pragma synchronous = normal")
        self._db.execute("pragma foreign_keys = on")
        self._db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def write_journal(self, entry: dict) -> None:
        with self.transaction() as db:
            number = db.execute("insert into journal (entry) values (?)", [json.dumps(entry)]).lastrowid or 0
            db.execute("delete from journal where id <= ?", [number - JOURNAL_KEPT])

    def journal(self, *, since: int) -> list[dict]:
        with self.transaction() as db:
            rows = db.execute("select id, entry from journal where id > ? order by id", [since]).fetchall()
        return [{"id": row["id"], **json.loads(row["entry"])} for row in rows]

    def account_of(self, access_key: str) -> str | None:
        with self.transaction() as db:
            row = db.execute("select account from access_keys where access_key = ?", [access_key]).fetchone()
        return row["account"] if row else None

    def remember_access_key(self, *, access_key: str, account: str) -> None:
        with self.transaction() as db:
            db.execute("insert or replace into access_keys values (?, ?)", [access_key, account])


def now() -> str:
    """The moment as Bedrock writes it: 2025-04-12T12:57:54.406693+00:00."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
