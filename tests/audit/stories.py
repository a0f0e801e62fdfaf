"""What has to be there before a service can be called: a version that is live in development, and what stands around it."""

import uuid
from datetime import timedelta
from typing import Any

from django.test import Client

from promptstudio.accounts import session_services, signing_in
from promptstudio.accounts.actor import system
from promptstudio.accounts.models import Identity, SignedIn, User
from promptstudio.deployments import acceptance_services, emergency_services, upkeep_services
from promptstudio.deployments import release_services as releases
from promptstudio.deployments import services as deployments
from promptstudio.deployments.criterion_services import add_criterion, answer_criterion
from promptstudio.deployments.models import AfterReview, CriterionWatch, Deployment, PublishJob, Release, Schedule
from promptstudio.deployments.publishing import PublishFailed
from promptstudio.deployments.schedule_services import move_schedule, promote_due, schedule_promotion
from promptstudio.evaluations import rating_services, suite_services
from promptstudio.evaluations import services as evaluations
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.comparison_services import ask_people, close_comparison, finish_comparison, vote
from promptstudio.evaluations.contest_services import compare_pairwise
from promptstudio.evaluations.models import Answer, Comparison, Rating, Run, Suite
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.run_services import start_run
from promptstudio.lib import clock
from promptstudio.projects import access_services, group_mappings, role_services
from promptstudio.projects import services as projects
from promptstudio.projects.founding_services import Founders, found_project
from promptstudio.projects.models import GroupMapping, PendingChange
from promptstudio.projects.services import change_policy
from promptstudio.prompts import import_services, shelf_services
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts import snippet_services as snippets
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.diff import Lines
from promptstudio.prompts.models import Criterion, ImportBatch, NamedExample, Prompt, Request, Snippet, Version
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews import services as reviews
from promptstudio.reviews import substitute_services
from promptstudio.reviews.models import Substitute, Suggestion, Thread
from tests.cast import Cast, a_key, a_version, an_application, asked, bundle, promote, wished
from tests.deployments.fake_target import a_target, publish_everything, use_fake_publisher
from tests.deployments.worse import got_worse
from tests.evaluations import scripted


class Stage:
    """A version that is live in development, whose next publication fails."""

    def __init__(self, cast: Cast, prompt: Prompt, settings: Any) -> None:
        self.cast, self.prompt, self.settings = cast, prompt, settings
        self.version = a_version(prompt, by=cast.alice)
        self.next = a_version(prompt, by=cast.alice, text="Next {{claim}}")
        promote(self.version, cast.development, by=cast.alice)
        self.review = asked(self.version, cast.production, by=cast.alice)
        self.draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
        self.account = an_application(cast.claims, responsible=cast.alice, by=cast.dora)
        self.key, _ = a_key(self.account, "read", by=cast.dora)
        self.failing = use_fake_publisher(settings)
        self.target = a_target(cast.development, by=cast.dora)

    def wish(self) -> Request:
        return wished(self.prompt, by=self.cast.vera)

    def sent_back(self) -> Request:
        return asking.send_back(request=self.wish(), version=self.version, actor=self.cast.alice)

    def owed_job(self) -> PublishJob:
        promote(self.next, self.cast.development, by=self.cast.alice)
        return PublishJob.objects.get()

    def failed_job(self) -> PublishJob:
        def refuse(*args: Any) -> None:
            raise PublishFailed("No.", code="AccessDenied", permanent=True)

        self.failing.twists = [refuse]
        promote(self.next, self.cast.development, by=self.cast.alice)
        publish_everything()
        return PublishJob.objects.get()


def version_of_draft(s: Stage) -> Version:
    draft = prompts.save_draft(draft=s.draft, content=bundle("Drafted {{claim}}"), revision=1, actor=s.cast.alice)
    return prompts.save_version_of_draft(draft=draft, revision=2, change=prompts.Change("New"), actor=s.cast.alice)


def a_snippet(s: Stage) -> Snippet:
    return snippets.add_snippet(project=s.cast.claims, name="footer", purpose="The end.", text="Yours", actor=s.cast.alice)


def an_archived_snippet(s: Stage) -> Snippet:
    return snippets.archive_snippet(snippet=a_snippet(s), reason="There is another.", actor=s.cast.alice)


def a_changed_snippet(s: Stage) -> Snippet:
    snippet = a_snippet(s)
    a_version(s.prompt, by=s.cast.alice, text="{{claim}} {{> footer}}")
    snippets.save_snippet_version(snippet=snippet, text="Ever yours", summary="Kinder.", follows="1.0.0", actor=s.cast.alice)
    return snippet


def an_example(s: Stage) -> NamedExample:
    return prompts.save_example(prompt=s.prompt, name="Burst pipe", values={"claim": "It drips."}, actor=s.cast.alice)


def story_of_drafts_opened(s: Stage) -> None:
    snippets.open_drafts_with(snippet=a_changed_snippet(s), project=s.cast.claims, actor=s.cast.alice)


