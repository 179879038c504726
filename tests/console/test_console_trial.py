"""The page of a trial: what it says is what the result holds, and nothing in it is taken as markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from moravec.console.trial import trial_page
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.result import summary
from moravec.trials.jobs.suite import suites


def record(index: int, right: int = 6, name: str = "nominal", severity: int = 0, **more: Any) -> Record:
    wrong = [{"cause": "grasp", "thing": "thing_0"}] * (6 - right)
    said = {"cause": "grasp", "words": "pick: no_grasp. <b>nothing</b> & more", "decided_at": 31.5} if wrong else {}
    fields = {"items": 6, "right": right, "robot_s": 130.0, "cycle_s": [20.0, 21.0], "wrong": wrong, **said, **more}
    return Record("cell-harsh", name, severity, index, 600_000 + index, **fields)


def result(records: list[Record]) -> dict[str, Any]:
    suite = suites()["cell-harsh"]
    head = {"suite": suite.name, "says": suite.says, "instruction": suite.instruction, "seed": 0}
    made = {"command": "moravec trial cell-harsh", "machine": "a machine", "versions": {"moravec": "0"}}
    return {**head, **made, **summary(suite, records)}


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    bent = [record(i, 4 + i % 2, "dim", 2) for i in range(4)] + [record(i, 6, "blur", 2) for i in range(4)]
    return result([record(i, 5 if i == 2 else 6) for i in range(4)] + bent)


def test_the_page_says_what_the_result_holds(told: dict[str, Any]) -> None:
    page = trial_page(told)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "23 of 24 items were right" in text and "dimmed" in text and "middle: 0.35 of the usual brightness" in text
    assert "79 %" in text or "78 %" in text, "what is left of the jobs as drawn: 18 of 24 against 23 of 24"
    assert all(sentence.split(" ")[0] in text for sentence in told["limitations"]) and "not carried" in text
    assert page.index("dim-2") < page.index("blur-2"), "the worst first"
    assert "<b>nothing</b>" not in page and "&lt;b&gt;nothing&lt;/b&gt; &amp; more" in page
    assert "<script" not in page and not re.search(r"(src|href)=\"http", page)


def test_a_film_is_shown_where_there_is_one(told: dict[str, Any], tmp_path: Path) -> None:
    film = tmp_path / "x.jpg"
    film.write_bytes(b"\xff\xd8jpeg")
    first = told["failures_like"][0]["first"]["attempt"]
    assert "data:image/jpeg;base64,/9hqcGVn" in trial_page(told, {first: film})
    assert "<img" not in trial_page(told, {"another/9": film})


def test_a_trial_in_which_nothing_was_bent_and_nothing_failed() -> None:
    page = trial_page(result([record(i) for i in range(3)]))
    assert "None did." in page and "Where the workplace is not as drawn" not in page and "Nothing was bent" not in page
