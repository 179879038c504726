"""Which attempts a trial makes, why they fail by rule, and how its records survive a kill."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import BadInput
from moravec.models.contract import join
from moravec.trials.executors.serial import Serial
from moravec.trials.metaworld.causes import CAUSES, CLOSE, LIFTED, MOVED, NEAR, Track, cause_of
from moravec.trials.metaworld.episode import STRIP, THUMB, Record
from moravec.trials.metaworld.grid import MOST, NAME, grid
from moravec.trials.metaworld.record import HEADER, LINES, STRIPS, Book
from moravec.trials.metaworld.result import summary, worst
from moravec.trials.metaworld.run import run
from moravec.trials.metaworld.suite import FIRST_SEED, SEEDS_APART, Attempt, attempts, robot_spec, words_of
from moravec.worlds.metaworld.sentences import sentences_of
from moravec.worlds.metaworld.tasks import TASKS

WORDS = {task: (f"do {task}", f"please {task}") for task in TASKS}
HEAD = {"policy": "toy", "sentences": "train", "drawing": "plain", "seed": 0}


# ── attempts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_attempts_take_turns_among_tasks() -> None:
    found = attempts(("push-v3", "reach-v3"), 2, 0, WORDS)
    assert [each.key for each in found] == ["push-v3/0", "reach-v3/0", "push-v3/1", "reach-v3/1"]
    assert [each.seed for each in found] == [FIRST_SEED, FIRST_SEED, FIRST_SEED + 1, FIRST_SEED + 1]
    assert all(each.prompt in WORDS[each.task] for each in found)


@given(st.integers(0, 50), st.integers(1, 60))
def test_an_attempt_depends_on_its_task_number_and_seed_alone(seed: int, episodes: int) -> None:
    """More episodes, or other tasks beside it, change none: so a trial can be made longer, and parts of it be looked at."""
    few = attempts(("push-v3",), 1, seed, WORDS)
    many = attempts(("assembly-v3", "push-v3"), episodes, seed, WORDS)
    assert many[1] == few[0]


def test_seeds_of_trials_are_apart_from_each_other() -> None:
    seeds = [{each.seed for each in attempts(("reach-v3",), SEEDS_APART, seed, WORDS)} for seed in (0, 1, 5)]
    assert all(len(each) == SEEDS_APART for each in seeds) and not seeds[0] & seeds[1] and not seeds[1] & seeds[2]
    assert min(seeds[0]) == FIRST_SEED


def test_all_wordings_have_their_turn() -> None:
    words = words_of("train")
    used = {each.prompt for each in attempts(("push-v3",), 200, 0, words)}
    assert used == set(sentences_of("push-v3").train)


@pytest.mark.parametrize(("episodes", "seed"), [(0, 0), (SEEDS_APART + 1, 0), (1, -1)])
def test_numbers_that_are_none_are_refused(episodes: int, seed: int) -> None:
    with pytest.raises(BadInput, match="--"):
        attempts(TASKS, episodes, seed, WORDS)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_words_are_the_projects_own_or_a_files(tmp_path: Path) -> None:
    assert words_of("held_out")["push-v3"] == sentences_of("push-v3").held_out
    path = tmp_path / "words.json"
    for table in ({task: f"do {task}" for task in TASKS}, {task: [f"do {task}"] for task in TASKS}):
        for whole in (table, {"TASK_DESCRIPTIONS": table, "other": 1}):
            path.write_text(json.dumps(whole))
            assert words_of(str(path)) == {task: [f"do {task}"] for task in TASKS}


def wrong(change: Callable[[dict[str, Any]], Any]) -> str:
    table: dict[str, Any] = {task: f"do {task}" for task in TASKS}
    changed = change(table)
    return json.dumps(table if changed is None else changed)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "JSON"), ("{", "JSON"), ("[]", "JSON"), ("3", "JSON"), ("\udcff", "JSON"),
        (wrong(lambda table: table.pop("push-v3") and None), "nothing for 'push-v3'\"; allowed: all fifty tasks"),
        (wrong(lambda table: table.update({"push-v3": 3})), "JSON"),
        (wrong(lambda table: table.update({"push-v3": ""})), "the instruction"),
        (wrong(lambda table: table.update({"push-v3": ["x", None]})), "the instruction"),
        (wrong(lambda table: table.update({"push-v3": "x" * 10_000})), "10,000 letters"),
        (wrong(lambda table: table.update({"push-v3": []})), "none for push-v3"),
        (wrong(lambda table: {"TASK_DESCRIPTIONS": 3}), "JSON"),
    ],
)  # fmt: skip
def test_a_file_of_words_that_is_none_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "words.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BadInput) as error:
        words_of(str(path))
    assert told in str(error.value)


@pytest.mark.parametrize("source", ["trian", "/nowhere.json", ".", ""])
def test_words_that_are_nowhere_are_refused(source: str) -> None:
    with pytest.raises(BadInput, match=r"the sentences: found .*; allowed: train, held_out, or a JSON file"):
        words_of(source)


def test_the_robot_is_the_one_of_the_demonstrations() -> None:
    """What is trained on them joins what is tried."""
    pytest.importorskip("pyarrow")
    from moravec.data.demonstrations.metaworld import features

    join(features(256).spec(), robot_spec())


# ── causes ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
STEPS = 50
HOME = np.array([0.0, 0.6, 0.2])


def track(hand: Any = HOME, thing: Any = (0.3, 0.6, 0.0), goal: Any = (0.3, 0.9, 0.0)) -> Track:
    """Things that stand still, or move along given ways."""
    ways = [np.broadcast_to(np.asarray(way, float), (STEPS, 3)).copy() for way in (hand, thing, goal)]
    return Track(*ways)


def way(*points: Any) -> Any:
    """From point to point, at the same pace."""
    at = np.linspace(0, len(points) - 1, STEPS)
    return np.stack([np.interp(at, range(len(points)), [p[k] for p in points]) for k in range(3)], 1)


CUBE = (0.3, 0.6, 0.0)
HIGH = (0.3, 0.6, 0.2)
TRACKS = {
    "not reached": track(way(HOME, (0.3, 0.6, 0.2), HOME)),
    "not moved": track(way(HOME, CUBE, HOME)),
    "dropped": track(way(CUBE, HIGH, HIGH, HOME), way(CUBE, HIGH, CUBE, CUBE)),
    "nearly": track(way(CUBE, (0.3, 0.85, 0.0)), way(CUBE, (0.3, 0.85, 0.0))),
    "elsewhere": track(way(CUBE, (0.0, 0.6, 0.0)), way(CUBE, (0.0, 0.6, 0.0))),
}


@pytest.mark.parametrize("cause", TRACKS)
def test_causes_are_found(cause: str) -> None:
    found, step = cause_of("push-v3", TRACKS[cause])
    assert found == cause and found in CAUSES and 0 <= step < STEPS


def test_the_step_is_the_one_that_decided() -> None:
    assert cause_of("push-v3", TRACKS["not reached"])[1] == pytest.approx(STEPS / 2, abs=1)
    assert cause_of("push-v3", TRACKS["nearly"])[1] == STEPS - 1
    dropped = TRACKS["dropped"]
    assert cause_of("push-v3", dropped)[1] == int(dropped.thing[:, 2].argmax())


def test_where_nothing_is_moved_the_hand_did_not_get_there() -> None:
    for task in ("reach-v3", "reach-wall-v3"):
        assert cause_of(task, track(way(HOME, (0.3, 0.8, 0.0), HOME)))[0] == "goal not reached"


def test_what_a_blow_moved_was_moved() -> None:
    """The hand's own point need not come near: a tool or a finger may have done it."""
    assert cause_of("push-v3", track(HOME, way(CUBE, (0.0, 0.6, 0.0))))[0] == "elsewhere"


