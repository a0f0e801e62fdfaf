"""Somebody who may open the panel, and something of everything in it."""

from datetime import timedelta

import pytest

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import services as deployments
from promptstudio.deployments import target_services
from promptstudio.deployments.models import AfterReview, Conclusion, CriterionOutcome, CriterionWatch, Deployment, Schedule
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.comparison_services import ask_people, finish_comparison, vote
from promptstudio.evaluations.models import AcceptedCase, Answer
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.rating_services import rate
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.services import ask_models
from promptstudio.evaluations.suite_services import add_suite
from promptstudio.lib import clock
from promptstudio.notifications.models import HookMessage
from promptstudio.projects.group_mappings import add_mapping
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import add_environment, set_floor
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Criterion, Version
from promptstudio.reviews.conversation_services import begin_thread
from promptstudio.reviews.services import comment
from tests.cast import (
    Cast,
    a_key,
    a_person,
    a_prompt,
    a_snippet,
    a_version,
    an_application,
    asked,
    hire,
    in_production,
    promote,
    reworded,
    wished,
)
from tests.remembering import remembered

from .panel import staff


@pytest.fixture
def dora(cast: Cast) -> Actor:
    """Project admin of “claims”, who may open the panel."""
    return staff(cast.dora)


def looked_at(deployment: Deployment, *, by: Actor) -> None:
    after_review = AfterReview.objects.create(deployment=deployment, due_at=clock.now())
    later = {"at": clock.now() + timedelta(days=1), "zone": "UTC", "reason": "Later."}
    Schedule.objects.create(placement=deployment.placement, version=deployment.version, by=by.user, **later)
    Conclusion.objects.create(after_review=after_review, verdict="justified", words="It burned.", by=by.user)
    question = {"metric": "asked", "person": by.user, "question": "Fewer calls?", "days": 1, "author": by.user}
    criterion = Criterion.objects.create(version=deployment.version, environment=deployment.placement.environment, **question)
    times = dict.fromkeys(("opened_at", "ends_at", "due_at", "asked_at", "closed_at"), clock.now())
    watch = CriterionWatch.objects.create(criterion=criterion, deployment=deployment, **times)
    CriterionOutcome.objects.create(watch=watch, outcome="confirmed", words="Fewer.", by=by.user)


def a_rating(version: Version, words: str, *, by: Actor) -> None:
    ask = Question(bundle=version.bundle, label=version.semver, other_model="a.model", values={"claim": "x"})
    answer = Answer.objects.get(round=ask_models(prompt=version.prompt, questions=[ask], actor=by))
    Answer.objects.filter(pk=answer.pk).update(state=Answer.State.ANSWERED, ended_at=clock.now())
    rate(answer=answer, verdict="down", words=words, actor=by)


def a_ballot(version: Version, words: str, *, by: Actor) -> None:
    cases = Cases.model_validate({"cases": [{"values": {"claim": "x"}}]})
    suite = add_suite(prompt=version.prompt, name=f"Compared: {words}", cases=cases, actor=by)
    new, old = (start_run(suite=suite, bundle=Bundle(model="a.model"), label="1.0.0", version=version, actor=by) for _ in range(2))
    for run, text in ((new, "Today."), (old, "Soon.")):
        Answer.objects.filter(round=run.uid).update(state=Answer.State.ANSWERED, text=text, ended_at=clock.now())
    rater = ask_people(new=new, old=old, people=[by.user], writers_too=True, actor=by).raters.get()
    vote(ballot=rater.ballots.get(), choice="1", words=words, actor=by)
    finish_comparison(rater=rater, actor=by)


def fill() -> Cast:
    """Something of everything, in “claims” and in the project of Charlie."""
    cast = hire()
    prompt = a_prompt(cast.claims, by=cast.alice)
    version = a_version(prompt, by=cast.alice)
    in_production(cast, version)
    comment(review=asked(version, cast.staging, by=cast.alice), text="Is it clear?", actor=cast.alice)
    begin_thread(version=version, lines=Lines("messages.0.text", 1, 1), text="@Bob, shorter?", suggests="{{claim}}", actor=cast.alice)
    deployments.recall(version=version, reason="Wrong sums.", actor=cast.bob)
    looked_at(version.deployments.latest("id"), by=cast.root)
    secret_place = add_environment(project=cast.elsewhere, slug="vault", name="Secret vault", rules=Rules(), actor=cast.root)
    theirs = a_prompt(cast.elsewhere, by=cast.charlie, title="Secret recipe")
    a_key(an_application(cast.elsewhere, responsible=cast.charlie, by=cast.root), "read", by=cast.root)
    target_services.add_target(environment=secret_place, name="Secret target", settings={"region": "eu-west-3"}, actor=cast.root)
    other = a_version(theirs, by=cast.charlie)
    review = asked(other, secret_place, by=cast.charlie)
    comment(review=review, text="Secret thought", actor=cast.charlie)
    begin_thread(version=other, lines=Lines("messages.0.text", 1, 1), text="Secret doubt", suggests="Secret words", actor=cast.charlie)
    decider = a_person("Secret decider", cast.elsewhere, "product", by=cast.root)
    deployments.decide(review=review, verdict="request_changes", comment="Secret wish", seen=None, actor=decider)
    promote(other, secret_place, by=cast.charlie)
    deployments.recall(version=other, reason="Secret reason", actor=cast.root)
    for place, made, by in ((cast.staging, version, cast.bob), (secret_place, other, cast.charlie)):
        secret = "Secret " if by == cast.charlie else ""
        suite = add_suite(prompt=made.prompt, name=f"{secret}claims", cases=Cases(), actor=by)
        said = {"accepted": True, "reason": f"{secret}reason", "role": "product", "by": by.user}
        AcceptedCase.objects.create(suite=suite, case="1", digest="", version=made, against=made, environment=place, **said)
    looked_at(other.deployments.latest("id"), by=cast.root)
    for each in (prompt, theirs):
        HookMessage.objects.create(receiver="webhook", kind="gates.passed", about=f"gates:{each.uid}:1", prompt=each, body="{}")
    set_floor(data={}, actor=cast.root)
    a_rating(version, "Too long.", by=cast.alice)
    a_rating(other, "Secret verdict", by=cast.charlie)
    a_ballot(version, "Kinder.", by=cast.alice)
    a_ballot(other, "Secret preference", by=cast.charlie)
    wished(cast.claims, by=cast.alice)
    wished(theirs, by=cast.charlie, title="Secret wish")
    add_mapping(pattern="Secret group", project=cast.elsewhere, role="viewer", actor=cast.root)
    shared = a_snippet(cast.claims, by=cast.alice)
    a_version(a_prompt(cast.claims, by=cast.alice, title="Letter"), by=cast.alice, text="{{> greeting}}")
    reworded(shared, "Good day {{claim}}", by=cast.alice)
    a_snippet(cast.elsewhere, by=cast.charlie, name="secret", text="Secret words")
    return cast


hired, with_everything = remembered(hire), remembered(fill)


@pytest.fixture
def cast(db: None, request: pytest.FixtureRequest) -> Cast:
    return with_everything() if "filled" in request.fixturenames else hired()


@pytest.fixture
def filled(cast: Cast) -> Cast:
    return cast
