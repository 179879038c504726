"""What stands behind the tools: the workplace, the memory, the job that runs, and the gate before every motion."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from moravec.brain.memory.dates import iso
from moravec.brain.memory.prior import Prior, prior_of
from moravec.brain.memory.store import Memory
from moravec.commands.charters import opened_charter
from moravec.commands.mcp_server.approve import LEAST, Approver
from moravec.commands.mcp_server.bound import Approval
from moravec.commands.mcp_server.jobs import Jobs, Report
from moravec.commands.mcp_server.preview import Preview, digest, preview
from moravec.commands.minds import symbolic_mind
from moravec.core.clock import Calendar
from moravec.core.errors import BadInput, MoravecError
from moravec.core.workplace import Workplace

REMEMBERED = 100  # plans that a client may name


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server does its jobs with; `seed` is the first job's, each next one's is one more. `within` [s]: how long a plan can
    be approved after it was shown."""

    world: str
    seed: int
    items: int | None
    renderer: str | None
    speed: str
    out: Path | None
    memory: Path | None
    rules: Path | None
    permit: str | None
    within: float


@final
class Desk:
    """Has the life of the server. For one event loop."""

    def __init__(self, settings: Settings, workplace: Workplace, approver: Approver, clock: Calendar) -> None:
        self.settings = settings
        self.workplace = workplace
        self.jobs = Jobs()
        self._approver = approver
        self._clock = clock
        self._mind, self._one_reads = symbolic_mind(), threading.Lock()
        self._plans: dict[str, tuple[str, float]] = {}  # digest -> nonce, when it was shown

    # ── without motion ───────────────────────────────────────────────────────────────────────────────────────────
    async def plan(self, instruction: str) -> dict[str, Any]:
        """What the instruction would do, and the name of that plan."""
        found = await asyncio.to_thread(self._preview, instruction)
        if found.meaning is None:
            return {**found.shown, "plan": ""}
        return {**found.shown, "plan": self._named(found)}

    def memory(self) -> Path | None:
        """The memory's file; None where none is kept, or nothing was remembered yet."""
        path = self.settings.memory
        return path if path is not None and path.exists() else None

    def believed(self) -> Mapping[str, Any] | None:
        """The last job's inventory, as the robot believes it."""
        return None if self.jobs.last is None else self.jobs.last.get("inventory")

    def status(self) -> dict[str, Any]:
        """What is being done."""
        return {"busy": self.jobs.busy, "progress": self.jobs.progress, "jobs_begun": self.jobs.begun}

    def last_result(self) -> dict[str, Any]:
        """How the last job ended, and where its tape is."""
        return {"last": self.jobs.last}

    def stop(self) -> dict[str, Any]:
        """A controlled stop of whatever runs. Never asks anybody."""
        what = self.jobs.busy
        return {"stopping": self.jobs.stop("a client asked for a stop"), "what": what}

    # ── motion ───────────────────────────────────────────────────────────────────────────────────────────────────
    async def run(self, instruction: str, named: str | None, report: Report) -> dict[str, Any]:
        """Plans, asks for approval, and does the job. Raises MoravecError where nothing is moved."""
        found = await asyncio.to_thread(self._preview, instruction)
        if found.stops:
            return {"success": True, "answer": "Stopped; nothing was moved.", **self.stop()}
        if found.meaning is None:
            raise MoravecError(f"nothing was moved: {_unread(found)}")
        with self.jobs.claimed(f"{instruction[:80]!r} waits for an approval"):
            name = self._named(found) if named is None else self._checked(found, named)
            await report(0.0, f"waits for an approval of the plan {name[:LEAST]}, at most {self.settings.within:g} s")
            spec = await self._approved(found, name)
            return await self.jobs.run(spec, report)

    async def _approved(self, found: Preview, name: str) -> dict[str, Any]:
        """What a job's process is told, once a person let it pass."""
        if found.shown["problem"]:
            raise MoravecError(f"nothing was moved: {found.shown['problem']}")
        _, shown_at = self._plans.pop(name)  # whatever is decided: it counts once
        left = max(shown_at + self.settings.within - self._clock.now(), 0.0)
        decision = await self._decided(name, found, left)
        if not decision.approved:
            raise MoravecError(f"nothing was moved: {decision.why} (plan {name[:LEAST]})")
        approval = Approval(name, decision.by, decision.who, str(iso(self._clock.utc_ns())))
        approved = {"meaning": found.meaning, "first": found.first}
        return {"run": self._run(found.instruction), "approval": approval.to_json(), **approved}

    async def _decided(self, name: str, found: Preview, left: float) -> Any:
        """The person's decision; a stop is one too."""
        asking = asyncio.ensure_future(self._approver.decide(name, found.shown, left))
        stopped = asyncio.ensure_future(self.jobs.stopped.wait())
        try:
            await asyncio.wait({asking, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done():
                raise MoravecError("nothing was moved: it was stopped while it waited for an approval")
            return asking.result()
        finally:
            for task in (asking, stopped):
                task.cancel()

    def _run(self, instruction: str) -> dict[str, Any]:
        """The fields of `commands.run.Run`."""
        s, number = self.settings, self.jobs.begun
        out = None if s.out is None else str(s.out / f"job-{number + 1}")
        return {
            "instruction": instruction, "world": s.world, "seed": s.seed + number, "items": s.items, "renderer": s.renderer,
            "speed": s.speed, "out": out, "memory": None if s.memory is None else str(s.memory),
            "rules": None if s.rules is None else str(s.rules), "permit": s.permit,
        }  # fmt: skip

    # ── plans by name ────────────────────────────────────────────────────────────────────────────────────────────
    def _preview(self, instruction: str) -> Preview:
        prior: Prior | None = None
        path = self.memory()
        if path is not None:
            with Memory(path, self._clock) as memory:
                prior = prior_of(memory)
        charter = opened_charter(self.settings, self.workplace)
        with self._one_reads:
            return preview(instruction, self.workplace, self._mind, prior, charter)

    def _named(self, found: Preview) -> str:
        """A new name: nobody can have approved it before."""
        nonce = secrets.token_hex(16)
        name = self._digest(found, nonce)
        self._plans[name] = (nonce, self._clock.now())
        while len(self._plans) > REMEMBERED:
            del self._plans[next(iter(self._plans))]
        return name

    def _checked(self, found: Preview, named: str) -> str:
        """The plan that a client names, if it is still what would be done. Raises BadInput."""
        known = self._plans.get(named)
        if known is None:
            raise BadInput("'plan' of 'run_instruction'", named[:80], "what the tool 'plan' gave; each counts once")
        nonce, shown_at = known
        if self._clock.now() > shown_at + self.settings.within:
            del self._plans[named]
            raise BadInput("'plan' of 'run_instruction'", named[:LEAST], f"a plan of the last {self.settings.within:g} s")
        if self._digest(found, nonce) != named:
            raise BadInput("'plan' of 'run_instruction'", named[:LEAST], "the plan of this instruction; plan it again")
        return named

    def _digest(self, found: Preview, nonce: str) -> str:
        charter = opened_charter(self.settings, self.workplace).to_json()
        return digest(found, {"nonce": nonce, "run": self._run(found.instruction), "charter": charter})


def _unread(found: Preview) -> str:
    """Why there is nothing to do."""
    if found.shown["refused"]:
        return str(found.shown["refused"])
    asked = found.shown["questions"][0]
    return f"{asked['text']} ({', '.join(asked['options'])}) Nobody answers here: say it in words that leave nothing open."
