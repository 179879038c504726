"""What a bar says of how fast it goes and how long it will take."""

from __future__ import annotations

import pytest

from moravec.commands.bars import TOLD_EVERY, bar, pace


@pytest.mark.parametrize(
    ("done", "left", "seconds", "words"),
    [
        (20, 50, 2.0, "10.0 a second, 5 s left"),
        (10, 20, 60.0, "10.0 a minute, 2 min left"),
        (1, 59, 60.0, "1.0 a minute, 59 min left"),
        (1, 3, 1800.0, "2.0 an hour, 1 h 30 min left"),
        (1, 1, 36_000.0, "0.1 an hour, 10 h 00 min left"),
        (5, 0, 1.0, "5.0 a second, 0 s left"),
        (0, 9, 5.0, ""),
        (1, 9, 0.0, ""),
    ],
)
def test_rate_and_time_left_are_in_units_for_people(done: int, left: int, seconds: float, words: str) -> None:
    assert pace(done, left, seconds) == words


def test_what_was_done_before_says_nothing_about_the_rate(capsys: pytest.CaptureFixture[str]) -> None:
    """Ninety of a hundred were there; five more took a minute, and five are left."""
    now = 0.0
    with bar("attempts", 100, 90, lambda: now) as advance:
        for done in range(91, 96):
            now += TOLD_EVERY * 0.4
            advance(done, "ok")
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["attempts: 93 of 100, 36 s, 5.0 a minute, 84 s left, ok"], "no more often than that"


def test_a_terminal_shows_it_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "150")
    now = 0.0
    with bar("attempts", 100, 90, lambda: now) as advance:
        now = 120.0
        advance(92, "missed")
    shown = capsys.readouterr().err
    assert "1.0 a minute, 8 min left" in shown and "missed" in shown and "92/100" in shown


def test_the_last_one_is_always_told(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("attempts", 2, 0, lambda: 0.0) as advance:
        advance(1, "ok")
        advance(2, "missed")
    assert capsys.readouterr().err == "attempts: 2 of 2, 0 s, missed\n"
