import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.audit.chain import hash_of_json
from promptstudio.audit.models import Entry
from promptstudio.audit.services import record
from promptstudio.deployments import services as deployments
from promptstudio.lib import clock
from promptstudio.lib.errors import NotAllowed
from promptstudio.prompts import services as prompts
from promptstudio.web.files import cell
from tests.cast import Cast, a_prompt, a_version, approved, promote
from tests.triggers import triggers_down

URL = "/p/claims/audit/"


def get(client: Client, actor: Actor, url: str = URL, **query: Any) -> Any:
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(url, query)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def actions(response: Any) -> list[str]:
    return [line.entry.action for line in response.context["lines"]]


def test_the_trail_is_told_in_sentences(client: Client, cast: Cast, prompt: Any) -> None:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    html = text(get(client, cast.axel))
    assert "Alice saved <b>Water damage triage 1.0.0</b>" in html
    assert "Alice sent <b>Water damage triage 1.0.0 to Development</b>" in html


def test_without_the_role_it_says_whom_to_ask(client: Client, cast: Cast) -> None:
    for url in (URL, URL + "export.csv"):
        response = get(client, cast.vera, url)
        assert response.status_code == 403
        assert "Your role does not allow you to read the audit trail" in text(response)
    assert client.post(URL + "verify/").status_code == 403


def test_another_project_is_not_there(client: Client, cast: Cast) -> None:
    assert get(client, cast.charlie).status_code == 404
    assert get(client, cast.charlie, URL + "export.csv").status_code == 404
    assert client.post(URL + "verify/").status_code == 404


def test_it_filters_by_person_and_kind(client: Client, cast: Cast, prompt: Any) -> None:
    version = a_version(prompt, by=cast.alice)
    promote(version, cast.development, cast.staging, by=cast.alice)
    approved(version, cast.production, asked_by=cast.alice, by=[cast.bob])
    assert actions(get(client, cast.axel, person=str(cast.bob.user.uid))) == ["review.approved"]
    assert set(actions(get(client, cast.axel, kind="reviews"))) == {"review.asked", "review.approved"}
    with pytest.raises(NotAllowed):
        deployments.deploy(version=version, environment=cast.production, actor=cast.vera)
    assert actions(get(client, cast.axel, kind="refused")) == ["deployment.not_allowed"]


def test_it_finds_everything_about_one_prompt(client: Client, cast: Cast, prompt: Any) -> None:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    a_version(a_prompt(cast.claims, by=cast.alice, title="Letter"), by=cast.alice)
    wanted = ["deployment.made", "version.change_record_added", "version.saved", "prompt.created"]
    assert actions(get(client, cast.axel, about=prompt.name)) == wanted
    assert actions(get(client, cast.axel, about="damage tri")) == wanted


