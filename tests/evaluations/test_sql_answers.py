"""What is SQL, which tables it may use, and what is not told rather than guessed."""

from typing import Any

import pytest

from promptstudio.evaluations.assertions import Assertion, Given, check, problem_of
from promptstudio.evaluations.assertions.sql_grammar import GRAMMAR, rules_of
from promptstudio.evaluations.assertions.sql_reading import read
from promptstudio.evaluations.assertions.sql_words import RESERVED


def passed(text: str, value: Any = None, kind: str = "is-sql") -> bool | None:
    return check(Assertion.model_validate({"type": kind} | ({"value": value} if value is not None else {})), Given(text=text)).passed


def allowing(*tables: str) -> dict[str, Any]:
    return {"allowedTables": list(tables)}


@pytest.mark.parametrize("database", sorted(RESERVED))
def test_every_database_takes_everyday_queries_and_no_prose(database: str) -> None:
    for statement in (
        "SELECT c.id, c.name AS customer FROM customers c JOIN claims k ON c.id = k.customer_id WHERE k.status = 'open' ORDER BY k.id DESC",
        "SELECT place, COUNT(*) FROM claims WHERE amount BETWEEN 1 AND 5 GROUP BY place HAVING COUNT(*) > 1;",
        "WITH recent AS (SELECT id FROM claims) SELECT * FROM recent",
        "INSERT INTO claims (id, name) VALUES (1, 'x'), (2, NULL)",
    ):
        assert passed(statement, {"databaseType": database}), statement
    for statement in ("SELECT a FROM t WHERE (a = 1", "I cannot write that query.", "```sql"):
        assert passed(statement, {"databaseType": database}) is not True, statement


def test_who_breaks_off_or_forgets_a_comma_is_refused() -> None:
    for text in (
        "SELECT",
        "SELECT a FROM",
        "SELECT a FROM t,",
        "SELECT name age FROM t",
        "SELECT a FROM t WHERE a =",
        "",
        "hello",
        "SELECT 'a FROM t",
    ):
        assert passed(text) is False, text
        assert passed(text, kind="not-is-sql") is True, text


def test_rows_have_as_many_values_as_columns() -> None:
    assert passed("INSERT INTO t (a, b) VALUES (f(1, 2), (3))")
    assert passed("INSERT INTO t (a, b) VALUES (1, 2), (3)") is False


def test_only_tables_that_are_allowed_are_used() -> None:
    assert passed("SELECT * FROM Claims", allowing("select::null::claims"))
    assert passed("SELECT * FROM claims c, customers", allowing("select::null::(claims|customers)"))
    for hidden in (
        "SELECT * FROM claims, secrets",
        "SELECT * FROM shop.claims",
        "SELECT (SELECT MAX(a) FROM secrets) FROM claims",
        "SELECT a FROM claims WHERE b IN (SELECT c FROM secrets)",
        "SELECT a FROM claims WHERE EXISTS (SELECT 1 FROM secrets)",
        "SELECT a FROM claims UNION SELECT b FROM secrets",
        "SELECT a FROM claims; DELETE FROM claims",
        "WITH claims AS (SELECT * FROM secrets) SELECT * FROM claims",
        "SELECT a FROM claims ORDER BY (SELECT b FROM secrets)",
        "SELECT CASE WHEN a = 1 THEN (SELECT b FROM secrets) END FROM claims",
        "INSERT INTO claims SELECT * FROM claims",
    ):
        assert passed(hidden, allowing("select::null::claims")) is False, hidden


def test_where_tables_are_not_certain_nothing_is_allowed() -> None:
    for text in (
        "SELECT * FROM (claims)",
        "UPDATE claims c SET c.a = 1",
        "SELECT * FROM `cläims`",
        "SHOW TABLES",
    ):
        assert passed(text, allowing(".*")) is None, text
    assert passed("SELECT a FROM t", {"allowedColumns": ["select::null::a"]}) is None


def test_what_a_database_would_run_is_no_comment() -> None:
    for text in (
        "SELECT a FROM claims /*! UNION SELECT a FROM secrets */",
        "SELECT a FROM claims WHERE b = 1--1 UNION SELECT a FROM secrets",
        "SELECT a FROM claims--x",
        "SELECT a FROM claims /* /* */ UNION SELECT a FROM secrets -- */",
    ):
        assert passed(text, allowing("select::null::claims")) is None, text
    assert passed("SELECT a FROM claims -- UNION SELECT a FROM secrets", allowing("select::null::claims"))


def test_what_one_database_knows_is_not_guessed() -> None:
    for text in (
        "SELECT a FROM t LOCK IN SHARE MODE",
        "SELECT a -> 'x' FROM t",
        "SELECT 'it\\'s' FROM t",
        "SHOW TABLES",
        "SELECT a FROM claims-old",
        "SELECT a // b FROM t",
        "-- nothing yet",
        "CREATE TABLE t (a INT, PRIMARY  KEY (a))",
        "SELECT DISTINCT ON (a) b FROM t",
    ):
        assert passed(text) is None, text


def test_a_doubtful_block_of_code_leaves_the_others_their_chance() -> None:
    doubtful, right, wrong = (f"```sql\n{text}\n```\n" for text in ("SHOW TABLES", "SELECT 1", "SELECT FROM WHERE"))
    assert passed(doubtful + right, kind="contains-sql") is True
    assert passed(doubtful + wrong, kind="contains-sql") is None
    assert passed(wrong + wrong, kind="contains-sql") is False


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"databaseType": "Oracle"}, "This database is not known."),
        ("MySQL", "Give the database"),
        (["select::null::claims"], "Give the database"),
        ({"allowedTables": "claims"}, "Give what is allowed as a list"),
        ({"allowedTables": ["("]}, "“(” is no regular expression."),
        ({"allowedTables": ["{{table}}"]}, "What is allowed is given as it is"),
        # With the Kelvin sign and the long s, which Python takes for a k and an s.
        ({"allowedTables": ["select::null::to\u212aens"]}, "What is allowed is given in letters"),
        ({"allowedTables": ["select::null::\\u017fecrets"]}, "What is allowed is given in letters"),
    ],
)
def test_what_is_wrong_with_a_value_is_said_before_any_answer(value: Any, sentence: str) -> None:
    problem = problem_of(Assertion(type="is-sql", value=value))
    assert problem is not None
    assert (problem.place, problem.sentence.startswith(sentence)) == ("value", True)


def test_every_rule_of_the_grammar_is_used_and_there() -> None:
    defined = {line.split("=")[0].strip() for line in GRAMMAR.splitlines() if line[:1].isalpha()}
    for database in RESERVED:
        assert set(rules_of(database)) <= defined
    assert read("SELECT 1", "mysql").is_sql


def test_tables_are_told_as_promptfoo_lists_them() -> None:
    statements = "SELECT * FROM a JOIN d.b ON a.x = b.x; INSERT INTO c (x) VALUES (1); DROP TABLE e, f"
    assert read(statements, "postgresql").tables == (
        "select::null::a", "select::d::b", "insert::null::c", "drop::null::e", "drop::null::f",
    )  # fmt: skip
