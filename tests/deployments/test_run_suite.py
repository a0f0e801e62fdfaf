"""`manage.py run_suite`, as a pipeline calls it: what it runs, what it says, and with which code it ends."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from promptstudio.evaluations import suite_services
from promptstudio.evaluations.cases import Cases, parse_cases
from promptstudio.evaluations.models import Answer, Run, Suite
from promptstudio.prompts import services as prompts
from promptstudio.prompts.models import Prompt, Version
from tests.cast import Cast, a_key, a_prompt, an_application, bundle, promote
from tests.evaluations.scripted import MODEL, said, saying

pytestmark = pytest.mark.usefixtures("calls")


def cases(value: str = "pipe", **more: Any) -> Cases:
    check = {"type": "icontains", "value": value}
    return parse_cases({"cases": [{"uid": "1", "name": "Burst pipe", "values": {"claim": "A pipe."}, "assertions": [check], **more}]})


@pytest.fixture
def version(cast: Cast, prompt: Prompt) -> Version:
    change = prompts.Change(summary="First.")
    return prompts.save_version(prompt=prompt, data=bundle(model=MODEL), change=change, actor=cast.alice)


@pytest.fixture
def suite(cast: Cast, version: Version) -> Suite:
    return suite_services.add_suite(prompt=version.prompt, name="Usual", cases=cases(), actor=cast.alice)


def ran(prompt: Prompt, *more: str, here: bool = True) -> tuple[int, str]:
    """The exit code, and what was printed."""
    out = StringIO()
    try:
        call_command("run_suite", prompt.name, *more, *(["--here"] if here else []), stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def test_it_ends_well_when_everything_passed(suite: Suite) -> None:
    code, text = ran(suite.prompt)
    assert code == 0
    assert text.splitlines()[0] == f"Usual on 1.0.0 ({MODEL}), 1 case"
    assert "Passed: 1 passed." in text
    assert Run.objects.get().asked_by.kind == "system"


def test_one_that_failed_is_told_with_its_reason(suite: Suite) -> None:
    with saying(lambda call: said("A tree.")):
        code, text = ran(suite.prompt)
    assert code == 1
    assert "FAILED             Burst pipe" in text
    assert "pipe" in text.splitlines()[2]


def test_without_an_answer_nothing_can_be_told(suite: Suite, cast: Cast) -> None:
    missing = cases(values={})
    suite_services.save_suite(suite=suite, cases=missing, follows=1, actor=cast.alice)
    assert ran(suite.prompt)[0] == 3


def test_what_takes_too_long_has_its_own_code(suite: Suite) -> None:
    code, text = ran(suite.prompt, "--wait", "0", here=False)
    assert code == 4
    assert "no answer yet" in text


def test_no_money_is_spent_where_nothing_could_fail(suite: Suite, cast: Cast) -> None:
    suite_services.save_suite(suite=suite, cases=cases(assertions=[]), follows=1, actor=cast.alice)
    code, text = ran(suite.prompt)
    assert (code, Answer.objects.count()) == (3, 0)
    assert text.startswith("Usual: not run. ")


def test_a_prompt_without_suites_is_not_tested(version: Version) -> None:
    assert ran(version.prompt) == (3, "There is no suite to run.\n")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--suite", "Usul"], "has no suite “Usul”. It has: Usual."),
        (["--version", "9.9.9"], "has no version 9.9.9."),
        (["--environment", "moon"], "has no environment “moon”. It has: development, staging, production."),
        (["--environment", "production"], "is live in production."),
        (["--draft", "0190b2f4-8a51-7c3e-9d27-5e0f6a1b2c3d"], "has no open draft with this id."),
        (["--model", "no model!"], "This is not how Bedrock names a model."),
        (["--repeats", "21"], "between 1 and 20 times"),
        (["--as", "nobody@claims.example"], "Nobody with the e-mail"),
        (["--as", "Nothing"], "There is no prompt"),
        (["--project", "elsewhere"], "There is no prompt"),
        (["--version", "1.0.0", "--environment", "staging"], "not allowed with argument"),
        (["--junit", "/nowhere/report.xml"], "cannot be written"),
    ],
)
def test_what_cannot_be_started_says_why(suite: Suite, given: list[str], sentence: str) -> None:
    code, text = ran(suite.prompt, *given)
    assert sentence in text
    assert code == 2 or "argument" in sentence


def test_all_suites_start_or_none(suite: Suite, cast: Cast, settings: Any) -> None:
    suite_services.add_suite(prompt=suite.prompt, name="Other", cases=cases(), actor=cast.alice)
    settings.MODEL_CALLS_A_DAY = 1
    assert ran(suite.prompt)[0] == 2
    assert Run.objects.count() == 0


def test_it_runs_on_what_is_live(suite: Suite, version: Version, cast: Cast) -> None:
    promote(version, cast.development, by=cast.alice)
    code, text = ran(suite.prompt, "--environment", "development", "--repeats", "3")
    assert (code, text.splitlines()[0]) == (0, f"Usual on 1.0.0, live in Development ({MODEL}), 1 case, 3 answers each")
    assert Run.objects.get().environment == cast.development


def test_it_runs_on_a_draft(suite: Suite, cast: Cast) -> None:
    draft = prompts.open_draft(prompt=suite.prompt, actor=cast.alice)
    assert ran(suite.prompt, "--draft", str(draft.uid))[0] == 0
    assert Run.objects.get().draft == draft


def test_files_hold_the_whole(suite: Suite, tmp_path: Path) -> None:
    junit, told = tmp_path / "report.xml", tmp_path / "report.json"
    assert ran(suite.prompt, "--junit", str(junit), "--json", str(told))[0] == 0
    assert 'tests="1"' in junit.read_text()
    whole = json.loads(told.read_text())
    assert (whole["outcome"], whole["exit_code"], whole["runs"][0]["semver"]) == ("passed", 0, "1.0.0")
    assert whole["runs"][0]["cases"][0]["name"] == "Burst pipe"


def test_a_person_starts_what_they_may(suite: Suite, cast: Cast) -> None:
    assert ran(suite.prompt, "--as", cast.alice.user.email)[0] == 0
    assert Run.objects.get().asked_by == cast.alice.user
    code, text = ran(suite.prompt, "--as", cast.vera.user.email)
    assert (code, "Your role does not allow you to run tests" in text) == (2, True)


def test_whoever_does_not_see_it_is_not_told_that_it_is_there(suite: Suite, cast: Cast) -> None:
    assert ran(suite.prompt, "--as", cast.charlie.user.email) == (2, f"There is no prompt {suite.prompt.name}.")


def test_an_application_needs_a_key_for_it(suite: Suite, cast: Cast) -> None:
    account = an_application(cast.claims, responsible=cast.dora, by=cast.dora)
    a_key(account, "read", "write", by=cast.dora)
    code, text = ran(suite.prompt, "--as", account.name)
    assert (code, "has no key with the scope “test”" in text) == (2, True)
    a_key(account, "test", by=cast.dora)
    assert ran(suite.prompt, "--as", account.name)[0] == 0
    assert Run.objects.get().asked_by == account.user


def test_a_name_that_two_projects_have_is_asked_about(suite: Suite, cast: Cast) -> None:
    a_prompt(cast.elsewhere, by=cast.charlie, name=suite.prompt.name)
    code, text = ran(suite.prompt)
    assert (code, "Say which one: --project SLUG." in text) == (2, True)
    assert ran(suite.prompt, "--project", "claims")[0] == 0
    assert ran(suite.prompt, "--as", cast.alice.user.email)[0] == 0
