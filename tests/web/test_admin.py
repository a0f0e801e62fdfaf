"""The admin panel: what belongs to you, saved by services, and nothing past them."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.deployments import services as deployments
from promptstudio.deployments.models import Deployment, Evaluation, Target
from promptstudio.lib.append_only import append_only_models
from promptstudio.projects.models import ApiKey, Environment, Membership, Policy, Project
from promptstudio.projects.rules import Rules
from promptstudio.projects.services import add_environment
from promptstudio.prompts.models import Prompt, Version
from promptstudio.reviews.models import Review
from promptstudio.web.admin.scoped import ScopedAdmin
from tests.cast import Cast, a_key, a_person, a_prompt, a_version, an_application, approved, asked, in_production, promote

from .reading import HOSTILE, at, queries, text, typed_back

PANELS = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)
READ_ONLY = ["prompt", "version", "review", "deployment", "evaluation", "publishjob", "entry", "apikey", "serviceaccount", "project"]


def ids(panel: Any) -> str:
    return panel[0]._meta.label if isinstance(panel, tuple) else str(panel)


@pytest.fixture
def dora(cast: Cast) -> Actor:
    """Project admin of “claims”, who may open the panel."""
    return staff(cast.dora)


def staff(actor: Actor) -> Actor:
    actor.user.is_staff = True
    actor.user.save()
    return actor


@pytest.fixture
def filled(cast: Cast, prompt: Prompt) -> Cast:
    """Something of everything, in “claims” and in the project of Charlie."""
    version = a_version(prompt, by=cast.alice)
    in_production(cast, version)
    asked(version, cast.staging, by=cast.alice)
    secret_place = add_environment(project=cast.elsewhere, slug="vault", name="Secret vault", rules=Rules(), actor=cast.root)
    theirs = a_prompt(cast.elsewhere, by=cast.charlie, title="Secret recipe")
    a_key(an_application(cast.elsewhere, responsible=cast.charlie, by=cast.root), "read", by=cast.root)
    deployments.add_target(environment=secret_place, name="Secret target", settings={"region": "eu-west-3"}, actor=cast.root)
    other = a_version(theirs, by=cast.charlie)
    asked(other, secret_place, by=cast.charlie)
    promote(other, secret_place, by=cast.charlie)
    return cast


def address(model: type[Model], page: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def entries(action: str) -> int:
    return Entry.objects.filter(action=action, via="admin").count()


@pytest.mark.parametrize("panel", PANELS, ids=ids)
def test_each_list_opens_and_is_searched(client: Client, filled: Cast, panel: Any) -> None:
    response = at(client, filled.root).get(address(panel[0], "changelist"))
    assert response.status_code == 200
    assert response.context["cl"].result_count or panel[0] in (Target,)
    if panel[1].search_fields:
        assert client.get(address(panel[0], "changelist"), {"q": "<script>"}).status_code == 200


@pytest.mark.parametrize("panel", PANELS, ids=ids)
def test_each_row_opens(client: Client, filled: Cast, panel: Any) -> None:
    row = panel[0]._default_manager.order_by("pk").last()
    assert at(client, filled.root).get(address(panel[0], "change", row.pk)).status_code == 200


@pytest.mark.parametrize("panel", PANELS, ids=ids)
def test_staff_of_one_project_sees_that_project_alone(client: Client, filled: Cast, dora: Actor, panel: Any) -> None:
    model, shown = panel
    html = text(at(client, dora).get(address(model, "changelist")))
    assert "Secret" not in html
    assert "Elsewhere" not in html
    request = RequestFactory().get("/")
    request.actor, request.user = dora, dora.user  # type: ignore[attr-defined]
    hidden = set(model._default_manager.all()) - set(shown.get_queryset(request))
    assert hidden, "the other project has rows of each kind"
    for row in hidden:
        for page in ("change", "history"):
            response = client.get(address(model, page, row.pk), follow=True)
            assert "Secret" not in text(response), page
            assert response.redirect_chain or response.status_code in (403, 404), page


@pytest.mark.parametrize("model", [Environment, Target], ids=ids)
def test_the_past_of_another_project_is_not_shown(client: Client, filled: Cast, dora: Actor, model: Any) -> None:
    row = model.objects.filter(name__startswith="Secret").get()
    path = address(model, "simple_history", row.pk, row.history.first().pk)
    for response in (at(client, dora).get(path), client.post(path, {"name": "Mine"})):
        assert "ecret" not in text(response)
        assert response.status_code in (302, 403, 404)
    row.refresh_from_db()
    assert row.name.startswith("Secret")


@pytest.mark.parametrize("model", [Environment, Target], ids=ids)
def test_the_past_of_a_row_is_shown(client: Client, filled: Cast, model: Any) -> None:
    row = model.objects.filter(name__startswith="Secret").get()
    at(client, filled.root)
    assert client.get(address(model, "history", row.pk)).status_code == 200
    assert client.get(address(model, "simple_history", row.pk, row.history.first().pk)).status_code == 200


@pytest.mark.parametrize("panel", PANELS, ids=ids)
def test_nothing_is_deleted(client: Client, filled: Cast, panel: Any) -> None:
    model, shown = panel
    assert isinstance(shown, ScopedAdmin)
    row = model._default_manager.order_by("pk").last()
    at(client, filled.root)
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    client.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("panel", [p for p in PANELS if p[0]._meta.model_name in READ_ONLY], ids=ids)
def test_what_is_only_read_is_not_written(client: Client, filled: Cast, panel: Any) -> None:
    model = panel[0]
    row = model._default_manager.order_by("pk").last()
    before = model._default_manager.filter(pk=row.pk).values().get()
    at(client, filled.root)
    typed = {field.name: "1" for field in model._meta.fields}
    assert client.post(address(model, "change", row.pk), typed).status_code == 403
    assert client.post(address(model, "add"), typed).status_code == 403
    assert client.get(address(model, "add")).status_code == 403
    assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_no_form_changes_a_row_that_is_written_once(cast: Cast) -> None:
    request = RequestFactory().post("/")
    request.actor, request.user = cast.root, cast.root.user  # type: ignore[attr-defined]
    panels = [admin.site._registry[model] for model in append_only_models() if model in admin.site._registry]
    assert {panel.model for panel in panels} >= {Version, Deployment, Evaluation, Policy, Entry}
    for panel in panels:
        assert not panel.has_change_permission(request)
        assert not panel.has_change_permission(request, panel.model())
        assert not panel.has_delete_permission(request)
        assert not panel.get_inline_instances(request)
        assert not panel.list_editable
        # A new policy is a new row, which its service writes.
        assert panel.has_add_permission(request) is (panel.model is Policy)


def test_every_model_with_a_form_saves_through_a_service() -> None:
    written = [panel for panel in admin.site._registry.values() if "save_by" in vars(panel.form)]
    assert {panel.model for panel in written} == {User, Membership, Environment, Policy, Target}
    assert {model._meta.model_name for model in admin.site._registry} == {*READ_ONLY, *(p.model._meta.model_name for p in written)}


@pytest.mark.parametrize("who", ["alice", "dora"])
def test_whoever_is_no_staff_stays_outside(client: Client, cast: Cast, who: str) -> None:
    response = at(client, getattr(cast, who)).get("/admin/")
    assert response["Location"].startswith("/admin/login/")
    assert client.get(address(Version, "changelist"))["Location"].startswith("/admin/login/")


def test_whoever_is_not_signed_in_stays_outside(client: Client, cast: Cast) -> None:
    assert client.get(address(Project, "changelist"))["Location"].startswith("/admin/login/")
    assert not admin.site.has_permission(anonymous())


def anonymous() -> Any:
    request = RequestFactory().get("/admin/")
    request.user = AnonymousUser()
    return request


def test_staff_without_the_role_reads_and_changes_nothing(client: Client, cast: Cast) -> None:
    at(client, staff(cast.bob))
    assert client.get(address(Environment, "change", cast.production.pk)).status_code == 200
    for path in (
        address(Environment, "change", cast.production.pk),
        address(Membership, "add"),
        address(Policy, "add"),
        address(User, "add"),
    ):
        assert client.post(path, {"name": "Mine", "grace_days": 1}).status_code == 403, path
    cast.production.refresh_from_db()
    assert cast.production.name == "Production"


def test_an_environment_is_changed_by_its_service(client: Client, cast: Cast, dora: Actor) -> None:
    path = address(Environment, "change", cast.staging.pk)
    assert client_post(client, dora, path, {"name": "Rehearsal", "grace_days": 5}).status_code == 302
    cast.staging.refresh_from_db()
    assert (cast.staging.name, cast.staging.grace_days, entries("environment.changed")) == ("Rehearsal", 5, 1)
    assert cast.staging.history.first().history_user == dora.user


def client_post(client: Client, actor: Actor, path: str, typed: dict[str, Any]) -> Any:
    return at(client, actor).post(path, typed)


@pytest.mark.parametrize(
    "typed", [{"name": "", "grace_days": "5"}, {"name": "Kept as typed", "grace_days": "-1"}, {"name": "x" * 70, "grace_days": "0"}]
)
def test_an_environment_that_cannot_be_saved_keeps_what_was_typed(client: Client, cast: Cast, dora: Actor, typed: Any) -> None:
    response = client_post(client, dora, address(Environment, "change", cast.staging.pk), typed)
    assert response.status_code == 200
    assert "errornote" in text(response)
    assert all(f'value="{value}"' in text(response) for value in typed.values() if value)
    assert entries("environment.changed") == 0


def test_conditions_are_put_in_force_by_their_service(client: Client, cast: Cast, dora: Actor) -> None:
    typed = {
        "environment": cast.staging.pk,
        "previous_environment": "on",
        "approvals_product": 2,
        "deployers": ["technical"],
        "same_baseline": "on",
    }
    assert client_post(client, dora, address(Policy, "add"), typed).status_code == 302
    policy = cast.staging.policy
    assert (policy.number, policy.created_by, entries("policy.changed")) == (2, dora.user, 1)
    assert policy.rules == Rules(previous_environment=True, approvals={"product": 2}, deployers=("technical",))


def test_conditions_that_are_refused_stand_in_the_form(client: Client, cast: Cast, dora: Actor) -> None:
    rules = cast.staging.policy.rules
    same = {"environment": cast.staging.pk, "previous_environment": "on", "same_baseline": "on", "deployers": list(rules.deployers)}
    response = client_post(client, dora, address(Policy, "add"), same)
    assert "These are already the rules of Staging." in text(response)
    assert f'<option value="{cast.staging.pk}" selected>' in text(response)
    nobody = client_post(client, dora, address(Policy, "add"), {"environment": cast.staging.pk, "approvals_product": "77"})
    assert "errornote" in text(nobody)
    assert 'value="77"' in text(nobody)
    assert Policy.objects.filter(environment=cast.staging).count() == 1


def test_conditions_of_another_project_cannot_be_set(client: Client, filled: Cast, dora: Actor) -> None:
    vault = Environment.objects.get(slug="vault")
    response = client_post(client, dora, address(Policy, "add"), {"environment": vault.pk, "deployers": ["admin"], "change_record": "on"})
    assert "Select a valid choice." in text(response)
    assert vault.policy.number == 1


def test_a_role_is_given_by_its_service_and_taken_away(client: Client, cast: Cast, dora: Actor) -> None:
    typed = {"project": cast.claims.pk, "user": cast.charlie.user.pk, "role": "viewer"}
    assert client_post(client, dora, address(Membership, "add"), typed).status_code == 302
    membership = Membership.objects.get(user=cast.charlie.user, project=cast.claims)
    assert (membership.granted_by, entries("role.granted")) == (dora.user, 1)
    again = client.post(address(Membership, "add"), typed)
    assert "errornote" in text(again)
    response = client.post(address(Membership, "changelist"), {"action": "take_away", "_selected_action": [membership.pk]}, follow=True)
    assert "Charlie no longer has the role Viewer in Claims." in text(response)
    assert (Membership.objects.filter(pk=membership.pk).exists(), entries("role.revoked")) == (False, 1)


def test_a_role_elsewhere_is_neither_given_nor_taken(client: Client, cast: Cast, dora: Actor) -> None:
    typed = {"project": cast.elsewhere.pk, "user": dora.user.pk, "role": "admin"}
    assert "Select a valid choice." in text(client_post(client, dora, address(Membership, "add"), typed))
    theirs = Membership.objects.get(user=cast.charlie.user)
    client.post(address(Membership, "changelist"), {"action": "take_away", "_selected_action": [theirs.pk]})
    assert Membership.objects.filter(pk=theirs.pk).exists()
    mine = Membership.objects.get(user=cast.vera.user)
    refused = client_post(
        client, staff(cast.bob), address(Membership, "changelist"), {"action": "take_away", "_selected_action": [mine.pk]}
    )
    assert refused.status_code in (200, 302, 403)
    assert Membership.objects.filter(pk=mine.pk).exists()


def test_a_role_is_given_to_people_only(client: Client, cast: Cast, dora: Actor) -> None:
    account = an_application(cast.claims, responsible=dora, by=dora)
    response = client_post(client, dora, address(Membership, "add"), {"project": cast.claims.pk, "user": account.user.pk, "role": "viewer"})
    assert "Select a valid choice." in text(response)
    assert not Membership.objects.filter(user=account.user).exists()


def target_typed(**more: Any) -> dict[str, Any]:
    return {"name": "Bedrock, Frankfurt", "kind": "bedrock", "settings": '{"region": "eu-central-1"}', "is_active": "on"} | more


def test_a_target_is_added_and_changed_by_its_service(client: Client, cast: Cast, dora: Actor) -> None:
    assert client_post(client, dora, address(Target, "add"), target_typed(environment=cast.production.pk)).status_code == 302
    target = Target.objects.get()
    assert (target.environment, target.settings, target.is_active) == (cast.production, {"region": "eu-central-1"}, True)
    changed = target_typed(name="Bedrock, Dublin", settings='{"region": "eu-west-1"}')
    del changed["is_active"]
    assert client.post(address(Target, "change", target.pk), changed).status_code == 302
    target.refresh_from_db()
    assert (target.name, target.settings, target.is_active) == ("Bedrock, Dublin", {"region": "eu-west-1"}, False)
    assert (entries("target.added"), entries("target.changed")) == (1, 1)
    assert target.history.first().history_user == dora.user


def test_a_target_that_is_added_switched_off_stays_off(client: Client, cast: Cast, dora: Actor) -> None:
    typed = target_typed(environment=cast.production.pk)
    del typed["is_active"]
    assert client_post(client, dora, address(Target, "add"), typed).status_code == 302
    assert not Target.objects.get().is_active


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"kind": "pigeon"},
        {"settings": "{not json"},
        {"settings": '["a", "list"]'},
        {"settings": '"words"'},
        {"name": "Taken"},
    ],
)
def test_a_target_that_cannot_be_saved_keeps_what_was_typed(client: Client, cast: Cast, dora: Actor, change: Any) -> None:
    deployments.add_target(environment=cast.production, name="Taken", actor=dora)
    typed = target_typed(environment=cast.production.pk, **{"name": "Kept as typed", **change})
    response = client_post(client, dora, address(Target, "add"), typed)
    assert response.status_code == 200
    assert "errornote" in text(response)
    assert typed_back(response, typed["settings"])
    assert f'value="{typed["name"]}"' in text(response) or not typed["name"]
    assert Target.objects.count() == 1


def test_a_target_is_not_renamed_to_one_that_is_there(client: Client, cast: Cast, dora: Actor) -> None:
    for name in ("Taken", "Free"):
        target = deployments.add_target(environment=cast.production, name=name, actor=dora)
    response = client_post(client, dora, address(Target, "change", target.pk), target_typed(name="Taken"))
    assert response.status_code == 200
    assert "already publishes to a place named Taken" in text(response)
    target.refresh_from_db()
    assert target.name == "Free"


def test_what_a_target_is_does_not_change(client: Client, cast: Cast, dora: Actor, settings: Any) -> None:
    settings.PUBLISHERS = {**settings.PUBLISHERS, "pigeon": "no.such.Publisher"}
    target = deployments.add_target(environment=cast.production, name="Bedrock", actor=dora)
    assert 'name="kind"' not in text(at(client, dora).get(address(Target, "change", target.pk)))
    client.post(address(Target, "change", target.pk), target_typed(kind="pigeon"))
    target.refresh_from_db()
    assert target.kind == "bedrock"


def test_a_person_is_added_and_changed_by_the_service(client: Client, cast: Cast) -> None:
    typed = {"username": "zoe", "name": "Zoë", "email": "zoe@claims.example", "is_active": "on", "is_staff": "on"}
    assert client_post(client, cast.root, address(User, "add"), typed).status_code == 302
    zoe = User.objects.get(username="zoe")
    assert (zoe.name, zoe.is_staff, zoe.is_superuser, zoe.has_usable_password()) == ("Zoë", True, False, False)
    leaves = {"name": "Zoë Z.", "email": "zoe@claims.example"}
    assert client.post(address(User, "change", zoe.pk), leaves).status_code == 302
    zoe.refresh_from_db()
    assert (zoe.name, zoe.is_active, zoe.is_staff, zoe.username) == ("Zoë Z.", False, False, "zoe")
    assert (entries("person.added"), entries("person.changed")) == (1, 2)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"username": "alice", "name": "Second"}, "already exists"),
        ({"username": "zoe", "name": ""}, "required"),
        ({"username": "zoe", "name": "Kept as typed", "email": "nowhere"}, "valid email address"),
    ],
)
def test_a_person_who_cannot_be_added_keeps_what_was_typed(client: Client, cast: Cast, typed: Any, sentence: str) -> None:
    before = User.objects.count()
    response = client_post(client, cast.root, address(User, "add"), typed | {"is_active": "on"})
    assert response.status_code == 200
    assert sentence in text(response)
    assert all(f'value="{value}"' in text(response) for value in typed.values() if value)
    assert User.objects.count() == before


def test_the_last_site_admin_stays(client: Client, cast: Cast) -> None:
    response = client_post(client, cast.root, address(User, "change", cast.root.user.pk), {"name": "Root, who leaves", "email": ""})
    assert "This is the last site admin." in text(response)
    assert 'value="Root, who leaves"' in text(response)
    cast.root.user.refresh_from_db()
    assert (cast.root.user.is_superuser, cast.root.user.name) == (True, "Root")


def test_people_are_changed_by_site_admins_only(client: Client, cast: Cast, dora: Actor) -> None:
    typed = {"name": "Dora, the boss", "email": "", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert client_post(client, dora, address(User, "change", dora.user.pk), typed).status_code == 403
    assert client.post(address(User, "add"), typed | {"username": "mine"}).status_code == 403
    dora.user.refresh_from_db()
    assert not dora.user.is_superuser


def test_a_key_is_revoked_by_its_service(client: Client, cast: Cast, dora: Actor) -> None:
    key, _ = a_key(an_application(cast.claims, responsible=dora, by=dora), "read", by=dora)
    assert key.secret_hash not in text(at(client, dora).get(address(ApiKey, "change", key.pk)))
    posted = {"action": "revoke", "_selected_action": [key.pk]}
    assert "Nightly is revoked." in text(client.post(address(ApiKey, "changelist"), posted, follow=True))
    assert "This key was revoked already." in text(client.post(address(ApiKey, "changelist"), posted, follow=True))
    assert (ApiKey.objects.usable().count(), entries("key.revoked")) == (0, 1)


def promote_url(version: Version) -> str:
    return reverse("admin:promote_version", args=[version.pk])


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    made = a_version(prompt, by=cast.alice)
    promote(made, cast.development, cast.staging, by=cast.alice)
    return made


def test_promoting_through_the_panel_asks_the_gates(client: Client, cast: Cast, dora: Actor, version: Version) -> None:
    typed = {"environment": cast.production.pk, "reason": "Now <b>please</b>"}
    response = client_post(client, dora, promote_url(version), typed)
    assert response.status_code == 409
    assert "1 more product approval and 1 more technical approval needed." in text(response)
    assert typed_back(response, "Now <b>please</b>")
    assert not Evaluation.objects.latest("id").passed
    assert entries("deployment.blocked") == 1
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob, cast.bella])
    assert "/-/deployments/" in client.post(promote_url(version), typed)["Location"]
    deployment = Deployment.objects.latest("id")
    assert (deployment.version, deployment.via, deployment.by, entries("deployment.made")) == (version, "admin", dora.user, 1)
    again = client.post(promote_url(version), typed)
    assert (again.status_code, "is live in Production already" in text(again)) == (409, True)


def test_promoting_through_the_panel_needs_the_role(client: Client, cast: Cast, version: Version) -> None:
    typed = {"environment": cast.development.pk, "reason": "Mine"}
    response = client_post(client, staff(cast.vera), promote_url(version), typed)
    assert response.status_code == 403
    assert "Your role does not allow you to promote in this project." in text(response)
    assert "Mine" in text(response)
    assert entries("deployment.not_allowed") == 1


def test_promoting_through_the_panel_stays_in_the_project(client: Client, filled: Cast, dora: Actor) -> None:
    theirs = Version.objects.get(prompt__project=filled.elsewhere)
    assert at(client, dora).get(promote_url(theirs)).status_code == 404
    mine = Version.objects.get(prompt__project=filled.claims)
    response = client.post(promote_url(mine), {"environment": Environment.objects.get(slug="vault").pk})
    assert "Select a valid choice." in text(response)
    before = Deployment.objects.count()
    assert client.get(promote_url(mine), {"environment": filled.development.pk}).status_code == 200
    assert Deployment.objects.count() == before


def test_hostile_words_are_shown_as_words(client: Client, cast: Cast) -> None:
    hostile = a_prompt(cast.claims, by=cast.alice, title=HOSTILE, name="hostile")
    version = a_version(hostile, by=cast.alice, text=HOSTILE + "{{claim}}")
    asked(version, cast.staging, by=cast.alice)
    a_person("<script>alert(2)</script>", cast.claims, "viewer", by=cast.root)
    at(client, cast.root)
    for path in [address(model, "changelist") for model, _ in PANELS] + [promote_url(version), address(Version, "change", version.pk)]:
        response = client.get(path)
        assert response.status_code == 200, path
        assert b"<script>alert" not in response.content, path


@pytest.mark.parametrize("model", [Version, Review, Deployment, Evaluation, Entry, Membership, User, ApiKey], ids=ids)
def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast, model: Any) -> None:
    def grow(start: int, end: int) -> None:
        for number in range(start, end):
            version = a_version(a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}"), by=cast.alice)
            promote(version, cast.development, by=cast.alice)
            a_person(f"Person{number}", cast.claims, "viewer", by=cast.root)
            asked(version, cast.staging, by=cast.alice)
            a_key(account, "read", environment=cast.staging, by=cast.dora)

    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    at(client, cast.root)
    grow(0, 2)
    few = queries(client, address(model, "changelist"))
    grow(2, 8)
    assert queries(client, address(model, "changelist")) == few


def test_what_the_panel_refuses_is_in_the_trail(client: Client, cast: Cast) -> None:
    mine = Membership.objects.get(user=cast.vera.user)
    at(client, staff(cast.bob))
    client.post(address(Membership, "changelist"), {"action": "take_away", "_selected_action": [mine.pk]})
    refusal = Entry.objects.get(action="access.refused")
    assert (refusal.via, refusal.actor_uid) == ("admin", cast.bob.user.uid)
    assert "Your role does not allow you to change the settings of this project." in refusal.data


def test_a_closed_page_of_the_panel_says_so_in_the_frame_and_is_kept(client: Client, cast: Cast) -> None:
    response = at(client, staff(cast.bob)).post(address(Policy, "add"), {"environment": cast.production.pk})
    assert response.status_code == 403
    assert "Your role does not allow this." in text(response)
    assert 'id="main"' in text(response)
    assert entries("access.refused") == 1


def test_the_form_of_conditions_starts_from_those_in_force(client: Client, cast: Cast, dora: Actor) -> None:
    """An empty form would drop every condition unsaid."""
    at(client, dora)
    assert client.get(address(Policy, "add"))["Location"] == address(Environment, "changelist")
    form = client.get(address(Policy, "add"), {"environment": cast.production.pk}).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    assert shown["environment"] == cast.production.pk
    assert (shown["previous_environment"], shown["change_record"], shown["same_baseline"]) == (True, True, True)
    assert (shown["approvals_product"], shown["approvals_technical"], shown["approvals_admin"]) == (1, 1, 0)
    assert shown["deployers"] == list(cast.production.policy.rules.deployers)


def test_after_changing_conditions_the_page_says_what_holds(client: Client, cast: Cast, dora: Actor) -> None:
    typed = {"environment": cast.staging.pk, "change_record": "on", "deployers": ["technical"]}
    response = at(client, dora).post(address(Policy, "add"), typed, follow=True)
    assert "In force from now on. To enter Staging a version needs a complete change record." in text(response)


def test_nonsense_in_the_settings_of_a_target_is_said_at_the_field(client: Client, cast: Cast, dora: Actor) -> None:
    typed = target_typed(environment=cast.production.pk, settings='{"region": "<x>"}')
    response = client_post(client, dora, address(Target, "add"), typed)
    assert response.context["adminform"].form.errors["settings"] == ["region: This is no AWS region, such as eu-central-1."]
    assert not Target.objects.exists()


def test_a_grace_of_many_years_is_refused_at_the_field(client: Client, cast: Cast, dora: Actor) -> None:
    response = client_post(client, dora, address(Environment, "change", cast.staging.pk), {"name": "Staging", "grace_days": "2000000000"})
    assert "grace_days" in response.context["adminform"].form.errors
    cast.staging.refresh_from_db()
    assert cast.staging.grace_days == 0
