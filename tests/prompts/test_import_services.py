from datetime import timedelta
from typing import Any

import pytest

from promptstudio.accounts.actor import Actor, system
from promptstudio.deployments import services as deployments
from promptstudio.lib import clock
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed, StudioError
from promptstudio.projects.models import Folder
from promptstudio.projects.role_services import grant_role
from promptstudio.prompts import import_services as services
from promptstudio.prompts import services as prompts
from promptstudio.prompts.import_services import Choices
from promptstudio.prompts.models import Draft, ImportBatch, ImportRow, Prompt
from promptstudio.prompts.reading.found import Unreadable
from promptstudio.prompts.tasks import forget_old
from tests.cast import Cast, promote

TWO = b"# Storm\nMind the roof, [Customer].\n# Letter\nWrite to {{customer}}."


def read(cast: Cast, content: bytes = TWO, name: str = "", by: Actor | None = None, **more: Any) -> ImportBatch:
    return services.start_import(project=cast.claims, content=content, name=name, actor=by or cast.alice, **more)


def brought(batch: ImportBatch, actor: Actor) -> dict[str, tuple[str, str]]:
    services.bring_in(batch=batch, actor=actor, seconds=60)
    return {row.title: (row.outcome, row.sentence) for row in batch.rows.all()}


def text_of(title: str) -> str:
    return str(Draft.objects.get(prompt__title=title).content["messages"][0]["text"])


def test_nothing_is_written_before_somebody_says_so(cast: Cast) -> None:
    batch = read(cast, folder="Property/Storm")
    assert batch.rows.count() == 2
    assert not Prompt.objects.exists()
    assert not Folder.objects.filter(path="Property/Storm").exists()


def test_each_row_becomes_a_prompt_with_an_open_draft(cast: Cast) -> None:
    assert brought(read(cast, folder="Property"), cast.alice) == {"Storm": ("in", ""), "Letter": ("in", "")}
    storm = Prompt.objects.get(title="Storm")
    assert (storm.origin, storm.folder.path, storm.owner) == ("import", "Property", cast.alice.user)
    assert text_of("Storm") == "Mind the roof, [Customer]."
    assert storm.newest is None


def test_marks_become_variables_where_they_were_ticked(cast: Cast) -> None:
    batch = services.change_import(batch=read(cast), choices=Choices(marks=["brackets"]), actor=cast.alice)
    brought(batch, cast.alice)
    assert text_of("Storm") == "Mind the roof, {{customer}}."


def test_as_first_versions_they_are_held_back_from_production(cast: Cast) -> None:
    """The gate “change record complete” sees an import that nobody has told of."""
    batch = services.change_import(batch=read(cast), choices=Choices(as_versions=True), actor=cast.alice)
    brought(batch, cast.alice)
    version = Prompt.objects.get(title="Storm").newest
    assert version
    assert (version.origin, version.semver) == ("import", "1.0.0")
    promote(version, cast.development, cast.staging, by=cast.alice)
    with pytest.raises(StudioError, match="was imported and tells no story of its change"):
        deployments.deploy(version=version, environment=cast.production, actor=cast.alice)


def test_a_history_comes_in_as_versions_with_their_dates(cast: Cast) -> None:
    line = b'{"title": "A", "versions": [{"text": "Old", "date": "2024-05-31T09:00:00Z"}, {"text": "New", "date": "2024-06-01T09:00:00Z"}]}'
    batch = services.change_import(batch=read(cast, line, "a.jsonl"), choices=Choices(as_versions=True), actor=cast.alice)
    brought(batch, cast.alice)
    versions = Prompt.objects.get().versions.order_by("id")
    assert [version.bundle.messages[0].text for version in versions] == ["Old", "New"]
    assert [str(version.authored_at)[:10] for version in versions] == ["2024-05-31", "2024-06-01"]


def test_titles_and_ticks_are_kept(cast: Cast) -> None:
    batch = services.change_import(batch=read(cast), choices=Choices(), rows={1: (True, "Roof"), 2: (False, "")}, actor=cast.alice)
    assert brought(batch, cast.alice)["Roof"] == ("in", "")
    assert [prompt.title for prompt in Prompt.objects.all()] == ["Roof"]


def test_the_same_file_again_came_in_before(cast: Cast) -> None:
    brought(services.change_import(batch=read(cast), choices=Choices(), rows={1: (True, "Roof")}, actor=cast.alice), cast.alice)
    again = read(cast)
    assert [(row.prompt.title, row.chosen) for row in again.rows.all()] == [("Roof", False), ("Letter", False)]
    with pytest.raises(Conflict, match="No prompt is chosen"):
        services.bring_in(batch=again, actor=cast.alice)
    assert Prompt.objects.count() == 2


def test_what_came_in_between_is_not_made_twice(cast: Cast) -> None:
    first, second = read(cast), read(cast)
    brought(first, cast.alice)
    assert brought(second, cast.alice) == {"Storm": ("before", ""), "Letter": ("before", "")}


def test_a_prompt_that_one_may_not_see_is_not_told_of(cast: Cast) -> None:
    """Somebody else brings the same row in: for them it is new, and the second time it came in before."""
    brought(read(cast), cast.alice)
    for prompt in Prompt.objects.all():
        prompts.restrict_prompt(prompt=prompt, people=[cast.alice.user], actor=cast.alice)
    batch = read(cast, by=cast.bob)
    assert list(batch.rows.values_list("prompt", "chosen")) == [(None, True), (None, True)]
    assert set(brought(batch, cast.bob).values()) == {("in", "")}
    assert read(cast, by=cast.bob).rows.filter(prompt__owner=cast.bob.user).count() == 2


