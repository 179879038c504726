"""The pictures of a training: every number is drawn where it belongs, and one measurement is seen too."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from moravec.console.curves import HEIGHT, POINTS, TOP, curves, successes

SVG = "{http://www.w3.org/2000/svg}"


def drawn(text: str) -> tuple[list[list[tuple[float, float]]], list[tuple[float, float]], list[str]]:
    """Lines and dots in user units, and the words."""
    root = ET.fromstring(text)
    lines = [[tuple(map(float, p.split(","))) for p in line.attrib["points"].split()] for line in root.iter(f"{SVG}polyline")]
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in root.iter(f"{SVG}circle")]
    return lines, dots, ["".join(words.itertext()) for words in root.iter(f"{SVG}text")]  # type: ignore[return-value]


def test_a_logarithm_falls_by_as_much_for_each_tenth() -> None:
    (line,), dots, words = drawn(curves([{"step": 10.0 * k, "loss": 10.0**-k} for k in range(4)]))
    falls = [b[1] - a[1] for a, b in zip(line, line[1:], strict=False)]
    assert falls == pytest.approx([falls[0]] * 3, abs=0.2) and falls[0] > 0.0 and not dots
    assert "loss 0.001" in words


def test_shares_are_told_in_percent_and_have_dots() -> None:
    lines, dots, words = drawn(successes([{"step": 1.0, "all": 0.0, "easy": 1.0}, {"step": 2.0, "all": 0.5, "easy": 1.0}]))
    assert len(lines) == 2 and len(dots) == 4 and {"all 50%", "easy 100%"} <= set(words)
    assert min(y for _, y in dots) == TOP


def test_one_measurement_is_a_dot_and_none_is_an_empty_frame() -> None:
    lines, dots, _ = drawn(curves([{"step": 5.0, "loss": 0.3, "error": 0.1}]))
    assert [len(line) for line in lines] == [1, 1] and len(dots) == 2
    assert drawn(curves([]))[:2] == ([], [])


def test_a_long_history_keeps_its_last_value_and_few_points() -> None:
    (line,), _, words = drawn(curves([{"step": float(k), "loss": 1.0} for k in range(5000)] + [{"step": 5000.0, "loss": 0.125}]))
    assert len(line) <= POINTS and "loss 0.125" in words and line[-1][1] > line[0][1]


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_what_has_no_logarithm_is_drawn_at_the_bottom(value: float) -> None:
    text = curves([{"step": 0.0, "loss": 1.0}, {"step": 1.0, "loss": value}])
    (line,), _, _ = drawn(text)
    assert max(y for _, y in line) <= HEIGHT and not re.search("nan|inf", text)
