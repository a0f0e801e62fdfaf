"""What follows from a judge's reply is what promptfoo concludes. Each line of vectors/judged.json was answered by promptfoo itself."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from promptstudio.evaluations.assertions import Assertion, Heard, Verdict, outcome_of, problem_of
from promptstudio.evaluations.assertions.words import base_of

VECTORS = json.loads((Path(__file__).parent / "vectors" / "judged.json").read_text())
# promptfoo does not turn these round, which nobody who reads not- expects; here they are refused.
ONE_WAY = ("model-graded-closedqa", "factuality", "model-graded-factuality")


def difference(row: dict[str, Any], heard: list[Heard]) -> str | None:
    assertion = Assertion.model_validate(row["assertion"])
    if assertion.is_negated and base_of(assertion.type) in ONE_WAY:
        return None if problem_of(assertion) else "It is not refused."
    outcome = outcome_of(assertion, heard)
    if "error" in row:
        return None if outcome.passed is None else f"promptfoo refuses it, here: {outcome}"
    same = outcome.passed == row["pass"] and outcome.score == pytest.approx(row["score"], abs=1e-8)
    return None if same else f"promptfoo says {row['pass']} ({row['score']}), here: {outcome}"


def test_every_verdict_leads_where_it_leads_in_promptfoo() -> None:
    found = []
    for row in VECTORS["verdicts"]:
        heard = [Heard(verdict=Verdict(reply["holds"], reply["points"] / 10, "Because.")) for reply in row["replies"]]
        if said := difference(row, heard):
            found.append(f"{row['assertion']} on {row['replies']}: {said}")
    assert found == [], "\n".join(found[:20])


def test_every_comparison_leads_where_it_leads_in_promptfoo() -> None:
    found = []
    for row in VECTORS["numbers"]:
        heard = [Heard(numbers=tuple(vector)) for vector in [row["answer"], *row["others"]]]
        if said := difference(row, heard):
            found.append(f"{row['assertion']} on {row['answer']} and {row['others']}: {said}")
    assert found == [], "\n".join(found[:20])


def test_the_vectors_go_both_ways() -> None:
    seen = Counter((row["assertion"]["type"], row.get("pass")) for rows in (VECTORS["verdicts"], VECTORS["numbers"]) for row in rows)
    kinds = {kind for kind, _ in seen}
    assert len(kinds) == 2 * 9
    assert all(seen[kind, True] >= 3 and seen[kind, False] >= 3 for kind in kinds)
