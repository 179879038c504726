"""The black box: 30 s before and 10 s after a stop, and no change to it that is not found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers_edge import BRAKING, HOLD, N, Sim

from moravec.core.errors import TapeError, TapeTampered
from moravec.edge.blackbox import HASH, NOTHING_BEFORE, RECORD, BoxWriter, header_of, read_box
from moravec.edge.form import STOP_BEGAN
from moravec.edge.layout import AFTER, BEFORE
from moravec.edge.recorder import Recorder
from moravec.guard.reload import limits_from_json


@pytest.fixture
def sim(tmp_path: Path) -> Sim:
    """With a ring of full length."""
    return Sim(tmp_path / "shared", ring=None)


def recorded(sim: Sim, out: Path, told: list[str]) -> Recorder:
    return Recorder(sim.memory, sim.limits, out, told.append)


def idle(sim: Sim, recorder: Recorder, seconds: float) -> None:
    for k in range(round(seconds / 0.002)):
        sim.tick()
        if k % 100 == 0:
            recorder.poll()
    recorder.poll()


@pytest.fixture
def small(sim: Sim, tmp_path: Path) -> Path:
    """A short box: a stop soon after the start."""
    recorder = recorded(sim, tmp_path, [])
    sim.go()
    idle(sim, recorder, 0.2)
    recorder.finish()
    return tmp_path / "blackbox-1.bin"


def test_it_holds_what_lies_around_a_stop(sim: Sim, tmp_path: Path) -> None:
    told: list[str] = []
    recorder = recorded(sim, tmp_path, told)
    idle(sim, recorder, BEFORE + 2.0)
    sim.go()
    first = int(sim.r.k["tick"]) + 8  # seven ticks of silence are borne
    idle(sim, recorder, AFTER + 1.0)
    assert [p.name for p in recorder.boxes] == ["blackbox-1.bin"] and recorder.failed == recorder.lost == 0
    box = read_box(recorder.boxes[0])
    assert box.ticks["tick"][0] == first - BEFORE / 0.002 and box.ticks["tick"][-1] == first + AFTER / 0.002
    (stops,) = np.nonzero(box.ticks["began"] == STOP_BEGAN)
    assert box.ticks["tick"][stops].tolist() == [first] and box.ticks["state"][stops].tolist() == [BRAKING]
    assert box.ticks["state"][-1] == HOLD and box.ticks["answer"]["limit"][stops] == pytest.approx(0.016, rel=1e-3)
    assert np.ptp(box.ticks["answer"]["q"][:, :N], axis=0)[0] > 0.0
    assert limits_from_json(json.dumps(box.header["limits"])).sha256() == box.header["limits_sha256"]
    assert told and box.last.startswith(told[0][-16:])


def test_stops_close_together_share_a_box_and_others_follow_on(sim: Sim, tmp_path: Path) -> None:
    recorder = recorded(sim, tmp_path, [])
    for _ in range(2):
        sim.go()
        idle(sim, recorder, 2.0)
    idle(sim, recorder, AFTER)
    sim.go()
    idle(sim, recorder, 1.0)
    recorder.finish()
    boxes = [read_box(path) for path in recorder.boxes]
    assert [int((box.ticks["began"] == STOP_BEGAN).sum()) for box in boxes] == [2, 1]
    assert boxes[1].ticks["tick"][0] == boxes[0].ticks["tick"][-1] + 1
    assert boxes[1].header["chain_before"] == boxes[0].last == boxes[1].header["previous_box"]


def changed(data: bytes, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """The file with something done to it."""
    start = 16 + int.from_bytes(data[8:16], "little")
    row, rows = RECORD + HASH, (len(data) - start - 16 - HASH) // (RECORD + HASH)
    for _ in range(300):
        bit = int(rng.integers(0, 8 * len(data)))
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << (bit % 8)
        yield f"bit {bit}", bytes(flipped)
    cut = [data[start + i * row : start + (i + 1) * row] for i in range(rows)]
    for i in (0, 1, rows // 2, rows - 1):
        yield f"without {i}", data[:start] + b"".join(cut[:i] + cut[i + 1 :]) + data[start + rows * row :]
        yield f"{i} twice", data[:start] + b"".join(cut[: i + 1] + cut[i:]) + data[start + rows * row :]
    for i in (0, rows // 2, rows - 2):
        swapped = [*cut[:i], cut[i + 1], cut[i], *cut[i + 2 :]]
        yield f"{i} and {i + 1} swapped", data[:start] + b"".join(swapped) + data[start + rows * row :]
    for length in (0, 1, 7, 15, start - 1, start, start + row, len(data) - row, len(data) - 1):
        yield f"cut to {length}", data[:length]
    yield "longer", data + b"\0"


def test_every_change_is_found(small: Path, tmp_path: Path) -> None:
    data, copy = small.read_bytes(), tmp_path / "copy.bin"
    copy.write_bytes(data)
    assert len(read_box(copy).ticks) > 50
    for what, other in changed(data, np.random.default_rng(1)):
        copy.write_bytes(other)
        with pytest.raises(TapeTampered):
            pytest.fail(f"{what}: {len(read_box(copy).ticks)} records read")


def test_a_box_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="nothing that can be read"):
        read_box(tmp_path / "no.bin")


def test_a_disk_that_refuses_is_told_and_nothing_stops(sim: Sim, tmp_path: Path) -> None:
    told: list[str] = []
    recorder = recorded(sim, tmp_path / "gone", told)
    sim.go()
    idle(sim, recorder, 0.5)
    assert recorder.failed == 1 and "not written" in told[0] and recorder.boxes == []
    (tmp_path / "gone").mkdir()
    sim.go()
    idle(sim, recorder, 0.5)
    recorder.finish()
    assert len(recorder.boxes) == 1 and len(read_box(recorder.boxes[0]).ticks) > 250


def test_a_box_that_has_grown_too_long_is_followed_by_another_without_a_gap(
    sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every stop has its ten seconds after it, in this box or the next."""
    monkeypatch.setattr("moravec.edge.recorder.LONGEST", 14.0)
    recorder = recorded(sim, tmp_path, [])
    for _ in range(4):
        sim.go()
        idle(sim, recorder, 3.0)
    idle(sim, recorder, AFTER + 1.0)
    boxes = [read_box(path) for path in recorder.boxes]
    assert len(boxes) == 2 and boxes[1].ticks["tick"][0] == boxes[0].ticks["tick"][-1] + 1
    ticks = np.concatenate([box.ticks for box in boxes])
    (stops,) = np.nonzero(ticks["began"] == STOP_BEGAN)
    assert len(stops) == 4 and ticks["tick"][-1] >= ticks["tick"][stops[-1]] + AFTER / 0.002
    assert boxes[1].header["chain_before"] == boxes[0].last and boxes[1].header["previous_box"] == boxes[0].last