def test_a_task_without_an_object_has_a_cause_all_the_same() -> None:
    assert cause_of("push-v3", track(thing=(np.nan,) * 3))[0] == "not reached"


@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_any_track_has_a_cause_within_it(seed: int, steps: int) -> None:
    ways = np.random.default_rng(seed).normal(0.0, 0.2, (3, steps, 3)).cumsum(1)
    for task in ("push-v3", "reach-v3"):
        cause, step = cause_of(task, Track(*ways))
        assert cause in CAUSES and 0 <= step < steps


def test_thresholds_are_in_order() -> None:
    assert 0.0 < MOVED < NEAR < CLOSE and LIFTED > 0.0


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def record(index: int = 0, task: str = "push-v3", success: bool = True, **changes: Any) -> Record:
    steps, cause = (60, "") if success else (500, "nearly")
    return replace(Record(task, index, FIRST_SEED + index, "push it", success, steps, cause, act_ms=[2.5]), **changes)


def strip() -> list[Any]:
    return [np.full((THUMB, THUMB, 3), 60 * k, np.uint8) for k in range(STRIP)]


def test_records_are_there_when_the_trial_is_opened_again(tmp_path: Path) -> None:
    book = Book(tmp_path, HEAD)
    added = [record(0), record(1, success=False), record(0, "reach-v3")]
    for each in added:
        book.add(each, [] if each.success else strip())
    assert list(Book(tmp_path, HEAD).records.values()) == added == list(book.records.values())
    assert [path.name for path in (tmp_path / STRIPS).iterdir()] == ["push-v3-001.jpg"]


@pytest.mark.parametrize("cut", [1, 2, 30, -1])
def test_a_line_that_a_kill_cut_short_is_dropped(tmp_path: Path, cut: int) -> None:
    book = Book(tmp_path, HEAD)
    book.add(record(0), [])
    whole = (tmp_path / LINES).read_bytes()
    (tmp_path / LINES).write_bytes(whole + json.dumps(record(1).plain()).encode()[:cut])
    again = Book(tmp_path, HEAD)
    assert "that attempt is made again" in again.notice and Book(tmp_path, HEAD).notice == ""
    assert list(again.records) == ["push-v3/0"] and (tmp_path / LINES).read_bytes() == whole
    again.add(record(1), [])
    assert len(Book(tmp_path, HEAD).records) == 2


