"""A suite with everything in it, as it goes out. promptfoo itself has read these files (vectors/README.md).

`python -m tests.evaluations.exported` writes them anew.
"""

from pathlib import Path

from promptstudio.evaluations.cases import parse_cases
from promptstudio.evaluations.files.writing import WRITERS

FOLDER = Path(__file__).parent / "vectors" / "exported"
# A workbook has the time of its making in it.
KINDS = ("csv", "jsonl", "yaml")
BURST_PIPE = {
    "uid": "11111111-1111-4111-8111-111111111111",
    "name": "=Burst pipe",
    "values": {"claim": 'The pipe, "burst".\nTwice.', "age": 3, "when": "2026-01-01", "code": "1e3", "flag": "yes"},
    "assertions": [
        {"type": "icontains", "value": "pipe", "weight": 2, "metric": "words"},
        {"type": "levenshtein", "value": "Yes."},
        {"type": "not-contains-any", "value": ["a, b", 'c"d']},
        {"type": "is-json", "value": {"type": "object"}},
        {"type": "assert-set", "assert": [{"type": "contains", "value": "x"}]},
    ],
    "turns": [{"role": "assistant", "text": "Which pipe?"}, {"role": "user", "text": "The long one."}],
    "threshold": 0.5,
    "weight": 2.5,
    "must_never_fail": True,
    "tags": ["storm", "a,b"],
    "owner": "22222222-2222-4222-8222-222222222222",
    "extra": {"metadata": {"role": "claims"}, "options": {"prefix": "Please: "}},
}
STORM = {
    "uid": "33333333-3333-4333-8333-333333333333",
    "name": "Storm",
    "values": {"claim": "+49 40"},
    "assertions": [
        {"type": "latency", "threshold": 4000},
        {"type": "starts-with", "value": "Yes"},
        {"type": "javascript", "value": "output.length > 1"},
        {"$ref": "#/assertionTemplates/short", "type": "word-count", "value": {"max": 20}},
        {"type": "equals", "value": "contains: x"},
    ],
}
EXTRA = {"prompts": ["{{claim}}"], "providers": ["echo"], "assertionTemplates": {"short": {"type": "word-count", "value": {"max": 20}}}}
SUITE = parse_cases({"cases": [BURST_PIPE, STORM], "threshold": 0.9, "extra": EXTRA})


def files() -> dict[str, bytes]:
    return {kind: WRITERS[kind][0](SUITE) for kind in KINDS}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for kind, content in files().items():
        (FOLDER / f"cases.{kind}").write_bytes(content)
