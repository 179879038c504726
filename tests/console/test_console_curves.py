"""The picture of a training's losses: every line in its frame, and its last value told."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from moravec.console.curves import HEIGHT, LEAST, POINTS, WIDTH, curves, successes

SVG = "{http://www.w3.org/2000/svg}"


def drawn(history: list[dict[str, float]]) -> tuple[list[list[tuple[float, float]]], str]:
    """The points of each line, and all words."""
    root = ET.fromstring(curves(history))
    lines = [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.attrib["points"].split())]
        for line in root.iter(f"{SVG}polyline")
    ]
    return lines, " ".join(text.text or "" for text in root.iter(f"{SVG}text"))


def test_losses_that_fall_are_drawn_falling() -> None:
    lines, words = drawn([{"step": k, "all": 10.0 / k, "points": 1.0} for k in range(1, 51)])
    assert [len(line) for line in lines] == [50, 50] and "all 0.2" in words and "points 1" in words
    assert [y for _, y in lines[0]] == sorted(y for _, y in lines[0]), "down is a larger number"
    assert len({y for _, y in lines[1]}) == 1
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for line in lines for x, y in line)


@pytest.mark.parametrize("many", [POINTS - 1, POINTS, POINTS + 1, 2 * POINTS - 1, 10 * POINTS + 3])
def test_a_long_history_is_thinned_and_ends_where_it_ends(many: int) -> None:
    history = [{"step": k, "all": 1.0} for k in range(1, many)] + [{"step": many, "all": 0.125}]
    (line,), words = drawn(history)
    assert len(line) <= POINTS and "all 0.125" in words
    assert line[-1][0] == pytest.approx(max(x for x, _ in line)) and line[-1][1] > line[0][1]


@pytest.mark.parametrize("value", [0.0, -3.0, LEAST, 1e-30, 1e30])
def test_any_number_has_a_place(value: float) -> None:
    lines, _ = drawn([{"step": 1, "all": 1.0}, {"step": 2, "all": value}])
    assert all(0 <= y <= HEIGHT for line in lines for _, y in line)


def test_a_history_that_is_short_or_empty_is_a_picture_all_the_same() -> None:
    assert drawn([])[0] == []
    assert [len(line) for line in drawn([{"step": 5, "all": 1.0}])[0]] == [1]
    lines, _ = drawn([{"step": 1, "all": 1.0}, {"step": 2, "all": 1.0, "late": 3.0}])
    assert [len(line) for line in lines] == [2, 1]


def test_success_is_drawn_from_nothing_to_always() -> None:
    root = ET.fromstring(successes([{"step": 0, "all": 0.0, "easy": 0.5}, {"step": 10, "all": 1.0, "easy": 0.5}]))
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in root.iter(f"{SVG}circle")]
    assert len(dots) == 4
    (_, none), (_, always), (_, half), (_, same) = dots
    assert none > half > always and half == same == pytest.approx((none + always) / 2.0, abs=0.1)
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert {"0 %", "20 %", "100 %"} <= set(words) and "all 1" in words


def test_names_are_text_and_nothing_else() -> None:
    text = curves([{"step": 1, "<script>": 1.0}], title="a & b")
    assert "<script>" not in text and "a &amp; b" in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text), "it stands alone"
