"""One job from its instruction to its end: the assembly of robot, mind, skills and senses, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, final

from moravec.brain.agent import Agent
from moravec.brain.conduct.charter import Charter
from moravec.brain.conduct.overseer import Overseer
from moravec.brain.job import JobReport
from moravec.brain.memory.recollect import Recollection
from moravec.brain.midjob.ear import Ear
from moravec.brain.mind import Mind
from moravec.core.errors import MoravecError, TapeError
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.core.workplace import Workplace
from moravec.robots.protocol import Robot
from moravec.runtime.loop import Runtime
from moravec.runtime.narrate import narrated
from moravec.runtime.onlookers import Recorder, Watcher
from moravec.runtime.pace import Pace
from moravec.runtime.talk import talk
from moravec.skills.arm import Arm
from moravec.skills.context import Eyes, SkillContext
from moravec.skills.contract import Ask, Note, Request
from moravec.skills.delivery import delivery_skills
from moravec.skills.learned.pilot import Pilot
from moravec.skills.reach import Reach

BRAKING_TIME = 0.4  # [s] of rest after a job was broken off, in which the guard brings the arm to a stand
RELEASING = ("stow", "discard")

Work: TypeAlias = Callable[[Runtime], Generator[Request, Any, JobReport]]


class AtOnce(KeyboardInterrupt):
    """Whoever interrupts wants no controlled stop: nothing more is done but closing the tape."""


@final
@dataclass(slots=True)
class Journal:
    """A watcher that keeps what `result.json` needs, so that a job that was broken off has a result as well."""

    goal: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    refused: str | None = None
    replans: int = 0
    counts: dict[str, int] = field(default_factory=lambda: {"pass": 0, "limit": 0, "stop": 0})
    _running: tuple[dict[str, Any], float] | None = None
    _now: float = 0.0

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """Counts the verdict."""
        self.counts[verdict.decision] += 1
        self._now = t

    def framed(self, frame: CameraFrame) -> None:
        """Nothing: pictures are no part of a result."""

    def noted(self, t: float, note: Note) -> None:
        """Takes in what the mind and the skills tell."""
        payload = note.payload
        if note.topic == "skill":
            self._skill(t, payload)
        elif note.topic == "goal":
            self.goal = [dict(clause) for clause in payload.get("goal", ())]
        elif note.topic == "surprise":
            self.replans = int(payload.get("replans", self.replans + 1))
        elif note.topic == "refused":
            self.refused = str(payload.get("why", "refused"))
        elif note.topic in ("question", "recalled"):
            fields = ("text", "options", "answer", "why", "answered_by")
            self.questions.append({key: payload[key] for key in fields if key in payload})

    def _skill(self, t: float, payload: Mapping[str, Any]) -> None:
        step = {"skill": payload["skill"], "args": dict(payload["args"])}
        if payload["status"] == "started":
            self._running = (step, t)
            return
        self._running = None
        ending = {"status": payload["status"], "code": payload["code"], "seconds": payload["seconds"]}
        self.steps.append({**step, **ending})

    def broken_off(self) -> list[dict[str, Any]]:
        """The steps so far; the one under way counts as cancelled."""
        if self._running is None:
            return list(self.steps)
        step, start = self._running
        cut = {**step, "status": "cancelled", "code": "cancelled", "seconds": round(self._now - start, 6)}
        return [*self.steps, cut]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job. `report` is None where it was broken off, `trouble` says by what; "" where nothing did."""

    report: JobReport | None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a job is done with. `bind` is given the call that ends the job in a controlled way."""

    robot: Robot
    recorder: Recorder
    pace: Pace
    answer: Callable[[Ask], str]
    watchers: Sequence[Watcher] = ()
    bind: Callable[[Callable[[], None]], None] = lambda cancel: None


def run_job(hands: Hands, work: Work) -> Outcome:
    """Does `work` on a runtime of its own and brings the arm to rest, however the work ends.

    Raises AtOnce and TapeError; every other planned error, and an interrupt, ends in an Outcome with its trouble.
    """
    runtime = Runtime(hands.robot, hands.recorder, hands.pace, hands.answer, hands.watchers)
    hands.bind(runtime.cancel)
    try:
        return Outcome(runtime.run(work(runtime)))
    except (AtOnce, TapeError):
        raise
    except KeyboardInterrupt:
        runtime.rest(BRAKING_TIME)
        return Outcome(None, "it was interrupted")
    except MoravecError as error:
        runtime.rest(BRAKING_TIME)
        return Outcome(None, str(error))
    finally:
        hands.pace.close()


def delivery(
    instructions: Sequence[str],
    workplace: Workplace,
    eyes: Eyes,
    mind: Mind,
    pilot: Pilot | None = None,
    recollection: Recollection | None = None,
    charter: Charter | None = None,
    ear: Ear | None = None,
) -> Work:
    """The work of a talk, one instruction a turn, by the delivery's skills and `mind`, within `charter`
    (None: the rules that are built in), told step by step. What `ear` hears meanwhile comes in between. See
    `delivery_skills`. Raises BadInput for a rule that cannot be read."""
    arm = Arm(workplace)
    overseer = Overseer(charter or Charter(), workplace, Reach(arm, workplace))

    def work(runtime: Runtime) -> Generator[Request, Any, JobReport]:
        agent = Agent({}, workplace, mind, recollection=recollection, overseer=overseer, ear=ear)
        agent.skills = narrated(delivery_skills(pilot), agent.inventory.snapshot)
        context = SkillContext(
            workplace, arm, eyes, runtime.now, runtime.state, runtime.posture,
            whereabouts=agent.inventory.whereabouts,
        )  # fmt: skip
        report = yield from talk(agent, instructions, context)
        yield Note("inventory", {k: v for k, v in agent.inventory.snapshot().items() if k != "history"})
        return report

    return work


def cycle_times(steps: Sequence[Mapping[str, Any]]) -> list[float]:
    """Seconds from one item put away to the next; the first counts from the first pick, looks and retries included."""
    cycles: list[float] = []
    running: float | None = None
    for step in steps:
        if running is None and step["skill"] == "pick":
            running = 0.0
        if running is None:
            continue
        running += float(step["seconds"])
        if step["skill"] in RELEASING and step["status"] == "succeeded":
            cycles.append(round(running, 3))
            running = 0.0
    return cycles
