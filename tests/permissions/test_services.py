"""Every public service, called by everybody and with keys, compared with the table of roles: whatever door leads to it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model

from promptstudio.accounts import services as accounts
from promptstudio.accounts import session_services
from promptstudio.accounts.actor import Actor
from promptstudio.deployments import acceptance_services, emergency_services, schedule_services, target_services, upkeep_services
from promptstudio.deployments import release_services as releases
from promptstudio.deployments import services as deployments
from promptstudio.deployments.criterion_services import add_criterion, answer_criterion
from promptstudio.deployments.erasing import erase_request, erase_words
from promptstudio.deployments.places import ask_places
from promptstudio.evaluations import rating_services as ratings
from promptstudio.evaluations import suite_services as suites
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.comparison_services import archive_comparison, ask_people, close_comparison, finish_comparison, vote
from promptstudio.evaluations.contest_services import compare_pairwise
from promptstudio.evaluations.judge_services import choose_judge
from promptstudio.evaluations.models import Bench, Rating
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.run_services import Wanted, start_run, start_runs
from promptstudio.evaluations.services import ask_models, stop_asking
from promptstudio.lib.errors import NotAllowed, StudioError
from promptstudio.projects import access_services, control_services, folder_services, group_mappings, key_services, role_services
from promptstudio.projects import services as projects
from promptstudio.projects.founding_services import Founders, found_project
from promptstudio.projects.roles import SCOPES
from promptstudio.projects.rules import Rules
from promptstudio.prompts import import_services, model_services, shelf_services, snippet_services
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts.catalogue import MODELS
from promptstudio.prompts.models import SavedFilter
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews import services as reviews
from tests.audit.test_every_service import public_services
from tests.cast import bundle, wished

from .expecting import INVISIBLE, NOBODY, OK, REFUSED, SITE_ADMIN, Entry, expected, on_prompt
from .pages import (
    ACCEPTS,
    ADMINS_ALONE,
    ASKED,
    ASKED_THEN,
    COMPARES,
    EMERGENCY,
    KEEPER,
    NO_AUTHOR,
    OWN_IMPORT,
    OWN_SCHEDULE,
    OWNER,
    SITE,
    TAKEN_BY,
    WISHER,
    WISHER_OR_OWNER,
    WISHER_TRIES,
)
from .stage import FIRST_LINE, FOLDER, Stage, Things, undone

Call = Callable[[Stage, Things, Actor], Any]
NOT_FOR_KEYS = "Words that many prompts share are for people to keep."
TALK = "A key takes part in no conversation."
FOR_PEOPLE = "People keep filters, each their own, and copy prompts; no key does."
NO_VERDICT = "What answers are worth is said by people."
NO_TRIAL = "Models are asked by people."
WISHES = "A key asks for nothing and takes no requests."
NO_KEY = {"key": REFUSED}
OWN_WISH = "Nobody confirms what they asked for themselves."
OWN_WISH_BACK = "Whoever asked withdraws it."
# Nobody's role opens these; why that is right.
WITHOUT_A_ROLE = {
    "accounts.arrive": "The word of the identity provider opens it, before anybody is signed in.",
    "accounts.note_sign_in": "As above.",
    "accounts.refuse_sign_in": "As above.",
    "accounts.follow_site_admin": "The groups of the identity provider decide it.",
    "projects.apply_groups": "The groups of the identity provider decide it.",
    "accounts.sign_out": "One's own session.",
    "accounts.make_break_glass": "Only the server's shell leads to it.",
    "accounts.use_break_glass": "The password opens it.",
    "accounts.end_session": "One's own sessions.",
    "accounts.end_other_sessions": "One's own sessions.",
    "accounts.note_guessing": "It notes what a stranger tried.",
    "accounts.note_throttled": "As above.",
    "projects.access_review_due": "It answers a question and changes nothing.",
    "projects.rows_to_review": "It answers a question and changes nothing.",
    "projects.projects_to_sign_for": "It answers a question and changes nothing.",
    "projects.keys_to_review": "It answers a question and changes nothing.",
    "accounts.other_site_admins": "It answers a question and changes nothing.",
    "notifications.choose_ways": "One's own choices.",
    "notifications.ways_for": "One's own choices.",
    "audit.record": "Services write the trail with it, after they asked.",
    "audit.keep_refusal": "The doors write refusals with it.",
    "audit.note_export": "Views write it after they asked who may read the trail.",
    "audit.note_first_use": "The API writes it once a key was let in.",
    "audit.forget_who": "Part of anonymising.",
    "audit.forget_words": "Part of erasing.",
    "audit.forget_old_who": "The clock does it, after the days that the settings name.",
    "audit.words_of": "Views ask first who may read the trail.",
    "audit.people_of": "As above.",
    "projects.folder_at": "Part of services that ask first; a folder alone says nothing.",
    "projects.key_for": "The secret opens it.",
    "projects.hash_secret": "It computes.",
    "projects.parse_rules": "It computes.",
    "projects.put_role": "Part of giving a role.",
    "projects.take_role": "Part of taking one away.",
    "projects.slug_of": "It computes.",
    "reviews.colleagues": "It answers a question and changes nothing.",
    "reviews.name_substitute": "One's own place, given to somebody who has the role already.",
    "reviews.end_substitute": "The two of them end it.",
    "prompts.bump_of": "It computes.",
    "prompts.waiting_for": "The page lists what this person may write.",
    "evaluations.forget_old_answers": "The clock does it, after the days that the settings name.",
    "prompts.forget_old_imports": "The clock does it, a day after they were read.",
    "reviews.standing_decisions": "The conditions are answered from it.",
    "reviews.close_as_deployed": "Part of promoting.",
    "deployments.promote_due": "The clock does it, as whoever scheduled it.",
    "deployments.remind_of_after_reviews": "The clock does it, every day.",
}


def site(call: Call) -> tuple[Entry, Call]:
    return Entry(SITE_ADMIN, seen="nothing", why=SITE), call


def settings(call: Call, **more: Any) -> tuple[Entry, Call]:
    return Entry("administer", seen="nothing", **more), call


def prompt(deed: str, call: Call, **more: Any) -> tuple[Entry, Call]:
    return on_prompt(deed, **more), call


def own_import(call: Call) -> tuple[Entry, Call]:
    return Entry(NOBODY, seen="nothing", instead={"author": OK}, why=OWN_IMPORT), call


def _asked_a_model(s: Stage, t: Things, actor: Actor) -> Any:
    ask = Question(bundle=t.version.bundle, label="1.0.1", other_model="a.model", values={"claim": "y"})
    return ask_models(prompt=t.prompt, questions=[ask], actor=actor)


def later(s: Stage, t: Things) -> dict[str, Any]:
    return {"version": t.version, "environment": s.production, "at": t.schedule.at, "zone": "UTC"}


def _rating_taken_back(s: Stage, t: Things, actor: Actor) -> Any:
    # Theirs, however it came about: a key has none to take back, and is refused first.
    Rating.objects.get_or_create(answer=t.answer, person=actor.user, defaults={"verdict": "up"})
    return ratings.take_back_rating(answer=t.answer, actor=actor)


def _founded(s: Stage, t: Things, actor: Actor) -> Any:
    people = Founders(defines=[s.author.user], validates=[s.person("product").user], keeps=[s.person("admin").user])
    return found_project(name="Motor", template="light", founders=people, actor=actor)


def _person_changed(s: Stage, t: Things, actor: Actor) -> Any:
    flags = {"is_active": True, "is_staff": False, "is_site_admin": False}
    return accounts.change_person(person=s.rest["spare"].user, name="Spare", email="", **flags, actor=actor)


def _mapping_changed(s: Stage, t: Things, actor: Actor) -> Any:
    given = {"pattern": "others", "project": s.claims, "role": "viewer", "site_admin": False}
    return group_mappings.change_mapping(mapping=s.rest["mapping"], **given, actor=actor)


def _untagged(t: Things, actor: Actor) -> Any:
    t.prompt.tags.get_or_create(word="legal")
    return shelf_services.take_tags(prompt=t.prompt, words=["legal"], actor=actor)


SERVICES: dict[str, tuple[Entry, Call]] = {
    "accounts.add_person": site(lambda s, t, a: accounts.add_person(username="zoe", name="Zoë", actor=a)),
    "accounts.change_person": site(_person_changed),
    "accounts.anonymise_person": site(lambda s, t, a: accounts.anonymise_person(person=s.rest["spare"].user, actor=a)),
    "accounts.end_sessions_of": site(lambda s, t, a: session_services.end_sessions_of(person=s.rest["spare"].user, actor=a)),
    "projects.create_project": site(lambda s, t, a: projects.create_project(slug="x", name="X", actor=a)),
    "projects.found_project": site(_founded),
    "projects.set_floor": site(lambda s, t, a: projects.set_floor(data={"change_record": True}, actor=a)),
    "projects.add_mapping": site(lambda s, t, a: group_mappings.add_mapping(pattern="x", project=s.claims, role="viewer", actor=a)),
    "projects.change_mapping": site(_mapping_changed),
    "projects.remove_mapping": site(lambda s, t, a: group_mappings.remove_mapping(mapping=s.rest["mapping"], actor=a)),
    "projects.add_environment": settings(
        lambda s, t, a: projects.add_environment(project=s.claims, slug="x", name="X", rules=Rules(), actor=a)
    ),
    "projects.change_environment": settings(
        lambda s, t, a: projects.change_environment(environment=s.staging, name="S", grace_days=1, actor=a)
    ),
    "projects.change_policy": settings(
        lambda s, t, a: projects.change_policy(environment=s.staging, data={"change_record": True}, actor=a)
    ),
    "projects.name_reviewers": settings(
        lambda s, t, a: folder_services.name_reviewers(folder=t.prompt.folder, people=[s.author.user], roles=[], actor=a)
    ),
    "projects.grant_role": settings(
        lambda s, t, a: role_services.grant_role(project=s.claims, user=s.person("stranger").user, role="viewer", actor=a)
    ),
    "projects.grant_role in a folder": (
        Entry("administer", at="folder", seen="nothing"),
        lambda s, t, a: role_services.grant_role(
            project=s.claims, user=s.person("stranger").user, role="viewer", folder=t.prompt.folder, actor=a
        ),
    ),
    "projects.revoke_role": settings(lambda s, t, a: role_services.revoke_role(membership=s.spare, actor=a)),
    "projects.revoke_role in a folder": (
        Entry("administer", at="folder", seen="nothing"),
        lambda s, t, a: role_services.revoke_role(membership=s.spare_in_folder, actor=a),
    ),
    "projects.create_service_account": settings(
        lambda s, t, a: key_services.create_service_account(project=s.claims, name="X", responsible=s.author.user, actor=a)
    ),
    "projects.create_key": settings(lambda s, t, a: key_services.create_key(account=s.account, name="X", scopes=["read"], actor=a)),
    "projects.rotate_key": settings(lambda s, t, a: key_services.rotate_key(key=s.key, overlap=timedelta(days=1), actor=a)),
    "projects.revoke_key": settings(lambda s, t, a: key_services.revoke_key(key=s.key, actor=a)),
    "projects.sign_access_review": settings(
        lambda s, t, a: access_services.sign_access_review(project=s.claims, keep=[], take=[], actor=a)
    ),
    "projects.confirm_change": settings(
        lambda s, t, a: control_services.confirm_change(change=s.change, actor=a), instead={"asker": REFUSED}, why=OWN_WISH
    ),
    "projects.decline_change": settings(
        lambda s, t, a: control_services.decline_change(change=s.change, actor=a), instead={"asker": OK}, why=OWN_WISH_BACK
    ),
    "deployments.add_target": settings(
        lambda s, t, a: target_services.add_target(environment=s.staging, name="Dublin", kind="fake", actor=a)
    ),
    "deployments.save_target": settings(lambda s, t, a: target_services.save_target(target=s.target, actor=a)),
    "deployments.check_target": settings(lambda s, t, a: target_services.check_target(target=s.target, actor=a)),
    "prompts.create_prompt": (
        Entry("write", at="folder", seen="nothing"),
        lambda s, t, a: prompts.create_prompt(project=s.claims, title="Storm", folder=FOLDER, actor=a),
    ),
    "prompts.change_prompt": prompt("write", lambda s, t, a: prompts.change_prompt(prompt=t.prompt, title="Rain", actor=a)),
    "prompts.restrict_prompt": prompt(
        "administer",
        lambda s, t, a: prompts.restrict_prompt(prompt=t.prompt, people=[s.person("product").user], actor=a),
        instead={"author": OK},
        why=OWNER,
    ),
    "prompts.tag_prompt": prompt("write", lambda s, t, a: shelf_services.tag_prompt(prompt=t.prompt, words=["legal"], actor=a)),
    "prompts.add_tags": prompt("write", lambda s, t, a: shelf_services.add_tags(prompt=t.prompt, words=["legal"], actor=a)),
    "prompts.take_tags": prompt("write", lambda s, t, a: _untagged(t, a)),
    "prompts.keep_filter": (
        Entry("read", at="somewhere", seen="nothing", instead={"key": REFUSED}, why=FOR_PEOPLE),
        lambda s, t, a: shelf_services.keep_filter(project=s.claims, name="Mine", query="state=live", shared=False, actor=a),
    ),
    "prompts.keep_filter for everyone": (
        Entry("write", at="somewhere", seen="nothing", instead={"key": REFUSED}, why=FOR_PEOPLE),
        lambda s, t, a: shelf_services.keep_filter(project=s.claims, name="Ours", query="state=live", shared=True, actor=a),
    ),
    "prompts.remove_filter": (
        Entry(SITE_ADMIN, seen="nothing", instead={"author": OK, "site_admin": REFUSED}, why=FOR_PEOPLE),
        lambda s, t, a: shelf_services.remove_filter(
            kept=SavedFilter.objects.create(project=s.claims, owner=s.author.user, name="Theirs", query="state=live", shared=True), actor=a
        ),
    ),
    "prompts.copy_prompt": (
        Entry("write", seen="nothing", instead={"key": REFUSED}, why=FOR_PEOPLE),
        lambda s, t, a: shelf_services.copy_prompt(prompt=t.prompt, project=s.claims, actor=a),
    ),
    "deployments.archive_prompt": prompt("write", lambda s, t, a: upkeep_services.archive_prompt(prompt=t.prompt, actor=a)),
    "deployments.restore_prompt": prompt("write", lambda s, t, a: upkeep_services.restore_prompt(prompt=t.prompt, actor=a)),
    "deployments.rename_prompt": prompt("write", lambda s, t, a: upkeep_services.rename_prompt(prompt=t.prompt, name="x", actor=a)),
    "deployments.give_up_name": prompt("write", lambda s, t, a: upkeep_services.give_up_name(prompt=t.prompt, name="x", actor=a)),
    "evaluations.ask_models": prompt("write", _asked_a_model, instead=NO_KEY | {"viewer": OK}, why=WISHER_TRIES),
    "evaluations.rate": prompt(
        "read", lambda s, t, a: ratings.rate(answer=t.answer, verdict="up", words="Good.", actor=a), instead=NO_KEY, why=NO_VERDICT
    ),
    "evaluations.take_back_rating": prompt("read", _rating_taken_back, instead=NO_KEY, why=NO_VERDICT),
    "evaluations.add_suite": prompt(
        "write", lambda s, t, a: suites.add_suite(prompt=t.prompt, name="Rare", cases=Cases(), actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.save_suite": prompt(
        "write", lambda s, t, a: suites.save_suite(suite=t.suite, cases=Cases(), follows=1, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.change_suite": prompt(
        "write", lambda s, t, a: suites.change_suite(suite=t.suite, name="Rare", required=True, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.archive_suite": prompt(
        "write", lambda s, t, a: suites.archive_suite(suite=t.suite, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.restore_suite": prompt(
        "write", lambda s, t, a: suites.restore_suite(suite=t.suite, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.compare_pairwise": prompt(
        "write",
        lambda s, t, a: compare_pairwise(first=t.contest.first, second=t.contest.second, criterion="Kinder.", actor=a),
        instead=NO_KEY,
        why=NO_TRIAL,
    ),
    "evaluations.ask_people": prompt(
        "write",
        lambda s, t, a: ask_people(new=t.run, old=t.contest.second, people=[s.person("viewer").user], question="Kinder?", actor=a),
        instead=NO_KEY | {"viewer": OK},
        why=WISHER_TRIES,
    ),
    "evaluations.vote": prompt(NOBODY, lambda s, t, a: vote(ballot=t.ballot, choice="2", actor=a), instead={"viewer": OK}, why=COMPARES),
    "evaluations.finish_comparison": prompt(
        NOBODY, lambda s, t, a: finish_comparison(rater=t.ballot.rater, actor=a), instead={"viewer": OK}, why=COMPARES
    ),
    "evaluations.close_comparison": prompt(
        "write", lambda s, t, a: close_comparison(comparison=t.comparison, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.archive_comparison": prompt(
        "write", lambda s, t, a: archive_comparison(comparison=t.comparison, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.choose_judge": (
        Entry("administer"),
        lambda s, t, a: choose_judge(project=s.claims, bench=Bench.ONE, model="amazon.nova-pro-v1:0", actor=a),
    ),
    "evaluations.start_run": prompt(
        "test", lambda s, t, a: start_run(suite=t.suite, bundle=t.version.bundle, label="1.0.1", version=t.version, actor=a)
    ),
    "evaluations.start_runs": prompt(
        "test",
        lambda s, t, a: start_runs(suite=t.suite, wanted=[Wanted(bundle=t.version.bundle, label="1.0.1", version=t.version)], actor=a),
    ),
    "evaluations.stop_asking": prompt(
        "write", lambda s, t, a: stop_asking(prompt=t.prompt, round_uid=t.answer.round, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "prompts.open_draft": prompt("write", lambda s, t, a: prompts.open_draft(prompt=t.prompt, actor=a)),
    "prompts.open_draft_for_model": prompt(
        "write", lambda s, t, a: model_services.open_draft_for_model(prompt=t.prompt, model="amazon.nova-pro-v1:0", actor=a)
    ),
    "prompts.add_model": site(lambda s, t, a: model_services.add_model(model=replace(MODELS[0], id="spare.model-v1:0"), actor=a)),
    "prompts.change_model": site(
        lambda s, t, a: model_services.change_model(entry=s.rest["model"], model=replace(s.rest["model"].model, context=7), actor=a)
    ),
    "prompts.save_draft": prompt(
        "write", lambda s, t, a: prompts.save_draft(draft=t.draft, content=bundle("X {{claim}}"), revision=t.draft.revision, actor=a)
    ),
    "prompts.catch_up_draft": prompt(
        "write",
        lambda s, t, a: prompts.catch_up_draft(draft=t.draft, onto=t.version, content=t.draft.content, revision=1, actor=a),
    ),
    "prompts.discard_draft": prompt("write", lambda s, t, a: prompts.discard_draft(draft=t.draft, actor=a)),
    "prompts.save_version_of_draft": prompt(
        "write",
        lambda s, t, a: prompts.save_version_of_draft(draft=t.draft, revision=t.draft.revision, change=prompts.Change("New"), actor=a),
    ),
    "prompts.save_version": prompt(
        "write", lambda s, t, a: prompts.save_version(prompt=t.prompt, data=bundle("X {{claim}}"), change=prompts.Change("New"), actor=a)
    ),
    "prompts.add_to_change_record": prompt(
        "write", lambda s, t, a: prompts.add_to_change_record(version=t.version, expected_impact="More.", actor=a)
    ),
    "prompts.save_example": prompt("write", lambda s, t, a: prompts.save_example(prompt=t.prompt, name="Pipe", values={}, actor=a)),
    "prompts.change_example": prompt("write", lambda s, t, a: prompts.change_example(example=t.example, values={}, actor=a)),
    "prompts.archive_example": prompt("write", lambda s, t, a: prompts.archive_example(example=t.example, actor=a)),
    "prompts.add_snippet": (
        Entry("write", seen="nothing", instead={"key": REFUSED}, why=NOT_FOR_KEYS),
        lambda s, t, a: snippet_services.add_snippet(project=s.claims, name="x", purpose="X.", text="X", actor=a),
    ),
    "prompts.add_snippet on the shelf": site(
        lambda s, t, a: snippet_services.add_snippet(project=None, name="x", purpose="X.", text="X", actor=a)
    ),
    "prompts.save_snippet_version": (
        Entry("administer", seen="nothing", instead={"author": OK}, why=KEEPER),
        lambda s, t, a: snippet_services.save_snippet_version(snippet=s.rest["snippet"], text="X", summary="X.", follows="1.1.0", actor=a),
    ),
    "prompts.archive_snippet": (
        Entry("administer", seen="nothing", instead={"author": OK}, why=KEEPER),
        lambda s, t, a: snippet_services.archive_snippet(snippet=s.rest["snippet"], reason="Old.", actor=a),
    ),
    "prompts.restore_snippet": (
        Entry("administer", seen="nothing", instead={"author": OK}, why=KEEPER),
        lambda s, t, a: snippet_services.restore_snippet(snippet=s.rest["archived_snippet"], actor=a),
    ),
    "prompts.change_snippet": (
        Entry("administer", seen="nothing", instead={"author": OK}, why=KEEPER),
        lambda s, t, a: snippet_services.change_snippet(snippet=s.rest["snippet"], purpose="X.", owner=s.author.user, actor=a),
    ),
    "prompts.open_drafts_with": (
        Entry("write", at="somewhere", seen="nothing", instead={"key": REFUSED}, why=NOT_FOR_KEYS),
        lambda s, t, a: snippet_services.open_drafts_with(snippet=s.rest["snippet"], project=s.claims, actor=a),
    ),
    "prompts.start_import": (
        Entry("write", at="folder", seen="nothing", instead={"key": REFUSED}, why="A key looks at no preview."),
        lambda s, t, a: import_services.start_import(project=s.claims, content=b"# Storm\nMind.", folder=FOLDER, actor=a),
    ),
    "prompts.change_import": own_import(
        lambda s, t, a: import_services.change_import(batch=s.rest["batch"], choices=import_services.Choices(), actor=a)
    ),
    "prompts.choose_all": own_import(lambda s, t, a: import_services.choose_all(batch=s.rest["batch"], chosen=False, actor=a)),
    "prompts.bring_in": own_import(lambda s, t, a: import_services.bring_in(batch=s.rest["batch"], actor=a)),
    "prompts.bring_in_row": own_import(lambda s, t, a: import_services.bring_in_row(row=s.rest["batch"].rows.get(), actor=a)),
    "prompts.discard_import": own_import(lambda s, t, a: import_services.discard_import(batch=s.rest["batch"], actor=a)),
    "prompts.ask_for_prompt": prompt("read", lambda s, t, a: wished(t.prompt, by=a), instead=NO_KEY, why=WISHES),
    "prompts.take_request": prompt("write", lambda s, t, a: asking.take_request(request=t.wish, actor=a), instead=NO_KEY, why=WISHES),
    "prompts.start_writing": prompt("write", lambda s, t, a: asking.start_writing(request=t.wish, actor=a), instead=NO_KEY, why=WISHES),
    "prompts.answer_request": prompt(
        "write", lambda s, t, a: asking.answer_request(request=t.wish, version=t.version, actor=a), instead=NO_KEY, why=WISHES
    ),
    "prompts.send_back": prompt(
        "write", lambda s, t, a: asking.send_back(request=t.wish, version=t.version, actor=a), instead=NO_KEY, why=WISHES
    ),
    "prompts.say": prompt("read", lambda s, t, a: asking.say(request=t.wish, text="Why?", actor=a), instead=NO_KEY, why=TALK),
    "prompts.hand_over": prompt(
        "administer",
        lambda s, t, a: asking.hand_over(request=t.wish, to=s.person("product").user, actor=a),
        instead={"author": OK},
        why=TAKEN_BY,
    ),
    "prompts.decline": prompt(
        "administer",
        lambda s, t, a: asking.decline(request=t.wish, reason="No.", actor=a),
        instead={"author": OK, "viewer": OK},
        why=WISHER_OR_OWNER,
    ),
    "prompts.confirm": prompt(
        NOBODY, lambda s, t, a: asking.confirm(request=t.wish, version=t.version, actor=a), instead={"viewer": OK}, why=WISHER
    ),
    "prompts.reopen": prompt(
        NOBODY, lambda s, t, a: asking.reopen(request=t.wish, words="No.", actor=a), instead={"viewer": OK}, why=WISHER
    ),
    "reviews.ask_for_review": prompt(
        "write", lambda s, t, a: reviews.ask_for_review(version=t.version, environment=s.staging, note="", actor=a)
    ),
    "reviews.comment": prompt(
        "write", lambda s, t, a: reviews.comment(review=t.review, text="Why?", actor=a), instead={"key": REFUSED}, why=TALK
    ),
    "reviews.begin_thread": prompt(
        "write",
        lambda s, t, a: conversation.begin_thread(version=t.version, lines=FIRST_LINE, text="Why?", actor=a),
        instead={"key": REFUSED},
        why=TALK,
    ),
    "reviews.reply": prompt(
        "write", lambda s, t, a: conversation.reply(thread=t.thread, text="Why?", actor=a), instead={"key": REFUSED}, why=TALK
    ),
    "reviews.resolve": prompt("write", lambda s, t, a: conversation.resolve(thread=t.thread, actor=a), instead={"key": REFUSED}, why=TALK),
    "reviews.reopen": prompt("write", lambda s, t, a: conversation.reopen(thread=t.thread, actor=a), instead={"key": REFUSED}, why=TALK),
    "reviews.take_suggestion": prompt("write", lambda s, t, a: conversation.take_suggestion(suggestion=t.suggestion, actor=a)),
    "reviews.decide": prompt(
        "review",
        lambda s, t, a: reviews.decide(review=t.review, verdict="request_changes", comment="No.", baseline=None, actor=a),
        instead={"author": REFUSED, "site_admin": REFUSED},
        why=NO_AUTHOR,
    ),
    "deployments.decide": prompt(
        "review",
        lambda s, t, a: deployments.decide(review=t.review, verdict="approve", seen=None, actor=a),
        instead={"author": REFUSED, "site_admin": REFUSED},
        why=NO_AUTHOR,
    ),
    "reviews.withdraw": prompt("administer", lambda s, t, a: reviews.withdraw(review=t.review, actor=a), instead={"author": OK}, why=ASKED),
    "deployments.accept_case": prompt(
        "recall",
        lambda s, t, a: acceptance_services.accept_case(
            version=t.version, environment=s.production, suite=t.suite, case="1", reason="So be it.", actor=a
        ),
        instead={"author": REFUSED, "site_admin": REFUSED, "key": REFUSED},
        why=ACCEPTS,
    ),
    "deployments.take_acceptance_back": prompt(
        "recall",
        lambda s, t, a: acceptance_services.take_acceptance_back(
            version=t.version, environment=s.production, suite=t.suite, case="1", actor=a
        ),
        instead={"author": REFUSED, "site_admin": REFUSED, "key": REFUSED},
        why=ACCEPTS,
    ),
    "deployments.deploy": prompt("deploy", lambda s, t, a: deployments.deploy(version=t.version, environment=s.production, actor=a)),
    "deployments.roll_back": prompt(
        "roll_back", lambda s, t, a: deployments.roll_back(prompt=t.prompt, environment=s.development, reason="No.", actor=a)
    ),
    "deployments.recall": prompt("recall", lambda s, t, a: deployments.recall(version=t.version, reason="No.", actor=a)),
    "deployments.make_release": prompt(
        "deploy", lambda s, t, a: releases.make_release(environment=s.production, name="Storm", versions=[t.version], actor=a)
    ),
    "deployments.put_into_release": prompt(
        "deploy", lambda s, t, a: releases.put_into_release(release=t.release, version=t.first, actor=a)
    ),
    "deployments.take_from_release": prompt(
        "deploy", lambda s, t, a: releases.take_from_release(release=t.release, prompt=t.prompt, actor=a)
    ),
    "deployments.withdraw_release": prompt("deploy", lambda s, t, a: releases.withdraw_release(release=t.release, actor=a)),
    "deployments.promote_release": prompt("deploy", lambda s, t, a: releases.promote_release(release=t.release, actor=a)),
    "deployments.roll_back_release": prompt(
        "roll_back", lambda s, t, a: releases.roll_back_release(release=t.release, reason="No.", actor=a)
    ),
    "deployments.schedule_promotion": prompt("deploy", lambda s, t, a: schedule_services.schedule_promotion(**later(s, t), actor=a)),
    "deployments.move_schedule": prompt(
        NOBODY,
        lambda s, t, a: schedule_services.move_schedule(schedule=t.schedule, at=t.schedule.at + timedelta(days=1), zone="UTC", actor=a),
        instead={"author": OK},
        why=OWN_SCHEDULE,
    ),
    "deployments.cancel_schedule": prompt("deploy", lambda s, t, a: schedule_services.cancel_schedule(schedule=t.schedule, actor=a)),
    "deployments.promote_in_an_emergency": prompt(
        "emergency",
        lambda s, t, a: emergency_services.promote_in_an_emergency(version=t.version, environment=s.production, reason="Fire.", actor=a),
        instead=ADMINS_ALONE,
        why=EMERGENCY,
    ),
    "deployments.conclude": (
        Entry("administer", seen="prompt"),
        lambda s, t, a: emergency_services.conclude(after_review=t.after_review, verdict="justified", words="Nothing.", actor=a),
    ),
    "deployments.take_out_of_service": prompt(
        "roll_back", lambda s, t, a: deployments.take_out_of_service(prompt=t.prompt, environment=s.development, reason="No.", actor=a)
    ),
    "deployments.retry": prompt("deploy", lambda s, t, a: deployments.retry(job=t.job, actor=a)),
    "deployments.exclude": prompt("deploy", lambda s, t, a: deployments.exclude(job=t.job, reason="No.", actor=a)),
    "deployments.cancel": prompt("deploy", lambda s, t, a: deployments.cancel(job=t.job, reason="No.", actor=a)),
    "deployments.add_criterion": prompt(
        "write",
        lambda s, t, a: add_criterion(
            version=t.version, environment=s.staging, metric="asked", person=s.author.user, question="Fewer?", days=3, actor=a
        ),
    ),
    "deployments.answer_criterion": prompt(
        NOBODY, lambda s, t, a: answer_criterion(watch=t.watch, confirmed=True, actor=a), instead={"author": OK}, why=ASKED_THEN
    ),
    "deployments.erase_words": site(lambda s, t, a: erase_words(row=t.comment, actor=a)),
    "deployments.erase_request": site(lambda s, t, a: erase_request(request=t.wish, actor=a)),
    "deployments.ask_places": (Entry("audit", seen="nothing"), lambda s, t, a: ask_places(environment=s.development, actor=a)),
}
# Not called services in their file's name, and just as public.
BESIDES = {"deployments.erase_words", "deployments.erase_request", "deployments.ask_places"}


class Fresh:
    """The stage or its things, each row read anew: a call changes the row that it was given, and taking it back in the database does
    not take that back."""

    def __init__(self, of: Any) -> None:
        self._of = of

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._of, name)
        return type(value)._base_manager.get(pk=value.pk) if isinstance(value, Model) else value


def outcome(call: Call, stage: Stage, things: Things, actor: Actor) -> str:
    try:
        with undone():
            call(Fresh(stage), Fresh(things), actor)  # type: ignore[arg-type]
    except NotAllowed as error:
        return REFUSED if error.sentence else "refused without a sentence"
    except StudioError:
        return OK
    return OK


def disagreements(service: str, stage: Stage, things: Things) -> dict[str, str]:
    entry, call = SERVICES[service]
    found = {}
    for person in stage.people.values():
        if person.actor is None:
            continue
        # A service knows no “not there”: who does not see it is refused.
        wanted = expected(entry, person, things)
        wanted = REFUSED if wanted == INVISIBLE else wanted
        if (got := outcome(call, stage, things, person.actor)) != wanted:
            found[person.name] = f"{got}, where the table says: {wanted}"
    for name in ("read", "write", "test", "deploy", "all", "project", "folder"):
        can_do = SCOPES.get(entry.deed) in ({name} if name != "all" else set(SCOPES.values()))
        wanted = entry.instead.get("key", OK) if can_do else REFUSED
        if (got := outcome(call, stage, things, stage.keys[name])) != wanted:
            found[f"key: {name}"] = f"{got}, where the table says: {wanted}"
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_it_serves_whom_the_table_says(service: str, stage: Stage) -> None:
    assert disagreements(service, stage, stage.open) == {}


@pytest.mark.parametrize("service", [name for name, (entry, _) in SERVICES.items() if entry.seen == "prompt"])
def test_it_does_not_serve_whoever_is_not_named(service: str, stage: Stage) -> None:
    assert disagreements(service, stage, stage.secret) == {}


def test_every_service_has_an_entry() -> None:
    entries = {name.split()[0] for name in SERVICES}
    assert public_services() == (entries - BESIDES) | set(WITHOUT_A_ROLE), "Say in SERVICES which deed of the table opens it."
