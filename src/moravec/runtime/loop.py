"""The control loop: one command, one verdict, one tick, five hundred times a second; and in between, the requests of skills.

A runtime builds its own guard from the robot's limit table. No argument leaves it out, and a robot takes nothing but what
a guard approved.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol, TypeVar, final

import numpy as np

from moravec.core.command import ActionChunk, Command
from moravec.core.errors import MoravecError
from moravec.core.frames import Matrix
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard.guard import Guard
from moravec.robots.protocol import Robot
from moravec.runtime.pace import Pace
from moravec.skills.contract import Ask, Capture, Compute, Follow, Followed, Grip, Gripped, Note, Pause, Request

T = TypeVar("T")

PICTURE_LATENCY = 0.06  # [s] from exposure to the mind, as a USB RGB-D camera takes
CONTACT_FILTER = 0.3  # weight of the newest wrench in the running mean
GRIP_STILL = 0.0006  # [m] of movement that counts as rest
GRIP_STILL_TICKS = 40
SETTLE_TIME = 0.04  # [s] held after a motion, until the arm has caught up with its set-point


class Recorder(Protocol):
    """Where a runtime writes what happens; the tape is one."""

    def tick(self, now: float, state: RobotState, asked: Command, approved: Approved) -> None: ...
    def frame(self, frame: CameraFrame) -> None: ...
    def chunk(self, t: float, chunk: ActionChunk) -> None: ...
    def note(self, t: float, note: Note) -> None: ...
    def reset(self, now: float, state: RobotState, verdict: Verdict) -> None: ...


class Watcher(Protocol):
    """Somebody who looks on: the terminal, the report. Called between ticks, never inside one."""

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None: ...
    def framed(self, frame: CameraFrame) -> None: ...
    def noted(self, t: float, note: Note) -> None: ...


@final
class Runtime:
    """Runs one routine at a time on one robot."""

    def __init__(
        self,
        robot: Robot,
        recorder: Recorder,
        pace: Pace,
        answer: Callable[[Ask], str],
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self._robot, self._recorder, self._pace, self._answer = robot, recorder, pace, answer
        self._watchers = tuple(watchers)
        self._guard = Guard(robot.spec.limits)
        self._state = robot.read()
        self._chunk: ActionChunk | None = None
        self._chunk_start = 0.0
        self._hold: Matrix = self._state.q
        self._grip = (self._state.grip_width, 20.0)
        self._source = "hold"
        self._seq = 0
        self._verdict: Verdict | None = None
        self._cancelled = False
        self.counts = {"pass": 0, "limit": 0, "stop": 0}
        pace.start(robot.now())
        self._tick()  # the guard takes the posture it finds as its first set-point

    # ── for whoever builds skills on top ──────────────────────────────────────────────────────────────────────────────
    def now(self) -> float:
        """The robot's clock [s]."""
        return self._robot.now()

    def state(self) -> RobotState:
        """The newest reading of the body."""
        return self._state

    def posture(self) -> Matrix:
        """The set-point (n,) [rad] the guard approved last: where a new motion has to start."""
        return np.array(self._guard.setpoint)

    def cancel(self) -> None:
        """Ends the running routine: the arm brakes along its path and holds, then `run` raises KeyboardInterrupt."""
        self._cancelled = True

    def reset(self) -> Verdict:
        """An operator's reset after an emergency stop or a fault; apart from restart: it moves nothing.

        Granted ("pass") only at rest and with the stop's input released; the posture found becomes the one that is held.
        """
        now, state = self._robot.now(), self._robot.read()
        verdict = self._guard.reset(state, now)
        self._recorder.reset(now, state, verdict)
        if verdict.decision == "pass":
            self._chunk, self._hold = None, np.array(self._guard.setpoint)
        return verdict

    # ── the loop ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def run(self, routine: Generator[Request, Any, T]) -> T:
        """Answers the routine's requests until it returns. Raises KeyboardInterrupt when cancelled.

        What fails in a picture or in a computation is thrown into the routine where it asked for it: skills and brain
        decide what becomes of it. What fails in the loop itself ends the run.
        """
        answer: Any = None
        go_on: Callable[[Any], Request] = routine.send
        try:
            while True:
                try:
                    request = go_on(answer)
                except StopIteration as done:
                    result: T = done.value
                    return result
                try:
                    answer, go_on = self._serve(request), routine.send
                except _WorkFailed as failed:
                    answer, go_on = failed.error, routine.throw
        finally:
            routine.close()

    def rest(self, seconds: float) -> None:
        """Holds still for `seconds` of the robot's time."""
        end = self._robot.now() + seconds
        while self._robot.now() < end:
            self._tick()

    def _serve(self, request: Request) -> Any:
        if isinstance(request, Follow):
            return self._follow(request)
        if isinstance(request, Grip):
            return self._close_hand(request)
        if isinstance(request, Capture):
            return self._capture(request)
        if isinstance(request, Compute):
            return self._beside(request.work, request.latency)
        if isinstance(request, Pause):
            self.rest(request.seconds)
            return self._state
        if isinstance(request, Ask):
            return self._ask(request)
        if isinstance(request, Note):
            return self._note(request)
        raise TypeError(f"a routine asked for {type(request).__name__}; allowed: {Request}")

    def _tick(self) -> Verdict:
        """One control period: read, command, verdict, apply, record, advance."""
        robot, now = self._robot, self._robot.now()
        state = robot.read()
        if self._seq == 0:
            self._hold = state.q
        if self._chunk is not None:
            q, dq = self._chunk.sample(now - self._chunk_start)
        else:
            q, dq = self._hold, self._hold * 0.0
        self._seq += 1
        command = Command(self._seq, now, q, dq, *self._grip, self._source)
        approved = self._guard.check(command, state, now)
        robot.apply(approved)
        self._recorder.tick(now, state, command, approved)
        robot.advance()
        verdict = approved.verdict
        self.counts[verdict.decision] += 1
        self._state, self._verdict = state, verdict
        if verdict.decision == "stop":  # from here the guard brakes by itself; ask for nothing but where it is
            self._chunk, self._hold = None, approved.command.q
            self._grip = (approved.command.grip_width, approved.command.grip_force)
        for watcher in self._watchers:
            watcher.ticked(now, state, verdict)
        self._pace.wait(robot.now())
        if self._cancelled:
            self._cancelled = False
            if self._chunk is not None:
                self._halt()
            raise KeyboardInterrupt
        return verdict

    def _follow(self, request: Follow) -> Followed:
        chunk = request.chunk
        self._recorder.chunk(self._robot.now(), chunk)
        self._chunk, self._chunk_start, self._source = chunk, self._robot.now(), chunk.source
        felt, weight = 0.0, float(self._state.wrench[2])
        while self._robot.now() - self._chunk_start < chunk.duration + SETTLE_TIME:
            verdict = self._tick()
            if verdict.decision == "stop":
                self._come_to_rest()
                return Followed("stopped", self._state, verdict.reason)
            if request.contact_force is not None:
                push = abs(float(self._state.wrench[2]) - weight)  # along the tool, beyond what hung there at the start
                felt += CONTACT_FILTER * (push - felt)
                if felt > request.contact_force:
                    self._halt()
                    return Followed("contact", self._state, f"the tool felt {felt:.1f} N")
        self._chunk, self._hold = None, chunk.q[-1]
        return Followed("done", self._state)

    def _come_to_rest(self) -> None:
        """Waits until the guard's own braking is over: a next motion must not start from a set-point that still moves."""
        before: tuple[float, ...] | None = None
        while self._guard.setpoint != before:
            before = self._guard.setpoint
            self._tick()

    def _halt(self) -> None:
        """Ends a motion early: brakes along the rest of it in a short, even ramp."""
        assert self._chunk is not None
        q, dq = self._chunk.sample(self._robot.now() - self._chunk_start)
        self._chunk = braking_chunk(q, dq, self._robot.spec.limits.acceleration, self._chunk.source)
        self._chunk_start = self._robot.now()
        while self._robot.now() - self._chunk_start < self._chunk.duration:
            if self._tick().decision == "stop":
                return
        self._hold, self._chunk = self._chunk.q[-1], None
        self._tick()  # the end of the ramp is a set-point too: a next motion starts from it, at rest

    def _close_hand(self, request: Grip) -> Gripped:
        self._grip = (request.width, request.force)
        end, still, last = self._robot.now() + request.timeout, 0, self._state.grip_width
        while self._robot.now() < end and still < GRIP_STILL_TICKS:
            self._tick()
            width = self._state.grip_width
            still = still + 1 if abs(width - last) < GRIP_STILL else 0
            last = width if still == 0 else last
        return Gripped(self._state.grip_width, self._state.grip_force, self._state)

    def _capture(self, request: Capture) -> dict[str, CameraFrame]:
        exposures = {name: self._robot.expose(name) for name in request.cameras}
        frames: dict[str, CameraFrame] = self._beside(
            lambda: {name: develop() for name, develop in exposures.items()}, PICTURE_LATENCY
        )
        for frame in frames.values():
            self._recorder.frame(frame)
            for watcher in self._watchers:
                watcher.framed(frame)
        return frames

    def _beside(self, work: Callable[[], Any], latency: float) -> Any:
        """Runs `work` beside the loop, which goes on ticking; not answered before `latency` [s]."""
        future, end = self._pace.begin(work), self._robot.now() + latency
        while self._robot.now() < end or not future.done():
            self._tick()
        try:
            return future.result()
        except MoravecError as error:
            raise _WorkFailed(error) from error

    def _ask(self, request: Ask) -> str:
        answer = self._beside(lambda: self._answer(request), 0.0)
        self._note(
            Note(
                "question",
                {"text": request.text, "options": list(request.options), "default": request.default, "why": request.why,
                 "answer": answer},
            )
        )  # fmt: skip
        return str(answer)

    def _note(self, note: Note) -> None:
        now = self._robot.now()
        self._recorder.note(now, note)
        for watcher in self._watchers:
            watcher.noted(now, note)


class _WorkFailed(Exception):
    """Carries an error of work beside the loop to the routine that asked for it."""

    def __init__(self, error: MoravecError) -> None:
        self.error = error
        super().__init__(str(error))


def braking_chunk(q: Matrix, dq: Matrix, acceleration: Sequence[float], source: str) -> ActionChunk:
    """From `q` (n,) [rad] and `dq` (n,) [rad/s] to rest, all joints together, with at most 0.8 of `acceleration` [rad/s2]."""
    duration = max(0.01, float(np.max(np.abs(dq) / (0.8 * np.asarray(acceleration)))))
    times = np.linspace(0.0, duration, max(3, int(duration / 0.004)))
    left = 1.0 - times / duration
    positions = q + dq * (times * (1 + left) / 2)[:, None]
    return ActionChunk.of(times, positions, dq * left[:, None], source)