def deployed_again(s: Stage) -> None:
    promote(s.next, s.cast.development, by=s.cast.alice)
    publish_everything()
    deployments.roll_back(prompt=s.prompt, environment=s.cast.development, reason="No.", actor=s.cast.bob)


def a_release(s: Stage, version: Version | None = None) -> Release:
    return releases.make_release(environment=s.cast.staging, name="Storm", versions=[version or s.version], actor=s.cast.alice)


def release_rolled_back(s: Stage) -> None:
    releases.promote_release(release=a_release(s), actor=s.cast.alice)
    promote(s.next, s.cast.development, by=s.cast.alice)
    publish_everything()
    second = releases.promote_release(release=a_release(s, s.next), actor=s.cast.alice)
    releases.roll_back_release(release=second, reason="No.", actor=s.cast.bob)


def scheduled(s: Stage) -> Schedule:
    at = clock.now() + timedelta(days=1)
    return schedule_promotion(version=s.next, environment=s.cast.development, at=at, zone="UTC", actor=s.cast.alice)


def story_of_moved(s: Stage) -> None:
    move_schedule(schedule=scheduled(s), at=clock.now() + timedelta(days=2), zone="UTC", actor=s.cast.alice)


def promoted_by_the_clock(s: Stage) -> None:
    with clock.at(scheduled(s).at):
        promote_due(actor=system())


def story_of_forced(s: Stage) -> AfterReview:
    fire = {"version": s.version, "environment": s.cast.production, "reason": "Fire."}
    return emergency_services.promote_in_an_emergency(**fire, actor=s.cast.dora).after_review  # type: ignore[no-any-return]


def story_of_concluded(s: Stage) -> None:
    emergency_services.conclude(after_review=story_of_forced(s), verdict="justified", words="Nothing.", actor=s.cast.root)


def story_of_reminded(s: Stage) -> None:
    tomorrow = story_of_forced(s).opened_at.replace(hour=9) + timedelta(days=1)
    with clock.at(tomorrow):
        emergency_services.remind_of_after_reviews(actor=system())


def a_wish(s: Stage) -> PendingChange:
    s.settings.SECOND_PERSON = True
    change = projects.change_policy(environment=s.cast.production, data={}, actor=s.cast.dora)
    assert isinstance(change, PendingChange)
    return change


def story_of_signed(s: Stage) -> Any:
    keep = [*s.cast.claims.memberships.values_list("uid", flat=True), s.key.uid]
    return access_services.sign_access_review(project=s.cast.claims, keep=keep, take=[], actor=s.cast.dora)


def a_project(s: Stage) -> Any:
    people = Founders(defines=[s.cast.alice.user], validates=[s.cast.bob.user], keeps=[s.cast.dora.user])
    return found_project(name="Motor", template="light", founders=people, actor=s.cast.root)


def site_admin_by_group(s: Stage) -> None:
    Identity.objects.create(user=s.cast.vera.user, issuer="https://id.example", subject="vera")
    signing_in.follow_site_admin(person=s.cast.vera.user, given=True, actor=system())


def glass_broken(s: Stage) -> User:
    _, password = signing_in.make_break_glass(name="ops", actor=system())
    return signing_in.use_break_glass(name="ops", password=password, actor=system())


def untagged(s: Stage) -> Any:
    shelf_services.tag_prompt(prompt=s.prompt, words=["legal"], actor=s.cast.alice)
    return shelf_services.take_tags(prompt=s.prompt, words=["legal"], actor=s.cast.alice)


def kept_filter(s: Stage) -> Any:
    return shelf_services.keep_filter(project=s.cast.claims, name="Live", query="state=live", shared=True, actor=s.cast.alice)


def story_of_archived(s: Stage) -> Prompt:
    reviews.withdraw(review=s.review, actor=s.cast.alice)
    return upkeep_services.archive_prompt(prompt=s.prompt, actor=s.cast.alice)


def name_given_up(s: Stage) -> None:
    renamed = upkeep_services.rename_prompt(prompt=s.prompt, name="rain", actor=s.cast.alice)
    upkeep_services.give_up_name(prompt=renamed, name=s.prompt.name, actor=s.cast.alice)


def a_session(person: User) -> SignedIn:
    Client().force_login(person)
    return SignedIn.objects.get(user=person)


def others_ended(s: Stage) -> int:
    a_session(s.cast.vera.user)
    return session_services.end_other_sessions(keep="another", actor=s.cast.vera)


def a_mapping(s: Stage) -> GroupMapping:
    return group_mappings.add_mapping(pattern="claims-readers", project=s.cast.claims, role="viewer", actor=s.cast.root)


def a_thread(s: Stage) -> Thread:
    return conversation.begin_thread(
        version=s.next, lines=Lines("messages.0.text", 1, 1), text="Why?", suggests="X {{claim}}", actor=s.cast.bob
    )


def a_substitute(s: Stage) -> Substitute:
    role_services.grant_role(project=s.cast.claims, user=s.cast.bella.user, role="product", actor=s.cast.dora)
    day = clock.now().date() + timedelta(days=1)
    return substitute_services.name_substitute(substitute=s.cast.bella.user, first_day=day, last_day=day, actor=s.cast.bob)


