"""The live view: what it shows, that it leaves the loop alone, and that pipes get plain lines."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers_console import LIMIT, PASS, play, state, step
from rich.console import Console

from moravec.console import live
from moravec.console.collect import Collector
from moravec.console.lines import Lines
from moravec.console.live import BUDGET, LiveView
from moravec.skills.contract import Note

LIMITS = (3.14,) * 6


def view_of(seen: Collector, width: int = 100) -> tuple[LiveView, Console]:
    """A view on a terminal that is a string."""
    console = Console(file=io.StringIO(), force_terminal=True, width=width, height=30, color_system=None)
    return LiveView(console, seen, "store the cans", "cell, seed 0, rays", LIMITS), console


def shown(view: LiveView, console: Console) -> str:
    """The picture as text."""
    with console.capture() as capture:
        console.print(view.picture())
    return capture.get()


def test_it_shows_items_plan_verdicts_and_speed(seen: Collector) -> None:
    """Everything that issue 2 names."""
    view, console = view_of(seen)
    view.ticked(4.0, state(1.57, speed=1.57), PASS)
    view.ticked(4.0, state(1.57, speed=1.57), LIMIT)
    text = shown(view, console)
    for words in ("store the cans", "red can", "parcel", "✗   1 pick item-1", "missed", "✓   2 pick item-1", "○   3 stow item-1",
                  "1 pass", "1 limit", "50 % of its limit", "real time", "joint 2 asked for"):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize("width", [40, 60, 200])
def test_it_fits_any_terminal(seen: Collector, width: int) -> None:
    """No line is longer than the terminal, and the picture is not higher than it."""
    view, console = view_of(seen, width)
    lines = shown(view, console).splitlines()
    assert max(len(line) for line in lines) <= width
    assert len(lines) <= 30


def test_a_long_plan_is_cut() -> None:
    """The first steps, and how many more."""
    seen = Collector()
    seen.noted(0.0, Note("plan", {"steps": [{"skill": "pick", "args": {"item": f"item-{i}"}} for i in range(50)]}))
    view, console = view_of(seen)
    text = shown(view, console)
    assert "pick item-0" in text
    assert "more" in text
    assert "item-40" not in text


def test_drawing_rests_in_proportion_to_its_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that takes 20 ms of the processor is followed by 2 s without one."""
    view, _ = view_of(play(Collector(), 0.1))
    drawn: list[float] = []

    def slow() -> str:
        drawn.append(time.monotonic())
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        return "picture"

    monkeypatch.setattr(view, "picture", slow)
    with view:
        time.sleep(1.2)
    assert len(drawn) == 1
    assert BUDGET == 0.01
    assert live.REFRESH >= 0.125


def test_watching_costs_next_to_nothing(seen: Collector) -> None:
    """A tick's share of view and collector together stays below 10 microseconds of processor time."""
    view, _ = view_of(seen)
    body = state(1.0)
    best = float("inf")
    for _ in range(5):
        start = time.thread_time()
        for i in range(2000):
            view.ticked(i * 0.002, body, PASS)
            seen.ticked(i * 0.002, body, PASS)
        best = min(best, (time.thread_time() - start) / 2000)
    assert best < 10e-6


def test_plain_lines() -> None:
    """One line for a step that ended, none for one that began."""
    out = io.StringIO()
    lines = Lines(out)
    for note in (Note("goal", {"text": "all cans"}), Note("waiting", {"why": "it is dark"}), Note("plan", {"steps": [1, 2]}),
                 step("pick", "started"), step("pick", "failed", code="missed", message="nothing", seconds=3.2)):  # fmt: skip
        lines.noted(1.5, note)
    text = out.getvalue()
    assert text.count("\n") == 4
    assert "waiting: it is dark" in text and "pick item-1" in text
    assert "missed: nothing" in text
    assert "\x1b" not in text


PROGRAM = """
import time
from rich.console import Console
from moravec.console.collect import Collector
from moravec.console.live import LiveView
from helpers_console import play
with LiveView(Console(stderr=True), play(Collector(), 0.6), "store the cans", "cell", (3.14,) * 6) as view:
    time.sleep(0.8)
    with view.paused():
        print("a question")
print("the end")
"""


def test_on_a_real_terminal() -> None:
    """It draws, lets a question through, and leaves the terminal with its cursor shown."""
    root = Path(__file__).parents[2]
    main, other = pty.openpty()
    paths = os.pathsep.join([str(Path(__file__).parent), str(root / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=other, stdout=other, stderr=other, env=environment)
    os.close(other)
    text = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:
            break
        if not part:
            break
        text += part
    os.close(main)
    assert process.wait(timeout=20) == 0
    for words in (b"store the cans", b"Plan", b"verdicts", b"a question", b"the end"):
        assert words in text, words
    assert text.rindex(b"\x1b[?25h") > text.rindex(b"\x1b[?25l")
