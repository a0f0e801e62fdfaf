"""One stage for all walks: a project with something of everything in it, and everybody who could come to its doors.

It is built once. Each call happens in a savepoint that is rolled back, so all of them find the same stage.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.deployments import services as deployments
from promptstudio.deployments import target_services
from promptstudio.deployments.criterion_services import add_criterion
from promptstudio.deployments.models import (
    AfterReview,
    Conclusion,
    CriterionOutcome,
    CriterionWatch,
    Deployment,
    PublishJob,
    Recall,
    Release,
    Schedule,
    Target,
)
from promptstudio.deployments.publishing import PublishFailed
from promptstudio.deployments.release_services import make_release
from promptstudio.deployments.schedule_services import schedule_promotion
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.comparison_services import ask_people, finish_comparison, vote
from promptstudio.evaluations.contest_services import compare_pairwise
from promptstudio.evaluations.models import AcceptedCase, Answer, Ballot, Comparison, Contest, Run, Suite
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.rating_services import rate
from promptstudio.evaluations.run_services import start_run
from promptstudio.evaluations.services import ask_models
from promptstudio.evaluations.suite_services import add_suite
from promptstudio.lib import clock
from promptstudio.notifications.models import HookMessage
from promptstudio.projects import key_services, role_services
from promptstudio.projects import services as projects
from promptstudio.projects.group_mappings import add_mapping
from promptstudio.projects.models import ApiKey, Environment, Membership, PendingChange, Project, ServiceAccount
from promptstudio.projects.rules import ROLE_WORDS, Rules
from promptstudio.prompts import import_services, snippet_services
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Draft, ModelEntry, NamedExample, Prompt, Request, Snippet, Version
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews import services as reviews
from promptstudio.reviews.models import Comment, Decision, Review, Suggestion, Thread
from tests.cast import a_key, a_person, a_version, an_application, asked, bundle, wished
from tests.deployments.fake_target import KIND, publish_everything, use_fake_publisher
from tests.evaluations.scripted import MODEL

FOLDER, ELSEWHERE_IN_PROJECT = "Property", "Motor"
FIRST_LINE = Lines("messages.0.text", 1, 1)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens within leaves no trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass
class Person:
    """Somebody at a door, with what the cast gave them: nothing here is read back from the product."""

    name: str
    actor: Actor | None = None
    in_project: frozenset[str] = frozenset()
    in_folder: dict[str, frozenset[str]] = field(default_factory=dict)
    is_site_admin: bool = False
    is_staff: bool = True
    client: Client = field(default_factory=Client)
    cookies: str = ""

    def sign_in(self) -> None:
        """Begun before the walks, so that no call is charged with it; the cookies come back after each."""
        if self.actor:
            self.client.force_login(self.user, backend="django.contrib.auth.backends.ModelBackend")
        self.cookies = self.client.cookies.output()

    def ask(self, method: str, url: str, data: Any, **more: Any) -> Any:
        with undone():
            response = getattr(self.client, method.lower())(url, data, **more)
        if self.client.cookies.output() != self.cookies:
            self.client.cookies.clear()
            self.client.cookies.load(self.cookies.replace("Set-Cookie: ", ""))
        return response

    @property
    def user(self) -> User:
        assert self.actor
        return self.actor.user

    def roles(self, at: str) -> frozenset[str]:
        """`project`: in the whole of it. `folder`: where the prompts of the stage lie. `somewhere`: wherever in the project."""
        if at == "project":
            return self.in_project
        folders = [roles for path, roles in self.in_folder.items() if at == "somewhere" or path == FOLDER]
        return self.in_project.union(*folders)


@dataclass
class Things:
    """A prompt and all that can hang on one. `visible_to` are the names of those who see it by being named; None is everyone."""

    prompt: Prompt
    first: Version
    version: Version
    draft: Draft
    review: Review
    comment: Comment
    thread: Thread
    suggestion: Suggestion
    decision: Decision
    live: Deployment
    job: PublishJob
    recall: Recall
    after_review: AfterReview
    schedule: Schedule
    release: Release
    conclusion: Conclusion
    wish: Request
    answer: Answer
    suite: Suite
    run: Run
    accepted: AcceptedCase
    example: NamedExample
    contest: Contest
    comparison: Comparison
    ballot: Ballot
    told: Ballot
    watch: CriterionWatch
    came_out: CriterionOutcome
    hook: HookMessage
    named: frozenset[str] | None = None


@dataclass
class Stage:
    claims: Project
    elsewhere: Project
    development: Environment
    staging: Environment
    production: Environment
    target: Target
    account: ServiceAccount
    key: ApiKey
    change: PendingChange
    spare: Membership
    spare_in_folder: Membership
    people: dict[str, Person]
    open: Things
    secret: Things
    rest: dict[str, Any]
    # What each key sends, by what it is, and what acts with it.
    secrets: dict[str, str]
    keys: dict[str, Actor]

    def person(self, name: str) -> Person:
        return self.people[name]

    @property
    def author(self) -> Actor:
        actor = self.people["author"].actor
        assert actor
        return actor


def everybody(claims: Project, elsewhere: Project, root: Actor) -> dict[str, Person]:
    people = {}
    for role in (*ROLE_WORDS, "author", "asker"):
        held = {"author": "domain_expert", "asker": "admin"}.get(role, role)
        people[role] = Person(role, a_person(role.title(), claims, held, by=root), in_project=frozenset({held}))
    for name, path, role in (("inside", FOLDER, "technical"), ("keeper", FOLDER, "admin"), ("outside", ELSEWHERE_IN_PROJECT, "admin")):
        somebody = a_person(name.title(), claims, by=root)
        folder = projects.folder_at(project=claims, path=path)
        role_services.grant_role(project=claims, user=somebody.user, role=role, folder=folder, actor=root)
        people[name] = Person(name, somebody, in_folder={path: frozenset({role})})
    people["elsewhere"] = Person("elsewhere", a_person("Elsewhere", elsewhere, "admin", "technical", "auditor", by=root))
    people["stranger"] = Person("stranger", a_person("Stranger", claims, by=root))
    people["site_admin"] = Person("site_admin", root, is_site_admin=True)
    people["anonymous"] = Person("anonymous")
    people["asker"].is_staff = False
    for person in people.values():
        if person.actor:
            person.user.is_staff = person.is_staff
            person.user.save()
        person.sign_in()
    return people


def things(author: Actor, decider: Actor, asker: Actor, places: dict[str, Environment], claims: Project, title: str) -> Things:
    prompt = prompts.create_prompt(project=claims, title=title, folder=FOLDER, actor=author)
    first = a_version(prompt, by=author)
    version = a_version(prompt, by=author, text=f"{title} {{{{claim}}}}")
    for each in (first, version):
        live = deployments.deploy(version=each, environment=places["development"], reason="Tried.", actor=author)
    review = asked(version, places["production"], by=author)
    comment = reviews.comment(review=review, text="Is it clear?", actor=author)
    thread = conversation.begin_thread(version=version, lines=FIRST_LINE, text="Shorter?", suggests="{{claim}}", actor=author)
    decision = deployments.decide(review=review, verdict="request_changes", comment="Not yet.", seen=None, actor=decider)
    deployments.deploy(version=version, environment=places["staging"], reason="Tried.", actor=author)
    publish_everything()
    job = PublishJob.objects.get(deployment__placement__prompt=prompt)
    recall = deployments.recall(version=first, reason="Wrong sums.", actor=decider)
    earlier, after_review = (
        AfterReview.objects.create(deployment=d, due_at=clock.now())
        for d in Deployment.objects.filter(version__in=[first, version], placement=live.placement).order_by("id")
    )
    conclusion = Conclusion.objects.create(after_review=earlier, verdict="justified", words="It burned.", by=decider.user)
    # Of 1.0.0, so that promoting the newest stays free.
    tomorrow = clock.now() + timedelta(days=1)
    schedule = schedule_promotion(version=first, environment=places["staging"], at=tomorrow, zone="UTC", reason="Later.", actor=author)
    release = make_release(environment=places["production"], name=title, versions=[version], actor=author)
    draft = prompts.open_draft(prompt=prompt, actor=author)
    draft = prompts.save_draft(draft=draft, content=bundle("Newer {{claim}}", model=MODEL), revision=draft.revision, actor=author)
    suggestion = Suggestion.objects.get(remark__thread=thread)
    wish = asking.take_request(request=wished(prompt, by=asker), actor=author)
    asking.say(request=wish, text="Is Friday enough?", actor=author)
    ask = Question(bundle=version.bundle, label="1.0.1", version=version, other_model=MODEL, values={"claim": "x"})
    answer = Answer.objects.filter(round=ask_models(prompt=prompt, questions=[ask], actor=author)).get()
    Answer.objects.filter(pk=answer.pk).update(state=Answer.State.ANSWERED, text="Pay.", ended_at=clock.now())
    rate(answer=answer, verdict="down", words="Too short.", actor=decider)
    cases = Cases.model_validate({"cases": [{"values": {"claim": "x"}}]})
    suite = add_suite(prompt=prompt, name="Usual claims", cases=cases, actor=author)
    asked_with = version.bundle.model_copy(update={"model": MODEL})
    run, other = (start_run(suite=suite, bundle=asked_with, label="1.0.1", version=version, actor=author) for _ in range(2))
    for which, text in ((run, "Sent."), (other, "Sent today.")):
        Answer.objects.filter(round=which.uid).update(state=Answer.State.ANSWERED, text=text, ended_at=which.asked_at)
    contest = compare_pairwise(first=run, second=other, actor=author)
    # The viewer is asked in one, and has nothing left but to finish; another one is over.
    comparison, over = (
        ask_people(new=run, old=other, people=[each.user], question=question, actor=author)
        for each, question in ((asker, "Kinder?"), (decider, "Clearer?"))
    )
    ballot, told = (
        vote(ballot=Ballot.objects.get(rater__comparison=each), choice="1", words="Kinder.", actor=who)
        for each, who in ((comparison, asker), (over, decider))
    )
    finish_comparison(rater=told.rater, actor=decider)
    example = prompts.save_example(prompt=prompt, name="Burst pipe", values={"claim": "It drips."}, actor=author)
    # As if it had got worse: the row is what the pages show.
    accepted = AcceptedCase.objects.create(
        suite=suite,
        case="1",
        digest="",
        version=version,
        against=first,
        environment=places["staging"],
        accepted=True,
        reason="So be it.",
        role="product",
        by=decider.user,
    )
    question = {"metric": "asked", "person": author.user, "question": "Fewer calls?", "days": 1}
    now = clock.now()
    watch, closed = (
        CriterionWatch.objects.create(
            criterion=add_criterion(version=version, environment=places["development"], **question, actor=author),
            deployment=live,
            opened_at=now,
            ends_at=now,
            due_at=now,
            asked_at=now,
            closed_at=ended,
        )
        for ended in (None, now)
    )
    came_out = CriterionOutcome.objects.create(watch=closed, outcome="confirmed", words="Fewer.", by=author.user)
    return Things(
        prompt,
        first,
        version,
        draft,
        review,
        comment,
        thread,
        suggestion,
        decision,
        live,
        job,
        recall,
        after_review,
        schedule,
        release,
        conclusion,
        wish,
        answer,
        suite,
        run,
        accepted,
        example,
        contest,
        comparison,
        ballot,
        told,
        watch,
        came_out,
        HookMessage.objects.create(receiver="webhook", kind="gates.passed", about=f"gates:{review.uid}:1", prompt=prompt, body="{}"),
    )


def an_archived_snippet(claims: Project, author: Actor) -> Snippet:
    snippet = snippet_services.add_snippet(project=claims, name="old-footer", purpose="The old end.", text="Ever", actor=author)
    return snippet_services.archive_snippet(snippet=snippet, reason="There is another.", actor=author)


def an_old_snippet(claims: Project, author: Actor) -> Snippet:
    """It is the author's, and a prompt holds an older version of it."""
    prompt = prompts.create_prompt(project=claims, title="Farewell", folder=FOLDER, actor=author)
    snippet = snippet_services.add_snippet(project=claims, name="footer", purpose="The end.", text="Yours", actor=author)
    a_version(prompt, by=author, text="Newest {{claim}} {{> footer}}")
    snippet_services.save_snippet_version(snippet=snippet, text="Ever yours", summary="Kinder.", follows="1.0.0", actor=author)
    return snippet


