"""Each public service, done once by somebody who may, and the action that its entry has."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from promptstudio.accounts import services as accounts
from promptstudio.accounts import session_services, signing_in, throttling
from promptstudio.accounts.actor import system
from promptstudio.audit import services as audit
from promptstudio.deployments import acceptance_services, target_services, upkeep_services
from promptstudio.deployments import release_services as releases
from promptstudio.deployments import services as deployments
from promptstudio.deployments.schedule_services import cancel_schedule
from promptstudio.evaluations import rating_services, suite_services
from promptstudio.evaluations import services as evaluations
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.comparison_services import archive_comparison
from promptstudio.evaluations.judge_services import choose_judge
from promptstudio.evaluations.models import Bench
from promptstudio.evaluations.run_services import Wanted, start_run, start_runs
from promptstudio.lib import clock
from promptstudio.notifications.services import choose_ways
from promptstudio.projects import control_services, folder_services, group_mappings, key_services, role_services
from promptstudio.projects import services as projects
from promptstudio.projects.models import Membership
from promptstudio.projects.rules import Rules
from promptstudio.prompts import import_services, model_services, shelf_services
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts import snippet_services as snippets
from promptstudio.prompts.bundle import Bundle
from promptstudio.prompts.catalogue import MODELS
from promptstudio.prompts.models import ModelEntry
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews import services as reviews
from promptstudio.reviews import substitute_services
from tests.cast import a_key, a_version, asked, promote
from tests.deployments.fake_target import a_target

from .stories import (
    Stage,
    a_changed_snippet,
    a_mapping,
    a_project,
    a_rating,
    a_release,
    a_session,
    a_snippet,
    a_substitute,
    a_suite,
    a_thread,
    a_wish,
    an_answer,
    an_archived_snippet,
    an_example,
    an_import,
    answered_criterion,
    answers_forgotten,
    caught_up,
    comparison_closed,
    comparison_finished,
    deployed_again,
    glass_broken,
    groups_applied,
    held_to,
    imports_forgotten,
    kept_filter,
    name_given_up,
    opened_again,
    others_ended,
    people_asked,
    promoted_by_the_clock,
    release_rolled_back,
    restored_suite,
    scheduled,
    site_admin_by_group,
    story_of_answers_compared,
    story_of_archived,
    story_of_concluded,
    story_of_drafts_opened,
    story_of_forced,
    story_of_got_worse,
    story_of_moved,
    story_of_reminded,
    story_of_signed,
    story_of_taken,
    took_back,
    untagged,
    version_of_draft,
)

DEEDS: dict[str, tuple[str, Callable[[Stage], Any]]] = {
    "accounts.add_person": ("person.added", lambda s: accounts.add_person(username="x", name="X", actor=s.cast.root)),
    "accounts.change_person": (
        "person.changed",
        lambda s: accounts.change_person(
            person=s.cast.vera.user, name="V", email="", is_active=False, is_staff=False, is_site_admin=False, actor=s.cast.root
        ),
    ),
    "accounts.arrive": (
        "person.added",
        lambda s: signing_in.arrive(provided=signing_in.Provided("https://id.example", "x", "X"), actor=system()),
    ),
    "accounts.note_sign_in": ("person.signed_in", lambda s: signing_in.note_sign_in(person=s.cast.vera.user, way="demo", actor=system())),
    "accounts.sign_out": ("person.signed_out", lambda s: signing_in.sign_out(actor=s.cast.vera)),
    "accounts.refuse_sign_in": ("sign_in.refused", lambda s: signing_in.refuse_sign_in(reason="expired", actor=system())),
    "accounts.end_session": (
        "sessions.ended",
        lambda s: session_services.end_session(session=a_session(s.cast.vera.user), actor=s.cast.vera),
    ),
    "accounts.end_other_sessions": ("sessions.ended", others_ended),
    "accounts.end_sessions_of": (
        "sessions.ended",
        lambda s: session_services.end_sessions_of(person=s.cast.vera.user, actor=s.cast.root),
    ),
    "accounts.note_throttled": (
        "sign_in.throttled",
        lambda s: throttling.note_throttled(door="break-glass", by="name", actor=system()),
    ),
    "accounts.note_guessing": (
        "key.guessing_noticed",
        lambda s: throttling.note_guessing(key=s.key, project_uid=s.cast.claims.uid, actor=system()),
    ),
    "accounts.follow_site_admin": ("person.changed", site_admin_by_group),
    "accounts.make_break_glass": ("break_glass.made", lambda s: signing_in.make_break_glass(name="ops", actor=system())),
    "accounts.use_break_glass": ("break_glass.used", glass_broken),
    "projects.add_mapping": ("group_mapping.added", lambda s: a_mapping(s)),
    "projects.change_mapping": (
        "group_mapping.changed",
        lambda s: group_mappings.change_mapping(
            mapping=a_mapping(s), pattern="others", project=s.cast.claims, role="viewer", site_admin=False, actor=s.cast.root
        ),
    ),
    "projects.remove_mapping": (
        "group_mapping.removed",
        lambda s: group_mappings.remove_mapping(mapping=a_mapping(s), actor=s.cast.root),
    ),
    "projects.apply_groups": ("role.granted", groups_applied),
    "accounts.anonymise_person": (
        "person.anonymised",
        lambda s: accounts.anonymise_person(person=s.cast.vera.user, actor=s.cast.root),
    ),
    "audit.note_export": (
        "audit.exported",
        lambda s: audit.note_export(actor=s.cast.axel, what="The trail as a file", project_uid=s.cast.claims.uid),
    ),
    "audit.note_first_use": (
        "key.first_use",
        lambda s: audit.note_first_use(actor=a_key(s.account, "read", by=s.cast.dora)[1], kind="read", project_uid=s.cast.claims.uid),
    ),
    "projects.create_project": ("project.created", lambda s: projects.create_project(slug="x", name="X", actor=s.cast.root)),
    "projects.add_environment": (
        "environment.added",
        lambda s: projects.add_environment(project=s.cast.claims, slug="x", name="X", rules=Rules(), actor=s.cast.dora),
    ),
    "projects.change_environment": (
        "environment.changed",
        lambda s: projects.change_environment(environment=s.cast.staging, name="S", grace_days=1, actor=s.cast.dora),
    ),
    "projects.change_policy": (
        "policy.changed",
        lambda s: projects.change_policy(environment=s.cast.staging, data={}, actor=s.cast.dora),
    ),
    "projects.set_floor": ("floor.changed", lambda s: projects.set_floor(data={"change_record": True}, actor=s.cast.root)),
    "projects.confirm_change": (
        "control.confirmed",
        lambda s: control_services.confirm_change(change=a_wish(s), actor=s.cast.root),
    ),
    "projects.decline_change": (
        "control.declined",
        lambda s: control_services.decline_change(change=a_wish(s), actor=s.cast.root),
    ),
    "projects.found_project": ("project.created", lambda s: a_project(s)),
    "projects.sign_access_review": ("access.signed", lambda s: story_of_signed(s)),
    "projects.grant_role": (
        "role.granted",
        lambda s: role_services.grant_role(project=s.cast.claims, user=s.cast.vera.user, role="product", actor=s.cast.dora),
    ),
    "projects.name_reviewers": (
        "folder.reviewers_named",
        lambda s: folder_services.name_reviewers(folder=s.prompt.folder, people=[s.cast.bob.user], roles=["product"], actor=s.cast.dora),
    ),
    "projects.revoke_role": (
        "role.revoked",
        lambda s: role_services.revoke_role(membership=Membership.objects.get(user=s.cast.vera.user), actor=s.cast.dora),
    ),
    "audit.forget_old_who": ("names.erased", lambda s: audit.forget_old_who(before=clock.now(), actor=system())),
    "projects.create_service_account": (
        "service_account.created",
        lambda s: key_services.create_service_account(project=s.cast.claims, name="X", responsible=s.cast.bob.user, actor=s.cast.dora),
    ),
    "projects.create_key": (
        "key.created",
        lambda s: key_services.create_key(account=s.account, name="X", scopes=["read"], actor=s.cast.dora),
    ),
    "projects.rotate_key": ("key.rotated", lambda s: key_services.rotate_key(key=s.key, overlap=timedelta(days=1), actor=s.cast.dora)),
    "projects.revoke_key": ("key.revoked", lambda s: key_services.revoke_key(key=s.key, actor=s.cast.dora)),
    "notifications.choose_ways": (
        "notifications.changed",
        lambda s: choose_ways(ways={"mentioned": "here"}, actor=s.cast.vera),
    ),
    "prompts.create_prompt": (
        "prompt.created",
        lambda s: prompts.create_prompt(project=s.cast.claims, title="Storm", actor=s.cast.alice),
    ),
    "prompts.change_prompt": ("prompt.changed", lambda s: prompts.change_prompt(prompt=s.prompt, title="Rain", actor=s.cast.alice)),
    "prompts.restrict_prompt": (
        "prompt.restricted",
        lambda s: prompts.restrict_prompt(prompt=s.prompt, people=[s.cast.bob.user], actor=s.cast.alice),
    ),
    "prompts.tag_prompt": (
        "prompt.tagged",
        lambda s: shelf_services.tag_prompt(prompt=s.prompt, words=["legal"], actor=s.cast.alice),
    ),
    "prompts.add_tags": (
        "prompt.tagged",
        lambda s: shelf_services.add_tags(prompt=s.prompt, words=["legal"], actor=s.cast.alice),
    ),
    "prompts.take_tags": ("prompt.tagged", lambda s: untagged(s)),
    "prompts.keep_filter": ("filter.saved", lambda s: kept_filter(s)),
    "prompts.remove_filter": ("filter.removed", lambda s: shelf_services.remove_filter(kept=kept_filter(s), actor=s.cast.alice)),
    "prompts.copy_prompt": (
        "prompt.copied",
        lambda s: shelf_services.copy_prompt(prompt=s.prompt, project=s.cast.claims, actor=s.cast.alice),
    ),
    "deployments.add_criterion": ("criterion.added", held_to),
    "deployments.answer_criterion": ("criterion.missed", answered_criterion),
    "deployments.archive_prompt": ("prompt.archived", lambda s: story_of_archived(s)),
    "deployments.restore_prompt": (
        "prompt.restored",
        lambda s: upkeep_services.restore_prompt(prompt=story_of_archived(s), actor=s.cast.alice),
    ),
    "deployments.rename_prompt": (
        "prompt.renamed",
        lambda s: upkeep_services.rename_prompt(prompt=s.prompt, name="rain", actor=s.cast.alice),
    ),
    "deployments.give_up_name": ("prompt.former_name_dropped", lambda s: name_given_up(s)),
    "evaluations.ask_models": ("model.asked", an_answer),
    "evaluations.rate": ("answer.rated", a_rating),
    "evaluations.take_back_rating": (
        "answer.rating_removed",
        lambda s: rating_services.take_back_rating(answer=a_rating(s).answer, actor=s.cast.alice),
    ),
    "evaluations.add_suite": ("suite.added", a_suite),
    "evaluations.save_suite": (
        "suite.cases_saved",
        lambda s: suite_services.save_suite(suite=a_suite(s), cases=Cases(), follows=1, actor=s.cast.alice),
    ),
    "evaluations.change_suite": (
        "suite.changed",
        lambda s: suite_services.change_suite(suite=a_suite(s), name="Rare", required=False, actor=s.cast.alice),
    ),
    "evaluations.restore_suite": ("suite.restored", restored_suite),
    "evaluations.archive_suite": ("suite.archived", lambda s: suite_services.archive_suite(suite=a_suite(s), actor=s.cast.alice)),
    "evaluations.start_run": (
        "suite.started",
        lambda s: start_run(suite=a_suite(s), bundle=Bundle(model="a.model"), label="1.0.0", actor=s.cast.alice),
    ),
    "evaluations.start_runs": (
        "suite.started",
        lambda s: start_runs(suite=a_suite(s), wanted=[Wanted(bundle=Bundle(model="a.model"), label="1.0.0")], actor=s.cast.alice),
    ),
    "evaluations.compare_pairwise": ("suite.answers_compared", story_of_answers_compared),
    "evaluations.ask_people": ("comparison.asked", people_asked),
    "evaluations.finish_comparison": ("comparison.rated", comparison_finished),
    "evaluations.close_comparison": ("comparison.closed", comparison_closed),
    "evaluations.archive_comparison": (
        "comparison.archived",
        lambda s: archive_comparison(comparison=comparison_closed(s), actor=s.cast.alice),
    ),
    "evaluations.choose_judge": (
        "judge.appointed",
        lambda s: choose_judge(project=s.prompt.project, bench=Bench.ONE, model="amazon.nova-pro-v1:0", actor=s.cast.dora),
    ),
    "evaluations.stop_asking": (
        "model.stopped",
        lambda s: evaluations.stop_asking(prompt=s.prompt, round_uid=an_answer(s), actor=s.cast.alice),
    ),
    "evaluations.forget_old_answers": ("model.old_removed", answers_forgotten),
    "prompts.open_draft": ("draft.opened", lambda s: prompts.open_draft(prompt=s.prompt, actor=s.cast.alice)),
    "prompts.open_draft_for_model": (
        "draft.opened",
        lambda s: model_services.open_draft_for_model(prompt=s.prompt, model="amazon.nova-pro-v1:0", actor=s.cast.alice),
    ),
    "prompts.add_model": (
        "model_entry.added",
        lambda s: model_services.add_model(model=replace(MODELS[0], id="spare.model-v1:0"), actor=s.cast.root),
    ),
    "prompts.change_model": (
        "model_entry.changed",
        lambda s: model_services.change_model(
            entry=ModelEntry.objects.get(model_id=MODELS[0].id), model=replace(MODELS[0], context=1000), actor=s.cast.root
        ),
    ),
    "prompts.catch_up_draft": ("draft.renewed", caught_up),
    "prompts.discard_draft": ("draft.discarded", lambda s: prompts.discard_draft(draft=s.draft, actor=s.cast.alice)),
    "prompts.save_version_of_draft": ("version.saved", version_of_draft),
    "prompts.save_version": ("version.saved", lambda s: a_version(s.prompt, by=s.cast.alice, text="More {{claim}}")),
    "prompts.add_to_change_record": (
        "version.change_record_added",
        lambda s: prompts.add_to_change_record(version=s.version, expected_impact="More.", actor=s.cast.alice),
    ),
    "prompts.add_snippet": ("snippet.added", lambda s: a_snippet(s)),
    "prompts.save_snippet_version": ("snippet.version_saved", lambda s: a_changed_snippet(s)),
    "prompts.change_snippet": (
        "snippet.changed",
        lambda s: snippets.change_snippet(snippet=a_snippet(s), purpose="More.", owner=s.cast.bob.user, actor=s.cast.alice),
    ),
    "prompts.archive_snippet": ("snippet.archived", lambda s: an_archived_snippet(s)),
    "prompts.restore_snippet": (
        "snippet.restored",
        lambda s: snippets.restore_snippet(snippet=an_archived_snippet(s), actor=s.cast.alice),
    ),
    "prompts.open_drafts_with": ("snippet.drafts_opened", story_of_drafts_opened),
    "prompts.save_example": (
        "example.saved",
        lambda s: prompts.save_example(prompt=s.prompt, name="Burst pipe", values={}, actor=s.cast.alice),
    ),
    "prompts.change_example": (
        "example.changed",
        lambda s: prompts.change_example(example=an_example(s), values={"claim": "It burns."}, actor=s.cast.alice),
    ),
    "prompts.archive_example": ("example.archived", lambda s: prompts.archive_example(example=an_example(s), actor=s.cast.alice)),
    "prompts.start_import": ("import.previewed", lambda s: an_import(s.cast)),
    "prompts.bring_in": ("import.finished", lambda s: import_services.bring_in(batch=an_import(s.cast), actor=s.cast.alice)),
    "prompts.bring_in_row": (
        "prompt.created",
        lambda s: import_services.bring_in_row(row=an_import(s.cast).rows.get(), actor=s.cast.alice),
    ),
    "prompts.discard_import": (
        "import.discarded",
        lambda s: import_services.discard_import(batch=an_import(s.cast), actor=s.cast.alice),
    ),
    "prompts.forget_old_imports": ("import.old_removed", imports_forgotten),
    "prompts.ask_for_prompt": ("request.asked", lambda s: s.wish()),
    "prompts.take_request": ("request.taken", lambda s: asking.take_request(request=s.wish(), actor=s.cast.alice)),
    "prompts.hand_over": ("request.handed_over", lambda s: asking.hand_over(request=s.wish(), to=s.cast.bob.user, actor=s.cast.dora)),
    "prompts.decline": ("request.declined", lambda s: asking.decline(request=s.wish(), reason="No.", actor=s.cast.bob)),
    "prompts.start_writing": ("request.writing_started", lambda s: asking.start_writing(request=s.wish(), actor=s.cast.alice)),
    "prompts.answer_request": (
        "request.answered",
        lambda s: asking.answer_request(request=s.wish(), version=s.version, actor=s.cast.alice),
    ),
    "prompts.send_back": ("request.sent_back", lambda s: s.sent_back()),
    "prompts.confirm": ("request.confirmed", lambda s: asking.confirm(request=s.sent_back(), version=s.version, actor=s.cast.vera)),
    "prompts.reopen": ("request.reopened", lambda s: asking.reopen(request=s.sent_back(), words="Shorter.", actor=s.cast.vera)),
    "prompts.say": ("request.commented", lambda s: asking.say(request=s.wish(), text="Why?", actor=s.cast.bob)),
    "reviews.ask_for_review": ("review.asked", lambda s: asked(s.version, s.cast.staging, by=s.cast.alice)),
    "reviews.decide": (
        "review.changes_requested",
        lambda s: reviews.decide(review=s.review, verdict="request_changes", comment="No.", baseline=None, actor=s.cast.bob),
    ),
    "reviews.comment": ("review.commented", lambda s: reviews.comment(review=s.review, text="Why?", actor=s.cast.bob)),
    "reviews.begin_thread": ("thread.begun", lambda s: a_thread(s)),
    "reviews.reply": ("thread.replied", lambda s: conversation.reply(thread=a_thread(s), text="Yes.", actor=s.cast.bob)),
    "reviews.resolve": ("thread.resolved", lambda s: conversation.resolve(thread=a_thread(s), actor=s.cast.bob)),
    "reviews.reopen": ("thread.reopened", lambda s: opened_again(s)),
    "reviews.take_suggestion": ("suggestion.taken", lambda s: story_of_taken(s)),
    "reviews.name_substitute": ("substitute.named", lambda s: a_substitute(s)),
    "reviews.end_substitute": (
        "substitute.ended",
        lambda s: substitute_services.end_substitute(row=a_substitute(s), actor=s.cast.bob),
    ),
    "reviews.withdraw": ("review.withdrawn", lambda s: reviews.withdraw(review=s.review, actor=s.cast.alice)),
    "deployments.deploy": ("deployment.made", lambda s: promote(s.version, s.cast.staging, by=s.cast.alice)),
    "deployments.roll_back": ("deployment.rolled_back", deployed_again),
    "deployments.recall": ("version.recalled", lambda s: deployments.recall(version=s.version, reason="No.", actor=s.cast.bob)),
    "deployments.accept_case": (
        "case.accepted",
        lambda s: acceptance_services.accept_case(**story_of_got_worse(s), reason="No.", actor=s.cast.bob),
    ),
    "deployments.take_acceptance_back": ("case.acceptance_withdrawn", took_back),
    "deployments.make_release": ("release.made", lambda s: a_release(s)),
    "deployments.put_into_release": (
        "release.changed",
        lambda s: releases.put_into_release(release=a_release(s), version=s.next, actor=s.cast.bob),
    ),
    "deployments.take_from_release": (
        "release.changed",
        lambda s: releases.take_from_release(release=a_release(s), prompt=s.prompt, actor=s.cast.bob),
    ),
    "deployments.withdraw_release": ("release.withdrawn", lambda s: releases.withdraw_release(release=a_release(s), actor=s.cast.bob)),
    "deployments.promote_release": ("release.promoted", lambda s: releases.promote_release(release=a_release(s), actor=s.cast.bob)),
    "deployments.roll_back_release": ("release.rolled_back", lambda s: release_rolled_back(s)),
    "deployments.schedule_promotion": ("schedule.made", lambda s: scheduled(s)),
    "deployments.move_schedule": ("schedule.moved", lambda s: story_of_moved(s)),
    "deployments.cancel_schedule": ("schedule.cancelled", lambda s: cancel_schedule(schedule=scheduled(s), actor=s.cast.alice)),
    "deployments.promote_due": ("schedule.promoted", lambda s: promoted_by_the_clock(s)),
    "deployments.promote_in_an_emergency": ("deployment.forced", lambda s: story_of_forced(s)),
    "deployments.conclude": ("emergency.concluded", lambda s: story_of_concluded(s)),
    "deployments.remind_of_after_reviews": ("emergency.reminded", lambda s: story_of_reminded(s)),
    "deployments.take_out_of_service": (
        "prompt.taken_out_of_service",
        lambda s: deployments.take_out_of_service(prompt=s.prompt, environment=s.cast.development, reason="No.", actor=s.cast.bob),
    ),
    "deployments.decide": (
        "review.approved",
        lambda s: deployments.decide(review=s.review, verdict="approve", seen=None, actor=s.cast.bob),
    ),
    "deployments.retry": ("publication.retried", lambda s: deployments.retry(job=s.failed_job(), actor=s.cast.alice)),
    "deployments.exclude": ("publication.excluded", lambda s: deployments.exclude(job=s.failed_job(), reason="No.", actor=s.cast.alice)),
    "deployments.cancel": ("publication.cancelled", lambda s: deployments.cancel(job=s.owed_job(), reason="No.", actor=s.cast.alice)),
    "deployments.check_target": ("target.checked", lambda s: target_services.check_target(target=s.target, actor=s.cast.dora)),
    "deployments.add_target": ("target.added", lambda s: a_target(s.cast.staging, by=s.cast.dora)),
    "deployments.save_target": ("target.changed", lambda s: target_services.save_target(target=s.target, actor=s.cast.dora)),
}
