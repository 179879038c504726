"""The control loop: one command, one verdict, one tick, five hundred times a second; and in between, the requests of skills.

A runtime builds its own guard from the robot's limit table. No argument leaves it out, and a robot takes nothing but what
a guard approved.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any, TypeVar, final

import numpy as np

from moravec.core.command import ActionChunk, Command
from moravec.core.errors import MoravecError
from moravec.core.frames import Matrix
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.guard.compiled import compiled
from moravec.guard.degraded import RECOVERY, FitnessWatch
from moravec.guard.guard import Guard
from moravec.guard.stop import Mode
from moravec.robots.protocol import Robot
from moravec.runtime.contact import Contact
from moravec.runtime.governor import Governor, Neighbourhood
from moravec.runtime.onlookers import Recorder, Watcher
from moravec.runtime.pace import Pace
from moravec.runtime.playback import Playback, braking_chunk, rejoining_chunk
from moravec.runtime.sight import SightWatch
from moravec.skills.contract import (
    Ask,
    Capture,
    Compute,
    Follow,
    Followed,
    Grip,
    Gripped,
    Note,
    Pause,
    Request,
    Tighten,
)

T = TypeVar("T")

PICTURE_LATENCY = 0.06  # [s] from exposure to the mind, as a USB RGB-D camera takes
GRIP_STILL = 0.0006  # [m] of movement that counts as rest
GRIP_STILL_TICKS = 40
# Stops that end by themselves: whoever was near has left, or is seen again.
PASSING = frozenset({"separation", "people_age", "zone_slow", "zone_stop"})
PATIENCE = 600.0  # [s] for which such a stop is waited out
LIGHT = 60.0  # [s] for which darkness is waited out
RETAKEN = 0.5  # [s] from one dark picture to the next


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
        self._guard = Guard(robot.spec.limits, compiled())
        self._governor = Governor(robot.spec.limits)
        self._watch, self._sight = FitnessWatch(), SightWatch()
        self._signals: dict[str, float] = {}  # how long who has been silent, as far as it is known
        self._state = robot.read()
        self._play: Playback | None = None
        self._seen = robot.now()  # when the newest picture was taken
        self._hold: Matrix = self._state.q
        self._grip = (self._state.grip_width, 20.0)
        self._source = "hold"
        self._seq = 0
        self._cancelled = False
        self._resets = 0  # that were granted
        self._moves = False  # whether the last approved set-point did
        self._ending = False  # a ramp to rest is played as it is
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
            self._play, self._hold = None, np.array(self._guard.setpoint)
            self._resets += 1
        return verdict

    # ── the loop ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def run(self, routine: Generator[Request, Any, T]) -> T:
        """Answers the routine's requests until it returns. Raises KeyboardInterrupt when cancelled.

        What fails in a picture or in a computation is thrown into the routine where it asked for it: skills and brain
        decide what becomes of it. What fails in the loop itself ends the run, at rest.
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
            if self._moves:  # something failed in the middle of a motion
                self._bring_to_rest()
            routine.close()
            if self._guard.limits is not self._robot.spec.limits:
                self._tighten(Tighten({}, "end of the routine"))

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
        if isinstance(request, Tighten):
            return self._tighten(request)
        raise TypeError(f"a routine asked for {type(request).__name__}; allowed: {Request}")

    def _tick(self) -> Verdict:
        """One control period: read, command, verdict, apply, record, advance."""
        robot, now = self._robot, self._robot.now()
        state = robot.read()
        if self._seq == 0:
            self._hold = state.q
        self._judge_fitness(now)
        command = self._command(now)
        approved = self._guard.check(command, state, now)
        self._moves = bool(approved.command.dq.any())
        robot.apply(approved)
        self._recorder.tick(now, state, command, approved)
        robot.advance()
        verdict = approved.verdict
        self.counts[verdict.decision] += 1
        self._state = state
        if verdict.decision == "stop":  # from here the guard brakes by itself; ask for nothing but where it is
            self._play, self._hold = None, approved.command.q
            self._grip = (approved.command.grip_width, approved.command.grip_force)
        elif self._play is not None:
            rate = self._play.rate
            if not self._ending:
                rate = self._governor.advance(self._neighbourhood(), self._guard.fastest, self._play.slopes)
            self._play.advance(rate, robot.spec.control_period)
        for watcher in self._watchers:
            watcher.ticked(now, state, verdict)
        self._pace.wait(robot.now())
        if self._cancelled:
            self._cancelled = False
            if self._play is not None:
                self._halt()
            elif self._moves:
                self._come_to_rest()
            raise KeyboardInterrupt
        return verdict

    def _bring_to_rest(self) -> None:
        """Comes to rest under the guard, whatever it was that failed: what cannot be recorded or shown is not done."""
        self._guard.degrade(Mode.STILL)
        before: tuple[float, ...] | None = None
        self._play, self._hold = None, self.posture()
        while self._guard.setpoint != before:
            before = self._guard.setpoint
            self._robot.advance()
            now = self._robot.now()
            self._robot.apply(self._guard.check(self._command(now), self._robot.read(), now))
        self._moves = False
        self._guard.degrade(self._watch.now.mode)

    def _tighten(self, request: Tighten) -> None:
        """Puts the guard under tighter limits, or back under the robot's own, and records it before the next tick."""
        limits = replace(self._robot.spec.limits, **request.changes) if request.changes else None
        self._guard.tighten(limits)
        self._recorder.tighten(self._robot.now(), request.who, limits)

    def _judge_fitness(self, now: float) -> None:
        """Tells the guard what the rest of the system is fit for, where that has changed."""
        before = self._watch.now
        fitness = self._watch.advance(self._signals | self._sight.signals(now), now)
        if fitness.mode is not before.mode:
            self._guard.degrade(fitness.mode)
            self._governor.reduce(fitness.mode is not Mode.FULL)
            self._recorder.mode(now, fitness)

    def _command(self, now: float) -> Command:
        """The command of this tick: a point of what is being played, or to stay."""
        self._seq += 1
        if self._play is None:
            return Command(self._seq, now, self._hold, self._hold * 0.0, *self._grip, self._source, now, now, self._seen, 0.0)
        play = self._play
        (q, dq), p = play.setpoint(), play.provenance(now)
        return Command(self._seq, now, q, dq, *self._grip, self._source, p.made, p.expires, p.seen, p.novelty)

    def _begin(self, chunk: ActionChunk) -> Playback:
        """Starts to play `chunk` with the next tick."""
        self._recorder.chunk(self._robot.now(), chunk)
        self._source = chunk.source
        self._governor.begin()
        play = self._play = Playback(chunk, self._seen, 1.0 if self._ending else self._governor.rate)
        return play

    def _follow(self, request: Follow) -> Followed:
        play = self._begin(request.chunk)
        contact = Contact(self._state.wrench)
        while not play.over:
            verdict = self._tick()
            if verdict.decision == "stop":
                self._come_to_rest()
                ended = self._wait_and_rejoin(play, verdict) if verdict.check in PASSING else verdict
                if ended is None:
                    continue
                return Followed("stopped", self._state, ended.reason, ended.check)
            if request.closing is not None and play.path >= request.closing.at:
                self._grip = (request.closing.width, request.closing.force)
            elif request.contact_force is not None and (felt := contact.felt(self._state.wrench)) > request.contact_force:
                self._halt()
                return Followed("contact", self._state, f"the tool felt {felt:.1f} N")
        self._play, self._hold = None, request.chunk.q[-1]
        verdict = self._tick() if self._moves else None  # the end is a set-point too, and the first at rest
        if self._moves:
            self._come_to_rest()
        if verdict is not None and verdict.decision == "stop":
            return Followed("stopped", self._state, verdict.reason, verdict.check)
        return Followed("done", self._state)

    def _wait_and_rejoin(self, play: Playback, why: Verdict) -> Verdict | None:
        """Waits until nobody is in the way, and brings the arm back to where `play` was interrupted. None, or the stop that ended
        that: one that nobody passing by explains, or `why`, the first, where the wait itself came to an end."""
        self._note(Note("waiting", {"why": why.reason}))
        end, resets = self._robot.now() + PATIENCE, self._resets
        while (verdict := self._tick()).decision == "stop" or self._governor.blocked(self._neighbourhood()):
            if verdict.decision == "stop" and verdict.check not in PASSING:
                return verdict
            if self._resets != resets or self._robot.now() > end:
                return why  # a reset is no restart: what was interrupted has to be asked for again
        self._governor.rest()
        limits, q = self._robot.spec.limits, play.chunk.sample(play.path)[0]
        back = self._begin(rejoining_chunk(self.posture(), q, limits.acceleration, play.chunk.source))
        while not back.over:
            if (verdict := self._tick()).decision == "stop":
                self._come_to_rest()
                return self._wait_and_rejoin(play, verdict) if verdict.check in PASSING else verdict
        self._governor.rest()
        self._play, play.rate = play, 0.0
        return None

    def _neighbourhood(self) -> Neighbourhood:
        """Who is near, by the newest reading."""
        return Neighbourhood(self._guard.nearest, self._state.t - self._state.people_t)

    def _come_to_rest(self) -> None:
        """Waits until the guard's own braking is over: a next motion must not start from a set-point that still moves."""
        before: tuple[float, ...] | None = None
        while self._guard.setpoint != before:
            before = self._guard.setpoint
            self._tick()

    def _halt(self) -> None:
        """Ends a motion early: brakes along the rest of it in a short, even ramp."""
        assert self._play is not None
        q, dq = self._play.setpoint()
        self._ending = True
        try:
            ramp = self._begin(braking_chunk(q, dq, self._robot.spec.limits.acceleration, self._source))
            while ramp.path < ramp.chunk.duration and self._tick().decision != "stop":
                pass
        finally:
            self._ending = False
        if self._play is None:
            self._come_to_rest()  # the guard brakes by itself
            return
        self._hold, self._play = ramp.chunk.q[-1], None
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
        """The pictures. Where they show nothing the arm waits for light, and then until it may move again: a skill that went on
        would be stopped by the guard."""
        frames, end = self._expose(request), self._robot.now() + LIGHT
        if not self._sight.shows_nothing(request.cameras):
            return frames
        self._note(Note("waiting", {"why": f"it is dark before {' and '.join(request.cameras)}"}))
        while self._sight.shows_nothing(request.cameras) and self._robot.now() < end:
            self.rest(RETAKEN)
            frames = self._expose(request)
        end = self._robot.now() + RECOVERY + RETAKEN
        while self._watch.now.mode is not Mode.FULL and self._robot.now() < end:
            self._tick()
        return frames

    def _expose(self, request: Capture) -> dict[str, CameraFrame]:
        asked = self._robot.now()
        exposures = {name: self._robot.expose(name) for name in request.cameras}
        frames: dict[str, CameraFrame] = self._beside(lambda: {name: of() for name, of in exposures.items()}, PICTURE_LATENCY)
        self._sight.look(frames, asked, self._robot.now())
        for frame in frames.values():
            self._seen = max(self._seen, frame.t)
            self._recorder.frame(frame)
            for watcher in self._watchers:
                watcher.framed(frame)
        return frames

    def _beside(self, work: Callable[[], Any], latency: float) -> Any:
        """Runs `work` beside the loop, which goes on ticking; not answered before `latency` [s]."""
        begun = self._robot.now()
        future = self._pace.begin(work)
        while self._robot.now() < begun + latency or not future.done():
            self._signals["brain_silent"] = self._robot.now() - begun
            self._tick()
        self._signals["brain_silent"] = 0.0
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
                 "answer": answer, **request.more()},
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