def test_it_filters_by_days_both_included(client: Client, cast: Cast) -> None:
    now = timezone.now()
    for days in (3, 2, 1):
        with clock.at(now - timedelta(days=days)):
            a_prompt(cast.claims, by=cast.alice, title=f"{days} days ago")
    since, until = [timezone.localtime(now - timedelta(days=days)).date().isoformat() for days in (2, 1)]
    found = get(client, cast.axel, since=since, until=until)
    assert [line.entry.object_label for line in found.context["lines"]] == ["1 days ago", "2 days ago"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "soon"}, "Give a day, such as"),
        ({"until": "9999-12-31"}, "Give a day, such as"),
        ({"since": "0001-01-01"}, "Give a day, such as"),
        ({"since": "2026-02-02", "until": "2026-01-01"}, "The last day is before the first."),
        ({"person": "nobody"}, "Choose someone from the list."),
        ({"about": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_a_filter_that_is_none_says_so_and_stays_typed(client: Client, cast: Cast, query: dict[str, str], sentence: str) -> None:
    response = get(client, cast.axel, about_kept="", **query)
    assert response.status_code == 422
    assert sentence in text(response)
    assert dict(query) == {name: response.context["form"].data[name] for name in query}
    assert get(client, cast.axel, URL + "export.csv", **query).status_code == 302


def test_the_file_holds_what_is_filtered(client: Client, cast: Cast) -> None:
    a_prompt(cast.claims, by=cast.alice, title='=HYPERLINK("http://evil.example","<b>Click</b>")')
    for number in range(60):
        a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}")
    response = get(client, cast.axel, URL + "export.csv", person=str(cast.alice.user.uid))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="audit-claims.csv"' in response["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[0][:4] == ["When (UTC)", "Who", "What", "About"]
    assert len(rows) == 1 + 61
    assert rows[-1][3] == '\'=HYPERLINK("http://evil.example","<b>Click</b>")'
    assert rows[-1][2] == 'Alice created =HYPERLINK("http://evil.example","<b>Click</b>")'


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝"])
def test_no_cell_begins_like_a_formula(beginning: str) -> None:
    assert cell(f"{beginning}1+1") == f"'{beginning}1+1"
    assert cell("1+1") == "1+1"


def test_the_trail_verifies(client: Client, cast: Cast, prompt: Any) -> None:
    client.force_login(cast.axel.user, backend="django.contrib.auth.backends.ModelBackend")
    response = client.post(URL + "verify/?kind=reviews")
    assert (response.status_code, response["Location"]) == (302, f"{URL}?kind=reviews")
    assert "The trail verifies" in text(client.get(URL))
    fragment = client.post(URL + "verify/", headers={"HX-Request": "true"})
    assert "The trail verifies" in text(fragment)
    assert "<html" not in text(fragment)
    answer = client.get(URL + "verify/")
    assert (answer.status_code, answer["Location"]) == (303, URL)


def test_a_changed_entry_is_named(client: Client, cast: Cast, prompt: Any) -> None:
    entry = Entry.objects.get(action="prompt.created")
    with triggers_down(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET object_label = 'Something else' WHERE id = %s", [entry.pk])
    client.force_login(cast.axel.user, backend="django.contrib.auth.backends.ModelBackend")
    wanted = f"Entry {entry.sequence}: Its content is not what was written."
    assert wanted in text(client.post(URL + "verify/", headers={"HX-Request": "true"}))
    assert wanted in text(client.post(URL + "verify/", follow=True))


def test_hostile_words_are_shown_as_words(client: Client, cast: Cast) -> None:
    a_prompt(cast.claims, by=cast.alice, title="<script>alert(1)</script> ‮ " + "x" * 500)
    assert b"<script>alert" not in get(client, cast.axel, about="<script>").content


def test_the_number_of_queries_does_not_grow(client: Client, cast: Cast) -> None:
    def queries() -> int:
        get(client, cast.axel)
        with CaptureQueriesContext(connection) as captured:
            client.get(URL)
        return len(captured)

    # One of each thing that an entry may lead to.
    promote(a_version(a_prompt(cast.claims, by=cast.alice, title="Letter"), by=cast.alice), cast.development, by=cast.alice)
    few = queries()
    for number in range(20):
        promote(a_version(a_prompt(cast.claims, by=cast.alice, title=f"Letter {number}"), by=cast.alice), cast.development, by=cast.alice)
    assert queries() <= few


def test_entries_lead_to_what_they_are_about(client: Client, cast: Cast, prompt: Any) -> None:
    deployment = promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    urls = {line.entry.action: line.url for line in get(client, cast.axel).context["lines"]}
    assert urls["deployment.made"] == f"/p/claims/prompts/water-damage-triage/-/deployments/{deployment.uid}/"
    assert urls["version.saved"] == "/p/claims/prompts/water-damage-triage/-/versions/1.0.0/"
    assert urls["role.granted"] == "/p/claims/settings/people/"
    assert all(client.get(url).status_code == 200 for url in set(urls.values()) if url)


def test_an_entry_leads_nowhere_when_the_thing_is_gone_or_elsewhere(client: Client, cast: Cast, prompt: Any) -> None:
    draft = prompts.open_draft(prompt=prompt, actor=cast.alice)
    prompts.discard_draft(draft=draft, actor=cast.alice)
    foreign = a_prompt(cast.elsewhere, by=cast.charlie)
    record(actor=cast.root, action="prompt.created", subject=foreign, project_uid=cast.claims.uid)
    urls = {(line.entry.action, line.entry.object_uid): line.url for line in get(client, cast.axel).context["lines"]}
    assert urls["draft.opened", draft.uid] == ""
    assert urls["prompt.created", foreign.uid] == ""


def test_it_filters_by_environment(client: Client, cast: Cast, prompt: Any) -> None:
    promote(a_version(prompt, by=cast.alice), cast.development, cast.staging, by=cast.alice)
    found = get(client, cast.axel, environment="staging").context["lines"]
    assert [line.entry.object_label for line in found] == ["Water damage triage 1.0.0 to Staging"]
    assert get(client, cast.axel, environment="nowhere").status_code == 422


def test_lines_of_json_hold_what_is_hashed_and_what_may_be_erased_beside_it(client: Client, cast: Cast, prompt: Any) -> None:
    version = a_version(prompt, by=cast.alice)
    deployments.deploy(version=version, environment=cast.development, actor=cast.alice, reason="Because.")
    response = get(client, cast.axel, URL + "export.jsonl")
    assert 'filename="audit-claims.jsonl"' in response["Content-Disposition"]
    lines = [json.loads(line) for line in b"".join(response.streaming_content).decode().splitlines()]
    assert len(lines) == Entry.objects.filter(project_uid=cast.claims.uid).exclude(action="audit.exported").count()
    assert all(hash_of_json(line) == line["hash"] for line in lines)
    [made] = [line for line in lines if line["action"] == "deployment.made"]
    assert (made["who"]["name"], made["words"]) == ("Alice", {"reason": "Because."})
    assert made["sentence"] == "Alice sent Water damage triage 1.0.0 to Development: “Because.”"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_taking_the_trail_out_is_in_the_trail(client: Client, cast: Cast, kind: str) -> None:
    get(client, cast.axel, f"{URL}export.{kind}", kind="people")
    entry = Entry.objects.get(action="audit.exported")
    assert (entry.actor_uid, entry.project_uid) == (cast.axel.user.uid, cast.claims.uid)
    assert json.loads(entry.data) == {"filters": {"kind": "people"}, "format": kind}
    assert "Axel took a file out: <b>The trail of Claims</b>" in text(get(client, cast.axel))