def no(*_: Any) -> None:
    raise PublishFailed("No.", code="AccessDenied", permanent=True)


def build() -> Stage:
    root = Actor(user=User.objects.create_superuser("root", name="Root"), via="cli")
    claims = projects.create_project(slug="claims", name="Claims", actor=root)
    elsewhere = projects.create_project(slug="elsewhere", name="Elsewhere", actor=root)
    places = {
        slug: projects.add_environment(project=claims, slug=slug, name=slug.title(), rules=Rules(), actor=root)
        for slug in ("development", "staging", "production")
    }
    projects.add_environment(project=elsewhere, slug="development", name="Development", rules=Rules(), actor=root)
    people = everybody(claims, elsewhere, root)
    author = people["author"].user
    target_of_tests = use_fake_publisher(settings)
    target_of_tests.twists = [no, no]
    target = target_services.add_target(environment=places["staging"], name="Frankfurt", kind=KIND, actor=root)
    decider = a_person("Decider", claims, "product", by=root)
    by, wisher = Actor(user=author), Actor(user=people["viewer"].user)
    shown, secret = (things(by, decider, wisher, places, claims, title) for title in ("Water damage", "Severance"))
    prompts.restrict_prompt(prompt=secret.prompt, people=[people["technical"].user, wisher.user, decider.user], actor=by)
    secret.named = frozenset({"author", "technical", "viewer"})
    account = an_application(claims, responsible=decider, by=root)
    spare = a_person("Spare", claims, "viewer", by=root)
    folder = projects.folder_at(project=claims, path=FOLDER)
    in_folder = role_services.grant_role(project=claims, user=spare.user, role="viewer", folder=folder, actor=root)
    assert isinstance(in_folder, Membership)
    secrets, keys = every_key(account, elsewhere, places["production"], root)
    return Stage(
        secrets=secrets,
        keys=keys,
        claims=claims,
        elsewhere=elsewhere,
        **places,
        target=target,
        account=account,
        key=a_key(account, "read", by=root)[0],
        change=a_wish(places["production"], people["asker"], root),
        spare=Membership.objects.get(user=spare.user, folder=None),
        spare_in_folder=in_folder,
        people=people,
        open=shown,
        secret=secret,
        rest={
            "snippet": an_old_snippet(claims, by),
            "archived_snippet": an_archived_snippet(claims, by),
            "spare": spare,
            "mapping": add_mapping(pattern="claims-readers", project=claims, role="viewer", actor=root),
            "batch": import_services.start_import(project=claims, content=b"# Storm\nMind the roof.", folder=FOLDER, actor=by),
            "floor": projects.set_floor(data={}, environments=[], actor=root),
            "model": ModelEntry.objects.get(model_id="amazon.nova-lite-v1:0"),
        },
    )


