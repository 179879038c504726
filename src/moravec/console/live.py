"""The terminal while a job runs: what it sees, its plan, the guard's verdicts, speed and rate.

Drawing is done by a thread of its own, at most eight times a second, and it pays for itself: after a picture that cost c
seconds of processor time it rests for at least c / BUDGET, so that it never takes more than about 1 % of the machine
from the control loop. The loop itself only leaves references behind.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import final

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from moravec.console.collect import Collector, StepSeen
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.skills.contract import Note

REFRESH = 0.125  # [s], 8 Hz
BUDGET = 0.01  # share of the time that drawing may take
BAR = 24  # characters
MAX_ITEMS = 12
_SWATCH = {
    "red": "#d23b34", "blue": "#3d7bd9", "green": "#2f9e5b", "yellow": "#e5b93a", "white": "#e9e9e4", "purple": "#9a58b8",
}  # fmt: skip
_SIGN = {"succeeded": ("✓", "green"), "failed": ("✗", "red"), "cancelled": ("–", "yellow"), "started": ("▶", "bold cyan")}


@final
class LiveView:
    """A watcher that draws what `seen` collects. A context manager; outside of it nothing is drawn.

    `seen` must be among the runtime's watchers, before this one. `speed_limits` (n,) [rad/s]. `typing` gives the order that a
    person is typing, where one can.
    """

    def __init__(
        self, console: Console, seen: Collector, title: str, where: str, speed_limits: Sequence[float],
        typing: Callable[[], str] | None = None,
    ) -> None:  # fmt: skip
        self._console, self._seen, self._title, self._where, self._typing = console, seen, title, where, typing
        self._limits = np.asarray(speed_limits)
        self._counts = {"pass": 0, "limit": 0, "stop": 0}
        self._state: RobotState | None = None
        self._now = 0.0
        self._remark = ""
        self._began = time.monotonic()
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._done = threading.Event()
        self._held = threading.Lock()
        self._thread = threading.Thread(target=self._draw, name="live", daemon=True)

    # ── what the runtime calls ───────────────────────────────────────────────────────────────────────────────────────
    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """After every tick."""
        self._counts[verdict.decision] += 1
        self._now, self._state = t, state
        if verdict.decision != "pass":
            self._remark = f"{verdict.decision}: {verdict.reason}"

    def framed(self, frame: CameraFrame) -> None:
        """After every picture."""

    def noted(self, t: float, note: Note) -> None:
        """After every note."""

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def __enter__(self) -> LiveView:
        self._began = time.monotonic()
        self._live.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(timeout=2.0)
        self._live.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leaves the terminal alone, for a question."""
        with self._held:
            self._live.stop()
            try:
                yield
            finally:
                self._live.start()

    def _draw(self) -> None:
        rest = REFRESH
        while not self._done.wait(rest):
            before = time.thread_time()
            with self._held:
                self._live.update(self.picture(), refresh=True)
            rest = max(REFRESH, (time.thread_time() - before) / BUDGET)

    def picture(self) -> RenderableType:
        """What the terminal shows now."""
        rows = max(6, min(self._console.size.height - 9, 16))
        body = Table.grid(padding=(0, 4), expand=True)
        body.add_column(ratio=1)
        body.add_column(ratio=1)
        body.add_row(self._items(rows), self._plan(rows))
        head = Table.grid(expand=True)
        head.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        head.add_column(justify="right", no_wrap=True)
        head.add_row(Text(self._title, style="bold"), Text(self._where, style="dim"))
        typed = [] if self._typing is None else [self._order(self._typing())]
        return Group(head, Rule(style="dim"), body, Rule(style="dim"), self._foot(), *typed)

    def _order(self, line: str) -> RenderableType:
        if not line:
            return Text("> type an order and press Enter; Ctrl-C stops", style="dim", no_wrap=True, overflow="ellipsis")
        room = max(10, self._console.size.width - 4)
        return Text(f"> {line[-room:]}▌", no_wrap=True)

    def _items(self, rows: int) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        table.add_row(Text("It sees", style="dim"))
        items = list(self._seen.items)[: min(rows - 1, MAX_ITEMS)]
        if not items:
            table.add_row(Text("nothing yet", style="dim italic"))
        for item in items:
            colour = str(item.get("colour", ""))
            line = Text("■ ", style=_SWATCH.get(colour, "#888888"))
            line.append(f"{item.get('id', '')} ", style="dim")
            line.append(f"{colour} {item.get('category', '?')}", style="default")
            line.append("  damaged" if item.get("damaged") else "", style="red")
            place = str(item.get("location", "?"))
            table.add_row(line, Text(place, style="bold cyan" if place == "hand" else "dim"))
        return table

    def _plan(self, rows: int) -> RenderableType:
        lines = [Text("Plan", style="dim")]
        done, ahead = list(self._seen.steps), list(self._seen.planned)
        room = max(1, rows - 1)
        past = done[-max(5, room - len(ahead)) :][-room:]
        for number, step in enumerate(past, start=len(done) - len(past) + 1):
            lines.append(self._step(number, step))
        for number, (skill, args) in enumerate(ahead[: max(0, room - len(past))], start=len(done) + 1):
            lines.append(Text(f"○ {number:>3} {skill} {' '.join(args.values())}", style="dim"))
        left = len(ahead) - max(0, room - len(past))
        if left > 0:
            lines[-1] = Text(f"      and {left + 1} more", style="dim")
        return Text("\n").join(lines)

    def _step(self, number: int, step: StepSeen) -> Text:
        sign, style = _SIGN.get(step.status, ("?", ""))
        line = Text(f"{sign} {number:>3} {step.skill} {' '.join(step.args.values())}", style=style)
        end = self._now if step.end is None else step.end
        line.append(f"  {end - step.start:.1f} s", style="dim")
        if step.status == "failed":
            line.append(f"  {step.code}", style="red")
        return line

    def _foot(self) -> RenderableType:
        share = 0.0
        if self._state is not None:
            dq = np.abs(self._state.dq)
            share = float(np.max(dq / self._limits[: len(dq)]))
        full = round(BAR * min(share, 1.0))
        speed = Text().append("fastest joint ", style="dim")
        speed.append("━" * full, style="red" if share > 0.9 else "cyan").append("━" * (BAR - full), style="bright_black")
        speed.append(f" {100 * share:3.0f} % of its limit")
        counts = Text().append("verdicts ", style="dim")
        counts.append(f"{self._counts['pass']:,} pass".replace(",", " "), style="green")
        for name, style in (("limit", "yellow"), ("stop", "red")):
            counts.append(f"  {self._counts[name]} {name}", style=style if self._counts[name] else "dim")
        wall = max(time.monotonic() - self._began, 1e-3)
        rate = Text(f"robot {self._now:.1f} s, {self._now / wall:.1f} x real time", style="dim")
        remark = Text(self._remark or self._seen.answer, style="yellow", no_wrap=True, overflow="ellipsis")
        grid = Table.grid(expand=True)
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        grid.add_column(justify="right", no_wrap=True)
        grid.add_row(speed, rate)
        grid.add_row(counts, remark)
        return grid
