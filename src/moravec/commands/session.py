"""One run of the main job, with everything around it: world, tape, watchers, signals, result and report."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from moravec.brain.midjob.ear import Deaf, Ear, Script, Several
from moravec.commands.asking import Answer, answerer
from moravec.commands.charters import opened_charter
from moravec.commands.clock import WallClock
from moravec.commands.evidence import Evidence
from moravec.commands.interrupts import Interrupts
from moravec.commands.minds import Opened, opened_mind
from moravec.commands.options import say
from moravec.commands.outfolder import ResultFile, run_folder
from moravec.commands.picking import picking
from moravec.commands.remembering import remembering
from moravec.commands.run import End
from moravec.commands.score import Score, score
from moravec.commands.stages import Truth, score_stages
from moravec.console.collect import Collector
from moravec.console.keyboard import Keyboard
from moravec.console.lines import Lines
from moravec.console.live import LiveView
from moravec.console.report import ReportData, build_report
from moravec.core.errors import MoravecError, TapeError
from moravec.runtime.job import Hands, Journal, Outcome, Work, cycle_times, delivery, run_job
from moravec.runtime.onlookers import Watcher
from moravec.runtime.pace import AsFastAsPossible, Pace, RealTime
from moravec.runtime.provenance import tape_meta, versions
from moravec.runtime.recorder import TapeRecorder
from moravec.skills.context import Eyes
from moravec.tape.writer import TapeWriter
from moravec.trials.jobs.identity import identified
from moravec.worlds.registry import World, WorldOptions, open_world

if TYPE_CHECKING:
    from moravec.commands.run import Run


@final
class Session:
    """A context manager: `work` does the job, `end` is what it left. Entering raises MoravecError for bad input.

    `minded` opens what reads and plans; `watchers` look on beside the terminal.
    """

    def __init__(
        self, run: Run, minded: Callable[[Run], AbstractContextManager[Opened]] = opened_mind, watchers: Sequence[Watcher] = ()
    ) -> None:
        self._run, self._minded, self._watchers = run, minded, watchers
        self._said = " / ".join(run.talk)
        self._stack = contextlib.ExitStack()
        self._journal, self._seen = Journal(), Collector()
        self._script = Script(run.say)
        self._keyboard = Keyboard(sys.stdin.fileno()) if _live(run) and sys.stdin.isatty() else None
        self._typed: Ear = self._keyboard or Deaf()
        self._finished = False
        self.end: End

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            run = self._run
            self._picking = picking(run.skills, run.pick_model, run.trust)
            self._opened = stack.enter_context(self._minded(run))
            self._interrupts = stack.enter_context(Interrupts())
            mishaps = tuple(filter(None, run.mishaps.split(",")))
            conditions = tuple(filter(None, run.conditions.split(",")))
            options = WorldOptions(
                run.seed, run.items, run.renderer, run.person, mishaps, run.conveyor, conditions, run.fixture
            )
            self._world: World = stack.enter_context(contextlib.closing(open_world(run.world, options)))
            self._charter = opened_charter(run, self._world.workplace)
            self._folder, moved = run_folder(run.out, run.seed)  # last: what is refused above leaves no folder behind
            if moved is not None:
                say(f"the earlier run in {self._folder} was moved to {moved}")
            self._before = self._world.things()
            self._truth = Truth(self._world.things)
            self._memory = stack.enter_context(remembering(run.memory, self._said, self._world.workplace))
            self._portrait = self._world.portrait()
            self._versions = versions() | {"renderer": self._world.renderer}
            self._file = ResultFile(self._folder / "result.json", self._result(None, success=False))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._finished:  # ended at once, or by a fault of ours: what is known is still written
            with contextlib.suppress(OSError):
                self._file.write(self._result(None, success=False))
        self._stack.close()

    def work(self, work: Work | None = None) -> None:
        """Does the job and writes what there is to write. Raises AtOnce after the second interrupt."""
        run, pilot = self._run, self._picking.pilot
        outcome, sha256 = self._record(
            work
            or delivery(
                run.talk, self._world.workplace, self._eyes(), self._opened.mind, pilot, self._memory.recollection,
                self._charter, Several((self._script, self._typed)),
            )
        )  # fmt: skip
        self._finished = True
        scored = self._score(outcome)
        result = self._result(outcome, self._success(outcome, scored))
        trouble = [outcome.trouble] if outcome.trouble else []
        trouble += [f"the job had ended before {one.at:g} s, when {one.text!r} was to be said" for one in self._script.left]
        trouble += [f"the job had ended when {text!r} was typed" for text in self._typed.heard(math.inf)]
        try:
            self._file.write(result)
            self._report(result, scored, outcome.trouble, sha256)
        except OSError as error:
            trouble.append(f"{error.filename or self._folder}: cannot be written: {error.strerror}")
        try:
            self._memory.take_in(outcome, self._journal)
        except MoravecError as error:
            trouble.append(f"nothing of this job is remembered: {error}")
        answer = "" if outcome.report is None else outcome.report.answer
        self.end = End(result, (scored.right, scored.of), self._folder, "; ".join(trouble), answer)

    def _eyes(self) -> Eyes:
        from moravec.perception.vision import Vision

        return Vision(self._world.workplace)

    def _record(self, work: Work) -> tuple[Outcome, str]:
        """The job under tape, and the tape's own hash."""
        run, world = self._run, self._world
        limits = world.robot.spec.limits
        config = {
            "world": run.world, "seed": run.seed, "items": run.items, "speed": run.speed, "renderer": world.renderer,
            "person": run.person, "brain": run.brain, **({"mishaps": run.mishaps} if run.mishaps else {}),
            **({"conveyor": run.conveyor} if run.conveyor else {}),
            **({"conditions": run.conditions} if run.conditions else {}),
            **({} if run.fixture is None else {"fixture": run.fixture}),
            "rules": [rule.name for rule in self._charter.all_rules], "permit": self._charter.permit.to_json(),
            **self._picking.named, **self._memory.named, **self._opened.named,
            **({"turns": list(run.talk)} if run.more else {}),
            **({"say": [f"{one.text}@{one.at:g}" for one in run.say]} if run.say else {}),
        }  # fmt: skip
        meta = tape_meta(self._said, limits, config)
        tape: TapeWriter | None = None
        try:
            path = self._folder / "tape.mcap"
            with TapeWriter(path, WallClock(), meta, joint_names=world.robot.spec.joint_names) as tape:
                outcome = self._watched(tape, work)
                ending = {"success": outcome.report is not None, "trouble": outcome.trouble}
                tape.write("/result", world.robot.now(), {**ending, "extremes": dict(world.extremes())})
            return outcome, tape.sha256
        except TapeError as failure:
            return Outcome(None, str(failure)), tape.sha256 if tape is not None else ""

    def _watched(self, tape: TapeWriter, work: Work) -> Outcome:
        """The job with somebody looking on: the terminal, where there is one."""
        run, world = self._run, self._world
        watchers: list[Watcher] = [self._journal, self._seen, self._truth, *self._watchers]
        with contextlib.ExitStack() as stack:
            still, pictures = contextlib.nullcontext, Evidence(self._seen.crops, self._folder).written
            if _live(run):
                where, typing = f"{run.world}, seed {run.seed}, {world.renderer}", None
                if self._keyboard is not None:
                    typing = stack.enter_context(self._keyboard).line
                live = LiveView(
                    Console(stderr=True), self._seen, self._said, where, world.robot.spec.limits.velocity, typing
                )  # fmt: skip
                watchers.append(stack.enter_context(live))
                answer: Answer = answerer(run.ask, partial(_for_a_question, live, self._keyboard), self._memory.heard, pictures)
            else:
                watchers += [] if run.quiet else [Lines(sys.stderr)]
                answer = answerer(run.ask, still, self._memory.heard, pictures)
            hands = Hands(world.robot, TapeRecorder(tape), _pace(run.speed), answer, watchers, self._interrupts.bind)
            return run_job(hands, work)

    def _score(self, outcome: Outcome) -> Score:
        after = self._world.things()
        report = outcome.report
        one = len(self._truth.stages) < 2 and not any(stage.interrupted for stage in self._truth.stages)
        if report is None or one:
            inventory = {} if report is None else report.inventory
            goal = self._journal.goal if report is None else report.goal
            return score(goal, self._before, after, identified(inventory, after))
        return score_stages(self._truth.stages, after, identified(report.inventory, after))

    def _success(self, outcome: Outcome, scored: Score) -> bool:
        """The truth decides where items are to be moved; else that the mind came to its end without open points."""
        report = outcome.report
        if report is None or report.refused is not None:
            return False
        moves = any(clause["kind"] == "move" for clause in report.goal)
        return scored.success and (moves or report.success)

    def _result(self, outcome: Outcome | None, success: bool) -> dict[str, Any]:
        """Exactly the fields of the design."""
        journal, report = self._journal, None if outcome is None else outcome.report
        steps: Sequence[Mapping[str, Any]] = journal.broken_off() if report is None else list(report.steps)
        fields = ("category", "colour", "damaged", "location", "belongs")
        final = {n: {f: getattr(thing, f) for f in fields} for n, thing in self._world.things().items()}
        return {
            "success": success,
            "instruction": self._said,
            "goal": journal.goal if report is None else report.goal,
            "steps": list(steps),
            "final": final,
            "questions": list(journal.questions if report is None else report.questions),
            "refused": journal.refused if report is None else report.refused,
            "replans": journal.replans if report is None else report.replans,
            "brain": self._opened.record(),
            "guard": dict(journal.counts),
            "cycle_time_s": cycle_times(steps),
            "seed": self._run.seed,
            "mishaps": self._world.extremes().get("mishaps", {}),
            "conveyor": self._world.extremes().get("conveyor", {}),
            "conditions": self._world.extremes().get("conditions", {}),
            "fixture": self._world.extremes().get("fixture", {}),
            "turns": [] if report is None else list(report.turns),
            "versions": dict(self._versions),
        }

    def _report(self, result: Mapping[str, Any], scored: Score, trouble: str, sha256: str) -> None:
        """`report.html`. Raises OSError."""
        broken = self._world.extremes().get("violations", {})
        facts = {
            "world": self._run.world,
            "speed": self._run.speed,
            "limits broken, by the simulator's own measure": json.dumps(broken) if broken else "none",
            "tape SHA-256": sha256,
        }
        after: NDArray[np.uint8] = self._world.portrait()
        data = ReportData(
            result, self._seen, self._world.robot.spec.limits, self._portrait, after, scored.marks, scored.wrong, trouble,
            str(self._folder / "tape.mcap"), facts,
        )  # fmt: skip
        path = self._folder / "report.html"
        try:
            path.write_text(build_report(data), encoding="utf-8")
        except OSError:
            path.unlink(missing_ok=True)  # half a page is worse than none
            raise


def _live(run: Run) -> bool:
    """Whether somebody looks on at a terminal."""
    return not run.quiet and sys.stderr.isatty()


@contextlib.contextmanager
def _for_a_question(live: LiveView, keyboard: Keyboard | None) -> Iterator[None]:
    """Leaves the terminal to a question and its answer."""
    with live.paused(), contextlib.nullcontext() if keyboard is None else keyboard.released():
        yield


def _pace(speed: str) -> Pace:
    if speed == "max":
        return AsFastAsPossible()
    return RealTime(1.0 if speed == "real" else float(speed))


