"""A test of promptfoo as a case and back, and its whole configuration as a suite. Members that it alone knows stay in `extra`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..cases import Case, Cases
from .defaults import expanded, folded
from .found import NotRead, Row, check_number, is_same
from .templates import NoTemplate, plain, referring, resolved

STUDIO = "prompt_studio"
OWN = ("uid", "weight", "must_never_fail", "tags", "owner", "turns")
TOLD = ("description", "vars", "assert", "threshold")
CONFIG = {"prompts", "providers", "tests", "scenarios", "defaultTest", "assertionTemplates", "targets"}
UNOPENED = "It stands elsewhere ({}). Put it in here; files and addresses are never opened."


def tests_of(suite: Cases) -> list[dict[str, Any]]:
    """A test for each case, with everything written out. The first one says what belongs to the suite."""
    tests = [_test(case, None) for case in suite.cases]
    said = _about(suite, suite.extra)
    if tests and said:
        tests[0]["metadata"][STUDIO]["suite"] = said
    return tests


def config_of(suite: Cases) -> dict[str, Any]:
    """A configuration: what an import brought stands where it stood, as far as the cases still go with it."""
    templates, default = suite.extra.get("assertionTemplates"), suite.extra.get("defaultTest")
    tests = [_test(case, templates) for case in suite.cases]
    short = folded(tests, default)
    aside = {name: value for name, value in suite.extra.items() if not _may_stand(name, value, is_folded=short is not None)}
    config = {name: value for name, value in suite.extra.items() if name not in aside and name != "metadata"}
    metadata = {} if "metadata" in aside else dict(suite.extra.get("metadata", {}))  # type: ignore[arg-type]
    if said := _about(suite, aside):
        metadata[STUDIO] = said
    return config | {"tests": tests if short is None else short} | ({"metadata": metadata} if metadata else {})


def rows_in(data: Any) -> tuple[list[Row], dict[str, Any]]:
    """Rows and the members of the suite in a configuration, a list of tests or a single one. Raises NotRead."""
    if isinstance(data, dict) and not CONFIG & data.keys() and {"vars", "assert"} & data.keys():
        data = [data]
    if isinstance(data, list):
        check_number(len(data))
        return rows_of_tests(data), _suite_of_first(data)
    if not isinstance(data, dict):
        raise NotRead("There is no test in it. A configuration of promptfoo has a list of tests.")
    tests, default, templates = _tests(data), data.get("defaultTest") or {}, data.get("assertionTemplates")
    check_number(len(tests))
    if not isinstance(default, dict):
        raise NotRead(f"Its defaultTest: {UNOPENED.format(str(default)[:120])}")
    rows = rows_of_tests([expanded(test, default) if isinstance(test, dict) else test for test in tests], templates)
    return rows, _suite(data)


def rows_of_tests(tests: Iterable[Any], templates: Any = None, names: Sequence[str] = ()) -> list[Row]:
    return [_row(test, names[number] if names else f"Case {number + 1}", templates) for number, test in enumerate(tests)]


def _suite(config: Mapping[str, Any]) -> dict[str, Any]:
    said, extra = _own(config), {name: value for name, value in config.items() if name not in ("tests", "metadata")}
    metadata = config.get("metadata")
    kept = {name: value for name, value in metadata.items() if name != STUDIO} if isinstance(metadata, dict) else metadata
    aside = said["extra"] if isinstance(said.get("extra"), dict) else {}
    return {"threshold": said.get("threshold"), "extra": extra | ({"metadata": kept} if kept else {}) | aside}


def _suite_of_first(tests: Sequence[Any]) -> dict[str, Any]:
    own = _own(tests[0]) if tests and isinstance(tests[0], dict) else {}
    return own["suite"] if isinstance(own.get("suite"), dict) else {}


def _tests(config: Mapping[str, Any]) -> list[Any]:
    tests = config.get("tests")
    if isinstance(tests, str):
        raise NotRead(f"Its tests stand elsewhere ({tests[:120]}). Bring in that file itself; files and addresses are never opened.")
    if isinstance(tests, dict):
        raise NotRead("Its tests are made by a program, which is never run here. Bring in the tests that it makes.")
    if tests is None:
        raise NotRead("It has scenarios and no tests, and scenarios are not run here." if config.get("scenarios") else "It has no tests.")
    if not isinstance(tests, list):
        raise NotRead("Its tests are no list.")
    return tests


def _row(test: Any, name: str, templates: Any) -> Row:
    row = Row(name, columns={"name": "description", "values": "vars", "threshold": "threshold", "extra": "the others"})
    if isinstance(test, str):
        row.wrong.append(("tests", UNOPENED.format(test[:120])))
        return row
    if not isinstance(test, dict):
        row.wrong.append(("", "A test is a list of names and values."))
        return row
    own = _own(test)
    row.data = {name: own[name] for name in OWN if name in own}
    row.columns |= {name: f"metadata.{STUDIO}.{name}" for name in OWN}
    _take_told(row, test)
    _take_checks(row, test, own, templates)
    extra = own["extra"] if isinstance(own.get("extra"), dict) else _extra(test)
    if extra:
        row.data["extra"] = extra
    return row


def _take_told(row: Row, test: Mapping[str, Any]) -> None:
    if "description" in test:
        row.data["name"] = test["description"]
    if test.get("threshold") is not None:
        row.data["threshold"] = test["threshold"]
    values = test.get("vars") or {}
    if not isinstance(values, dict):
        row.wrong.append(("vars", UNOPENED.format(str(values)[:120])))
        return
    row.data["values"] = values
    row.columns |= {f"values.{name}": f"vars.{name}" for name in values}
    for name, value in values.items():
        if isinstance(value, str) and value.startswith(("file://", "package:")):
            row.wrong.append((f"vars.{name}", UNOPENED.format(value[:120])))


def _take_checks(row: Row, test: Mapping[str, Any], own: Mapping[str, Any], templates: Any) -> None:
    checks = test.get("assert") or []
    if not isinstance(checks, list):
        row.wrong.append(("assert", "This is a list of assertions."))
        return
    row.columns |= {f"assertions.{number}": f"assert {number + 1}" for number in range(len(checks))}
    found = []
    for number, check in enumerate(checks, 1):
        try:
            found.append(resolved(check, templates) if isinstance(check, dict) else check)
        except NoTemplate as missing:
            row.wrong.append((f"assert {number}", missing.sentence))
            return
    if found:
        row.data["assertions"] = _with_references(found, own.get("assert"))


def _with_references(found: list[Any], kept: Any) -> list[Any]:
    """Which of them stood in `assertionTemplates`, as long as they are the same."""
    if not isinstance(kept, list) or not all(isinstance(each, dict) for each in kept):
        return found
    return kept if is_same([plain(each) for each in kept], found) else found


def _own(test: Mapping[str, Any]) -> dict[str, Any]:
    """What Studio said of a test, or of a configuration."""
    metadata = test.get("metadata")
    own = metadata.get(STUDIO) if isinstance(metadata, dict) else None
    return own if isinstance(own, dict) else {}


def _extra(test: Mapping[str, Any]) -> dict[str, Any]:
    extra = {name: value for name, value in test.items() if name not in TOLD}
    if isinstance(extra.get("metadata"), dict):
        extra["metadata"] = {name: value for name, value in extra["metadata"].items() if name != STUDIO}
        if not extra["metadata"]:
            del extra["metadata"]
    return extra


def _test(case: Case, templates: Any) -> dict[str, Any]:
    data = case.as_json()
    own = {name: data[name] for name in OWN if name in data}
    extra, checks = data.get("extra", {}), data.get("assertions", [])
    short = [referring(check, templates) for check in checks]
    if None in short:
        own["assert"], short = checks, [plain(check) for check in checks]
    if not _fits(extra):
        own["extra"], extra = extra, {}
    members = {"description": data.get("name"), "vars": data.get("values"), "assert": short, "threshold": data.get("threshold")}
    test = {name: value for name, value in members.items() if value or value == 0}
    metadata = {**extra.get("metadata", {}), STUDIO: own}
    return test | {name: value for name, value in extra.items() if name != "metadata"} | {"metadata": metadata}


def _fits(extra: Mapping[str, Any]) -> bool:
    """Whether a reader would find it again where it came from."""
    metadata = extra.get("metadata", {"": ""})
    return not set(TOLD) & extra.keys() and isinstance(metadata, dict) and bool(metadata) and STUDIO not in metadata


def _may_stand(name: str, value: Any, *, is_folded: bool) -> bool:
    if name == "defaultTest":
        return is_folded
    if name == "metadata":
        return isinstance(value, dict) and bool(value) and STUDIO not in value
    return name != "tests"


def _about(suite: Cases, extra: Mapping[str, Any]) -> dict[str, Any]:
    return ({} if suite.threshold is None else {"threshold": suite.threshold}) | ({"extra": dict(extra)} if extra else {})
