"""One attempt: the program brings a delivery to where the attempt begins, one skill is called, the truth judges."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from moravec.core.errors import MoravecError
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.core.workplace import Place
from moravec.models.contract import PolicyChunk
from moravec.perception.detection import Detection
from moravec.perception.vision import Vision
from moravec.runtime.loop import Runtime
from moravec.runtime.pace import AsFastAsPossible
from moravec.runtime.recorder import Unrecorded
from moravec.skills.arm import Arm
from moravec.skills.context import SkillContext
from moravec.skills.contract import Note, Pause, Request, SkillResult
from moravec.skills.delivery import delivery_skills
from moravec.skills.learned.errand import Errand
from moravec.skills.learned.pilot import Moment, Pilot
from moravec.trials.cell.judge import BROKEN, NOT_TRIED, in_hand, meant, pick_cause, place_cause
from moravec.trials.cell.suite import Attempt
from moravec.worlds.registry import Thing, World

TRIES = 3  # picks of the program, until it holds something
EARLIER = 2  # things at most that are put into a bin before
SETTLED = 0.5  # [s] until what was let go lies still, or what slips has slipped
WATCHED = 5  # every so many ticks it is looked at where what is held is
WORD_LIMIT = 240  # of what is kept of a skill's own words, or an error's
SKILLS = {"station": "place", "bin": "stow", "reject": "discard"}


@dataclass(frozen=True, slots=True)
class Record:
    """What became of an attempt. `cause` is a key of `judge.CAUSES`; `words` are the skill's own, or an error's; `robot_s` is how
    long it took the robot, `looks` how often a pilot was asked, and `act_ms` how long each answer took. `leaked` [bytes] is
    that of the executor's `Outcome`."""

    by: str
    index: int
    seed: int
    where: str
    thing: str
    success: bool
    cause: str = ""
    words: str = ""
    robot_s: float = 0.0
    looks: int = 0
    seconds: float = 0.0
    act_ms: list[float] = field(default_factory=list)
    leaked: int = 0

    @property
    def key(self) -> str:
        """The attempt's name in a trial."""
        return f"{self.by}/{self.index}"

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def make(attempt: Attempt, deliver: Callable[[int], World], pilot: Pilot | None, held_out: bool) -> Record:
    """In the delivery of the attempt's seed, led by `pilot` (None: the program itself), told held-out sentences or its own.

    An error of the delivery or of the skills is in the record; one delivery never ends a trial.
    """
    start = time.perf_counter()
    watch = None if pilot is None else Watched(pilot, attempt.seed if held_out else None)
    try:
        with closing(deliver(attempt.seed)) as world:
            record = _Trial(world, attempt, watch).run()
    except MoravecError as error:
        record = _record(attempt, None, NOT_TRIED, str(error))
    took = [] if watch is None else watch.took
    return replace(record, seconds=round(time.perf_counter() - start, 2), looks=len(took), act_ms=took)


class Watched:
    """A pilot whose answers are timed, and which is told other words where it is to be."""

    def __init__(self, pilot: Pilot, words: int | None) -> None:
        """`words`: the seed that draws a held-out sentence; None leaves the skill's own."""
        self._pilot = pilot
        self._rng = None if words is None else np.random.default_rng((words, 7))
        self._said = ""
        self.took: list[float] = []

    def aim(self, errand: Errand) -> bool:
        """See `Pilot`."""
        self._said = errand.sentence if self._rng is None else str(self._rng.choice(errand.held_out))
        return self._pilot.aim(errand)

    def act(self, moment: Moment) -> PolicyChunk:
        """See `Pilot`."""
        before = time.perf_counter()
        chunk = self._pilot.act(replace(moment, seen=replace(moment.seen, prompt=self._said)))
        self.took.append(round(1e3 * (time.perf_counter() - before), 2))
        return chunk


class _Held:
    """Notes how high what is watched was when it last hung from the hand."""

    def __init__(self, world: World) -> None:
        self._world, self._ticks = world, 0
        self.name = ""
        self.height: float | None = None

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """Looks now and then."""
        self._ticks += 1
        if self.name and self._ticks % WATCHED == 0:
            thing = self._world.things()[self.name]
            if thing.place == "hand":
                self.height = thing.position[2]

    def framed(self, frame: CameraFrame) -> None:
        """Nothing."""

    def noted(self, t: float, note: Note) -> None:
        """Nothing."""


