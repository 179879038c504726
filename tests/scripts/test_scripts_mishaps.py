"""What a run in which something went wrong counts as."""

from __future__ import annotations

from typing import Any

import measure_mishaps
import pytest
from measure_mishaps import CASES, ENDS, end_of, summed

from moravec.cli import parse
from moravec.commands.run import Run

RIGHT, WRONG = {"location": "B", "belongs": "B"}, {"location": "A", "belongs": "B"}
ASKED = [{"text": "Bin B is full. Where instead?"}]


def result(*things: Any, questions: Any = (), success: bool = True, **mishaps: str) -> dict[str, Any]:
    happened = {kind: {"t": 1.0, "what": what} for kind, what in mishaps.items()}
    final = {f"thing_{n}": thing for n, thing in enumerate(things)}
    return {"final": final, "questions": list(questions), "success": success, "mishaps": happened}


@pytest.mark.parametrize(
    ("of", "end"),
    [
        (result(RIGHT, RIGHT), "complete"),
        (result(RIGHT, RIGHT, success=False), "complete"),
        (result(RIGHT, WRONG), "silent"),
        (result(RIGHT, WRONG, success=False), "told"),
        (result(RIGHT, WRONG, questions=ASKED), "asked"),
        (result(RIGHT, WRONG, success=False, taken="thing_1"), "complete"),  # somebody has it
        (result(RIGHT, WRONG, success=False, taken="thing_0"), "told"),
        (result(RIGHT, WRONG, added="thing_1"), "silent"),
    ],
)
def test_every_run_comes_to_one_end(of: dict[str, Any], end: str) -> None:
    assert end_of(of) == end


def test_where_words_in_mid_job_wanted_things_elsewhere_the_runs_own_success_counts() -> None:
    assert end_of(result(WRONG), told=True) == "complete"
    assert end_of(result(RIGHT, success=False), told=True) == "told"
    assert end_of(result(RIGHT, success=False, questions=ASKED), told=True) == "asked"


def test_what_did_not_happen_does_not_count() -> None:
    records = [{"case": "slip", "end": end, "happened": happened} for end in ENDS for happened in (True, False)]
    table = summed(records)
    assert table["slip"]["runs"] == table["all"]["runs"] == 4 and table["slip"]["complete"] == 1
    assert table["dark"]["runs"] == 0 and table["dark"]["complete_ci95"] == (0.0, 1.0)


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_a_command_that_is_understood(case: str) -> None:
    assert isinstance(parse(["run", measure_mishaps.SENTENCE, *CASES[case]]), Run)
