"""The index of the search, one for each kind of database; both find every word wherever in another word it stands.

PostgreSQL keeps the parts of a text (`folding.parts_of`) as a tsvector under a GIN index; SQLite keeps its own trigrams (FTS5) and looks
through the texts for words of one or two characters. What is put in order after every migration finds its way back after a rebuilt table.
"""

from typing import Any, Protocol

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from .folding import PART, folded, parts_asked

TABLE = "prompts_searchtext"
FTS = f"{TABLE}_fts"
INDEX = f"{TABLE}_by_part"
UNINDEXED = f"{TABLE}_without_parts"
TRIGGERS = {deed: f"{FTS}_{deed}" for deed in ("insert", "delete", "update")}
Finding = tuple[str, list[Any]]


class Index(Protocol):
    def install(self, cursor: Any) -> None: ...

    def finding(self, words: str) -> Finding:
        """A statement that gives the prompts of all rows with every word; empty when there are none to look for."""


class Parts(models.Field):  # type: ignore[type-arg]
    """The parts of a text, in order. Written only; SQLite has an index of its own and keeps nothing here."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:
        return "array_to_tsvector(%s::text[])" if connection.vendor == "postgresql" else "%s"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return value if connection.vendor == "postgresql" else None


class PostgreSQL:
    def install(self, cursor: Any) -> None:
        cursor.execute(f'CREATE INDEX IF NOT EXISTS "{INDEX}" ON "{TABLE}" USING gin (parts)')
        # GIN does not look for what has no parts
        cursor.execute(f'CREATE INDEX IF NOT EXISTS "{UNINDEXED}" ON "{TABLE}" (id) WHERE parts IS NULL')
        self._unpack(cursor)

    def finding(self, words: str) -> Finding:
        wanted = folded(words).split()
        if not wanted:
            return "", []
        asked = " & ".join(f"{_lexeme(part)}{':*' if goes_on else ''}" for part, goes_on in parts_asked(wanted))
        # The parts of a longer word may stand apart from each other.
        said, spoken = _said([word for word in wanted if len(word) > PART])
        everything, all_words = _said(wanted)
        # A query that is selected is not known to the planner, which then takes the index. For a frequent word it would read all rows
        # instead, as it does not know what fetching their parts costs. With OR it would fetch those as well, to compare them again.
        indexed = f'SELECT prompt_id FROM "{TABLE}" WHERE parts @@ (SELECT %s::tsquery) AND {said}'  # noqa: S608
        others = f'SELECT prompt_id FROM "{TABLE}" WHERE parts IS NULL AND {everything}'  # noqa: S608
        return f"{indexed} UNION {others}", [asked, *spoken, *all_words]

    def _unpack(self, cursor: Any) -> None:
        """Long texts are kept as they are: unpacking them costs more than comparing them, and they are not much smaller packed."""
        cursor.execute("SELECT attstorage FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'text'", [TABLE])
        if cursor.fetchone() != ("e",):
            cursor.execute(f'ALTER TABLE "{TABLE}" ALTER COLUMN text SET STORAGE EXTERNAL')
            cursor.execute(f"UPDATE \"{TABLE}\" SET text = text || ''")  # noqa: S608


class SQLite:
    def install(self, cursor: Any) -> None:
        cursor.execute("SELECT name FROM sqlite_master WHERE name = %s", [FTS])
        fresh = cursor.fetchone() is None
        if fresh:
            cursor.execute(f"CREATE VIRTUAL TABLE {FTS} USING fts5(text, content='{TABLE}', content_rowid='id', tokenize='trigram')")
        put = f"INSERT INTO {FTS}(rowid, text) VALUES (NEW.id, NEW.text);"  # noqa: S608
        take = f"INSERT INTO {FTS}({FTS}, rowid, text) VALUES ('delete', OLD.id, OLD.text);"  # noqa: S608
        missing = self._missing_triggers(cursor)
        for deed, does in (("INSERT", put), ("DELETE", take), ("UPDATE OF text", take + put)):
            name = TRIGGERS[deed.split()[0].lower()]
            if name in missing:
                cursor.execute(f'CREATE TRIGGER "{name}" AFTER {deed} ON "{TABLE}" BEGIN {does} END')
        if fresh or missing:
            cursor.execute(f"INSERT INTO {FTS}({FTS}) VALUES ('rebuild')")  # noqa: S608

    def finding(self, words: str) -> Finding:
        wanted = folded(words).split()
        long = [word for word in wanted if len(word) >= PART]
        said, short = _said([word for word in wanted if len(word) < PART])
        if not long:
            return (f'SELECT prompt_id FROM "{TABLE}" WHERE {said}', short) if short else ("", [])  # noqa: S608
        phrases = " AND ".join('"{}"'.format(word.replace('"', '""')) for word in long)
        found = f"SELECT rowid FROM {FTS} WHERE {FTS} MATCH %s"  # noqa: S608
        return f'SELECT prompt_id FROM "{TABLE}" WHERE id IN ({found}) AND {said}', [phrases, *short]  # noqa: S608

    def _missing_triggers(self, cursor: Any) -> set[str]:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return set(TRIGGERS.values()) - {row[0] for row in cursor.fetchall()}


def index_of(connection: BaseDatabaseWrapper) -> Index:
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


def install_after_migrate(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    connection = connections[using]
    if TABLE in connection.introspection.table_names():
        with connection.cursor() as cursor:
            index_of(connection).install(cursor)


def _said(words: list[str]) -> Finding:
    return " AND ".join(["text LIKE %s ESCAPE '!'"] * len(words)) or "1 = 1", [_pattern(word) for word in words]


def _pattern(word: str) -> str:
    for special in "!%_":
        word = word.replace(special, f"!{special}")
    return f"%{word}%"


def _lexeme(part: str) -> str:
    return "'{}'".format(part.replace("\\", "\\\\").replace("'", "''"))
