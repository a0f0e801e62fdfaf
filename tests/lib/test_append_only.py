"""Promise 1: what was written once never changes. Python refuses with a clear error, and the database whatever the way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction

from promptstudio.deployments import services as deployments
from promptstudio.deployments.acceptance_services import accept_case
from promptstudio.deployments.criteria import check_due
from promptstudio.deployments.criterion_services import add_criterion
from promptstudio.deployments.emergency_services import conclude, promote_in_an_emergency
from promptstudio.deployments.models import AttemptEnd, Recall, Receipt
from promptstudio.evaluations.judge_services import choose_judge
from promptstudio.evaluations.judges import chosen_for, kept
from promptstudio.evaluations.models import Bench
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.services import ask_models
from promptstudio.lib import triggers
from promptstudio.lib.append_only import AppendOnly, NeverChanges, append_only_models
from promptstudio.projects.access_services import sign_access_review
from promptstudio.projects.services import set_floor
from promptstudio.prompts import renames
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.search_index import TRIGGERS
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Suggestion
from tests.cast import Cast, a_prompt, a_snippet, a_version, asked, in_production, wished
from tests.deployments.fake_target import a_target, publish_everything, use_fake_publisher
from tests.deployments.worse import got_worse
from tests.evaluations import scripted
from tests.triggers import drop

MODELS = append_only_models()
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


@pytest.fixture
def history(cast: Cast, settings: Any) -> None:
    """One row of everything that never changes."""
    use_fake_publisher(settings)
    a_snippet(cast.claims, by=cast.alice)
    version = a_version(a_prompt(cast.claims, by=cast.alice), by=cast.alice, text="{{> greeting}}\nShort: {{claim}}")
    renames.remember(version.prompt, {"new": "claim"})
    question = Question(bundle=version.bundle, label="1.0.0", other_model="a.model", values={"claim": "x"})
    ask_models(prompt=version.prompt, questions=[question], actor=cast.alice)
    settings.MODEL_RUNNER = scripted.PATH
    suite, _, worse = got_worse(cast, a_prompt(cast.claims, by=cast.alice, title="Letters"))
    accept_case(version=worse, environment=cast.staging, suite=suite, case="Fire", reason="We ask.", actor=cast.bob)
    forced = promote_in_an_emergency(version=worse, environment=cast.production, reason="Fire.", actor=cast.dora)
    conclude(after_review=forced.after_review, verdict="justified", words="Nothing.", actor=cast.root)
    choose_judge(project=cast.claims, bench=Bench.ONE, model="amazon.nova-pro-v1:0", actor=cast.dora)
    kept(chosen_for(cast.claims, Bench.ONE))
    a_target(cast.production, by=cast.dora)
    reviews.comment(review=asked(version, cast.staging, by=cast.alice), text="Why?", actor=cast.bob)
    lines = Lines("messages.0.text", 2, 2)
    thread = conversation.begin_thread(version=version, lines=lines, text="Shorter?", suggests="{{claim}}", actor=cast.bob)
    conversation.take_suggestion(suggestion=Suggestion.objects.get(remark__thread=thread), actor=cast.alice)
    given = {"metric": "asked", "person": cast.bob.user, "question": "Fewer calls?", "days": 1}
    add_criterion(version=version, environment=cast.production, **given, actor=cast.alice)
    in_production(cast, version)
    publish_everything()
    check_due()
    deployments.take_out_of_service(prompt=version.prompt, environment=cast.production, reason="Wrong sums.", actor=cast.bob)
    check_due()
    deployments.recall(version=version, reason="It is wrong.", actor=cast.bob)
    set_floor(data={"change_record": True}, actor=cast.root)
    wished(cast.claims, by=cast.vera)
    everybody = list(cast.claims.memberships.values_list("uid", flat=True))
    sign_access_review(project=cast.claims, keep=everybody, take=[], actor=cast.dora)
    assert Receipt.objects.exists()
    assert AttemptEnd.objects.exists()


def refused(error: type[Exception], deed: Callable[[Any], Any]) -> None:
    """`deed`, done to a row of each model, raises `error` about rows that never change."""
    for model in MODELS:
        row = model.objects.first()
        assert row is not None, f"The story above makes no {model.__name__}."
        with pytest.raises(error, match="written once and never change"), transaction.atomic():
            deed(row)


def a_column(model: type[models.Model]) -> Any:
    return next(field for field in model._meta.concrete_fields if not field.primary_key)


def sql(statement: str) -> Callable[[Any], None]:
    def run(row: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table=f'"{row._meta.db_table}"', column=f'"{a_column(type(row)).column}"'))

    return run


def over_it(row: Any) -> None:
    row._meta.model.objects.bulk_create([row], update_conflicts=True, unique_fields=["pk"], update_fields=[a_column(type(row)).name])


def test_everything_that_the_promise_names_is_append_only() -> None:
    promised = {"Version", "Decision", "Evaluation", "Deployment", "Attempt", "Receipt", "Entry"}
    assert promised <= {model.__name__ for model in MODELS}


def test_saving_a_row_again_is_refused(history: None) -> None:
    refused(NeverChanges, lambda row: row.save())


def test_deleting_a_row_is_refused(history: None) -> None:
    refused(NeverChanges, lambda row: row.delete())


@each_model
@pytest.mark.parametrize("manager", ["objects", "_default_manager", "_base_manager"])
@pytest.mark.parametrize("deed", ["update", "delete", "bulk_update", "update_or_create", "_raw_delete"])
def test_no_manager_changes_rows(model: type[AppendOnly], manager: str, deed: str) -> None:
    rows = getattr(model, manager).all()
    column = a_column(model).name
    calls = {
        "update": lambda: rows.update(**{column: None}),
        "delete": lambda: rows.delete(),
        "bulk_update": lambda: rows.bulk_update([], [column]),
        "update_or_create": lambda: rows.update_or_create(pk=1, defaults={column: None}),
        "_raw_delete": lambda: rows._raw_delete("default"),
    }
    with pytest.raises(NeverChanges, match="written once"):
        calls[deed]()


def test_a_related_manager_changes_no_rows(cast: Cast) -> None:
    prompt = a_prompt(cast.claims, by=cast.alice)
    a_version(prompt, by=cast.alice)
    with pytest.raises(NeverChanges):
        prompt.versions.update(summary="Nicer")
    with pytest.raises(NeverChanges):
        prompt.versions.all().delete()


def test_saving_as_a_fixture_does_is_refused_by_the_database(history: None) -> None:
    refused(IntegrityError, lambda row: row.save_base(raw=True))


def test_a_row_cannot_be_inserted_over_another(history: None) -> None:
    refused(IntegrityError, over_it)


def test_sql_cannot_update(history: None) -> None:
    refused(IntegrityError, sql("UPDATE {table} SET {column} = {column}"))


def test_sql_cannot_delete(history: None) -> None:
    refused(IntegrityError, sql("DELETE FROM {table}"))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
def test_sql_cannot_truncate(history: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused(IntegrityError, sql("TRUNCATE {table} CASCADE"))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no REPLACE")
def test_sql_cannot_replace(history: None) -> None:
    refused(IntegrityError, sql("REPLACE INTO {table} SELECT * FROM {table}"))


def test_every_trigger_stands_in_the_database(db: None) -> None:
    assert len(triggers.expected(connection)) == 2 * len(MODELS)
    assert triggers.missing(connection) == set()


def test_no_trigger_stands_there_that_the_registry_does_not_know(db: None) -> None:
    of_the_search = set(TRIGGERS.values()) if connection.vendor == "sqlite" else set()
    assert triggers.present(connection) == set(triggers.expected(connection)) | of_the_search


def test_triggers_that_a_migration_lost_are_put_back(db: None) -> None:
    drop(connection)
    assert triggers.missing(connection) == set(triggers.expected(connection))
    triggers.install_after_migrate(using="default")
    assert triggers.missing(connection) == set()


@pytest.mark.django_db(transaction=True)
def test_a_table_that_a_migration_rebuilt_has_its_triggers_again() -> None:
    model = Recall
    old, new = model._meta.get_field("reason"), models.TextField(default="")
    new.set_attributes_from_name("reason")
    with connection.schema_editor(atomic=True) as editor:
        editor.alter_field(model, old, new)
        editor.alter_field(model, new, old)
    lost = {name for name in triggers.missing(connection) if name.endswith(f"_{model._meta.db_table}_stays")}
    assert lost or connection.vendor == "postgresql"
    call_command("migrate", verbosity=0)
    assert triggers.missing(connection) == set()


def test_rows_that_never_change_hold_on_to_what_they_name() -> None:
    loose = [
        f"{model.__name__}.{field.name}"
        for model in MODELS
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is not models.PROTECT
    ]
    assert loose == []


def test_nothing_that_names_such_a_row_lets_it_go() -> None:
    loose = [
        f"{relation.related_model.__name__}.{relation.field.name}"
        for model in MODELS
        for relation in model._meta.related_objects
        if relation.on_delete is not models.PROTECT
    ]
    assert loose == []
