"""Executors: the same jobs end the same way on each, and nothing that a job does to itself ends the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import helpers_executors as jobs
import pytest
from helpers_executors import alone, notes, nothing
from helpers_proc import processes

from moravec.core.errors import BadInput, WorldError
from moravec.trials.executors.contract import EXECUTORS, LOST, Budget, Executor, Group, Job, Outcome
from moravec.trials.executors.named import executor_of
from moravec.trials.executors.on_ray import HERE, Ray
from moravec.trials.executors.processes import Processes
from moravec.trials.executors.serial import Serial

MEGABYTE = 1 << 20
ROOTS = [str(Path(__file__).resolve().parents[2] / "src"), str(Path(__file__).parent), str(Path(__file__).parents[1])]


def ended(executor: Executor, groups: list[Group[Any, Any]]) -> dict[str, Outcome[Any]]:
    """All outcomes by key; each is told once."""
    found: list[Outcome[Any]] = []
    executor.run(groups, found.append)
    assert len({outcome.key for outcome in found}) == len(found)
    return {outcome.key: outcome for outcome in found}


def until(ready: Callable[[], bool], patience: float = 30.0) -> bool:
    """Waits up to `patience` [s]."""
    end = time.monotonic() + patience
    while not ready():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def gone(pid: int) -> bool:
    """Whether a process is no more, at the latest in a moment."""
    return until(lambda: not any(each.pid == pid and not each.ended for each in processes()), 5.0)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """One of Ray's for all tests here: to begin one takes seconds."""
    ray = pytest.importorskip("ray", reason="the extra ray brings it")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(ROOTS))  # as where everything is installed
        ray.init(address=HERE, num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    yield
    ray.shutdown()


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> Executor:
    """Each of them, with two workers where it has any."""
    if request.param == "ray":
        request.getfixturevalue("cluster")
    return executor_of(request.param, 2, Budget(60.0))


# ── the same on each ─────────────────────────────────────────────────────────────────────────────────────────────────────
def mixed(folder: Path) -> list[Group[Any, Any]]:
    """Good and bad ones, in groups and by themselves."""
    groups = [
        Group(partial(jobs.opened, str(folder), name), tuple(Job(f"{name}{k}", partial(jobs.draws, k)) for k in range(3)))
        for name in "abc"
    ]
    bad = alone(
        crashes=jobs.crashes, leaves=jobs.leaves, unpacked=jobs.gives_what_cannot_be_packed,
        broken=jobs.gives_what_cannot_be_unpacked,
    )  # fmt: skip
    spoilt = [Group(jobs.clean, (Job("first", jobs.spoils), Job("second", jobs.spoils)))]
    return [*groups[:2], *bad, *spoilt, *groups[2:], Group(jobs.opens_badly, (Job("shut", partial(jobs.draws, 1)),))]


def test_jobs_end_alike_everywhere(executor: Executor, tmp_path: Path) -> None:
    found = {key: (each.ended, each.value, each.words, each.tries) for key, each in ended(executor, mixed(tmp_path)).items()}
    good = {f"{name}{k}": ("done", jobs.draws(k, name), "", 1) for name in "abc" for k in range(3)}
    assert {key: found.pop(key) for key in good} == good
    assert {how for how, _, _, _ in found.values()} == {"crashed"} and {tries for _, _, _, tries in found.values()} == {1}
    words = {key: said for key, (_, _, said, _) in found.items()}
    assert words.keys() == {"crashes", "leaves", "unpacked", "broken", "first", "second", "shut"}
    assert words["crashes"].startswith("ValueError: substring not found (helpers_executors.py, line ")
    assert words["leaves"].startswith("SystemExit: 3") and "it cannot be opened" in words["shut"]
    assert "pickle" in words["unpacked"] and "nobody unpacks this" in words["broken"]
    assert "spoiled" in words["first"] and "spoiled" in words["second"], "after an error what is shared is opened anew"


def test_a_group_is_opened_once_by_one_worker(executor: Executor, tmp_path: Path) -> None:
    groups = [
        Group(
            partial(jobs.opened, str(tmp_path), name),
            tuple(Job(f"{name}{k}", partial(jobs.noted, str(tmp_path), f"{name}{k}")) for k in range(3)),
        )
        for name in "abcd"
    ]
    ended(executor, groups)
    said = notes(tmp_path)
    for name in "abcd":
        mine = [(pid, words) for pid, words in said if words.split()[1].startswith(name)]
        assert [words for _, words in mine] == [f"open {name}", f"do {name}0", f"do {name}1", f"do {name}2", f"close {name}"]
        assert len({pid for pid, _ in mine}) == 1
    workers = {pid for pid, _ in said}
    assert workers == {os.getpid()} if isinstance(executor, Serial) else len(workers) == 2, "and workers are used again"


def test_errors_on_purpose_end_all_and_come_as_they_were(executor: Executor) -> None:
    """BadInput has three parts, of which its one line cannot be taken apart again."""
    told: list[Outcome[Any]] = []
    with pytest.raises(BadInput, match=r"a number: found '?7'?; allowed: one of one, two") as error:
        executor.run([Group(nothing, (Job("good", partial(jobs.draws, 1)), Job("bad", jobs.refuses)))], told.append)
    assert error.value.exit_status == 2 and [outcome.key for outcome in told] == ["good"]
    with pytest.raises(WorldError, match=r"^no world$"):
        executor.run(alone(bad=jobs.fails), told.append)


def test_no_jobs_are_done_at_once(executor: Executor) -> None:
    assert ended(executor, []) == {} == ended(executor, [Group(nothing, ())])


# ── processes that suffer ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(params=("processes", "ray"))
def outliving(request: pytest.FixtureRequest) -> Executor:
    """Those whose jobs have processes of their own, with little memory."""
    if request.param == "ray":
        request.getfixturevalue("cluster")
    return executor_of(request.param, 2, Budget(60.0, 60 * MEGABYTE))


@pytest.mark.parametrize(("times", "how", "tries"), [(1, "done", 2), (9, "died", 2)])
def test_a_job_whose_process_is_killed_is_tried_once_more(
    outliving: Executor, tmp_path: Path, times: int, how: str, tries: int
) -> None:
    rest = tuple(Job(f"{k}", partial(jobs.draws, k)) for k in range(4))
    group = Group(nothing, (*rest[:2], Job("bad", partial(jobs.kills_itself, str(tmp_path), times)), *rest[2:]))
    found = ended(outliving, [group, *alone(other=partial(jobs.draws, 9))])
    killed = found.pop("bad")
    assert (killed.ended, killed.tries, len(notes(tmp_path))) == (how, tries, 2)
    assert killed.value == ("survived" if how == "done" else None) and bool(killed.words) == (how == "died")
    assert {each.ended for each in found.values()} == {"done"} and len(found) == 5


def test_a_job_that_hangs_is_ended_and_the_rest_goes_on(outliving: Processes | Ray, tmp_path: Path) -> None:
    group = Group(nothing, (Job("bad", partial(jobs.hangs, str(tmp_path))), Job("next", partial(jobs.draws, 1))))
    begun = time.monotonic()
    found = ended(replace(outliving, budget=Budget(4.0)), [group, *alone(other=partial(jobs.draws, 2))])
    assert {key: each.ended for key, each in found.items()} == {"bad": "hung", "next": "done", "other": "done"}
    assert found["bad"].words == "no answer within 4 s" and 4.0 <= found["bad"].seconds < 30.0
    assert time.monotonic() - begun < jobs.FOREVER / 5
    ((pid, _),) = notes(tmp_path)
    assert gone(pid), "it was not tried again, and does not go on"


def test_a_process_that_grows_is_replaced_and_told(outliving: Executor) -> None:
    """Its first job may load what it likes; three more of 40 MB are beyond 60 MB."""
    group = Group(nothing, tuple(Job(f"{k}", partial(jobs.leaks, 40 * MEGABYTE)) for k in range(6)))
    found = ended(outliving, [group])
    assert {each.ended for each in found.values()} == {"done"}
    leaked = [found[f"{k}"].leaked for k in range(6)]
    assert [more > 60 * MEGABYTE for more in leaked] == [False, False, True, False, False, True]
    assert [found[f"{k}"].value == found["0"].value for k in range(6)] == [True] * 3 + [False] * 3


def test_what_a_group_shares_and_cannot_be_closed_costs_no_job(outliving: Executor) -> None:
    groups = [Group(jobs.closes_badly, (Job(f"{k}", partial(jobs.draws, k)),)) for k in range(4)]
    assert {each.ended for each in ended(outliving, groups).values()} == {"done"}


def test_in_one_process_what_took_too_long_counts_as_hung_once_it_is_over(tmp_path: Path) -> None:
    ticks = iter([0.0, 1.0, 10.0, 13.5])
    found = ended(Serial(Budget(3.0), lambda: next(ticks)), alone(short=partial(jobs.draws, 1), long=partial(jobs.draws, 2)))
    assert [(each.ended, each.seconds) for each in found.values()] == [("done", 1.0), ("hung", 3.5)]
    assert found["long"].value is None


def test_in_one_process_a_leak_is_told(tmp_path: Path) -> None:
    works = {f"{k}": partial(jobs.leaks, 40 * MEGABYTE) for k in range(4)}
    try:
        found = ended(Serial(Budget(60.0, 60 * MEGABYTE)), alone(**works))
    finally:
        jobs.HELD.clear()
    assert [each.leaked > 60 * MEGABYTE for each in found.values()] == [False, False, True, False]


def test_what_a_policy_prints_is_no_part_of_the_answer(capfd: pytest.CaptureFixture[str]) -> None:
    assert ended(Processes(1), alone(loud=jobs.prints))["loud"].ended == "done"
    shown = capfd.readouterr()
    assert shown.out == "" and "a policy's words" in shown.err and "a policy's bytes" in shown.err


def test_whoever_is_told_can_end_it(tmp_path: Path) -> None:
    def told(outcome: Outcome[Any]) -> None:
        raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        Processes(2).run(alone(short=partial(jobs.draws, 1), long=partial(jobs.hangs, str(tmp_path))), told)
    assert time.monotonic() - begun < jobs.FOREVER / 5
    assert all(gone(pid) for pid, _ in notes(tmp_path)) if (tmp_path / "notes").exists() else True


# ── an end from outside ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_whoever_is_ended_and_what_was_told_is_kept(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, and a kill that leaves no time for anything."""
    program = f"from helpers_executors import writing; writing({str(tmp_path)!r})"
    parent = subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": os.pathsep.join(ROOTS)}, stderr=subprocess.PIPE,
        start_new_session=True, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    file = tmp_path / "notes"
    assert until(lambda: file.exists() and len(notes(tmp_path)) == 2), "both hang"
    parent.send_signal(number)
    _, err = parent.communicate(timeout=30)
    assert parent.returncode != 0 and ("KeyboardInterrupt" in err) == (number == signal.SIGINT)
    assert until(lambda: [each for each in processes() if each.group == parent.pid and not each.ended] == [], 10.0)
    told = (tmp_path / "ended").read_text().splitlines()
    assert len(told) >= 3 and not {"3", "7"} & set(told)


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_cannot_be_asked_for() -> None:
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="a job's time"):
            Budget(wrong)
    with pytest.raises(BadInput, match="memory"):
        Budget(1.0, 0)
    for kind in (Processes, Ray):
        with pytest.raises(BadInput, match="1 or more"):
            kind(0)
    with pytest.raises(BadInput, match="did you mean 'serial'"):
        executor_of("serail", 1, Budget())


