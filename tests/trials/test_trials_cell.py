"""Trials in the cell: which deliveries, what the judge says, pairs, going on after breaks and errors; attempts for real."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moravec.core.errors import BadInput, SkillError, WorldError
from moravec.data.demonstrations.cell import FIRST_TRAINED
from moravec.models.contract import PolicyChunk
from moravec.perception.detection import Detection
from moravec.skills.contract import SkillResult
from moravec.skills.delivery import delivery_skills
from moravec.skills.learned.errand import Errand
from moravec.skills.learned.pilot import Moment, Pilot
from moravec.skills.learned.teacher import Teacher
from moravec.skills.learned.wording import PICK_HELD_OUT, sentences, sentences_down
from moravec.skills.manifests import DISCARD, PICK, PLACE, STOW
from moravec.trials.cell import attempt as attempting
from moravec.trials.cell import run as running
from moravec.trials.cell.attempt import SKILLS, Record, make
from moravec.trials.cell.judge import BROKEN, CAUSES, FALL, FAR, NOT_TRIED, in_hand, meant, pick_cause, place_cause
from moravec.trials.cell.result import summary
from moravec.trials.cell.suite import FIRST_SEED, POLICY, PROGRAM, SEEDS_APART, SUITES, Attempt, attempts
from moravec.trials.executors.contract import Group, Tell
from moravec.trials.executors.processes import Processes
from moravec.trials.executors.serial import Serial
from moravec.trials.record import Book
from moravec.trials.shares import in_words, troubles
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
    assert found["p_mcnemar"] == 1.0 and found["pc_success_at_least95"] == pytest.approx(13.535, abs=1e-3)
    assert found["pc_difference_any_time95"][0] < found["pc_difference_ci95"][0] < found["pc_difference_ci95"][1]
    assert found["per_task"]["station"]["n_success"] == 1 and found["hard_coded"]["n_success"] == 2
    assert found["act_ms"]["n"] == 6 and found["looks"]["p50"] == 2.0
    alone = summary(program)
    assert "pairs" not in alone and (alone["n_episodes"], alone["n_success"]) == (3, 2)


# ── running ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_recorded_is_not_made_again(tmp_path: Path) -> None:
    wanted, made = attempts("cell-pick", 3, 0, program_alone=False), list[str]()

    def told(record: Record) -> None:
        made.append(record.key)
        if len(made) == 2:
            raise KeyboardInterrupt

    def go_on() -> list[Record]:
        return running.run(Book(tmp_path, {}, Record), wanted, _no_room, _nobody, False, Serial(), told)

    with pytest.raises(KeyboardInterrupt):
        go_on()
    assert [r.key for r in go_on()] == [a.key for a in wanted]
    assert sorted(made) == sorted(a.key for a in wanted) and len(made) == 6
    other = [replace(wanted[0], seed=7)]
    with pytest.raises(BadInput, match="or another --out"):
        running.run(Book(tmp_path, {}, Record), other, _nowhere, _nobody, False, Serial(), lambda told: None)


def _nowhere(seed: int) -> World:
    raise AssertionError("no world is opened here")


def _nobody() -> None:
    return None


# ── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _no_room(seed: int) -> World:
    raise WorldError(f"12 items of {seed} found no room")


def _interrupted(seed: int) -> World:
    raise KeyboardInterrupt


def _wrongly_written(seed: int) -> World:
    raise ValueError("a mistake of whoever wrote it")


class Stubborn:
    """Fails before it is asked for a way."""

    def aim(self, errand: Errand) -> bool:
        raise SkillError("no way is known to me")

    def act(self, moment: Moment) -> PolicyChunk:
        raise AssertionError("it is never asked")


class BrokenSkill:
    """A skill that breaks its contract whenever it is called."""

    def run(self, *_: Any) -> Any:
        raise SkillError("nothing of this kind was declared")
        yield


def test_a_delivery_that_cannot_be_made_ends_no_trial(tmp_path: Path) -> None:
    """It is tried by nobody, says why, and is not tried again by a trial that goes on."""
    wanted = attempts("cell-pick", 2, 0, program_alone=False)
    book = Book(tmp_path, {}, Record)
    found = running.run(book, wanted, _no_room, _nobody, False, Serial(), lambda told: None)
    assert [(r.cause, r.words) for r in found[::2]] == [(NOT_TRIED, f"12 items of {a.seed} found no room") for a in wanted[::2]]
    result = summary(found)
    assert (result["n_episodes"], result["n_not_tried"], result["hard_coded"]["n_episodes"]) == (0, 2, 0)
    assert running.run(Book(tmp_path, {}, Record), wanted, _nowhere, _nobody, False, Serial(), lambda told: None) == found


def _bad(seed: int) -> World:
    """Another kind of bad for each delivery."""
    kind = seed - FIRST_SEED
    if kind == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == 1:
        raise ValueError("a mistake of whoever wrote it")
    return _no_room(seed)


def test_a_trial_outlives_attempts_that_die_or_crash(tmp_path: Path) -> None:
    """They count against whoever was tried, are told, and are not made again; what was half written is."""
    wanted = attempts("cell-pick", 3, 0, program_alone=True)
    book, told = Book(tmp_path, {}, Record), list[str]()
    found = running.run(book, wanted, _bad, _nobody, False, Processes(2), lambda record: told.append(record.key))
    assert [(r.success, r.cause) for r in found] == [(False, cause) for cause in ("died", "crashed", NOT_TRIED)]
    assert "status -9" in found[0].words and "a mistake of" in found[1].words
    result = summary(found)
    assert (result["n_episodes"], result["n_not_tried"]) == (2, 1)
    assert result["troubles"] == {"crashed": 1, "died": 1} and set(result["causes"]) <= CAUSES.keys()
    lines = (tmp_path / "episodes.jsonl").read_bytes()
    (tmp_path / "episodes.jsonl").write_bytes(lines[:-20])
    again = Book(tmp_path, {}, Record)
    assert "cut short" in again.notice and len(again.records) == 2
    known = list(again.records)
    made: list[str] = []
    running.run(again, wanted, _no_room, _nobody, False, Serial(), lambda record: made.append(record.key))
    assert sorted([*known, *made]) == sorted(told) == sorted(a.key for a in wanted)


def test_what_a_process_leaked_is_in_the_record(tmp_path: Path) -> None:
    """Of whoever it was; counted apart from failures."""
    wanted = attempts("cell-pick", 3, 0, program_alone=True)
    found = running.run(Book(tmp_path, {}, Record), wanted, _no_room, _nobody, False, Leaking(), lambda record: None)
    assert [r.leaked for r in found] == [0, 5, 0] == [r.leaked for r in Book(tmp_path, {}, Record).records.values()]
    assert troubles(found) == {"leaked": 1} and in_words(troubles(found), "there") == "; 1 leaked (see there)"
    assert in_words({}, "there") == ""


class Leaking:
    """Serial, and every second outcome says that something leaked."""

    def run(self, groups: Iterable[Group[Any, Any]], tell: Tell) -> None:
        """See Executor."""
        for k, group in enumerate(groups):
            Serial().run([group], lambda outcome, k=k: tell(replace(outcome, leaked=5 * (k % 2))))  # type: ignore[misc]


@pytest.mark.parametrize(("deliver", "error"), [(_interrupted, KeyboardInterrupt), (_wrongly_written, ValueError)])
def test_who_interrupts_and_what_was_written_wrongly_goes_through(deliver: Any, error: type[BaseException]) -> None:
    with pytest.raises(error):
        make(Attempt("cell-pick", POLICY, 0, 7, "parcel"), deliver, None, False)


@pytest.mark.parametrize("suite", SUITES)
def test_a_program_that_breaks_before_the_attempt_leaves_it_untried(suite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def skills(pilot: Pilot | None = None) -> dict[str, Any]:
        return delivery_skills(pilot) | {"open": BrokenSkill()}

    monkeypatch.setattr(attempting, "delivery_skills", skills)
    found = make(Attempt(suite, PROGRAM, 0, 7, SUITES[suite][0]), _one_thing, None, False)
    assert (found.success, found.cause, found.words) == (False, NOT_TRIED, "nothing of this kind was declared")


def test_a_skill_that_breaks_while_it_is_tried_has_failed() -> None:
    """A real delivery of one thing: this one counts."""
    found = make(Attempt("cell-pick", POLICY, 0, 7, "parcel"), _one_thing, Stubborn(), False)
    assert (found.success, found.cause, found.words) == (False, BROKEN, "no way is known to me") and BROKEN in CAUSES
    assert len(found.thing.split()) == 2 and found.robot_s > 0.0
    assert summary([found])["causes"] == {BROKEN: 1} and summary([found])["n_episodes"] == 1


# ── for real ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
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


@pytest.mark.parametrize(("where", "seed", "items"), [("station", 7, 1), ("bin", 6, 2)])
def test_the_teacher_puts_down(where: str, seed: int, items: int) -> None:
    """Real deliveries: onto the empty station, and into a bin where a thing lies already."""
    listening, worlds = Listening(), list[World]()

    def deliver(seed: int) -> World:
        worlds.append(open_world("cell", WorldOptions(seed, items=items)))
        return worlds[0]

    found = make(Attempt("cell-place", POLICY, 0, seed, where), deliver, listening, held_out=False)
    assert found.success and found.cause == "" and found.looks == len(found.act_ms) >= 1 and found.robot_s > 1.0
    assert len(listening.heard) == 1 and listening.heard <= set(sentences_down(found.thing, where))
    lying = {thing.place for thing in worlds[0].things().values()}
    assert len(lying) == 1 and lying.pop().startswith(where), "the one before lies there as well"


def test_the_teacher_picks_on_the_station() -> None:
    """A real delivery of one thing, which the program has put there."""
    listening = Listening()
    found = make(Attempt("cell-pick", POLICY, 0, 7, "station"), _one_thing, listening, held_out=False)
    assert found.success and found.cause == "" and found.looks == len(found.act_ms) >= 1 and found.robot_s > 1.0
    assert listening.heard <= set(sentences(*found.thing.split()))


def _one_thing(seed: int) -> World:
    return open_world("cell", WorldOptions(seed, items=1))
