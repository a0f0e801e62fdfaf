"""Words that somebody wrote can be erased, everywhere; nothing else of a row that never changes can."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from promptstudio.audit.chain import faults
from promptstudio.audit.models import Entry
from promptstudio.deployments import services as deployments
from promptstudio.deployments.criterion_services import add_criterion, answer_criterion
from promptstudio.deployments.emergency_services import conclude, promote_in_an_emergency
from promptstudio.deployments.erasing import erase_request, erase_words
from promptstudio.deployments.models import Conclusion, CriterionOutcome, CriterionWatch, Deployment, Recall, Schedule
from promptstudio.deployments.release_services import make_release, promote_release
from promptstudio.deployments.schedule_services import schedule_promotion
from promptstudio.lib import clock
from promptstudio.lib.append_only import ERASED, NeverChanges, erase
from promptstudio.lib.errors import Conflict, NotAllowed
from promptstudio.prompts import request_services as asking
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Prompt, Request, RequestEvent, Version
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Comment, Decision, Remark, Suggestion
from tests.accounts.test_anonymise import columns_that_hold
from tests.cast import Cast, a_prompt, a_version, asked, wished
from tests.deployments.fake_target import a_target, use_fake_publisher
from tests.tampering import sql
from tests.web.reading import at, text

WORDS = "Frau Schmidt has the number 0171"


@pytest.fixture
def version(cast: Cast, prompt: Prompt, settings: Any) -> Version:
    """Recalled while it was on its way, with the same words in every place where people may write."""
    use_fake_publisher(settings)
    a_target(cast.development, by=cast.dora)
    made = a_version(prompt, by=cast.alice)
    review = asked(made, cast.production, by=cast.alice)
    reviews.comment(review=review, text=WORDS, actor=cast.bob)
    deployments.decide(review=review, verdict="request_changes", comment=WORDS, seen=None, actor=cast.bob)
    conversation.begin_thread(version=made, lines=Lines("messages.0.text", 1, 1), text=WORDS, suggests=WORDS, actor=cast.bob)
    deployments.deploy(version=made, environment=cast.development, actor=cast.alice, reason=WORDS)
    deployments.recall(version=made, reason=WORDS, actor=cast.bob)
    with pytest.raises(deployments.Blocked):
        deployments.deploy(version=made, environment=cast.production, actor=cast.alice)
    _forced_and_scheduled(cast, made)
    asking.say(request=wished(prompt, by=cast.vera), text=WORDS, actor=cast.bob)
    return made


def _forced_and_scheduled(cast: Cast, made: Version) -> None:
    """Another version, because this one was recalled."""
    other = a_version(made.prompt, by=cast.alice, text="Other {{claim}}")
    forced = promote_in_an_emergency(version=other, environment=cast.production, reason=WORDS, actor=cast.dora)
    conclude(after_review=forced.after_review, verdict="justified", words=WORDS, actor=cast.root)
    asked_about = {"metric": "asked", "person": cast.bob.user, "question": "Fewer calls?", "days": 1}
    criterion = add_criterion(version=other, environment=cast.production, **asked_about, actor=cast.alice)
    times = dict.fromkeys(("opened_at", "ends_at", "due_at", "asked_at"), clock.now())
    watch = CriterionWatch.objects.create(criterion=criterion, deployment=forced, **times)
    answer_criterion(watch=watch, confirmed=True, words=WORDS, actor=cast.bob)
    at = clock.now() + timedelta(days=1)
    schedule_promotion(version=other, environment=cast.staging, at=at, zone="UTC", reason=WORDS, actor=cast.alice)


KINDS: dict[str, Callable[[], Any]] = {
    "comment": Comment.objects.get,
    "decision": Decision.objects.get,
    "remark": Remark.objects.get,
    "suggestion": Suggestion.objects.get,
    "recall": Recall.objects.get,
    "deployment": lambda: Deployment.objects.order_by("id").first(),
    "emergency": lambda: Deployment.objects.get(way="emergency"),
    "conclusion": Conclusion.objects.get,
    "outcome": CriterionOutcome.objects.get,
    "schedule": Schedule.objects.get,
    "requestevent": lambda: RequestEvent.objects.get(kind="said"),
}
each_kind = pytest.mark.parametrize("kind", KINDS)
# A schedule goes on changing; the others are written once.
each_that_stays = pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "schedule"])


def test_after_erasing_all_of_them_no_table_holds_the_words(cast: Cast, version: Version) -> None:
    assert len(columns_that_hold(WORDS)) >= 7
    for row in [row() for row in KINDS.values()]:
        erase_words(row=row, actor=cast.root)
    assert columns_that_hold(WORDS) == []
    assert list(faults()) == []


@each_kind
def test_the_trail_keeps_a_hash_of_them(cast: Cast, version: Version, kind: str) -> None:
    erase_words(row=KINDS[kind](), actor=cast.root)
    entry = Entry.objects.get(action="text.erased")
    kept = json.loads(entry.data)
    assert kept["sha256"] == hashlib.sha256((kept["salt"] + WORDS).encode()).hexdigest()
    assert "Bob" not in entry.object_label


@each_kind
def test_no_words_are_erased_twice(cast: Cast, version: Version, kind: str) -> None:
    erase_words(row=KINDS[kind](), actor=cast.root)
    with pytest.raises(Conflict, match="no words to erase"):
        erase_words(row=KINDS[kind](), actor=cast.root)


@each_that_stays
def test_the_database_lets_nothing_else_through(version: Version, kind: str) -> None:
    row = KINDS[kind]()
    table, column = row._meta.db_table, row.ERASABLE
    other = next(f.column for f in row._meta.concrete_fields if f.name in {"uid", "watch"})
    for statement, values in (
        (f'UPDATE "{table}" SET "{column}" = %s', ["Nicer words"]),
        (f'UPDATE "{table}" SET "{column}" = %s', [""]),
        (f'UPDATE "{table}" SET "{column}" = %s, "{other}" = %s', [ERASED, "0" * 32]),
        (f'UPDATE "{table}" SET "{column}" = "{column}"', []),
        (f'DELETE FROM "{table}"', []),
    ):
        with pytest.raises(IntegrityError, match="written once and never change"), transaction.atomic():
            sql(statement, *values)


@each_that_stays
def test_what_was_erased_does_not_come_back(version: Version, kind: str) -> None:
    row = KINDS[kind]()
    erase(row)
    with pytest.raises(IntegrityError, match="written once and never change"), transaction.atomic():
        sql(f'UPDATE "{row._meta.db_table}" SET "{row.ERASABLE}" = %s', WORDS)


def test_a_model_without_such_a_text_knows_no_change(version: Version) -> None:
    with pytest.raises(NeverChanges):
        erase(version)


def test_the_seal_still_holds_without_the_reason(cast: Cast, version: Version) -> None:
    from promptstudio.deployments.seal import problem_of

    erase_words(row=KINDS["deployment"](), actor=cast.root)
    assert problem_of(KINDS["deployment"]()) == ""


def test_only_a_site_admin_erases(cast: Cast, version: Version) -> None:
    with pytest.raises(NotAllowed, match="Only a site admin"):
        erase_words(row=Comment.objects.get(), actor=cast.dora)


def test_the_reason_of_a_release_goes_wherever_it_was_given(cast: Cast) -> None:
    both = [a_version(a_prompt(cast.claims, by=cast.alice, title=title), by=cast.alice) for title in ("One", "Two")]
    release = make_release(environment=cast.development, name="Both", versions=both, actor=cast.alice)
    promote_release(release=release, actor=cast.alice, reason=WORDS)
    older = Deployment.objects.get(version=both[0])
    erase_words(row=older, actor=cast.root)
    assert columns_that_hold(WORDS) == []
    assert set(Deployment.objects.values_list("reason", flat=True)) == {ERASED}


def test_pages_show_that_words_were_erased(client: Client, cast: Cast, version: Version) -> None:
    review = Comment.objects.get().review
    for row in [row() for row in KINDS.values()]:
        erase_words(row=row, actor=cast.root)
    for url in (f"/p/claims/reviews/{review.uid}/", "/p/claims/prompts/water-damage-triage/-/versions/1.0.0/", "/p/claims/audit/"):
        html = text(at(client, cast.bob).get(url))
        assert "0171" not in html, url
        assert ERASED in html or "erased words" in html, url


def test_the_administration_asks_once_more(client: Client, cast: Cast, version: Version) -> None:
    chosen = {"action": "erase", "_selected_action": [Comment.objects.get().pk]}
    assert "There is no way back." in text(at(client, cast.root).post("/admin/reviews/comment/", chosen))
    assert Comment.objects.get().text == WORDS
    client.post("/admin/reviews/comment/", chosen | {"sure": "yes"})
    assert Comment.objects.get().text == ERASED


def test_triggers_of_an_earlier_kind_are_replaced(db: None) -> None:
    from promptstudio.lib import triggers

    name = "never_old_reviews_comment_stays"
    refuse = (
        f'CREATE TRIGGER "{name}" BEFORE UPDATE ON reviews_comment FOR EACH ROW EXECUTE FUNCTION studio_never_changes()'
        if connection.vendor == "postgresql"
        else f"CREATE TRIGGER \"{name}\" BEFORE UPDATE ON reviews_comment BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    sql(refuse)
    triggers.install(connection)
    assert name not in triggers.present(connection)


class TestRequests:
    @pytest.fixture
    def wish(self, cast: Cast) -> Request:
        answer = asking.Answer(WORDS, name="Frau Schmidt", given=f"claim: {WORDS}", why=WORDS)
        return wished(cast.claims, by=cast.vera, wanted=WORDS, audience=WORDS, given=WORDS, answers=[answer])

    def test_no_table_holds_the_words_and_the_trail_keeps_a_hash(self, cast: Cast, wish: Request) -> None:
        erase_request(request=wish, actor=cast.root)
        assert columns_that_hold(WORDS) == columns_that_hold("Frau Schmidt") == []
        kept = json.loads(Entry.objects.get(action="text.erased").data)
        stood = {
            "request": dict.fromkeys(("wanted", "audience", "given"), WORDS),
            "answers": [
                {
                    "name": "Frau Schmidt",
                    "given": f"claim: {WORDS}",
                    "text": WORDS,
                    "why": WORDS,
                    "values": json.dumps({"claim": WORDS}),
                },
            ],
        }
        text = json.dumps(stood, sort_keys=True, ensure_ascii=False)
        assert kept["sha256"] == hashlib.sha256((kept["salt"] + text).encode()).hexdigest()
        assert list(faults()) == []

    def test_only_a_site_admin_does_and_only_once(self, cast: Cast, wish: Request) -> None:
        with pytest.raises(NotAllowed, match="Only a site admin"):
            erase_request(request=wish, actor=cast.dora)
        erase_request(request=wish, actor=cast.root)
        with pytest.raises(Conflict, match="no words to erase"):
            erase_request(request=wish, actor=cast.root)

    def test_it_goes_on_without_them(self, cast: Cast, wish: Request, client: Client) -> None:
        erase_request(request=wish, actor=cast.root)
        assert ERASED in text(at(client, cast.vera).get(f"/p/claims/requests/{wish.uid}/"))
        draft = asking.start_writing(request=wish, actor=cast.alice)
        assert not draft.prompt.examples.exists()

    def test_the_administration_asks_once_more(self, cast: Cast, wish: Request, client: Client) -> None:
        chosen = {"action": "erase", "_selected_action": [wish.pk]}
        assert "Its title stays" in text(at(client, cast.root).post("/admin/prompts/request/", chosen))
        client.post("/admin/prompts/request/", chosen | {"sure": "yes"})
        wish.refresh_from_db()
        assert (wish.title, wish.wanted) == ("First letter", ERASED)
