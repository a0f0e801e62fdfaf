"""What people see of it: the sign-in page, the administration's mappings, the trail in sentences."""

import json
from typing import Any

import pytest
from django.test import Client

from promptstudio.accounts.actor import system
from promptstudio.accounts.models import User
from promptstudio.accounts.signing_in import Provided, arrive, note_sign_in, refuse_sign_in, sign_out
from promptstudio.audit.models import Entry
from promptstudio.projects.group_mappings import add_mapping, apply_groups
from promptstudio.projects.models import GroupMapping
from promptstudio.web.sentences import sentences
from promptstudio.web.wordings import REFUSALS, WORDINGS
from tests.cast import Cast
from tests.web.reading import HOSTILE, at, text, typed_back

LIST, ADD = "/admin/projects/groupmapping/", "/admin/projects/groupmapping/add/"
ISSUER = {"OIDC_ISSUER": "https://id.example", "OIDC_RP_CLIENT_ID": "studio", "OIDC_RP_CLIENT_SECRET": "secret"}


def company(settings: Any) -> None:
    for name, value in ISSUER.items():
        setattr(settings, name, value)


def test_the_sign_in_page_has_one_button(client: Client, settings: Any, db: None) -> None:
    company(settings)
    html = text(client.get("/sign-in/", {"next": "/p/claims/reviews/?q=a&state=b"}))
    assert html.count("Sign in with your company account") == 1
    assert 'href="/oidc/authenticate/?next=%2Fp%2Fclaims%2Freviews%2F%3Fq%3Da%26state%3Db"' in html
    assert "Sign-in is not set up." not in html


def test_the_people_of_the_demo_stay_beside_it(client: Client, settings: Any, cast: Cast) -> None:
    company(settings)
    settings.DEMO = True
    html = text(client.get("/sign-in/"))
    assert "Sign in with your company account" in html
    assert "Or try the demo" in html
    assert "Bob" in html


def test_people_of_the_company_are_not_to_be_had_in_the_demo(client: Client, settings: Any, cast: Cast) -> None:
    settings.DEMO = True
    arrived = arrive(provided=Provided("https://id.example", "eddie", "Eddie Expert"), actor=system("page"))
    assert "Eddie Expert" not in text(client.get("/sign-in/"))
    assert client.post("/sign-in/", {"person": arrived.uid}).status_code == 404


def test_the_demo_is_in_the_trail_too(client: Client, settings: Any, cast: Cast) -> None:
    settings.DEMO = True
    client.post("/sign-in/", {"person": cast.bob.user.uid})
    client.post("/sign-out/")
    mine = Entry.objects.filter(actor_uid=cast.bob.user.uid).order_by("pk").values_list("action", flat=True)
    assert list(mine) == ["person.signed_in", "person.signed_out"]


def test_the_administration_leads_to_the_one_sign_in(client: Client, db: None) -> None:
    response = client.get("/admin/login/", {"next": LIST})
    assert response["Location"] == "/sign-in/?next=%2Fadmin%2Fprojects%2Fgroupmapping%2F"
    assert client.get("/admin/login/", {"next": "//evil.example"})["Location"] == "/sign-in/?next=%2F"


def test_a_password_opens_nothing_at_the_administration(client: Client, db: None) -> None:
    User.objects.create_superuser("root", password="a local password")
    response = client.post("/admin/login/", {"username": "root", "password": "a local password"})
    assert response["Location"].startswith("/sign-in/")
    assert "_auth_user_id" not in client.session


def test_whoever_may_open_it_is_led_on(client: Client, cast: Cast) -> None:
    assert at(client, cast.root).get("/admin/login/", {"next": LIST})["Location"] == LIST


def test_leaving_the_administration_is_signing_out(client: Client, cast: Cast) -> None:
    at(client, cast.root).post("/admin/logout/")
    assert Entry.objects.filter(action="person.signed_out").count() == 1
    assert "_auth_user_id" not in client.session