def opened_again(s: Stage) -> Thread:
    return conversation.reopen(thread=conversation.resolve(thread=a_thread(s), actor=s.cast.bob), actor=s.cast.bob)


def story_of_taken(s: Stage) -> Any:
    a_thread(s)
    return conversation.take_suggestion(suggestion=Suggestion.objects.get(), actor=s.cast.alice)


def groups_applied(s: Stage) -> None:
    a_mapping(s)
    group_mappings.apply_groups(person=s.cast.charlie.user, groups=["claims-readers"], actor=system())


def an_import(cast: Cast) -> ImportBatch:
    return import_services.start_import(project=cast.claims, content=b"# Storm\nMind the roof.", actor=cast.alice)


def imports_forgotten(s: Stage) -> None:
    an_import(s.cast)
    import_services.forget_old_imports(before=clock.now(), actor=system())


def an_answer(s: Stage) -> uuid.UUID:
    ask = Question(bundle=s.version.bundle, label="1.0.0", other_model="a.model", values={"claim": "x"})
    return evaluations.ask_models(prompt=s.prompt, questions=[ask], actor=s.cast.alice)


def a_rating(s: Stage) -> Rating:
    answer = Answer.objects.get(round=an_answer(s))
    Answer.objects.update(state=Answer.State.ANSWERED, ended_at=clock.now())
    return rating_services.rate(answer=answer, verdict="down", words="Too short.", actor=s.cast.alice)


def held_to(s: Stage) -> Criterion:
    given = {"metric": "asked", "person": s.cast.bob.user, "question": "Fewer calls?", "days": 1}
    return add_criterion(version=s.version, environment=s.cast.development, **given, actor=s.cast.alice)


def answered_criterion(s: Stage) -> Any:
    now, live = clock.now(), Deployment.objects.get(version=s.version)
    watch = CriterionWatch.objects.create(criterion=held_to(s), deployment=live, opened_at=now, ends_at=now, due_at=now, asked_at=now)
    return answer_criterion(watch=watch, confirmed=False, words="As many.", actor=s.cast.bob)


def a_suite(s: Stage) -> Suite:
    cases = Cases.model_validate({"cases": [{"values": {"claim": "x"}}]})
    return suite_services.add_suite(prompt=s.prompt, name="Usual claims", cases=cases, actor=s.cast.alice)


def restored_suite(s: Stage) -> None:
    suite = a_suite(s)
    suite_services.archive_suite(suite=suite, actor=s.cast.alice)
    suite_services.restore_suite(suite=suite, actor=s.cast.alice)


def story_of_got_worse(s: Stage) -> dict[str, Any]:
    s.settings.MODEL_RUNNER = scripted.PATH
    # What goes to development waits there for its target.
    change_policy(environment=s.cast.staging, data={}, actor=s.cast.dora)
    suite, _, candidate = got_worse(s.cast, s.prompt, through=())
    return {"version": candidate, "environment": s.cast.staging, "suite": suite, "case": "Fire"}


def took_back(s: Stage) -> None:
    worse = story_of_got_worse(s)
    acceptance_services.accept_case(**worse, reason="No.", actor=s.cast.bob)
    acceptance_services.take_acceptance_back(**worse, actor=s.cast.bob)


def two_runs(s: Stage) -> list[Run]:
    suite = a_suite(s)
    found = [start_run(suite=suite, bundle=Bundle(model="a.model"), label="1.0.0", actor=s.cast.alice) for _ in range(2)]
    Answer.objects.update(state=Answer.State.ANSWERED, ended_at=clock.now())
    return found


def people_asked(s: Stage) -> Comparison:
    new, old = two_runs(s)
    Answer.objects.filter(round=new.uid).update(text="Today.")
    return ask_people(new=new, old=old, people=[s.cast.bob.user], question="Kinder?", actor=s.cast.alice)


def comparison_finished(s: Stage) -> Comparison:
    comparison = people_asked(s)
    rater = comparison.raters.get()
    vote(ballot=rater.ballots.get(), choice="1", actor=s.cast.bob)
    finish_comparison(rater=rater, actor=s.cast.bob)
    return comparison


def comparison_closed(s: Stage) -> Comparison:
    comparison = people_asked(s)
    close_comparison(comparison=comparison, actor=s.cast.alice)
    return comparison


def story_of_answers_compared(s: Stage) -> None:
    first, second = two_runs(s)
    compare_pairwise(first=first, second=second, actor=s.cast.alice)


def answers_forgotten(s: Stage) -> None:
    evaluations.stop_asking(prompt=s.prompt, round_uid=an_answer(s), actor=s.cast.alice)
    evaluations.forget_old_answers(before=clock.now(), actor=system())


def caught_up(s: Stage) -> None:
    draft = prompts.open_draft(prompt=s.prompt, based_on=s.version, actor=s.cast.alice)
    newer = a_version(s.prompt, by=s.cast.bob, text="Newer {{claim}}")
    prompts.catch_up_draft(draft=draft, onto=newer, content=draft.content, revision=draft.revision, actor=s.cast.alice)
