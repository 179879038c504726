"""`moravec mcp`: the robot's skills and memory for any client of the Model Context Protocol."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from moravec.commands.options import Items, Options, Renderer, Speed, amount, needing, say, typed, unset

Within = Annotated[float, typed(amount("--approve-within", 1.0, 3600.0), "N")]


@dataclass(frozen=True, kw_only=True)
class Mcp(Options):
    """Serve skills and memory to any MCP client, over standard input and output until the client leaves, or with --http.

    Clients look up, search and plan. A job is done only after a person at the server approved it, as --approve says.
    """

    world: Annotated[str, tyro.conf.arg(metavar="NAME")] = "cell"
    """The workplace."""
    items: Annotated[Items | None, unset("N")] = None
    """How many items each delivery holds; by default 6 to 12, drawn by the seed, which is one more in each job."""
    speed: Speed = "max"
    """Pace of the robot's clock."""
    renderer: Annotated[Renderer | None, unset("egl|osmesa|rays")] = None
    """What draws the pictures; by default the best that works here."""
    memory: Annotated[Path | None, unset("FILE")] = None
    """What is remembered from job to job, as in 'moravec run'. By default nothing."""
    rules: Annotated[Path | None, unset("FILE")] = None
    """Rules of the workplace's own, as in 'moravec run'."""
    permit: Annotated[str | None, unset("PERMIT")] = None
    """What plans may do, as in 'moravec run'."""
    http: Annotated[str | None, unset("HOST:PORT")] = None
    """Listen on this machine's own address instead, until Ctrl-C; port 0: any that is free."""
    approve: Annotated[str, tyro.conf.arg(metavar="terminal|never|FILE")] = "never"
    """Who lets motion pass: a person at this process's terminal, nobody, or a person who writes lines into FILE."""
    approve_within: Within = 300.0
    """Seconds after which a plan that nobody approved counts no more."""

    def execute(self) -> int:
        """Serves. Raises MoravecError before it has begun."""
        from moravec.commands.charters import opened_charter
        from moravec.commands.clock import WallClock
        from moravec.commands.mcp_server.approve import approver
        from moravec.commands.mcp_server.desk import Desk, Settings
        from moravec.commands.options import folder
        from moravec.worlds.registry import WorldOptions, workplace_of

        with needing("mcp"):
            from moravec.commands.mcp_server.http import address, serve_http
            from moravec.commands.mcp_server.server import serve
        if self.http is not None:
            address(self.http)
        asks = approver(self.approve)
        if self.out is not None:
            folder(self.out)
        workplace = workplace_of(self.world, WorldOptions(self.seed, self.items, renderer="rays"))
        opened_charter(self, workplace)  # what is wrong with it is told at once
        settings = Settings(
            world=self.world, seed=self.seed, items=self.items, renderer=self.renderer, speed=self.speed, out=self.out,
            memory=self.memory, rules=self.rules, permit=self.permit, within=self.approve_within,
        )  # fmt: skip
        desk = Desk(settings, workplace, asks, WallClock())
        asyncio.run(serve(desk) if self.http is None else serve_http(desk, self.http, say))
        return 0