def test_mappings_are_made_changed_and_removed_there(client: Client, cast: Cast) -> None:
    at(client, cast.root)
    typed = {"pattern": "claims-experts", "project": cast.claims.pk, "role": "domain_expert"}
    assert client.post(ADD, typed).status_code == 302
    mapping = GroupMapping.objects.get()
    assert "Domain expert in Claims" in text(client.get(LIST))
    client.post(f"{LIST}{mapping.pk}/change/", typed | {"role": "viewer"})
    assert "Viewer in Claims" in text(client.get(LIST))
    client.post(LIST, {"action": "remove", "_selected_action": [mapping.pk]})
    assert not GroupMapping.objects.exists()
    actions = Entry.objects.filter(action__startswith="group_mapping.", via="admin").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["group_mapping.added", "group_mapping.changed", "group_mapping.removed"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"pattern": "x-<team>", "role": "viewer"}, "<team> is not understood."),
        ({"pattern": "x", "role": "viewer"}, "Choose one, or write <project> into the pattern."),
        ({"pattern": "x", "role": "viewer", "site_admin": "on"}, "A site admin has no project and no role"),
        ({"pattern": "", "role": "viewer"}, "This field is required."),
        ({"pattern": "x" * 201, "role": "viewer"}, "at most 200 characters"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_mistake_is_said_where_it_was_made(client: Client, cast: Cast, typed: dict[str, str], sentence: str) -> None:
    response = at(client, cast.root).post(ADD, typed)
    assert response.status_code == 422
    assert typed_back(response, sentence)
    assert typed_back(response, typed["pattern"])
    assert not GroupMapping.objects.exists()


def test_the_form_explains_its_placeholders(client: Client, cast: Cast) -> None:
    """The administration shows help as markup, which would swallow them."""
    assert typed_back(at(client, cast.root).get(ADD), "promptstudio-<project>-<role> makes everybody in")


def test_project_admins_do_not_reach_the_mappings(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.dora.user.pk).update(is_staff=True)
    mapping = add_mapping(pattern="claims-experts", project=cast.claims, role="viewer", actor=cast.root)
    at(client, cast.dora)
    typed = {"pattern": "mine", "project": cast.claims.pk, "role": "admin"}
    assert client.post(ADD, typed).status_code == 403
    assert client.post(f"{LIST}{mapping.pk}/change/", typed).status_code in (302, 403)
    client.post(LIST, {"action": "remove", "_selected_action": [mapping.pk]})
    assert list(GroupMapping.objects.values_list("pattern", flat=True)) == ["claims-experts"]
    assert "Group mappings" not in text(client.get("/admin/"))


def test_a_hostile_group_is_shown_as_words(client: Client, cast: Cast) -> None:
    name = " ".join(HOSTILE[:150].split())
    response = at(client, cast.root).post(ADD, {"pattern": name, "project": cast.claims.pk, "role": "viewer"})
    assert typed_back(response, name)
    assert b"<script>alert" not in response.content


def test_the_same_twice_is_said_in_words(client: Client, cast: Cast) -> None:
    typed = {"pattern": "claims-experts", "project": cast.claims.pk, "role": "viewer"}
    at(client, cast.root).post(ADD, typed)
    assert "This group means that already." in text(client.post(ADD, typed))
    client.post(ADD, {"pattern": "bosses", "site_admin": "on"})
    assert "This group means that already." in text(client.post(ADD, {"pattern": "bosses", "site_admin": "on"}))


def test_each_history_of_a_mapping_opens(client: Client, cast: Cast) -> None:
    mapping = add_mapping(pattern="claims-experts", project=cast.claims, role="viewer", actor=cast.root)
    assert at(client, cast.root).get(f"{LIST}{mapping.pk}/history/").status_code == 200


def said() -> list[str]:
    return [str(line.html) for line in sentences(Entry.objects.order_by("pk"))]


def test_the_trail_reads_as_sentences(cast: Cast) -> None:
    before = Entry.objects.count()
    add_mapping(pattern="claims-readers", project=cast.claims, role="viewer", actor=cast.root)
    apply_groups(person=cast.charlie.user, groups=["claims-readers"], actor=system("page"))
    apply_groups(person=cast.charlie.user, groups=[], actor=system("page"))
    note_sign_in(person=cast.charlie.user, way="single_sign_on", actor=system("page"))
    sign_out(actor=cast.charlie)
    sign_out(actor=cast.charlie, reason="provider_session_ended")
    refuse_sign_in(reason="wrong_audience", actor=system("page"))
    refuse_sign_in(reason="archived", person=cast.charlie.user, actor=system("page"))
    assert said()[before:] == [
        "Root said what the group <b>claims-readers</b> gives",
        "Prompt Studio gave Charlie the role viewer because of their groups",
        "Prompt Studio took the role viewer from Charlie because of their groups",
        "Charlie signed in with the company account",
        "Charlie signed out",
        "Charlie was signed out: the session at the identity provider has ended",
        "Prompt Studio refused a sign-in by single sign-on: the token was made for another program",
        "Prompt Studio refused a sign-in of Charlie by single sign-on: the account is closed",
    ]


def test_sign_ins_hold_no_personal_data(cast: Cast) -> None:
    note_sign_in(person=cast.charlie.user, way="single_sign_on", actor=system("page"))
    refuse_sign_in(reason="archived", person=cast.charlie.user, actor=system("page"))
    for entry in Entry.objects.filter(action__in=["person.signed_in", "sign_in.refused"]):
        kept = entry.data + entry.object_label
        assert "Charlie" not in kept
        assert "claims.example" not in kept
        assert set(json.loads(entry.data)) <= {"way", "because", "person"}


def test_every_word_for_a_refusal_has_its_sentence() -> None:
    """The words are found in the source, where a failure is raised."""
    import ast
    from pathlib import Path

    import promptstudio.web.sign_in as package

    kinds = {"SignInFailed", "TokenRefused"}
    words = {
        call.args[0].value
        for path in Path(str(package.__file__)).parent.glob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in kinds and call.args and isinstance(call.args[0], ast.Constant)
    }
    plain = {"no_token", "no_code", "wrong_subject", "userinfo_refused"}
    assert len(words) > 10
    assert words - plain <= set(REFUSALS)


def test_every_action_of_signing_in_has_its_wording() -> None:
    actions = {"person.added", "person.changed", "person.signed_in", "person.signed_out", "sign_in.refused"}
    actions |= {"break_glass.made", "break_glass.used", "group_mapping.added", "group_mapping.changed", "group_mapping.removed"}
    assert actions <= set(WORDINGS)
