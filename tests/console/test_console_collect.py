"""What the collector keeps, and that nothing it is told can break it."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_console import DETECTION, frame, step

from moravec.console.collect import MAX_PICTURES, Collector
from moravec.console.svg import COLUMNS, Axis, peaks
from moravec.skills.contract import Note


def test_steps_events_and_samples(seen: Collector) -> None:
    """Two calls of pick; the failure, the new plan with its reason and one event for twenty limited ticks in a row."""
    assert [(s.skill, s.status, s.code) for s in seen.steps] == [("pick", "failed", "missed"), ("pick", "succeeded", "ok")]
    assert [e.kind for e in seen.events] == ["failed", "replan", "limit"]
    assert "pick missed -> retry" in seen.events[1].text
    samples = seen.samples()
    assert len(samples.t) == 200
    assert np.allclose(np.diff(samples.t), 0.02)
    assert np.allclose(samples.push, 5.0)


def test_a_step_shows_the_picture_with_something_marked(seen: Collector) -> None:
    """A later picture without marks does not replace it."""
    shot = seen.steps[0].shot
    assert shot is not None
    assert [m.label for m in shot.marks] == ["red can MV-001"]
    collector = Collector()
    collector.noted(0.0, step("look", "started"))
    collector.noted(0.1, Note("seen", {"detections": [DETECTION]}, frame(0.1)))
    collector.framed(frame(0.2))
    assert collector.steps[0].shot is not None
    assert collector.steps[0].shot.t == 0.1


def test_the_plan_ahead_shrinks_with_the_steps() -> None:
    """A step that is in the plan leaves it when it begins; one that is not leaves the plan alone."""
    collector = Collector()
    steps = [{"skill": "pick", "args": [["item", "item-1"]]}, {"skill": "home", "args": []}]
    collector.noted(0.0, Note("plan", {"steps": steps}))
    collector.noted(0.1, Note("skill", {"skill": "look", "args": {"place": "parcel"}, "status": "started"}))
    assert len(collector.planned) == 2
    collector.noted(0.2, step("pick", "started"))
    assert collector.planned == [("home", {})]


@pytest.mark.parametrize("topic", ["skill", "plan", "seen", "inventory", "question", "surprise", "set_aside", "answer", "?"])
@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"args": None, "steps": None, "detections": None, "items": None},
        {"steps": ["x"], "detections": [{"box": [1]}], "items": [3]},
    ],
)
def test_a_poor_note_is_no_reason_to_fail(topic: str, payload: dict[str, object]) -> None:
    """Whatever a mind tells, the run goes on."""
    Collector().noted(0.0, Note(topic, payload))


def test_pictures_are_bounded() -> None:
    """A run of a thousand steps keeps no thousand pictures."""
    collector = Collector()
    for i in range(MAX_PICTURES + 20):
        collector.noted(float(i), step("look", "started"))
        collector.framed(frame(float(i)))
        collector.noted(float(i), step("look", "succeeded"))
    assert sum(s.shot is not None for s in collector.steps) == MAX_PICTURES


def test_downsampling_keeps_every_peak() -> None:
    """The largest value of a long signal is on the drawing."""
    values = np.zeros(10_000)
    values[4321] = 7.0
    points = peaks(np.arange(10_000) * 0.02, values)
    assert len(points) == COLUMNS
    assert max(v for _, v in points) == 7.0


@pytest.mark.parametrize("end", [0.0, 0.3, 7.0, 150.0, 4000.0])
def test_the_axis_has_a_few_round_ticks(end: float) -> None:
    """From none for an empty run to a dozen."""
    ticks = Axis(0.0, end).ticks()
    assert 1 <= len(ticks) <= 12
    assert all(0.0 <= t <= end + 1e-9 for t in ticks)
