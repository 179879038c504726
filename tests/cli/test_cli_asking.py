"""Questions at a terminal: what is shown, what is understood, and what happens when nobody answers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from moravec.brain.memory.learn import Heard
from moravec.commands.asking import answerer
from moravec.commands.evidence import Evidence as Pictures
from moravec.console.crops import MARGIN, MOST, Crops
from moravec.core.observation import CameraFrame
from moravec.skills.contract import Ask, Evidence

QUESTION = Ask(
    "Which one do you mean?", ("the red can", "the blue can", "nothing"), "nothing", "two fit", (0.75, 0.25, 0.0),
    (Evidence("item-1", "wrist", (1, 2, 3, 4)),), deadline=600.0, scope="this job",
)  # fmt: skip


@contextlib.contextmanager
def typing(text: str, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A terminal at which `text` was typed, and which stays open."""
    read, write = os.pipe()
    os.write(write, text.encode())
    with open(read, encoding="utf-8", buffering=1) as stdin:
        patch.setattr("sys.stdin", stdin)
        yield
    os.close(write)


def asked(question: Ask, heard: list[Heard] | None = None) -> str:
    return answerer("terminal", contextlib.nullcontext, heard, lambda ask: [Path("questions/1-item-1.png")])(question)


@pytest.mark.parametrize(("text", "answer"), [("2\n", "the blue can"), ("The Red Can\n", "the red can"), ("\n", "nothing")])
def test_what_is_typed(text: str, answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with typing(text, monkeypatch):
        assert asked(QUESTION) == answer
    said = capsys.readouterr().err
    assert "1  the red can   75 %" in said and "3  nothing   <- when you just press Enter" in said
    assert "It is about questions/1-item-1.png" in said and "Without an answer in 600 s: nothing" in said


def test_at_the_deadline_the_default_is_taken(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with typing("", monkeypatch):
        assert asked(replace(QUESTION, deadline=0.01)) == "nothing"
    assert "no answer in 0 s; 'nothing' is taken" in capsys.readouterr().err


def test_what_is_no_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    with open(read, encoding="utf-8", buffering=1) as stdin, open(write, "w", encoding="utf-8", buffering=1) as keys:
        monkeypatch.setattr("sys.stdin", stdin)
        lines = iter(["7\n", "1\n"])
        monkeypatch.setattr("moravec.commands.asking.select.select", lambda *_: keys.write(next(lines)) and ([stdin], [], []))
        assert asked(QUESTION) == "the red can"
    assert "please answer with 1 to 3" in capsys.readouterr().err


def test_how_far_an_answer_may_hold_is_told_where_it_may(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for scope, told in (("this job", False), ("from now on", True)):
        with typing("1\n", monkeypatch):
            asked(replace(QUESTION, scope=scope), [])  # type: ignore[arg-type]
        assert ("@always" in capsys.readouterr().err) is told


def frame() -> CameraFrame:
    rgb = np.zeros((60, 80, 3), np.uint8)
    rgb[20:30, 40:50] = (250, 10, 20)
    still = np.zeros((60, 80), np.float32)
    return CameraFrame("wrist", 0, 0.0, rgb, still, np.eye(3), np.eye(4))


def test_what_a_question_is_about_is_cut_out_and_written(tmp_path: Path) -> None:
    crops = Crops()
    rows = [{"camera": "wrist", "box": [40, 20, 50, 30]}, {"camera": "wrist", "box": None}, {"box": [0, 0, 5, 5]}, {}]
    crops.take(rows, frame())
    about = (Evidence("item-1", "wrist", (40, 20, 50, 30)), Evidence("item-2", "wrist", (1, 2, 3, 4)))
    question = replace(QUESTION, evidence=about)
    (path,) = Pictures(crops, tmp_path).written(question)
    assert path == tmp_path / "questions" / "1-item-1.png"
    picture = cv2.imread(str(path))
    assert picture is not None and picture.shape == (10 + 2 * MARGIN, 10 + 2 * MARGIN, 3)
    assert tuple(picture[MARGIN + 5, MARGIN + 5]) == (20, 10, 250)  # OpenCV's order
    assert Pictures(crops, tmp_path / "nowhere").written(question) == []


def test_only_the_newest_pieces_are_kept() -> None:
    crops, picture = Crops(), frame()
    rows = [{"camera": "wrist", "box": [x % 70, x // 70, x % 70 + 5, x // 70 + 5], "item": str(x)} for x in range(MOST + 10)]
    crops.take(rows, picture)
    assert [item for item, _ in crops.of(rows)] == [str(x) for x in range(10, MOST + 10)]