def test_rays_cluster_is_the_one_that_its_own_tools_use() -> None:
    assert executor_of("ray", 3, Budget()) == Ray(3, HERE)
    assert executor_of("ray@10.0.0.1:6379", 3, Budget()) == Ray(3, "10.0.0.1:6379")
    assert executor_of("processes", 3, Budget(5.0)) == Processes(3, Budget(5.0))


def test_a_cluster_that_was_begun_for_a_trial_is_ended_and_one_that_is_not_there_is_said() -> None:
    """In a process of its own, since this one may be at a cluster."""
    pytest.importorskip("ray", reason="the extra ray brings it")
    program = """
from functools import partial
import helpers_executors as jobs, ray
from moravec.core.errors import WorldError
from moravec.trials.executors.on_ray import Ray
work = jobs.alone(one=partial(jobs.draws, 1))
Ray(1).run(work, lambda told: print(told.ended))
print(ray.is_initialized())
try:
    Ray(1, "127.0.0.1:1").run(work, print)
except WorldError as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(ROOTS)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    first, second, third = done.stdout.splitlines()
    assert (first, second) == ("done", "False") and third.startswith("no Ray cluster at 127.0.0.1:1: ") and "refused" in third


def test_where_ray_is_not_installed_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(WorldError, match=r"pip install 'moravec\[ray\]' installs it"):
        Ray(1).run(alone(one=partial(jobs.draws, 1)), lambda outcome: None)


def test_every_way_to_be_lost_has_words() -> None:
    assert LOST.keys() == {"crashed", "hung", "died"} and all(LOST.values())
