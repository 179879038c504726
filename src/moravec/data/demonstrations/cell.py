"""The delivery cell's hard-coded skills as teachers of the learned ones: one delivery for each seed, several errands out of it:
things are picked, put on the station, picked there and put into bins.

Physics, guard and perception are those of a run. Every look is one frame: what a policy is shown there, and the rest of the way
as the teacher says it. The hand begins elsewhere than it would and is led astray on the way; what is written down never is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput, MoravecError
from moravec.core.workplace import Place
from moravec.data.episode import AHEAD, Episode, Features
from moravec.models.contract import Channel, PolicyChunk
from moravec.perception.detection import Detection
from moravec.perception.vision import Vision
from moravec.runtime.loop import Runtime
from moravec.runtime.pace import AsFastAsPossible
from moravec.runtime.recorder import Unrecorded
from moravec.skills.arm import Arm
from moravec.skills.context import SkillContext
from moravec.skills.contract import Pause, Request, Skill, SkillResult
from moravec.skills.delivery import delivery_skills
from moravec.skills.guarded import HardCoded
from moravec.skills.learned.crop import CAMERA, crop, seen_at
from moravec.skills.learned.errand import Errand
from moravec.skills.learned.lead import Start
from moravec.skills.learned.pick import LearnedPick
from moravec.skills.learned.pilot import ACTION, CHUNK, RATE, SPEC, STATE, Moment
from moravec.skills.learned.place import LearnedPlace
from moravec.skills.learned.round import EXECUTE
from moravec.skills.learned.teacher import Teacher
from moravec.skills.learned.waypoints import absolute, in_tool
from moravec.skills.learned.wording import sentences, sentences_down
from moravec.skills.putting import Discard, PutDown, Stow
from moravec.worlds.registry import Thing, World

PIXELS, PLACES = "privileged.pixels", "privileged.points"  # where the teacher means to grasp or let go: for losses in training
POINTS = ("goal", "one flank", "other flank")
PICKS = 6  # things that are tried in one delivery; each is picked from the parcel and then from the station
BINS = 2  # that are filled in one delivery
SETTLED = 0.4  # [s] until what was let go lies still
LOW = 0.04  # [m] above the goal, disturbances are smaller
REJECTED = 0.25  # share of the things that go into the reject bin
FIRST_TRAINED, SEEDS_APART = 1_000_000, 10_000  # seeds of deliveries: below are those that people and evaluations draw
LARGEST_SEED = 90_000

OpenWorld: TypeAlias = Callable[[int], World]
Numbers: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """How the hand is led astray: up to how far it begins from where it would, from how many other places it looks before, and
    the standard deviation of waypoints that are carried out, near the goal a `near` share of that."""

    level: float = 0.035  # [m]
    height: tuple[float, float] = (-0.02, 0.07)  # [m]
    turn: float = 0.6  # [rad]
    glances: int = 4
    share: float = 0.7  # of the errands in which waypoints are disturbed
    noise: float = 0.008  # [m]
    noise_turn: float = 0.08  # [rad]
    near: float = 0.25
    rounds: int = 3  # so often; then the hand is let go its way


@dataclass(frozen=True, slots=True)
class CellTeaching:
    """`episodes` successful errands, out of deliveries that `open_world` makes of seeds. Raises BadInput for wrong numbers."""

    open_world: OpenWorld
    episodes: int = 1000
    seed: int = 0
    disturbance: Disturbance = field(default_factory=Disturbance)

    def __post_init__(self) -> None:
        if self.episodes < 1 or not 0 <= self.seed <= LARGEST_SEED:
            found = f"{self.episodes} episodes, seed {self.seed}"
            raise BadInput("demonstrations of the cell", found, f"1 or more, seeds 0 to {LARGEST_SEED:,}")

    @property
    def first(self) -> int:
        """The seed of the first delivery."""
        return FIRST_TRAINED + self.seed * SEEDS_APART


def features() -> Features:
    """What these episodes hold. An action is the first waypoint; the column AHEAD has all of them."""
    ahead = tuple(Channel(f"{k} {c.name}", c.unit, c.frame, c.low, c.high) for k in range(CHUNK) for c in ACTION)
    pixels = tuple(Channel(f"{point} {axis}", "px", CAMERA) for point in POINTS for axis in ("right", "down"))
    places = tuple(Channel(f"{point} {axis}", "m", "tool") for point in POINTS for axis in "xyz")
    return Features(RATE, STATE, ACTION, SPEC.cameras, {AHEAD: ahead, PIXELS: pixels, PLACES: places}, "ur5e")


@dataclass(frozen=True, slots=True)
class Attended:
    """One delivery: the errands that are kept, and how many were tried. A delivery that an error ended gave none and counts as
    one errand that was tried; `error` says why."""

    episodes: list[Episode]
    tried: int
    error: str = ""


def attend(teaching: CellTeaching, seed: int) -> Attended:
    """The errands of one delivery; the same for the same seed. In a worker."""
    try:
        with closing(teaching.open_world(seed)) as world:
            runtime = Runtime(world.robot, Unrecorded(), AsFastAsPossible(), lambda ask: ask.default)
            return runtime.run(_Delivery(world, runtime, teaching.disturbance, seed).lessons())
    except MoravecError as error:
        return Attended([], 1, f"{type(error).__name__}: {error}")


class _Delivery:
    """One delivery being unpacked under a teacher's hand."""

    def __init__(self, world: World, runtime: Runtime, how: Disturbance, seed: int) -> None:
        self._world, self._seed = world, seed
        self._rng = np.random.default_rng((seed, 3))
        self._book = Book(how, self._rng)
        self._skills = taught_by(self._book)
        self._believed: Detection | None = None
        self._tried = 0  # errands
        work = world.workplace
        self._context = SkillContext(
            work, Arm(work), Vision(work), runtime.now, runtime.state, runtime.posture, lambda name: self._believed
        )

    def lessons(self) -> Generator[Request, Any, Attended]:
        """The whole delivery."""
        episodes: list[Episode] = []
        yield from self._unpack(episodes)
        return Attended(episodes, self._tried)

    def _unpack(self, episodes: list[Episode]) -> Generator[Request, Any, None]:
        """Opens the parcel, and takes things out one by one."""
        work, rng = self._world.workplace, self._rng
        (parcel,), (station,), (reject,) = (work.of_kind(kind) for kind in ("parcel", "station", "reject"))
        bins = [work.of_kind("bin")[k] for k in rng.permutation(len(work.of_kind("bin")))[:BINS]]
        if (yield from self._do("open", place=parcel.name)).status != "succeeded":
            return
        for _ in range(PICKS):
            looked = yield from self._do("look", place=parcel.name)
            there: Sequence[Detection] = looked.data.get("detections") or ()
            if not there:
                break
            self._believed = there[int(rng.integers(len(there)))]
            if not (yield from self._pick(episodes, parcel)) or not (yield from self._put(episodes, "place", station)):
                continue
            self._believed = replace(self._believed, place=station.name, position=(*station.centre, station.floor))
            if (yield from self._pick(episodes, station)):
                rejected = rng.random() < REJECTED
                place = reject if rejected else bins[int(rng.integers(len(bins)))]
                yield from self._put(episodes, "discard" if rejected else "stow", place)

    def _pick(self, episodes: list[Episode], place: Place) -> Generator[Request, Any, bool]:
        """Kept where the right thing, and nothing else, hangs from the hand. Whether something does."""
        self._book.clear()
        self._tried += 1
        result = yield from self._do("pick", item="thing")
        target = result.data.get("target")
        if result.status != "succeeded" or target is None:
            return False
        held = self._in_hand()
        if len(held) == 1 and (held[0].colour, held[0].category) == (target.colour, target.category):
            self._keep(episodes, sentences(target.colour, target.category), "pick", place, held[0])
        self._believed = target
        return bool(held)

    def _put(self, episodes: list[Episode], skill: str, place: Place) -> Generator[Request, Any, bool]:
        """Kept where what was in the hand lies in its place then. Whether the skill says so."""
        names = [name for name, thing in self._world.things().items() if thing.place == "hand"]
        held = self._context.hand.held
        self._book.clear()
        self._tried += 1
        result = yield from self._do(skill, item="thing", place=place.name)
        if result.status != "succeeded" or held is None:
            return False
        yield Pause(SETTLED)
        things = self._world.things()
        if len(names) == 1 and things[names[0]].place == place.name:
            self._keep(episodes, sentences_down(held.seen, place.kind), skill, place, things[names[0]])
        return True

    def _keep(self, episodes: list[Episode], words: tuple[str, ...], skill: str, place: Place, thing: Thing) -> None:
        named = f"{thing.colour} {thing.category}"
        notes = {"seed": self._seed, "number": len(episodes), "skill": skill, "place": place.name, "thing": named}
        episodes.append(self._book.bound(words, notes))

    def _in_hand(self) -> list[Thing]:
        return [thing for thing in self._world.things().values() if thing.place == "hand"]

    def _do(self, skill: str, **args: str) -> Generator[Request, Any, SkillResult]:
        result: SkillResult = yield from self._skills[skill].run(self._context, args)
        return result


