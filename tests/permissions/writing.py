"""Which deed opens each service about people, projects and prompts, and how it is called."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from promptstudio.accounts import services as accounts
from promptstudio.accounts import session_services
from promptstudio.accounts.actor import Actor
from promptstudio.projects import access_services, control_services, folder_services, group_mappings, key_services, role_services
from promptstudio.projects import services as projects
from promptstudio.projects.founding_services import Founders, found_project
from promptstudio.projects.rules import Rules
from promptstudio.prompts import import_services, model_services, shelf_services, snippet_services
from promptstudio.prompts import request_services as asking
from promptstudio.prompts import services as prompts
from promptstudio.prompts.catalogue import MODELS
from promptstudio.prompts.models import SavedFilter
from tests.cast import bundle, wished

from .expecting import NOBODY, OK, REFUSED, SITE_ADMIN, Entry
from .pages import KEEPER, OWN_IMPORT, OWNER, TAKEN_BY, WISHER, WISHER_OR_OWNER
from .services import FOR_PEOPLE, NO_KEY, NOT_FOR_KEYS, OWN_WISH, OWN_WISH_BACK, TALK, WISHES, Call, prompt, settings, site
from .stage import FOLDER, Stage, Things


def own_import(call: Call) -> tuple[Entry, Call]:
    return Entry(NOBODY, seen="nothing", instead={"author": OK}, why=OWN_IMPORT), call


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


WRITING: dict[str, tuple[Entry, Call]] = {
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
}
