"""Trials in the cell: which deliveries, what the judge says, pairs, going on after a break; one attempt for real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moravec.core.errors import BadInput
from moravec.data.demonstrations.cell import FIRST_TRAINED
from moravec.models.contract import PolicyChunk
from moravec.perception.detection import Detection
from moravec.skills.contract import SkillResult
from moravec.skills.learned.errand import Errand
from moravec.skills.learned.pilot import Moment
from moravec.skills.learned.teacher import Teacher
from moravec.skills.learned.wording import PICK_HELD_OUT
from moravec.skills.manifests import DISCARD, PICK, PLACE, STOW
from moravec.trials.cell import run as running
from moravec.trials.cell.attempt import SKILLS, Record, make
from moravec.trials.cell.judge import CAUSES, FALL, FAR, in_hand, meant, pick_cause, place_cause
from moravec.trials.cell.result import summary
from moravec.trials.cell.suite import FIRST_SEED, POLICY, PROGRAM, SEEDS_APART, SUITES, Attempt, attempts
from moravec.trials.record import Book
from moravec.worlds.registry import Thing, World, WorldOptions, open_world

DONE = SkillResult("succeeded")


def thing(place: str, at: tuple[float, float, float] = (0.5, 0.0, 0.03), kind: str = "can") -> Thing:
    return Thing(kind, "red", False, None, 1e-4, place, "A", place, at)


def record(index: int, by: str = POLICY, success: bool = True, where: str = "parcel", cause: str = "missed") -> Record:
    return Record(by, index, FIRST_SEED + index, where, "red can", success, "" if success else cause, "", 5.0, 2, 9.0, [2.0, 3.0])


# ── which attempts ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_deliveries_are_tried_by_both_and_no_training_has_seen_them() -> None:
    wanted = attempts("cell-place", 6, 3, program_alone=False)
    assert [a.by for a in wanted] == [POLICY, PROGRAM] * 6 and len({a.key for a in wanted}) == 12
    assert [a.where for a in wanted[::2]] == list(SUITES["cell-place"]) * 2
    assert all(a.seed == b.seed and a.where == b.where for a, b in zip(wanted[::2], wanted[1::2], strict=True))
    last = attempts("cell-pick", SEEDS_APART, 49, program_alone=True)[-1]
    assert last.by == PROGRAM and wanted[0].seed >= FIRST_SEED and last.seed < FIRST_TRAINED
    for wrong in (("cell-throw", 1, 0), ("cell-pick", 0, 0), ("cell-pick", 1, 50), ("cell-pick", 1, -1)):
        with pytest.raises(BadInput):
            attempts(*wrong, program_alone=False)


# ── the judge ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_detection_means_the_nearest_thing_of_its_place() -> None:
    where, size = (0.5, 0.0, 0.03), (0.08, 0.04, 0.05)
    seen = Detection(
        "parcel", where, size, 0.0, (0.002,) * 3, "red", 0.9, "can", 0.9, False, 0.1, None, "wrist", (0, 0, 10, 10)
    )
    things = {"a": thing("parcel", (0.52, 0.0, 0.0)), "b": thing("parcel", (0.51, 0.0, 0.0)), "c": thing("station", where)}
    assert meant(seen, things) == "b"
    assert meant(seen, {"a": thing("parcel", (0.5 + FAR + 0.01, 0.0, 0.0))}) == "" == meant(seen, {})


def test_a_pick_is_right_where_the_right_thing_and_only_it_is_held() -> None:
    held, other = {"a": thing("hand"), "b": thing("parcel")}, {"a": thing("parcel"), "b": thing("hand")}
    assert pick_cause(DONE, "a", held) == "" and in_hand(held) == ["a"]
    assert pick_cause(DONE, "a", other) == "wrong thing"
    assert pick_cause(DONE, "a", {"a": thing("hand"), "b": thing("hand")}) == "several"
    assert pick_cause(DONE, "a", {"a": thing("parcel")}) == "let go"
    assert pick_cause(SkillResult("failed", "slipped"), "a", held) == "slipped", "a skill that gives up has failed"


def test_what_is_put_lies_where_it_was_to_go_and_was_not_dropped() -> None:
    there = thing("station", (0.3, -0.43, 0.05))
    assert place_cause(DONE, "station", there, 0.05 + FALL - 0.001, True) == ""
    assert place_cause(DONE, "station", there, 0.05 + FALL + 0.001, True) == "dropped"
    assert place_cause(DONE, "bin_1", thing("bin_1"), 0.5, False) == "", "things fall into bins"
    assert place_cause(DONE, "bin_1", thing("bin_2"), None, False) == "elsewhere"
    assert place_cause(SkillResult("failed", "lost"), "station", there, None, True) == "lost"


def test_every_way_to_fail_has_words() -> None:
    codes = {error.code for manifest in (PICK, PLACE, STOW, DISCARD) for error in manifest.errors}
    assert codes <= CAUSES.keys()
    assert SKILLS.keys() == set(SUITES["cell-place"])


# ── the result ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_pairs_are_of_the_same_deliveries() -> None:
    policy = [record(0), record(1, success=False), record(2, where="station"), record(3, success=False, cause="not tried")]
    program = [record(k, PROGRAM, success=k != 2, where=r.where) for k, r in enumerate(policy[:3])]
    program.append(record(3, PROGRAM, success=False, cause="not tried"))
    found = summary([*policy, *program])
    assert (found["n_episodes"], found["n_success"], found["n_not_tried"]) == (3, 2, 1)
    assert found["pairs"] == {"both": 1, "policy_only": 1, "hard_coded_only": 1, "neither": 0}
    assert found["pc_difference"] == pytest.approx(0.0) and found["causes"] == {"missed": 1}
    assert found["per_task"]["station"]["n_success"] == 1 and found["hard_coded"]["n_success"] == 2
    assert found["act_ms"]["n"] == 6 and found["looks"]["p50"] == 2.0
    alone = summary(program)
    assert "pairs" not in alone and (alone["n_episodes"], alone["n_success"]) == (3, 2)


# ── running ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_recorded_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, made = attempts("cell-pick", 3, 0, program_alone=False), list[str]()

    def tried(attempt: Attempt, *_: Any) -> Record:
        if len(made) == 2:
            made.append("killed")
            raise KeyboardInterrupt
        made.append(attempt.key)
        return replace(record(attempt.index, attempt.by, where=attempt.where), seed=attempt.seed)

    monkeypatch.setattr(running, "tried", tried)

    def go_on() -> list[Record]:
        return running.run(Book(tmp_path, {}, Record), wanted, _nowhere, _nobody, False, 1, lambda told: None)

    with pytest.raises(KeyboardInterrupt):
        go_on()
    assert [r.key for r in go_on()] == [a.key for a in wanted]
    assert sorted(set(made) - {"killed"}) == sorted(a.key for a in wanted) and len(made) == 7
    other = [replace(wanted[0], seed=7)]
    with pytest.raises(BadInput, match="or another --out"):
        running.run(Book(tmp_path, {}, Record), other, _nowhere, _nobody, False, 1, lambda told: None)


def _nowhere(seed: int) -> World:
    raise AssertionError("no world is opened here")


def _nobody() -> None:
    return None


class Listening:
    """The teacher, noting what it is told."""

    def __init__(self) -> None:
        self.teacher, self.heard = Teacher(), set[str]()

    def aim(self, errand: Errand) -> bool:
        return self.teacher.aim(errand)

    def act(self, moment: Moment) -> PolicyChunk:
        self.heard.add(moment.seen.prompt)
        return self.teacher.act(moment)


def test_the_teacher_picks() -> None:
    """A real delivery of one thing; told with words that are held out of training."""
    attempt, listening = Attempt("cell-pick", POLICY, 0, 7, "parcel"), Listening()
    found = make(attempt, _one_thing, listening, held_out=True)
    assert found.success and found.cause == "" and found.looks == len(found.act_ms) >= 2 and found.robot_s > 1.0
    assert len(listening.heard) == 1 and listening.heard <= {
        form.format(colour=found.thing.split()[0], category=found.thing.split()[1]) for form in PICK_HELD_OUT
    }


def _one_thing(seed: int) -> World:
    return open_world("cell", WorldOptions(seed, items=1))