@pytest.mark.parametrize("line", ["{}", "[]", "hello", '{"task": "push-v3"}', '{"hello": 1}'])
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str) -> None:
    Book(tmp_path, HEAD).add(record(0), [])
    with (tmp_path / LINES).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(BadInput, match=r"episodes\.jsonl, line 2"):
        Book(tmp_path, HEAD)


def test_another_trial_is_not_mixed_in(tmp_path: Path) -> None:
    Book(tmp_path, HEAD).add(record(0), [])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(BadInput, match=r"another policy, seed'; allowed: the same, or another --out"):
        Book(tmp_path, {**HEAD, "policy": "other", "seed": 1})
    with pytest.raises(BadInput, match="another execute"):
        Book(tmp_path, {**HEAD, "execute": 4})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("text", ["", "{", "[1]", "3"])
def test_a_trial_whose_header_is_broken_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / HEADER).write_text(text)
    with pytest.raises(BadInput, match=r"trial\.json"):
        Book(tmp_path, HEAD)


def test_records_of_which_nobody_knows_the_trial_are_not_taken_for_these(tmp_path: Path) -> None:
    Book(tmp_path, HEAD).add(record(0), [])
    (tmp_path / HEADER).unlink()
    with pytest.raises(BadInput, match=r"episodes\.jsonl without trial\.json"):
        Book(tmp_path, HEAD)
    assert not (tmp_path / HEADER).exists(), "nor are they made to be"


def test_records_of_other_words_or_seeds_are_not_taken_for_these(tmp_path: Path) -> None:
    """A file of sentences has the same name after it was changed."""
    book = Book(tmp_path, HEAD)
    book.add(record(0), [])
    for attempt in (Attempt("push-v3", 0, FIRST_SEED, "shove it"), Attempt("push-v3", 0, 5, "push it")):
        with pytest.raises(BadInput, match="or another --out"):
            run(book, [attempt], _nobody, "plain", Serial(), lambda made: None)
    same = Attempt("push-v3", 0, FIRST_SEED, "push it")
    assert run(book, [same], _nobody, "plain", Serial(), lambda made: None) == [record(0)]


def _nobody(scene: Any) -> Any:
    raise AssertionError("what is recorded is not made again")


# ── result ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def some() -> list[Record]:
    return [
        *(record(k, "push-v3", success=k < 3) for k in range(4)),
        *(record(k, "reach-v3") for k in range(4)),
        record(0, "assembly-v3", False, cause="not reached"),
    ]


def test_the_result_has_lerobots_keys_and_more() -> None:
    found = summary(some())
    assert (found["n_episodes"], found["n_success"], found["pc_success"]) == (9, 7, pytest.approx(700 / 9))
    low, high = found["pc_success_ci95"]
    assert 0.0 < low < 700 / 9 < high < 100.0
    assert {tier: share["n_episodes"] for tier, share in found["per_tier"].items()} == {"easy": 4, "hard": 5}
    assert list(found["per_task"]) == ["assembly-v3", "push-v3", "reach-v3"]
    assert found["per_task"]["push-v3"]["pc_success"] == 75.0
    assert found["causes"] == {"nearly": 1, "not reached": 1} and found["steps_to_success"]["p50"] == 60.0
    assert found["tier_mean"]["pc_success"] == pytest.approx((100.0 + 60.0) / 2.0) and found["tier_mean"]["tiers"] == 2
    json.dumps(found, allow_nan=False)


def test_a_trial_without_attempts_has_a_result() -> None:
    found = summary([])
    assert found["n_episodes"] == 0 and found["pc_success_ci95"] == [0.0, 100.0] and "tier_mean" not in found


def test_the_worst_tasks_are_shown_first_and_none_too_often() -> None:
    failed = [record(k, "push-v3", False) for k in range(5)] + [record(k, "reach-v3", False) for k in range(2)] + [record(9)]
    assert [f"{each.task}/{each.index}" for each in worst(failed, 4)] == ["push-v3/0", "push-v3/1", "push-v3/2", "reach-v3/0"]
    assert worst(failed, 0) == [] and worst([record()], 5) == []


def test_failures_are_shown_in_one_picture(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    book = Book(tmp_path, HEAD)
    for index in range(3):
        book.add(record(index, success=False, prompt="schiebe es — “so”", cause="dropped"), strip())
    path = grid(tmp_path, list(book.records.values()))
    assert path == tmp_path / NAME
    picture = cv2.imread(str(path))
    assert picture.shape[1] == 2 * STRIP * THUMB and picture.shape[0] > 2 * THUMB
    assert picture[-THUMB // 2, -THUMB // 2].min() > 250, "an odd one leaves its place white"


def test_without_strips_there_is_no_picture(tmp_path: Path) -> None:
    book = Book(tmp_path, HEAD)
    book.add(record(0, success=False), [])
    assert grid(tmp_path, list(book.records.values())) is None
    book.add(record(1, success=False), strip())
    (tmp_path / STRIPS / "push-v3-001.jpg").write_bytes(b"no picture")
    assert grid(tmp_path, list(book.records.values())) is None
    assert not (tmp_path / NAME).exists() and MOST > 0
