"""Trials for real: the expert succeeds, chance does not, processes change nothing, and what was broken off goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("metaworld")

from helpers_proc import processes
from helpers_trials import LONG, away, bad_at, broken_at, refusing, silent

from moravec.core.errors import BadInput
from moravec.models.chunks import Step, Why
from moravec.trials.executors.contract import Budget, Executor
from moravec.trials.executors.processes import Processes
from moravec.trials.executors.serial import Serial
from moravec.trials.metaworld.baselines import open_baseline
from moravec.trials.metaworld.episode import STRIP, THUMB, Record
from moravec.trials.metaworld.grid import grid
from moravec.trials.metaworld.record import STRIPS, Book
from moravec.trials.metaworld.result import cause_in_words, summary
from moravec.trials.metaworld.run import GROUP, run
from moravec.trials.metaworld.suite import Attempt, attempts, swaps, words_of
from moravec.worlds.metaworld.scene import HORIZON
from moravec.worlds.metaworld.swap import told_of

ONE = Serial()
expert, chance = partial(open_baseline, "expert"), partial(open_baseline, "random")
SOURCE = Path(__file__).resolve().parents[2] / "src"


def wanted(*tasks: str, episodes: int = 2) -> list[Attempt]:
    return attempts(tasks, episodes, 0, words_of("train"))


def tried(
    folder: Path, open_stepper: Any, asked: list[Attempt], executor: Executor = ONE, drawing: Any = "plain"
) -> list[Record]:
    return run(Book(folder, {}), asked, open_stepper, drawing, executor, lambda record: None)


def timeless(records: list[Record]) -> list[Record]:
    return [replace(record, seconds=0.0, act_ms=[]) for record in records]


def test_the_expert_succeeds_and_chance_does_not(tmp_path: Path) -> None:
    asked = wanted("reach-v3", episodes=3)
    knows, tries = (tried(tmp_path / name, way, asked) for name, way in (("expert", expert), ("chance", chance)))
    assert [record.success for record in knows] == [True] * 3 and max(record.steps for record in knows) < 150
    assert sum(record.success for record in tries) <= 1
    for record in tries:
        assert record.success or (record.steps == HORIZON and 0 <= record.decided < HORIZON)
        assert record.cause == ("" if record.success else "goal not reached")
    assert [record.asked for record in knows + tries] == [0] * 6, "neither looks at a picture"


class Usual:
    """Does what a scene is usually for, whatever it is told."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene

    def reset(self, seed: int) -> None:
        """Nothing is kept."""

    def next(self, seen: Any) -> Step:
        return Step(self._scene._shown.expert(), Why.ACT)


def test_whoever_does_not_listen_is_found_out(tmp_path: Path) -> None:
    asked = wanted(*swaps("faucet-open,faucet-close"), episodes=1)
    told = words_of("train")
    assert [attempt.prompt in told[told_of(attempt.task)] for attempt in asked] == [True, True]
    listens, deaf = (tried(tmp_path / name, way, asked) for name, way in (("expert", expert), ("usual", Usual)))
    assert [record.success for record in listens] == [True, True]
    assert [(record.success, record.cause) for record in deaf] == [(False, "not what was asked")] * 2
    assert all(0 < record.decided < record.steps == HORIZON for record in deaf)


def test_processes_and_order_change_nothing(tmp_path: Path) -> None:
    """Two processes, and one that begins with the last attempt."""
    asked = wanted("reach-v3", "button-press-v3")
    one = tried(tmp_path / "one", expert, asked)
    two = tried(tmp_path / "two", expert, asked, Processes(2))
    back = tried(tmp_path / "back", expert, asked[::-1])[::-1]
    assert timeless(one) == timeless(two) == timeless(back)
    assert [record.task for record in two] == [attempt.task for attempt in asked]


def test_what_is_recorded_is_not_made_again(tmp_path: Path) -> None:
    asked = wanted("reach-v3", episodes=GROUP + 2)
    told: list[Record] = []

    def killed(record: Record) -> None:
        told.append(record)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Book(tmp_path / "broken", {}), asked, expert, "plain", ONE, killed)
    again: list[Record] = []
    found = run(Book(tmp_path / "broken", {}), asked, expert, "plain", ONE, again.append)
    assert len(told) + len(again) == len(asked)
    assert timeless(found) == timeless(tried(tmp_path / "whole", expert, asked))


def test_a_failure_leaves_pictures_of_it(tmp_path: Path) -> None:
    records = tried(tmp_path, away, wanted("push-v3", episodes=1))
    record = records[0]
    assert (record.success, record.steps, record.held) == (False, HORIZON, 0)
    assert record.asked == len(record.act_ms) == HORIZON // LONG and min(record.act_ms) > 0.0
    assert record.cause == "not reached"
    shown = cv2.imread(str(tmp_path / STRIPS / "push-v3-000.jpg"))
    assert shown.shape == (THUMB, STRIP * THUMB, 3) and float(np.std(shown)) > 10.0
    path = grid(tmp_path, records)
    assert path is not None and path.exists()


