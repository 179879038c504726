"""The page about a stop: whole, by itself, safe whatever a tape says, and with the right numbers on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers_incident import Stage, an_estop, staged
from test_console_report import Checker

from moravec.console.incident.block import block, heading, lines
from moravec.console.incident.drawings import pieces
from moravec.console.incident.examine import Incident, examine
from moravec.console.incident.find import Incidents
from moravec.console.incident.page import page
from moravec.console.incident.words import number, relative, short

HOSTILE = '<script>alert("x")</script><img src="http://a.example/x.png" onerror=alert(1)>'


def found_on(path: Path, play: Callable[[Stage], None]) -> Incident:
    """The first incident of a tape on which `play` was recorded."""
    with staged(path) as stage:
        play(stage)
    return examine(next(iter(Incidents(path))))


def hostile(stage: Stage) -> None:
    """Every name that comes from outside is an attack."""
    stage.skill(HOSTILE, HOSTILE)
    stage.tape.write_log(stage.t, "warning", HOSTILE, HOSTILE)
    stage.tape.write_log(stage.t, "info", "waiting", '{"why": "</style>' + HOSTILE.replace('"', "'") + '"}')
    stage.tape.write_mode(stage.t, "full", HOSTILE)
    stage.picture()
    stage.hold(3)
    stage.swing(60)
    stage.tick(stage.here, np.zeros(6), {"source": HOSTILE}, estop=True)
    stage.brake()
    stage.skill(HOSTILE, HOSTILE, "failed", message=HOSTILE, code=HOSTILE)
    stage.hold(3)


def test_one_well_formed_page_that_fetches_nothing(tmp_path: Path) -> None:
    """Every tag closed, no address but data URIs, no script, and a policy of its own; whatever the tape says is text."""
    html = page(found_on(tmp_path / "tape.mcap", hostile), HOSTILE)
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    assert checker.fetched == []
    assert checker.scripts == 0
    assert "<script" not in html
    assert not re.search(r"(?:src|href)=\"?https?:|url\(|@import", html)
    assert "default-src 'none'" in html
    text = " ".join(" ".join(checker.text).split())
    assert text.count(HOSTILE) >= 5
    assert html.count("data:image/webp;base64,") == 1


def test_it_says_what_happened(tmp_path: Path) -> None:
    """Headline, figures, states, the list of events, the joints, the command that replays."""
    incident = found_on(tmp_path / "tape.mcap", an_estop)
    checker = Checker()
    checker.feed(page(incident, "runs/tape.mcap"))
    text = " ".join(" ".join(checker.text).split())
    for words in (
        "Emergency stop pressed or latched",
        "Stop time 48 ms",
        "Stop distance, tool 6.9 mm",
        "RUN → ENDING → OFF (+0.048 s) → HOLD",
        "stop, category 1",
        "estop, at rest after 48 ms",
        "wrist , the last picture before the stop, 0.34 s old",
        "reset granted: holding",
        "a fresh command passes again",
        "joint 0 (shoulder_pan)",
        "moravec incident runs/tape.mcap --n 1 --json",
    ):
        assert words in text, words


def test_a_stop_with_nothing_around_it_has_a_page_too(tmp_path: Path) -> None:
    """One tick, no picture, no people, no skill."""
    html = page(found_on(tmp_path / "tape.mcap", lambda stage: stage.hold(1, estop=True)), "tape.mcap")
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    assert any("no skill under way" in text for text in checker.text)


def test_the_block_for_a_terminal(tmp_path: Path) -> None:
    """A heading and one row for each line."""
    incident = found_on(tmp_path / "tape.mcap", an_estop)
    told = list(lines(incident))
    assert heading(incident) == ("1", "at 0.340 s, estop")
    assert block(heading(incident), 3, told).row_count == len(told) + 1
    assert [name for name, _ in told] == ["why", "stop", "doing", "states", "at rest", "asked", "loads", "told"]


def test_no_peak_and_no_dip_is_lost() -> None:
    """Thinned out to about 500 points, with gaps where nothing is known."""
    t, values = np.arange(20_000) * 0.002, np.ones(20_000)
    values[7_001], values[12_003], values[15_000:15_100] = 9.0, 0.1, np.nan
    for low, extreme in ((False, 9.0), (True, 0.1)):
        drawn = pieces(t, values, low)
        assert len(drawn) == 2
        assert sum(map(len, drawn)) <= 502
        assert extreme in [v for piece in drawn for _, v in piece]
    assert pieces(t, np.full(20_000, np.nan), True) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [(number(1e9), "unknown"), (number(None), "unknown"), (number(0.123456), "0.1235"), (relative(1.0, 2.5), "-1.500 s"),
     (short("a\n b", 10), "a b"), (short("x" * 20, 10), "x" * 9 + "…")],
)  # fmt: skip
def test_words(said: str, words: str) -> None:
    assert said == words