def every_key(account: ServiceAccount, elsewhere: Project, production: Environment, root: Actor) -> tuple[dict[str, str], dict[str, Actor]]:
    """One with each scope alone; and with all of them: of another environment, folder and project than the prompt's, and a revoked one."""
    everything = ("read", "write", "test", "deploy")
    theirs = key_services.create_service_account(project=elsewhere, name="Theirs", responsible=root.user, actor=root)
    motor = projects.folder_at(project=account.project, path=ELSEWHERE_IN_PROJECT)
    wanted: dict[str, dict[str, Any]] = {scope: {"scopes": [scope]} for scope in everything}
    wanted |= {"all": {}, "revoked": {}, "environment": {"environment": production}, "folder": {"folder": motor}}
    wanted["project"] = {"account": theirs}
    secrets, keys = {"none": ""}, {}
    for name, given in wanted.items():
        key, secrets[name] = key_services.create_key(**{"account": account, "name": name, "scopes": everything, "actor": root, **given})
        keys[name] = Actor(user=key.account.user, key=key, via="api")
    key_services.revoke_key(key=keys["revoked"].key, actor=root)  # type: ignore[arg-type]
    return secrets, keys


def a_wish(environment: Environment, asker: Person, root: Actor) -> PendingChange:
    """Something that waits for a second person: the change record may stay incomplete again."""
    projects.change_policy(environment=environment, data={"change_record": True}, actor=root)
    kept, settings.SECOND_PERSON = settings.SECOND_PERSON, True
    try:
        change = projects.change_policy(environment=environment, data={}, actor=Actor(user=asker.user))
    finally:
        settings.SECOND_PERSON = kept
    assert isinstance(change, PendingChange)
    return change
