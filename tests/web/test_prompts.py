"""The pages around a prompt: making one, what it is, its title and folder, and what happened to it."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from promptstudio.accounts.actor import Actor
from promptstudio.audit.models import Entry
from promptstudio.audit.services import record
from promptstudio.deployments import gates
from promptstudio.projects.role_services import grant_role
from promptstudio.projects.services import folder_at
from promptstudio.prompts import services
from promptstudio.prompts.models import Prompt
from promptstudio.web.sentences import sentences
from promptstudio.web.wordings import GATES, WORDINGS
from tests.cast import Cast, a_prompt, a_version, approved, bundle, in_production, promote

from .reading import text

HOSTILE = '<script>alert(1)</script>\n"quoted" مرحبا ' + "long " * 96


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def address(prompt: Prompt, page: str = "") -> str:
    return f"/p/{prompt.project.slug}/prompts/{prompt.name}/-/{page}"


def test_a_new_prompt_needs_a_title_only_and_leads_to_the_editor(cast: Cast) -> None:
    answer = browser(cast.alice).post("/p/claims/new-prompt/", {"title": "Burst pipe – first letter", "folder": "Property/Water"})

    prompt = Prompt.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, address(prompt, f"drafts/{prompt.drafts.get().uid}/"))
    assert (prompt.name, prompt.folder.path, prompt.owner) == ("burst-pipe-first-letter", "Property/Water", cast.alice.user)


def test_a_title_that_another_prompt_has_is_told_and_taken(cast: Cast) -> None:
    first = a_prompt(cast.claims, by=cast.bob, title="First letter", name="first")
    services.change_prompt(prompt=first, folder="Property/Storm", actor=cast.bob)
    told = "There is another prompt called “First letter” in Property/Storm."
    alice = browser(cast.alice)
    assert told in text(alice.post("/p/claims/new-prompt/", {"title": "FIRST letter"}, follow=True))
    other = a_prompt(cast.claims, by=cast.alice, title="Other", name="other")
    assert told in text(alice.post(address(other, "change/"), {"title": "First letter", "folder": ""}, follow=True))
    assert told not in text(alice.post(address(other, "change/"), {"title": "First letter", "folder": "Letters"}, follow=True))
    services.restrict_prompt(prompt=first, people=[cast.bob.user], actor=cast.bob)
    Prompt.objects.exclude(pk=first.pk).update(title="Another")
    assert "There is another prompt" not in text(alice.post("/p/claims/new-prompt/", {"title": "First letter"}, follow=True))


def test_a_new_prompt_without_a_title_keeps_what_was_typed(cast: Cast) -> None:
    answer = browser(cast.alice).post("/p/claims/new-prompt/", {"title": " ", "folder": "Prop<erty", "name": "claims/first"})

    assert answer.status_code == 422
    assert "Give the prompt a title" in answer.text
    assert 'value="Prop&lt;erty"' in answer.text
    assert 'value="claims/first"' in answer.text
    assert not Prompt.objects.exists()


@pytest.mark.parametrize(
    ("name", "sentence"), [("taken", "There is already a prompt named taken"), ("No Spaces", "A name has small letters and digits")]
)
def test_a_name_that_cannot_be_given_is_said_at_its_field(cast: Cast, name: str, sentence: str) -> None:
    a_prompt(cast.claims, by=cast.alice, name="taken")

    answer = browser(cast.alice).post("/p/claims/new-prompt/", {"title": "Another", "name": name})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "id_name_error" in answer.text
    assert Prompt.objects.count() == 1


def test_whoever_only_reads_sees_the_closed_door_and_its_reason(cast: Cast) -> None:
    page = browser(cast.vera).get("/p/claims/new-prompt/")
    answer = browser(cast.vera).post("/p/claims/new-prompt/", {"title": "Mine"})

    assert "aria-disabled" in page.text
    assert "Your role does not allow you to write prompts" in page.text
    assert answer.status_code == 403
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("page", ["", "edit/", "versions/", "activity/"])
def test_a_prompt_of_another_project_is_not_there(cast: Cast, prompt: Prompt, page: str) -> None:
    assert browser(cast.charlie).get(address(prompt, page)).status_code == 404
    assert browser(cast.alice).get(address(prompt, page)).status_code == 200


def test_an_empty_prompt_says_what_to_do_first(cast: Cast, prompt: Prompt) -> None:
    page = browser(cast.alice).get(address(prompt)).text

    assert "Nothing is written yet" in page
    assert f'action="{address(prompt, "drafts/")}"' in page


def test_the_overview_shows_the_newest_text_with_its_variables(cast: Cast, prompt: Prompt) -> None:
    a_version(prompt, by=cast.alice, text="Old {{claim}}")
    a_version(prompt, by=cast.alice, text="New and better {{claim}}")

    page = browser(cast.vera).get(address(prompt)).text

    assert 'New and better <span class="var">claim</span>' in page
    assert "Old " not in page


def test_hostile_words_break_no_page(cast: Cast) -> None:
    prompt = services.create_prompt(project=cast.claims, title=HOSTILE, folder="<b>x</b>", actor=cast.alice)
    data = bundle(f"{HOSTILE} {{{{claim}}}}")
    services.save_version(prompt=prompt, data=data, change=services.Change(summary=HOSTILE), actor=cast.alice)

    for page in ("", "versions/", "versions/1.0.0/", "activity/"):
        answer = browser(cast.alice).get(address(prompt, page))
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<b>x</b>" not in answer.text


def test_title_and_folder_change_in_place(cast: Cast, prompt: Prompt) -> None:
    answer = browser(cast.alice).post(address(prompt, "change/"), {"title": "Storm", "folder": "Wind"})

    prompt.refresh_from_db()
    assert answer.status_code == 303
    assert (prompt.title, prompt.folder.path) == ("Storm", "Wind")


def test_an_empty_title_is_refused_and_the_folder_stays_typed(cast: Cast, prompt: Prompt) -> None:
    answer = browser(cast.alice).post(address(prompt, "change/"), {"title": "", "folder": "Half typed"})

    prompt.refresh_from_db()
    assert answer.status_code == 422
    assert 'value="Half typed"' in answer.text
    assert prompt.title == "Water damage triage"


def test_a_title_with_line_breaks_comes_back_to_the_letter(cast: Cast) -> None:
    prompt = services.create_prompt(project=cast.claims, title=" two\nlines ", actor=cast.alice)

    browser(cast.alice).post(address(prompt, "change/"), {"title": " two\r\nlines ", "folder": "Moved"})

    prompt.refresh_from_db()
    assert (prompt.title, prompt.folder.path) == (" two\nlines ", "Moved")


def test_changing_the_title_of_someone_who_reads_is_refused(cast: Cast, prompt: Prompt) -> None:
    answer = browser(cast.vera).post(address(prompt, "change/"), {"title": "Mine", "folder": ""})

    assert answer.status_code == 403
    assert "Your role does not allow you" in answer.text


def test_activity_tells_the_story_in_sentences(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    in_production(cast, version)

    page = browser(cast.vera).get(address(prompt, "activity/")).text

    for sentence in (
        "Alice created <b>Water damage triage</b>",
        "Alice saved <b>Water damage triage 1.0.0</b>",
        "Bella approved <b>Water damage triage 1.0.0 to Production</b> as technical",
        "Alice sent <b>Water damage triage 1.0.0 to Production</b>",
    ):
        assert sentence in page


def test_activity_of_a_prompt_leaves_out_other_prompts(cast: Cast, prompt: Prompt) -> None:
    a_version(a_prompt(cast.claims, by=cast.bob, title="Something else"), by=cast.bob)

    assert "Something else" not in browser(cast.vera).get(address(prompt, "activity/")).text


def test_sentences_ask_the_database_thrice_however_many_there_are(cast: Cast, prompt: Prompt, django_assert_num_queries: object) -> None:
    approved(a_version(prompt, by=cast.alice), cast.staging, asked_by=cast.alice, by=[cast.bob, cast.bella])
    entries = list(Entry.objects.all())

    with django_assert_num_queries(3):  # type: ignore[operator]
        lines = sentences(entries)

    assert [line.entry for line in lines] == entries
    assert "Root gave Bob the role product" in [str(line.html).replace("<b>", "").replace("</b>", "") for line in lines]


def test_a_sentence_escapes_reasons_and_knows_actions_that_have_no_wording_yet(cast: Cast, prompt: Prompt) -> None:
    version = a_version(prompt, by=cast.alice)
    recalled = record(actor=cast.bob, action="version.recalled", subject=version, project_uid=cast.claims.uid, reason="<i>bad</i>")
    unknown = record(actor=cast.bob, action="moon.landed", label="Moon", project_uid=cast.claims.uid)

    lines = sentences([recalled, unknown])

    assert lines[0].html == "Bob recalled <b>Water damage triage 1.0.0</b>: “&lt;i&gt;bad&lt;/i&gt;”"
    assert lines[1].html == "Bob <b>Moon</b> · moon landed"


def test_every_action_that_the_story_above_records_has_its_wording(cast: Cast, prompt: Prompt) -> None:
    in_production(cast, a_version(prompt, by=cast.alice))

    assert not set(Entry.objects.values_list("action", flat=True)) - set(WORDINGS)


def test_the_overview_asks_a_constant_number_of_questions(cast: Cast, prompt: Prompt) -> None:
    promote(a_version(prompt, by=cast.alice), cast.development, by=cast.alice)
    few = _queries(cast, prompt)
    for number in range(5):
        a_version(prompt, by=cast.alice, text=f"Sort claim {number}: {{{{claim}}}}")
        services.open_draft(prompt=prompt, actor=cast.alice)

    assert _queries(cast, prompt) <= few + 1


def _queries(cast: Cast, prompt: Prompt) -> int:
    client = browser(cast.alice)
    client.get(address(prompt))
    with CaptureQueriesContext(connection) as queries:
        client.get(address(prompt))
    return len(queries)


def test_the_way_back_is_at_hand_on_the_overview_and_on_earlier_versions(cast: Cast, prompt: Prompt) -> None:
    first, second = a_version(prompt, by=cast.alice), a_version(prompt, by=cast.alice, text="Other {{claim}}")
    promote(first, cast.development, by=cast.alice)
    promote(second, cast.development, by=cast.alice)
    client, back = browser(cast.bob), address(prompt, "roll-back/development/")
    assert back in text(client.get(address(prompt)))
    assert f"{back}?to=1.0.0" in text(client.get(address(prompt, "versions/1.0.0/")))
    assert f"{back}?to=" not in text(client.get(address(prompt, f"versions/{second.semver}/")))
    assert client.get(back, {"to": "1.0.0"}).context["back_to"] == first


def test_a_prompt_is_restricted_to_named_people_and_opened_again(cast: Cast, prompt: Prompt) -> None:
    alice, bella = browser(cast.alice), browser(cast.bella)
    assert "Everyone with a role in this project." in text(bella.get(address(prompt)))
    answer = alice.post(address(prompt, "who/"), {"people": [cast.bob.user.pk]})
    assert (answer.status_code, answer["Location"]) == (303, address(prompt))
    assert "Only Alice, Bob, and project admins." in text(alice.get(address(prompt)))
    assert bella.get(address(prompt)).status_code == 404
    assert browser(cast.bob).get(address(prompt)).status_code == 200
    assert "Nothing changed" in text(alice.post(address(prompt, "who/"), {"people": [cast.bob.user.pk]}, follow=True))
    alice.post(address(prompt, "who/"), {})
    assert bella.get(address(prompt)).status_code == 200


def test_whoever_may_not_restrict_it_reads_why(cast: Cast, prompt: Prompt) -> None:
    bob = browser(cast.bob)
    assert "Your role does not allow you to change the settings of this project." in text(bob.get(address(prompt)))
    assert bob.post(address(prompt, "who/"), {"people": [cast.bob.user.pk]}).status_code == 403
    assert not Prompt.objects.get(pk=prompt.pk).restricted


@pytest.mark.parametrize("typed", ["nobody", "999999"])
def test_a_stranger_cannot_be_named(cast: Cast, prompt: Prompt, typed: str) -> None:
    answer = browser(cast.alice).post(address(prompt, "who/"), {"people": [typed]})
    assert answer.status_code == 422
    assert "Choose people" in text(answer)


def test_the_library_shows_whoever_has_a_folder_that_folder_alone(cast: Cast) -> None:
    for title, folder in (("Letter", "Property/Water"), ("Motor letter", "Motor/Private")):
        services.create_prompt(project=cast.claims, title=title, folder=folder, actor=cast.alice)
    own = folder_at(project=cast.claims, path="Property")
    grant_role(project=cast.claims, user=cast.charlie.user, role="domain_expert", folder=own, actor=cast.dora)
    charlie = browser(cast.charlie)
    for path in ("/p/claims/prompts/", "/p/claims/environments/", "/search?q=claims", "/"):
        page = charlie.get(path)
        assert page.status_code == 200, path
        assert "Motor" not in text(page), path
    assert "Letter" in text(charlie.get("/p/claims/prompts/"))
    assert charlie.get("/p/claims/new-prompt/").context["form"].initial["folder"] == "Property"
    made = charlie.post("/p/claims/new-prompt/", {"title": "Hail", "folder": "Property/Hail"})
    assert made.status_code == 303
    refused = charlie.post("/p/claims/new-prompt/", {"title": "Elsewhere", "folder": "Motor"})
    assert refused.status_code == 403
    assert "Elsewhere" in text(refused)


def test_enter_in_the_title_of_a_new_prompt_starts_the_writing(cast: Cast, prompt: Prompt) -> None:
    """A field of one line sends its form; on the prompt's own page imported line breaks stay."""
    new, own = browser(cast.alice).get("/p/claims/new-prompt/").text, browser(cast.alice).get(address(prompt)).text
    assert re.search(r'<input type="text" name="title"[^>]*maxlength="600"', new)
    assert re.search(r'<textarea name="title"', own)


def test_every_gate_has_words_for_the_history() -> None:
    assert {gate.name for gate in gates.GATES} <= GATES.keys()