class _Trial:
    def __init__(self, world: World, attempt: Attempt, pilot: Pilot | None) -> None:
        self._world, self._attempt = world, attempt
        self._held = _Held(world)
        self._runtime = Runtime(world.robot, Unrecorded(), AsFastAsPossible(), lambda ask: ask.default, [self._held])
        self._rng = np.random.default_rng((attempt.seed, 5))
        self._program, self._tried = delivery_skills(), delivery_skills(pilot)
        self._believed: Detection | None = None
        self._wanted = ""  # the thing of the attempt, from where the skill that is tried is called
        self._began = 0.0  # [s], when it was
        work, runtime = world.workplace, self._runtime
        self._parcel, self._station = work.of_kind("parcel")[0], work.of_kind("station")[0]
        self._context = SkillContext(
            work, Arm(work), Vision(work), runtime.now, runtime.state, runtime.posture, lambda name: self._believed
        )

    def run(self) -> Record:
        """Brought there, tried, judged. An error after the skill was called is the attempt's failure, before it nobody's."""
        try:
            return self._runtime.run(self._picking() if self._attempt.suite == "cell-pick" else self._putting())
        except MoravecError as error:
            took = self._runtime.now() - self._began if self._wanted else 0.0
            return self._record(BROKEN if self._wanted else NOT_TRIED, str(error), took)

    def _picking(self) -> Generator[Request, Any, Record]:
        yield from self._do("open", place=self._parcel.name)
        if self._attempt.where == "station":
            if not (yield from self._hold()) or not (yield from self._did("place", self._station)):
                return self._record(NOT_TRIED)
            self._believed = self._seen_on_station()
        elif not (yield from self._choose()):
            return self._record(NOT_TRIED)
        assert self._believed is not None
        wanted = meant(self._believed, self._world.things())
        if not wanted:
            return self._record(NOT_TRIED)
        result, took = yield from self._try(wanted, "pick", item="thing")
        return self._record(pick_cause(result, wanted, self._world.things()), result.message, took)

    def _putting(self) -> Generator[Request, Any, Record]:
        yield from self._do("open", place=self._parcel.name)
        kind = self._attempt.where
        places = self._world.workplace.of_kind(kind)
        place = places[int(self._rng.integers(len(places)))]
        for _ in range(int(self._rng.integers(EARLIER + 1)) if kind == "bin" else 0):
            if (yield from self._hold()):
                yield from self._do(SKILLS[kind], item="thing", place=place.name)
        if not (yield from self._hold()):
            return self._record(NOT_TRIED)
        (wanted,) = in_hand(self._world.things())
        self._held.name = wanted
        result, took = yield from self._try(wanted, SKILLS[kind], item="thing", place=place.name)
        cause = place_cause(result, place.name, self._world.things()[wanted], self._held.height, kind == "station")
        return self._record(cause, result.message, took)

    def _try(self, wanted: str, skill: str, **args: str) -> Generator[Request, Any, tuple[SkillResult, float]]:
        """The call of the attempt: its result, and how long [s] it took the robot."""
        self._wanted, self._began = wanted, self._runtime.now()
        result = yield from self._do(skill, self._tried, **args)
        took = self._runtime.now() - self._began
        yield Pause(SETTLED)
        return result, took

    def _choose(self) -> Generator[Request, Any, bool]:
        """Looks, and draws one of what it sees in the parcel."""
        looked = yield from self._do("look", place=self._parcel.name)
        there: Sequence[Detection] = looked.data.get("detections") or ()
        if there:
            self._believed = there[int(self._rng.integers(len(there)))]
        return bool(there)

    def _hold(self) -> Generator[Request, Any, bool]:
        """Whether the program has taken one thing, and only one, out of the parcel."""
        for _ in range(TRIES):
            if (yield from self._choose()) and (yield from self._do("pick", item="thing")).status == "succeeded":
                yield Pause(SETTLED)
                return len(in_hand(self._world.things())) == 1
        return False

    def _seen_on_station(self) -> Detection:
        """What is believed of a thing that was just put there."""
        assert self._believed is not None
        station = self._station
        return replace(self._believed, place=station.name, position=(*station.centre, station.floor))

    def _did(self, skill: str, place: Place) -> Generator[Request, Any, bool]:
        return (yield from self._do(skill, item="thing", place=place.name)).status == "succeeded"

    def _do(
        self, skill: str, skills: Mapping[str, Any] | None = None, **args: str
    ) -> Generator[Request, Any, SkillResult]:
        result: SkillResult = yield from (skills or self._program)[skill].run(self._context, args)
        return result

    def _record(self, cause: str, words: str = "", took: float = 0.0) -> Record:
        return _record(self._attempt, self._world.things().get(self._wanted), cause, words, took)


def _record(at: Attempt, thing: Thing | None, cause: str, words: str = "", took: float = 0.0) -> Record:
    named = "" if thing is None else f"{thing.colour} {thing.category}"
    return Record(at.by, at.index, at.seed, at.where, named, not cause, cause, words[:WORD_LIMIT], round(took, 3))
