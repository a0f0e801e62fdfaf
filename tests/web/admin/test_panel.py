"""The administration as a whole: what belongs to you, saved by services, and nothing past them."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.audit.models import Entry
from promptstudio.deployments.models import Deployment, Evaluation, Target
from promptstudio.lib.append_only import append_only_models
from promptstudio.projects.models import ApiKey, Environment, Floor, GroupMapping, Membership, Policy, Project
from promptstudio.prompts.models import ModelEntry, Version
from promptstudio.reviews.models import Review
from promptstudio.web.admin.scoped import ScopedAdmin
from tests.cast import Cast, a_key, a_person, a_prompt, a_version, an_application, asked, promote

from ..reading import HOSTILE, at, queries, text
from .panel import PANELS, READ_ONLY, address, entries, ids, promote_url, staff


@pytest.mark.parametrize("panel", PANELS, ids=ids)
def test_each_list_opens_and_is_searched(client: Client, filled: Cast, panel: Any) -> None:
    response = at(client, filled.root).get(address(panel[0], "changelist"))
    assert response.status_code == 200
    assert response.context["cl"].result_count
    if panel[1].search_fields:
        assert client.get(address(panel[0], "changelist"), {"q": "<script>"}).status_code == 200


@pytest.mark.parametrize("word", ["groupmapping", "floor"])
def test_a_list_without_rows_says_what_that_means(client: Client, cast: Cast, word: str) -> None:
    html = text(at(client, cast.root).get(f"/admin/projects/{word}/"))
    assert f"<h2>No {'floor' if word == 'floor' else 'group mapping'} yet</h2><p>" in html


@pytest.mark.parametrize("panel", PANELS, ids=ids)
def test_each_row_opens(client: Client, filled: Cast, panel: Any) -> None:
    row = panel[0]._default_manager.order_by("pk").last()
    assert at(client, filled.root).get(address(panel[0], "change", row.pk)).status_code == 200
    assert client.get(address(panel[0], "history", row.pk)).status_code == 200


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
        # New conditions are a new row, which their service writes.
        assert panel.has_add_permission(request) is (panel.model in (Policy, Floor))


def test_every_model_with_a_form_saves_through_a_service() -> None:
    written = [panel for panel in admin.site._registry.values() if "save_by" in vars(panel.form)]
    assert {panel.model for panel in written} == {User, Membership, GroupMapping, Environment, Floor, ModelEntry, Policy, Target}
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
    assert (refusal.via, refusal.actor_uid, refusal.project_uid) == ("admin", cast.bob.user.uid, cast.claims.uid)
    assert "Your role does not allow you to change the settings of this project." in refusal.data


def test_what_a_button_of_the_panel_refuses_is_in_the_chain_of_its_project(client: Client, cast: Cast) -> None:
    key, _ = a_key(an_application(cast.claims, responsible=cast.alice, by=cast.dora), "read", by=cast.dora)
    assert at(client, staff(cast.bob)).post(f"/admin/projects/apikey/{key.pk}/revoke/").status_code == 403
    assert Entry.objects.get(action="access.refused").project_uid == cast.claims.uid


def test_a_closed_page_of_the_panel_says_so_in_the_frame_and_is_kept(client: Client, cast: Cast) -> None:
    response = at(client, staff(cast.bob)).post(address(Policy, "add"), {"environment": cast.production.pk})
    assert response.status_code == 403
    assert "Your role does not allow this." in text(response)
    assert 'id="main"' in text(response)
    assert entries("access.refused") == 1


def test_leaving_the_panel_is_leaving_the_product(client: Client, cast: Cast) -> None:
    assert at(client, cast.root).post("/admin/logout/")["Location"] == "/sign-in/"
    assert client.get("/")["Location"].startswith("/sign-in/")
