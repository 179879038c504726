"""What was written is read, whole or cut off, by this project and by the mcap library."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from helpers_tape import META, STATE, frame, tick, write_ticks
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.stream_reader import StreamReader
from mcap.writer import Writer
from mcap_ros2.decoder import DecoderFactory
from test_tape_cdr import flat

from moravec.core.clock import ManualClock
from moravec.core.command import ActionChunk
from moravec.core.errors import ContractError, TapeError, TapeTampered
from moravec.core.observation import RobotState
from moravec.core.verdict import Verdict
from moravec.tape import layout
from moravec.tape.reader import chunk_of, mode_of, read, read_meta, reset_of, state_of, tightening_of
from moravec.tape.records import Entry, Joints, Picture, Tick
from moravec.tape.schemas import CHUNK, CONTROL, FORMS, GUARD, JOINTS, VALIDATION, form_of
from moravec.tape.verify import verify
from moravec.tape.writer import TapeWriter

Put = Callable[[bytes], Path]


def test_everything_comes_back_in_order(small_tape: Path) -> None:
    records = list(read(small_tape))
    assert [record.sequence for record in records] == list(range(len(records)))
    ticks = [record.value for record in records if isinstance(record.value, Tick)]
    assert [flat(one) for one in ticks] == [flat(tick(i)) for i in range(6)]
    joints = [record.value for record in records if isinstance(record.value, Joints)]
    assert [one.q.tolist() for one in joints] == [tick(i).state.q.tolist() for i in (0, 2, 4)]
    assert records[0].topic == "/meta"
    assert read_meta(small_tape) == META
    validation = next(record.value for record in records if record.topic == VALIDATION)
    assert isinstance(validation, Entry)
    assert state_of(validation) == STATE


def test_an_action_chunk_is_exact(tape_path: Path) -> None:
    rng = np.random.default_rng(1)
    q = rng.normal(size=(5, 6))
    q[2, 3], q[0, 0], q[4, 1], q[1, 1] = np.nan, -0.0, np.inf, 5e-324
    chunk = ActionChunk.of(np.cumsum([0.0, *rng.uniform(0.01, 1.0, 4)]), q, rng.normal(size=(5, 6)) * 1e300, "policy")
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        tape.write_chunk(1 / 3, chunk)
    entry = next(record.value for record in read(tape_path) if record.topic == CHUNK)
    assert isinstance(entry, Entry)
    assert entry.t == 1 / 3
    assert flat(chunk_of(entry)) == flat(chunk)


def test_pictures(small_tape: Path) -> None:
    by_topic = {record.topic: record.value for record in read(small_tape)}
    original = frame(1)
    color, depth = by_topic["/camera/overhead/color"], by_topic["/camera/overhead/depth"]
    calibration, transform = by_topic["/camera/overhead/calibration"], by_topic["/tf"]
    assert isinstance(color, Picture)
    assert isinstance(depth, Picture)
    assert np.abs(color.decode().astype(int) - original.rgb).max() <= 6
    assert np.array_equal(np.isnan(depth.decode()), np.isnan(original.depth))
    assert np.nanmax(np.abs(depth.decode() - original.depth)) <= 0.5e-4 + 1e-7
    assert isinstance(calibration, Entry)
    assert calibration.payload["T_world_camera"] == original.T_world_camera.ravel().tolist()
    assert calibration.payload["K"] == original.K.ravel().tolist()
    assert isinstance(transform, Entry)
    assert transform.payload["rotation"] == {"w": 1.0, "x": 0.0, "y": 0.0, "z": 0.0}


def test_the_mcap_library_reads_it(small_tape: Path) -> None:
    with small_tape.open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        header, summary = reader.get_header(), reader.get_summary()
        assert header.profile == "moravec"
        assert summary is not None
        assert summary.statistics is not None
        assert summary.statistics.message_count == len(list(read(small_tape)))
        assert summary.statistics.chunk_count == len(summary.chunk_indexes) == 5
        seen = [d for _, _, _, d in reader.iter_decoded_messages(topics=[CONTROL, JOINTS, "/camera/overhead/color"])]
        assert len(seen) == 6 + 3 + 1
        assert [metadata.name for metadata in reader.iter_metadata()] == ["moravec.seal"] * 6
        window = list(reader.iter_messages(topics=[CONTROL], starting_at=4_000_000, ending_before=9_000_000))
        assert [m.log_time for _, _, m in window] == [4_100_000, 6_100_000, 8_100_000]
    with small_tape.open("rb") as file:
        assert sum(1 for _ in StreamReader(file, validate_crcs=True).records) > 0


def test_the_summary_knows_when_it_began_and_ended(tape_path: Path) -> None:
    with TapeWriter(tape_path, ManualClock(), META, start=7.0) as tape:
        tape.write_log(9.0, "info", "x", "y")
        tape.write_log(8.0, "info", "x", "late")
    with tape_path.open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    found = (summary.statistics.message_start_time, summary.statistics.message_end_time)
    assert found == (7_000_000_000, 9_000_000_000)
    assert verify(tape_path).complete


def test_every_json_record_has_an_object_schema(small_tape: Path) -> None:
    with small_tape.open("rb") as file:
        for schema, channel, message in make_reader(file).iter_messages():
            assert schema is not None
            if channel.message_encoding == "json":
                shape = json.loads(schema.data)
                assert shape["type"] == "object"
                known = shape["properties"]
                for name, value in json.loads(message.data).items():
                    kind = known.get(name, {}).get("type")
                    allowed = {"number": (int, float), "string": str, "array": list, "object": dict, "integer": int}
                    assert kind is None or isinstance(value, allowed[kind]), (channel.topic, name)


def test_a_cut_tape_gives_every_complete_chunk(killed_tape: Path, changed: Put) -> None:
    whole = list(read(killed_tape))
    data = killed_tape.read_bytes()
    counts = []
    for size in range(len(data), len(layout.opening()), -17):
        got = list(read(changed(data[:size])))
        assert [flat(record) for record in got] == [flat(record) for record in whole[: len(got)]]
        counts.append(len(got))
    assert counts == sorted(counts, reverse=True)
    assert set(counts) == {0, 1, 4, 7, 10}  # whole chunks and nothing else


def test_a_broken_chunk_is_no_data(killed_tape: Path, changed: Put) -> None:
    data = bytearray(killed_tape.read_bytes())
    data[-300] ^= 1
    data[len(data) // 2] ^= 1
    with pytest.raises(TapeTampered):
        list(read(changed(bytes(data))))


def test_an_mcap_of_someone_else(tape_path: Path) -> None:
    with tape_path.open("wb") as file:
        writer = Writer(file)
        writer.start(profile="ros2")
        writer.finish()
    with pytest.raises(TapeError, match="an MCAP file, but not a tape of Moravec"):
        list(read(tape_path))


@pytest.mark.parametrize("number", [b"1", b"3", b"12"])
def test_a_tape_of_another_layout_is_refused(tiny_tape: Path, changed: Put, number: bytes) -> None:
    library = b"moravec-tape/" + number
    head = struct.pack("<I", 7) + b"moravec" + struct.pack("<I", len(library)) + library
    opening = layout.MAGIC + struct.pack("<BQ", 1, len(head)) + head
    data = opening + tiny_tape.read_bytes()[len(layout.opening()) :]
    with pytest.raises(
        TapeError, match=f"its layout is '{library.decode()}'; this version reads 'moravec-tape/2'"
    ) as e:
        list(read(changed(data)))
    assert "\n" not in str(e.value)
    assert not verify(changed(data)).complete


def test_the_layout_of_the_records_is_the_one_that_its_number_means() -> None:
    """Whoever changes a record that is read by its layout has to give the layout another number."""
    named = hashlib.sha256(FORMS[CONTROL].schema + FORMS[JOINTS].schema).hexdigest()[:16]
    assert (layout.LIBRARY, named) == ("moravec-tape/2", "008d1e3ece77be56")


nans = st.sampled_from([0x7FF8000000000000, 0xFFF8000000000000, 0x7FF8DEADBEEF0001, 0xFFFFFFFFFFFFFFFF])
odd = st.floats() | nans.map(lambda n: struct.unpack("<d", n.to_bytes(8, "little"))[0])


@settings(max_examples=60, deadline=None)
@given(odd, st.lists(odd, min_size=6, max_size=6), st.lists(st.tuples(odd, odd), max_size=9))
def test_a_reset_comes_back_bit_for_bit(x: float, six: list[float], rows: list[tuple[float, float]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tape.mcap"
        people = np.array(rows, dtype=np.float64).reshape(-1, 2)
        state = RobotState(3, x, np.array(six), np.array(six[::-1]), np.zeros(0), x, x, np.array(six), True, x, people)
        with TapeWriter(path, ManualClock(), META) as tape:
            tape.write_reset(x, state, Verdict("stop", "reset", -1, x, 0.0, 0.0, "refused", 2))
        entry = list(read(path))[-1].value
        assert isinstance(entry, Entry)
        now, again, verdict = reset_of(entry)
    assert flat(again) == flat(state)
    assert flat(now) == flat(x)
    assert verdict["category"] == 2


@pytest.mark.parametrize("value", [None, np.zeros(3), np.zeros((2, 2), dtype=np.float32), [[0.0, 1.0]]])
def test_a_reset_with_people_that_are_none(tape_path: Path, value: Any) -> None:
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        tape.write_reset(1.0, replace(tick(2).state, people=value), Verdict("pass", "reset", -1, 0.0, 0.0, 0.0, "x"))
    entry = list(read(tape_path))[-1].value
    assert isinstance(entry, Entry)
    assert reset_of(entry)[1].people == repr(value)


def test_what_changes_the_guard_comes_back(small_tape: Path) -> None:
    entries = [record.value for record in read(small_tape) if record.topic == GUARD]
    assert [entry.payload["event"] for entry in entries if isinstance(entry, Entry)] == [
        "reset",
        "tighten",
        "tighten",
        "mode",
    ]
    _, first, second, mode = entries
    assert isinstance(first, Entry) and isinstance(second, Entry) and isinstance(mode, Entry)
    assert tightening_of(first) == ("pick", {"reach": 1.25})
    assert tightening_of(second) == ("pick", None)
    assert mode_of(mode) == ("reduced", "the camera is blind")


@pytest.mark.parametrize("payload", [{}, {"who": "a"}, {"who": 1, "limits": {}}, {"who": "a", "limits": [1]}])
def test_a_tightening_that_is_none(payload: dict[str, Any]) -> None:
    with pytest.raises(TapeError, match="a tightening on the tape cannot be read"):
        tightening_of(Entry(0.0, payload))


@pytest.mark.parametrize("payload", [{}, {"mode": "full"}, {"mode": 1, "why": "x"}])
def test_a_mode_that_is_none(payload: dict[str, Any]) -> None:
    with pytest.raises(TapeError, match="a change of mode on the tape cannot be read"):
        mode_of(Entry(0.0, payload))


@pytest.mark.parametrize("size", [8, 12, 30])
def test_a_tape_without_a_word(killed_tape: Path, changed: Put, size: int) -> None:
    with pytest.raises(TapeError, match="it holds nothing"):
        read_meta(changed(killed_tape.read_bytes()[:size]))


@pytest.mark.parametrize(
    "topic", ["", "plan", "/Plan", "/camera/color", "/camera//color", "/camera/a b/color", "/camera/a/pose", "/chain"]
)
def test_an_unknown_topic(topic: str) -> None:
    with pytest.raises(ContractError, match="is not one of the tape's"):
        form_of(topic)


def test_standard_schemas_have_their_names() -> None:
    names = {form.schema_name for form in FORMS.values()} | {form_of("/camera/x/color").schema_name}
    assert {
        "sensor_msgs/msg/JointState",
        "sensor_msgs/msg/CompressedImage",
        "foxglove.Log",
        "foxglove.FrameTransform",
    } <= names
    assert form_of("/camera/x/calibration").schema_name == "foxglove.CameraCalibration"


def test_reading_while_it_is_written(tape_path: Path) -> None:
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        write_ticks(tape, 0, 4)
        assert len(list(read(tape_path))) == 1
        tape.flush()
        assert len(list(read(tape_path))) == 5