def test_the_protocols_drawing_is_shown_in_the_robots_size(tmp_path: Path) -> None:
    """`away` refuses any other size than the robot's own."""
    record = tried(tmp_path, away, wanted("push-v3", episodes=1), drawing="protocol")[0]
    assert record.asked == HORIZON // LONG


def test_a_policy_that_gives_no_action_is_in_trouble(tmp_path: Path) -> None:
    record = tried(tmp_path, silent, wanted("push-v3", episodes=1))[0]
    assert (record.cause, record.decided, record.held) == ("trouble", 0, HORIZON)
    assert not (tmp_path / STRIPS).exists() and grid(tmp_path, [record]) is None


@pytest.mark.parametrize("executor", [ONE, Processes(2)], ids=["serial", "processes"])
def test_bad_input_is_told_as_it_was_from_any_process(tmp_path: Path, executor: Executor) -> None:
    asked = wanted("push-v3", "reach-v3")
    with pytest.raises(BadInput, match=r"the instruction: found .*; allowed: one of one, two") as error:
        tried(tmp_path, refusing, asked, executor)
    assert error.value.exit_status == 2
    assert Book(tmp_path, {}).records == {}


def test_a_trial_outlives_policies_that_die_hang_or_crash(tmp_path: Path) -> None:
    """That attempt has failed, the next one finds a policy that lives, and none is tried again."""
    asked, kinds = wanted("push-v3", episodes=4), ("died", "hung", "crashed", "trouble")
    policy = partial(bad_at, dict(zip((attempt.seed for attempt in asked), kinds, strict=True)))
    found = tried(tmp_path, policy, asked, Processes(2, Budget(seconds=20.0)))  # a real attempt takes one or two
    assert [(record.success, record.cause) for record in found] == [(False, kind) for kind in kinds]
    assert [record.steps for record in found] == [0, 0, 0, HORIZON]
    assert "status -9" in found[0].words and "20 s" in found[1].words and found[2].words.startswith("ZeroDivisionError")
    result = summary(found)
    assert (result["n_episodes"], result["troubles"]) == (4, {"crashed": 1, "hung": 1, "died": 1})
    assert set(result["causes"]) == set(kinds) and [cause_in_words(record) for record in found]
    assert tried(tmp_path, refusing, asked) == found


@pytest.mark.parametrize(("kind", "words"), [("nan", "found nan; allowed: finite"), ("shape", "found shape (100, 3)")])
def test_an_answer_that_is_none_is_a_failure(tmp_path: Path, kind: str, words: str) -> None:
    """And the next attempt begins as if nothing had been."""
    asked = wanted("push-v3")
    found = tried(tmp_path, partial(broken_at, asked[0].seed, kind), asked)
    assert [(record.cause, record.steps) for record in found] == [("broken", 0), ("not reached", HORIZON)]
    assert words in found[0].words and found[0].decided == 0 and summary(found)["causes"]["broken"] == 1


def started(folder: Path) -> subprocess.Popen[str]:
    """A trial that takes long, as a process of its own; Ctrl-C reaches it even where this one does not take it."""
    words = ["trial", "metaworld", "--policy", "random", "--tasks", "easy", "--episodes", "9", "--processes", "2"]
    words += ["--out", str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(SOURCE), os.environ.get("PYTHONPATH", "")))}
    return subprocess.Popen(
        [sys.executable, "-m", "moravec.cli", *words], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def until(ready: Callable[[], bool], patience: float = 40.0) -> bool:
    """Waits up to `patience` [s]."""
    end = time.monotonic() + patience
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def of_group(group: int) -> list[int]:
    """Processes that are left of a group."""
    return [each.pid for each in processes() if each.group == group and not each.ended]


@pytest.mark.parametrize("whole_group", [True, False], ids=["terminal", "kill"])
def test_an_interrupt_stops_a_trial_at_once_and_it_can_go_on(tmp_path: Path, whole_group: bool) -> None:
    """Ctrl-C in a terminal goes to all processes, `kill -INT` to the first alone."""
    folder = tmp_path / "trial"
    process = started(folder)
    lines = folder / "episodes.jsonl"
    assert until(lambda: lines.exists() and lines.stat().st_size > 0), "no attempt was made"
    if whole_group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)  # all attempts take minutes
    assert process.returncode == 1 and out == ""
    assert [line for line in err.splitlines() if "attempts:" not in line] == ["moravec: interrupted"]
    assert until(lambda: of_group(process.pid) == [], 10.0), "processes that outlive their parent"
    header = {"policy": "random", "sentences": "train", "drawing": "plain", "seed": 0}
    book = Book(folder, header)
    assert 1 <= len(book.records) < 28 * 9
    kept = list(book.records.values())
    again = [Attempt(record.task, record.index, record.seed, record.prompt) for record in kept]
    assert run(book, again, refusing, "plain", ONE, lambda record: None) == kept
