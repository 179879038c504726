"""`moravec plan --robots`: the schedule in words, in JSON and as a drawing; what it is refused for."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moravec.brain.bench import STORE_ALL
from moravec.brain.conduct.charter import Charter, Rule
from moravec.brain.memory.store import Memory
from moravec.brain.mind import planned
from moravec.brain.schedule.errors import Forbidden
from moravec.brain.schedule.schedule import Schedule
from moravec.cli import main
from moravec.commands.measure_plans import SITES
from moravec.commands.sharing import Asked, shared
from moravec.console.gantt import gantt, marks
from moravec.core.clock import ManualClock
from moravec.core.errors import BadInput
from moravec.worlds.cell.layout import workplace

JOB = "unpack the delivery and store everything"
ASKED = Asked("2", None, 4, 0, None)
CELL = workplace()
SVG = "{http://www.w3.org/2000/svg}"


def share(charter: Charter | None = None, **asked: Any) -> tuple[dict[str, Any], str]:
    return shared(replace(ASKED, **asked), STORE_ALL, CELL, planned, charter or Charter())


def remembered(path: Path, site: str, inspect_s: float) -> Path:
    """A memory of fifty inspections that took `inspect_s` each, and nothing else."""
    clock = ManualClock(0.0, 1_700_000_000_000_000_000)
    with Memory.made(path, site, clock, lambda n: bytes(n)) as memory, memory.writing() as log:
        for _ in range(50):
            about = {"skill": "inspect", "place": "", "category": "", "code": "ok", "status": "succeeded"}
            log.append("run", {**about, "job": 1, "seconds": inspect_s})
    return path


def test_the_command_shows_it_and_draws_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", JOB, "--robots", "2", "--items", "3", "--out", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "with 2 robots" in text and "in symbols only: a delivery of 3 things" in text
    schedule = json.loads((tmp_path / "plan.json").read_text())["schedule"]
    drawing = ET.fromstring((tmp_path / "schedule.svg").read_text())
    bars = [rect for rect in drawing.iter(f"{SVG}rect") if rect.get("rx") == "2"]
    assert len(bars) == len(schedule["slots"]) + sum(len(slot["resources"]) for slot in schedule["slots"])
    assert {"robot-1", "robot-2", "station", "parcel", "critical path"} <= {words.text for words in drawing.iter(f"{SVG}text")}


def test_a_job_without_a_goal_has_no_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "throw the box at the person", "--robots", "2", "--json"]) == 1
    assert "schedule" not in json.loads(capsys.readouterr().out)


def test_two_robots_are_faster_than_one_and_one_takes_the_sum() -> None:
    (one, _), (two, words) = share(robots="1"), share()
    assert one["makespan"] == one["alone"] == two["alone"] > two["makespan"] >= two["bound"]
    assert two["robots"] == ["robot-1", "robot-2"] and {slot["robot"] for slot in two["slots"]} == set(two["robots"])
    assert 0 < two["p50"] <= two["p90"]
    assert two["supposed"] == {"items": 4, "seed": 0} and two["costs"] == "the simulated cell"
    rows = [line.split() for line in words.splitlines()[1:-3]]
    assert [row[:2] for row in rows] == [[f"{s['start']:.1f}", f"{s['end']:.1f}"] for s in two["slots"]]
    assert sum("*" in row for row in rows) == sum(slot["critical"] for slot in two["slots"])


def test_a_file_says_who_reaches_what(tmp_path: Path) -> None:
    crew = tmp_path / "crew.toml"
    crew.write_text(
        '[robots.left]\nplaces = ["parcel", "station", "table", "shelf"]\n'
        '[robots.right]\nplaces = ["station", "bin", "reject"]\nspeed = 1.5\n'
    )
    schedule, _ = share(robots=str(crew))
    by = {(slot["skill"], slot["robot"]) for slot in schedule["slots"]}
    assert ("stow", "right") in by and ("open", "left") in by and ("stow", "left") not in by
    crew.write_text('[robots.left]\nplaces = ["parcel", "shelf"]\n')
    with pytest.raises(BadInput, match="left does not reach station"):
        share(robots=str(crew))


def test_measured_times_come_from_the_memory(tmp_path: Path) -> None:
    slow, _ = share(memory=remembered(tmp_path / "site.db", CELL.name, inspect_s=30.0))
    assert slow["costs"] == "memory" and slow["alone"] > share()[0]["alone"] + 50
    with pytest.raises(BadInput, match="that of 'elsewhere'"):
        share(memory=remembered(tmp_path / "other.db", "elsewhere", inspect_s=1.0))


def test_a_rule_that_forbids_the_job_refuses_the_schedule() -> None:
    with pytest.raises(Forbidden, match="nothing is stowed"):
        share(Charter((Rule("no-stowing", "nothing is stowed", "not begins stow(any, any)"),)))


@pytest.mark.parametrize(("robots", "said"), [("0", "1 to 8"), ("9", "1 to 8"), ("nobody.toml", "a text file that can be read")])
def test_robots_that_cannot_be(robots: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        share(robots=robots)


@pytest.mark.parametrize(
    ("words", "said"), [(["--memory", "site.db"], "with --robots"), (["go home", "--robots", "2"], "one instruction")]
)
def test_what_cannot_be_asked_for(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", JOB, *words]) == 2
    assert said in capsys.readouterr().err


def test_the_benchmark_measures_a_job_from_its_words_and_its_schedules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "plan", "--load", "3", "--samples", "4", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["items"] == 3 and result["job"]["items"] == 10 and 0 < result["job"]["p50"] <= result["job"]["max"]
    rows = result["schedules"]
    assert [(row["site"], row["robots"]) for row in rows] == [(site, n) for site in SITES for n in (2, 3, 4)]
    assert all(row["makespan"] / row["bound"] <= row["ratio"] + 1e-3 and 1.0 <= row["ratio"] < 1.2 for row in rows)


def test_marks_are_round_and_few_and_an_empty_schedule_can_be_drawn() -> None:
    for makespan in (0.05, 1.0, 37.0, 999.0, 123456.0):
        assert 2 <= len(marks(makespan)) <= 13 and marks(makespan)[-1] <= makespan
    ET.fromstring(gantt(Schedule((), 0.0, 0.0, (), 0.0, 1.0), (), ["a<b"]))
