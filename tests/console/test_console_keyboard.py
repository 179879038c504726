"""Keys to lines, and a terminal that is given back as it was."""

from __future__ import annotations

import os
import pty
import termios

import pytest

from moravec.console.keyboard import LONGEST, Keyboard, Typing


@pytest.mark.parametrize(
    ("keys", "lines", "left"),
    [
        ("home\r", ["home"], ""),
        ("home\nstop\nand", ["home", "stop"], "and"),
        ("  \r\r", [], ""),
        ("homme\x7f\x7fe\r", ["home"], ""),
        ("\x7f\x7fhome\r", ["home"], ""),
        ("put it in B\x17C\r", ["put it in C"], ""),
        ("nonsense\x15stop\r", ["stop"], ""),
        ("ho\x1b[Dme\x1bOA\x1b[1;5C\x1bx\r", ["home"], ""),
        ("放到B箱\r", ["放到B箱"], ""),
        ("\x01\x02tab\there\r", ["tabhere"], ""),
        ("x" * (LONGEST + 5) + "\r", ["x" * LONGEST], ""),
    ],
)
def test_keys_make_lines(keys: str, lines: list[str], left: str) -> None:
    typing = Typing()
    for key in keys:
        typing.feed(key)
    assert typing.taken() == lines and typing.taken() == [] and typing.line == left


def test_a_terminal_is_read_and_given_back() -> None:
    """Also in the middle of a character and of a line."""
    there, here = pty.openpty()
    before = termios.tcgetattr(here)
    keyboard = Keyboard(here)
    os.write(there, b"too early\n")
    assert list(keyboard.heard(0.0)) == []
    with keyboard:
        assert not termios.tcgetattr(here)[3] & (termios.ECHO | termios.ICANON)
        os.write(there, "home\n把罐".encode()[:-1])
        assert keyboard.line() == "把"
        with keyboard.released():
            assert termios.tcgetattr(here) == before
        os.write(there, "罐".encode()[-1:] + b" in B")
        assert keyboard.line() == "把罐 in B"
        assert list(keyboard.heard(3.0)) == ["too early", "home"] and list(keyboard.heard(3.0)) == []
        os.write(there, b"\n")
    assert termios.tcgetattr(here) == before
    assert list(keyboard.heard(9.0)) == ["把罐 in B"]
    os.close(there)
    os.close(here)


def test_in_the_background_the_terminal_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system would stop the job."""
    there, here = pty.openpty()
    before, keyboard = termios.tcgetattr(here), Keyboard(here)
    monkeypatch.setattr(os, "tcgetpgrp", lambda fd: os.getpgrp() + 1)
    os.write(there, b"home\n")
    with keyboard, keyboard.released():
        assert termios.tcgetattr(here) == before and list(keyboard.heard(0.0)) == []
    monkeypatch.setattr(os, "tcgetpgrp", lambda fd: os.getpgrp())
    with keyboard:
        assert list(keyboard.heard(0.0)) == ["home"]
    assert termios.tcgetattr(here) == before
    os.close(there)
    os.close(here)


def test_a_terminal_that_is_gone_says_nothing() -> None:
    there, here = pty.openpty()
    with Keyboard(here) as keyboard:
        os.close(there)
        assert list(keyboard.heard(0.0)) == [] and keyboard.line() == ""
    os.close(here)