def test_a_prompt_that_was_hidden_again_and_again_comes_in_each_time(cast: Cast) -> None:
    for times in range(1, 4):
        batch = read(cast, by=cast.bob)
        assert list(batch.rows.values_list("prompt", flat=True)) == [None, None]
        assert set(brought(batch, cast.bob).values()) == {("in", "")}
        assert Prompt.objects.count() == 2 * times
        for prompt in Prompt.objects.filter(owner=cast.bob.user):
            prompts.change_prompt(prompt=prompt, owner=cast.alice.user, actor=cast.root)
            prompts.restrict_prompt(prompt=prompt, people=[cast.alice.user], actor=cast.root)


def test_what_lies_behind_something_hidden_is_found_again(cast: Cast) -> None:
    brought(read(cast), cast.alice)
    for prompt in Prompt.objects.all():
        prompts.restrict_prompt(prompt=prompt, people=[cast.alice.user], actor=cast.alice)
    brought(read(cast, by=cast.bob), cast.bob)
    again = read(cast, by=cast.bob)
    assert {row.prompt.owner for row in again.rows.all()} == {cast.bob.user}
    assert Prompt.objects.count() == 4


def test_a_row_that_fails_leaves_the_others_alone(cast: Cast) -> None:
    batch = services.change_import(batch=read(cast), choices=Choices(), rows={1: (True, "x" * 601)}, actor=cast.alice)
    outcomes = list(brought(batch, cast.alice).values())
    assert outcomes[0][0] == "refused"
    assert "at most 600 characters" in outcomes[0][1]
    assert outcomes[1] == ("in", "")


def test_what_cannot_be_a_version_says_why(cast: Cast) -> None:
    batch = read(cast, b"---\n---\nassistant:\nHello", "a.prompty")
    batch = services.change_import(batch=batch, choices=Choices(as_versions=True), actor=cast.alice)
    ((outcome, sentence),) = brought(batch, cast.alice).values()
    assert (outcome, "starts with a user message" in sentence) == ("refused", True)
    assert not Prompt.objects.exists()


def test_it_goes_on_where_it_stopped(cast: Cast) -> None:
    batch = services.bring_in(batch=read(cast), actor=cast.alice, seconds=0)
    assert (batch.state, Prompt.objects.count()) == ("running", 1)
    with pytest.raises(Conflict, match="coming in already"):
        services.change_import(batch=batch, choices=Choices(folder="X"), actor=cast.alice)
    batch = services.bring_in(batch=batch, actor=cast.alice, seconds=60)
    assert (batch.state, Prompt.objects.count()) == ("done", 2)
    assert services.bring_in(batch=batch, actor=cast.alice).state == "done"


def test_what_the_file_held_is_forgotten_when_it_is_done(cast: Cast) -> None:
    batch = read(cast)
    brought(batch, cast.alice)
    batch = ImportBatch.objects.get()
    assert bytes(batch.content) == b""
    assert set(map(str, batch.rows.values_list("data", flat=True))) == {"{}"}


def test_headings_and_columns_can_be_read_anew(cast: Cast) -> None:
    batch = services.change_import(batch=read(cast), choices=Choices(whole=True), actor=cast.alice)
    assert batch.rows.count() == 1
    table = read(cast, b"title,text,notes\nA,B,C\n", "a.csv")
    table = services.change_import(batch=table, choices=Choices(mapping=["title", "", "text"]), actor=cast.alice)
    assert table.rows.get().found.texts == ["C"]


def test_a_folder_of_the_table_lies_in_the_chosen_one(cast: Cast) -> None:
    brought(read(cast, b"title,text,folder\nA,B,Water\n", "a.csv", folder="Property"), cast.alice)
    assert Prompt.objects.get().folder.path == "Property/Water"


def test_who_may_write_in_a_folder_alone_brings_in_there(cast: Cast) -> None:
    folder = Folder.objects.create(project=cast.claims, path="Water")
    grant_role(project=cast.claims, user=cast.vera.user, role="domain_expert", folder=folder, actor=cast.dora)
    with pytest.raises(Invalid, match="Choose a folder"):
        read(cast, by=cast.vera)
    with pytest.raises(NotAllowed):
        read(cast, by=cast.vera, folder="Storm")
    assert set(brought(read(cast, by=cast.vera, folder="Water/Pipes"), cast.vera).values()) == {("in", "")}


def test_only_whoever_read_it_goes_on_with_it(cast: Cast) -> None:
    batch = read(cast)
    for somebody in (cast.bob, cast.dora, cast.root):
        assert not ImportBatch.objects.visible_to(somebody).exists()
        with pytest.raises(NotAllowed):
            services.bring_in(batch=batch, actor=somebody)


def test_a_file_that_cannot_be_read_leaves_nothing(cast: Cast) -> None:
    with pytest.raises(Unreadable):
        read(cast, b"PK\x03\x04", "a.docx")
    assert not ImportBatch.objects.exists()


def test_it_goes_after_a_day_and_what_came_in_stays(cast: Cast) -> None:
    brought(read(cast), cast.alice)
    with clock.at(clock.now() + timedelta(hours=23)):
        forget_old()
    assert ImportBatch.objects.exists()
    with clock.at(clock.now() + timedelta(hours=25)):
        forget_old()
    assert not ImportRow.objects.exists()
    assert Prompt.objects.count() == 2
    assert services.forget_old_imports(before=clock.now(), actor=system()) == 0


@pytest.mark.parametrize("path", ["a//b", "x" * 201])
def test_a_folder_that_is_none_is_refused_at_its_field(cast: Cast, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(cast, folder=path)
    assert set(refused.value.errors) == {"folder"}
