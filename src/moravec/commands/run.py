"""`moravec run`: the main job, from a sentence to sorted shelves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

import tyro

from moravec.brain.midjob.ear import Said
from moravec.commands.minds import MindOptions
from moravec.commands.options import Flag, Items, Renderer, Scatter, Skills, Speed, said, say, show, typed, unset

Order = Annotated[Said, typed(partial(Said.parse, "--say"), "TEXT@S")]


@dataclass(frozen=True, kw_only=True)
class Run(MindOptions):
    """Do a job in a simulated workplace: perceive, plan, act under the guard, verify.

    Writes result.json, tape.mcap and report.html into --out, by default runs/run-SEED or the next free number.
    """

    instruction: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="INSTRUCTION")]
    """What to do, in plain words."""
    more: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="[INSTRUCTION ...]")] = ()
    """What is said after it, turn by turn; "it", "the other one", "undo that" are understood by what was said and done before."""
    world: Annotated[str, tyro.conf.arg(metavar="NAME")] = "cell"
    """The workplace."""
    items: Annotated[Items | None, unset("N")] = None
    """How many items the delivery holds; by default 6 to 12, drawn by the seed."""
    speed: Speed = "max"
    """Pace of the robot's clock; with max the same seed gives the same run, bit for bit."""
    renderer: Annotated[Renderer | None, unset("egl|osmesa|rays")] = None
    """What draws the pictures; by default the best that works here."""
    ask: Annotated[str | None, unset("terminal|never|FILE")] = None
    """Who answers questions; a FILE holds one answer a line. By default the terminal, where there is one."""
    skills: Skills = "hard-coded"
    """How things are picked and put down: by the hard-coded skills, or led by a learned model."""
    pick_model: Annotated[Path | None, unset("DIR")] = None
    """With --skills learned: the model, a folder of 'moravec export'; by default the one that came with the package."""
    trust: Annotated[str, unset("KEYS")] = ""
    """Public keys, separated by commas, whose signatures on models are trusted besides the project's own."""
    memory: Annotated[Path | None, unset("FILE")] = None
    """What is remembered from job to job, and used as docs/memory.md says; made where it does not exist. By default nothing."""
    person: Flag = False
    """Somebody walks past the workplace."""
    mishaps: Annotated[str, unset("KIND[@S],...")] = ""
    """What goes wrong: slip, taken, added, swapped-bins, stuck-lid, dark, full-bin, wrong-code; see docs/command-line.md."""
    conveyor: Annotated[str, unset("SPEED[@S]")] = ""
    """Things come one by one on a belt at SPEED [m/s], every S seconds, instead of in a parcel."""
    conditions: Annotated[str, unset("NAME=NUMBER,...")] = ""
    """How the workplace differs from its drawing, as light.level=0.4; see docs/conditions.md."""
    fixture: Annotated[Scatter | None, unset("M")] = None
    """Things of known kinds lie in known pockets of the parcel, up to M [m] off them, and the bins as in the drawing."""
    say: Annotated[tyro.conf.UseAppendAction[tuple[Order, ...]], unset("TEXT@S")] = ()
    """An order that arrives while the job runs, at a second of the robot's time; may be given several times."""
    quiet: Flag = False
    """No progress, only the result."""

    @property
    def talk(self) -> tuple[str, ...]:
        """All instructions, in order. Raises BadInput where the quotes were forgotten."""
        return said("run", self.instruction, self.more)

    def execute(self) -> int:
        """The whole run. Raises MoravecError before it has begun; afterwards there is always a result."""
        from moravec.commands.session import Session

        started = time.monotonic()
        with Session(self) as session:
            session.work()
        end = session.end
        show(self, end.result, summary(end, time.monotonic() - started))
        if end.trouble:
            say(f"moravec: {end.trouble}")
        return 0 if end.result["success"] else 1


@dataclass(frozen=True, slots=True)
class End:
    """What a run leaves behind."""

    result: Mapping[str, Any]
    right: tuple[int, int]
    folder: Path
    trouble: str = ""
    answer: str = ""  # what the mind said at the end


def summary(end: End, wall: float) -> str:
    """The last words of a run that took `wall` [s], for people."""
    result, steps, guard = end.result, end.result["steps"], end.result["guard"]
    failed = sum(step["status"] != "succeeded" for step in steps)
    head = "done" if result["success"] else "not done"
    if result["refused"]:
        head = f"refused: {result['refused']}"
    elif end.right[1]:
        head += f": {end.right[0]} of {end.right[1]} items right"
    brain = result["brain"]
    asked = []
    if "calls" in brain:
        spent = f"{brain['calls']} calls, {brain['tokens_in'] + brain['tokens_out']} tokens, {brain['seconds']:.1f} s"
        asked = [f"brain: {brain['mind']}, {spent}; the symbolic mind took over {len(brain['fallbacks'])} times"]
    heard = [turn for turn in result["turns"] if "heard" in turn]
    orders = [shorten(f"heard at {t['heard']:.0f} s: {t['instruction']!r}: {t['answer']}", 240, placeholder=" …") for t in heard]
    left = [name for name in ("report.html", "result.json", "tape.mcap") if (end.folder / name).exists()]
    answered = [shorten(end.answer, 400, placeholder=" …")] if end.answer and not result["refused"] else []
    return "\n".join(
        (
            *answered,
            *orders,
            head,
            f"{len(steps)} steps, {failed} failed, {result['replans']} replans, "
            f"{sum(s['seconds'] for s in steps):.0f} s of the robot's time in {wall:.0f} s",
            f"guard: {guard['pass']} pass, {guard['limit']} limit, {guard['stop']} stop",
            *asked,
            f"{end.folder}: {', '.join(left)}   (moravec replay {end.folder}/tape.mcap)",
        )
    )