def taught_by(book: Book) -> dict[str, Skill]:
    """A delivery's skills, those that a pilot leads begun where `book` says."""
    plain: tuple[HardCoded, ...] = (PutDown(), Stow(), Discard())
    led = (LearnedPick(book, book.starts), *(LearnedPlace(skill, book, book.starts) for skill in plain))
    return delivery_skills() | {skill.manifest.name: skill for skill in led}


class Book:
    """A pilot between the teacher and the hand: writes down what the teacher says, and lets the hand do something near it."""

    def __init__(self, how: Disturbance, rng: np.random.Generator) -> None:
        self._how, self._rng, self._teacher = how, rng, Teacher()
        self._left = 0
        self.clear()

    def clear(self) -> None:
        """A new pick."""
        self._state: list[Numbers] = []
        self._chunks: list[Numbers] = []
        self._pictures: list[NDArray[np.uint8]] = []
        self._pixels: list[list[float]] = []
        self._places: list[list[float]] = []

    def starts(self) -> list[Start]:
        """Where the hand looks from and begins."""
        how, rng = self._how, self._rng
        self._left = how.glances + (how.rounds if rng.random() < how.share else 0)  # answers until nothing is disturbed
        starts = []
        for k in range(how.glances + 1):
            x, y = (float(v) for v in rng.uniform(-how.level, how.level, 2))
            offset = (x, y, float(rng.uniform(*how.height)))
            starts.append(Start(offset, float(rng.uniform(-how.turn, how.turn)), k < how.glances))
        return starts

    def aim(self, errand: Errand) -> bool:
        """As the teacher; what was written down before is of another errand."""
        self.clear()
        return self._teacher.aim(errand)

    def act(self, moment: Moment) -> PolicyChunk:
        """The teacher's answer goes into the book; what is given on is astray of it."""
        chunk = self._teacher.act(moment)
        self._state.append(np.asarray(moment.seen.state, np.float32))
        self._chunks.append(np.asarray(chunk.actions, np.float32))
        self._pictures.append(moment.seen.pictures[CAMERA])
        self._note_points(moment)
        self._left -= 1
        return self._astray_of(moment, chunk) if self._left >= 0 else chunk

    def bound(self, tasks: tuple[str, ...], notes: dict[str, Any]) -> Episode:
        """What was written down, as an episode."""
        chunks = np.stack(self._chunks)
        extras = {
            AHEAD: chunks.reshape(len(chunks), -1), PIXELS: np.array(self._pixels, np.float32),
            PLACES: np.array(self._places, np.float32),
        }  # fmt: skip
        pictures = {CAMERA: np.stack(self._pictures)}
        return Episode(tasks, RATE, np.stack(self._state), chunks[:, 0].copy(), pictures, extras, True, notes)

    def _note_points(self, moment: Moment) -> None:
        """Where the teacher means to grasp or let go, and where the fingers touch then: the one on the tool's +x side first."""
        goal, hand = self._teacher.goal, moment.hand
        assert goal is not None  # the teacher has just acted
        along = np.array([np.cos(goal.yaw), np.sin(goal.yaw), 0.0]) * goal.opening / 2
        if in_tool(hand, along.tolist())[0] < 0.0:
            along = -along
        cut = crop(moment.frame, moment.errand.anchor)
        pixels, places = list[float](), list[float]()
        for point in (np.zeros(3), along, -along):
            x, y, z = (float(v) for v in np.array(goal.position) + point)
            pixels += seen_at(moment.frame, cut, (x, y, z))
            places += in_tool(hand, np.subtract((x, y, z), hand.position).tolist())
        self._pixels.append(pixels)
        self._places.append(places)

    def _astray_of(self, moment: Moment, chunk: PolicyChunk) -> PolicyChunk:
        """Waypoints before the next look, moved a little; none where the hand gets to its goal before that."""
        how, rng, goal, actions = self._how, self._rng, self._teacher.goal, np.array(chunk.actions, np.float64)
        assert goal is not None
        if any(moment.errand.ends(pose) for pose in absolute(moment.hand, chunk.actions[:EXECUTE])):
            return chunk
        low = moment.hand.position[2] - actions[EXECUTE - 1, 2] < goal.position[2] + LOW  # z points down: before the next look
        share = how.near if low else 1.0
        actions[:EXECUTE, :3] += share * rng.normal(0.0, how.noise, (1, 3)) * (1.0, 1.0, 0.5)
        actions[:EXECUTE, 3] += share * rng.normal(0.0, how.noise_turn)
        return PolicyChunk(actions.astype(np.float32), chunk.confidence)
