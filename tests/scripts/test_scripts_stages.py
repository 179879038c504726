"""The long jobs: which commands they are made of, in which order, and that a stage is done once."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import build_cell
import build_manip
import pytest
import stages as job
from stages import Stage, run_all, stage

from moravec.cli import parse
from moravec.commands.data import Data

CELL = Namespace(episodes=3, steps=20, batch=4, attempts=2, seed=5)
MANIP = Namespace(tasks="all", episodes=3, glimpses=4, steps=20, batch=4, attempts=2, seed=5)
NAMED = Namespace(**{**vars(MANIP), "tasks": "reach"})
FEW = Namespace(**{**vars(MANIP), "steps": 2})
TRIALS = [f"trial {suite} {words}" for suite in ("cell-pick", "cell-place") for words in ("train", "held_out")]
TRIED = ["trial train", "trial held-out", "trial protocol"]
PARTS = [f"{kind} {step}" for step in (5, 10, 15) for kind in ("training", "export", "trial")]
PARTS_OF_FEW = ["training 1", "export 1", "trial 1"]
BEGIN, MADE = ["demonstrations", "check", "card", "cache"], ["training", "export"]

JOBS = {
    "cell": (build_cell.stages, CELL, [*BEGIN, *MADE, *TRIALS, "shipped"]),
    "manip": (build_manip.stages, MANIP, [*BEGIN, *PARTS, *MADE, *TRIED, "trial swap", "shipped"]),
    "some tasks": (build_manip.stages, NAMED, [*BEGIN, *PARTS, *MADE, *TRIED, "shipped"]),
    "few steps": (build_manip.stages, FEW, [*BEGIN, *PARTS_OF_FEW, *MADE, *TRIED, "trial swap", "shipped"]),
}  # fmt: skip
Listed = Callable[[Namespace, str], Iterator[Stage]]


def value(words: tuple[str, ...], option: str) -> str:
    """What an option of a command is given; "" where it is not."""
    return words[words.index(option) + 1] if option in words else ""


def asked(words: tuple[str, ...], given: Namespace) -> set[str]:
    """The job's folders that a command reads."""
    paths = [Path(path) for word in words if word.startswith(str(given.out)) for path in word.split(",")]
    return {str(path.parent if path.suffix == ".json" else path) for path in paths} - {str(given.key), value(words, "--out")}


@pytest.mark.parametrize(("listed", "given", "names"), JOBS.values(), ids=JOBS)
def test_a_job_is_a_list_of_commands(listed: Listed, given: Namespace, names: list[str], tmp_path: Path) -> None:
    """Each can be read, takes what was made before it, and leaves a mark and results of its own."""
    given.out, given.key = tmp_path, tmp_path / "signing.key"
    found = list(listed(given, "ab" * 32))
    assert [each.name for each in found] == names
    assert len({each.done for each in found}) == len(found) == len({each.words for each in found})
    for each in found:
        command = parse(list(each.words))
        if isinstance(command, Data):
            command._check_options()
    made = [value(each.words, "--out") for each in found]
    assert all(made.count(out) == 1 for out in made if out and not out.endswith("run")), "a training goes on where it was"
    for number, each in enumerate(found):
        assert asked(each.words, given) <= set(made[:number]), each.name


@pytest.mark.parametrize(("listed", "given", "names"), JOBS.values(), ids=JOBS)
def test_what_is_shipped_holds_every_trial_of_it(listed: Listed, given: Namespace, names: list[str], tmp_path: Path) -> None:
    given.out, given.key = tmp_path, tmp_path / "signing.key"
    *before, shipped = listed(given, "ab" * 32)
    model = value(next(each.words for each in before if each.name == "export"), "--out")
    trials = [each.words for each in before if each.words[0] == "trial" and value(each.words, "--policy") == model]
    results = [str(Path(value(words, "--out")) / "result.json") for words in trials]
    assert value(shipped.words, "--evaluation").split(",") == results and len(results) >= 3
    assert all(value(words, "--trust") == "ab" * 32 for words in trials)


# ── running ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
FAKE = """
import pathlib, sys
log = pathlib.Path(sys.argv[1])
log.write_text((log.read_text() if log.exists() else "") + sys.argv[2] + "\\n")
sys.exit(3 if log.with_name(sys.argv[2]).exists() else 0)
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a command that does nothing writes its words, one line each; it fails where a file of that name lies beside."""
    (tmp_path / "fake.py").write_text(FAKE)
    monkeypatch.setattr(job, "CLI", (sys.executable, str(tmp_path / "fake.py"), str(tmp_path / "log")))
    return tmp_path / "log"


def three(out: Path) -> Iterator[Stage]:
    for name in ("one", "number two", "three"):
        yield stage(out, name, name.split()[-1])


def test_what_is_done_is_not_done_again(log: Path, tmp_path: Path) -> None:
    out, after = tmp_path / "out", list[str]()
    told = run_all(out, three(out), lambda: after.append(log.read_text()))
    assert log.read_text() == "one\ntwo\nthree\n" and after == ["one\n", "one\ntwo\n", "one\ntwo\nthree\n"]
    times = json.loads((out / "stages.json").read_text())
    assert list(times) == ["one", "number two", "three"] and all(f"{name} " in told for name in times)
    run_all(out, three(out))
    assert log.read_text() == "one\ntwo\nthree\n" and json.loads((out / "stages.json").read_text()) == times


def test_a_stage_that_fails_ends_the_job_and_is_done_again(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "two").touch()
    with pytest.raises(SystemExit, match="number two: exit status 3; run the same command again") as end:
        run_all(out, three(out))
    assert end.value.code not in (0, None) and log.read_text() == "one\ntwo\n"
    (tmp_path / "two").unlink()
    run_all(out, three(out))
    assert log.read_text() == "one\ntwo\ntwo\nthree\n"
