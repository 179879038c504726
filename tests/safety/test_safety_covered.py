"""The count of covered lines: it misses nothing, forgives nothing, and goes on where it was broken off."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import covered
import pytest
from covered import Suite
from parts import Arguments

from moravec.core.errors import BadInput

SOURCE = """def sign(x):
    if x < 0:
        return -1
    return 1


def half(x):
    for y in (x,):
        x = y / 2
    return x
"""
NEGATIVE = "from thing.sums import sign\n\n\ndef test_negative():\n    assert sign(-2) == -1\n"
POSITIVE = "from thing.sums import half, sign\n\n\ndef test_positive():\n    assert sign(2) == 1 and half(2) == 1\n"


@pytest.fixture(autouse=True)
def _few_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the made-up tests need none, and start sooner


def suite(folder: Path) -> Suite:
    """A package with two functions that two files of tests cover."""
    (folder / "src" / "thing").mkdir(parents=True)
    (folder / "src" / "thing" / "sums.py").write_text(SOURCE)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_a.py").write_text(NEGATIVE)
    (folder / "tests" / "test_b.py").write_text(POSITIVE)
    return Suite(folder / "src" / "thing", folder / "tests", folder / "src")


def test_all_is_covered_and_a_run_that_was_broken_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, run_one = suite(tmp_path), covered.run_one

    def broken_off(suite: Suite, test: Path, data: Path) -> dict[str, Any]:
        if test.name == "test_b.py":
            raise KeyboardInterrupt
        return run_one(suite, test, data)

    monkeypatch.setattr(covered, "run_one", broken_off)
    with pytest.raises(KeyboardInterrupt):
        covered.covered(made, Arguments(1, 0, tmp_path / "out"))
    first = os.stat(tmp_path / "out" / "covered" / "test_a.data").st_mtime_ns
    monkeypatch.setattr(covered, "run_one", run_one)
    whole = covered.covered(made, Arguments(1, 0, tmp_path / "out"))
    assert whole.passed and whole.figures["wrong"] == [] and whole.done == whole.asked == 2
    assert (whole.figures["lines"], whole.figures["lines_covered"]) == (8, 8)
    assert (whole.figures["branches"], whole.figures["branches_covered"]) == (4, 4)
    assert os.stat(tmp_path / "out" / "covered" / "test_a.data").st_mtime_ns == first, "it ran once"
    (tmp_path / "out" / "covered" / "test_a.data").write_bytes(b"no data")
    assert covered.covered(made, Arguments(1, 0, tmp_path / "out")).figures == whole.figures


def test_a_line_that_no_test_reaches_fails(tmp_path: Path) -> None:
    made = suite(tmp_path)
    (made.tests / "test_b.py").unlink()
    found = covered.covered(made, Arguments(1, 0, tmp_path / "out"))
    assert not found.passed and "sums.py:4 is never run" in found.figures["wrong"] and found.figures["lines_covered"] < 8


def test_a_branch_a_test_and_a_pragma_that_are_wrong_fail(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = suite(tmp_path)
    (made.source / "sums.py").write_text(SOURCE.replace("return -1", "x = -1"))
    (made.tests / "test_a.py").write_text(NEGATIVE.replace("== -1", "== 1"))
    (made.tests / "test_b.py").write_text(POSITIVE.replace("2) == 1 and", "-2) == 2 and"))
    found = covered.covered(made, Arguments(1, 0, tmp_path / "out"))
    assert not found.passed and found.figures["wrong"][0] == "test_b.py fails"
    assert "sums.py:2 never goes on at 4" in found.figures["wrong"]
    assert "assert (1 == 2" in capfd.readouterr().err
    assert covered.unreasoned(made.source) == []
    (made.source / "more.py").write_text("x = 1  # pragma: no cover\ny = 2  # pragma: no cover - what no machine of ours is\n")
    assert covered.unreasoned(made.source) == ["more.py:1 is taken out without a reason"]


def test_a_guard_that_changes_meanwhile_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, stamps = suite(tmp_path), iter(["one", "two"])
    monkeypatch.setattr(covered, "_stamp", lambda suite: next(stamps))
    found = covered.covered(made, Arguments(1, 0, tmp_path / "out"))
    assert not found.passed and found.figures["wrong"] == ["the guard or its tests changed while this ran: run it again"]


def test_without_tests_nothing_is_covered(tmp_path: Path) -> None:
    made = suite(tmp_path)
    with pytest.raises(BadInput, match="test_"):
        covered.covered(Suite(made.source, tmp_path, made.path), Arguments(1, 0, tmp_path / "out"))


def test_the_guard_and_its_tests_are_found() -> None:
    names = {path.name for path in covered.THE_GUARD.files()}
    assert {"test_guard.py", "test_checks.py"} <= names and (covered.THE_GUARD.source / "guard.py").exists()