def test_ticks_that_were_overwritten_before_they_were_written_are_no_box(sim: Sim, tmp_path: Path) -> None:
    told: list[str] = []
    recorder = recorded(sim, tmp_path, told)
    idle(sim, recorder, BEFORE)
    sim.go()
    for _ in range(sim.memory.capacity // 2 - 100):  # the stop is seen, but what lies thirty seconds before it is gone
        sim.tick()
    recorder.poll()
    assert recorder.failed == 1 and recorder.lost == 0 and recorder.boxes == [] and "not read in time" in told[-1]


def test_every_late_tick_is_noted(sim: Sim) -> None:
    recorder = recorded(sim, Path("/nowhere"), [])
    for k in range(30):
        sim.r.k["lateness"] = 2_000_000 + k if k % 10 == 9 else 1_999_999
        sim.tick()
    recorder.poll()
    assert [(miss["tick"], miss["late_ms"]) for miss in recorder.misses] == [(10, 2.000009), (20, 2.000019), (30, 2.000029)]
    assert recorder.misses[0]["monotonic_s"] == pytest.approx(1000.0 + 10 * 0.002)


@pytest.mark.parametrize("change", ["rate", "limits", "first_tick", "chain_before", "previous_box", "layout", "more"])
def test_a_header_that_lacks_something_is_no_header(tmp_path: Path, sim: Sim, change: str) -> None:
    told = header_of(sim.limits.to_json(), sim.limits.sha256(), 500.0, 1, NOTHING_BEFORE, "")
    writer = BoxWriter(tmp_path / "good.bin", told)
    writer.close()
    assert len(read_box(tmp_path / "good.bin").ticks) == 0
    spoilt = {"rate": -1.0, "chain_before": "ab"}.get(change)
    writer = BoxWriter(tmp_path / "bad.bin", told | {change: spoilt})
    writer.close()
    with pytest.raises(TapeTampered):
        read_box(tmp_path / "bad.bin")


def test_who_looks_too_late_says_so(sim: Sim, tmp_path: Path) -> None:
    told: list[str] = []
    recorder = recorded(sim, tmp_path, told)
    sim.go()
    idle(sim, recorder, 0.1)
    for _ in range(sim.memory.capacity // 2 + 100):
        sim.tick()
    recorder.poll()
    assert recorder.lost > 0 and recorder.failed == 1 and "not read in time" in told[-1]
    sim.go()
    idle(sim, recorder, 0.1)
    recorder.finish()
    assert len(read_box(recorder.boxes[-1]).ticks) > 20
