"""What a reader of a file is told besides its cases: what is kept and not run, and what means something else here."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ..assertions import is_run, label_of
from ..cases import Case
from .found import Reading

USED = {"assertionTemplates", "defaultTest"}
MOST_NAMED = 6


def notes_on(reading: Reading, variables: Sequence[str]) -> list[str]:
    return [*_not_run(reading.cases), *_kept(reading), *_values(reading.cases, variables)]


def _not_run(cases: Sequence[Case]) -> Iterator[str]:
    kinds = Counter(each.type for case in cases for check in case.assertions for each in (check, *check.members) if not is_run(each.type))
    for kind, count in kinds.most_common():
        yield f"{_checks(count)} not run here, and kept as {'it' if count == 1 else 'they'} came: “{label_of(kind)}” ({kind})."


def _kept(reading: Reading) -> Iterator[str]:
    scenarios = reading.extra.get("scenarios")
    if isinstance(scenarios, list) and scenarios:
        yield f"Its scenarios ({len(scenarios)}) are kept, and not run."
    if names := [name for name in reading.extra if name not in USED | {"scenarios"}]:
        yield f"Kept with the suite, written out again, and not used here: {_named(names)}."
    if names := list(dict.fromkeys(name for case in reading.cases for name in case.extra)):
        yield f"Kept with the cases, written out again, and not used here: {_named(names)}."
    if "defaultTest" in reading.extra:
        yield "What its defaultTest says stands in each case."


def _values(cases: Sequence[Case], variables: Sequence[str]) -> Iterator[str]:
    if names := list(dict.fromkeys(name for case in cases for name, value in case.values.items() if isinstance(value, list))):
        yield f"{_named(names)}: promptfoo would make a case of each member of the list. Here the list is one value."
    if names := sorted({name for case in cases for name in case.values} - set(variables)):
        yield f"No variables of this prompt: {_named(names)}. They are kept, and checks may ask for them."
    given = {name for case in cases for name in case.values}
    if names := [name for name in variables if name not in given]:
        yield f"Variables that no case has a value for: {_named(names)}."


def _checks(count: int) -> str:
    return "1 check is" if count == 1 else f"{count} checks are"


def _named(names: Sequence[str]) -> str:
    told = ", ".join(name[:60] for name in names[:MOST_NAMED])
    return f"{told} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else told
