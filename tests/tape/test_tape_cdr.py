"""The fast records: bit for bit, and readable by any ROS 2 decoder."""

from __future__ import annotations

import struct
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from helpers_tape import tick
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap_ros2._dynamic import generate_dynamic, serialize_dynamic

from moravec.core.command import Command
from moravec.core.errors import TapeError
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.tape.cdr import pack_joints, pack_picture, pack_tick, unpack_joints, unpack_picture, unpack_tick
from moravec.tape.records import Joints, Picture, Tick
from moravec.tape.schemas import CONTROL, FORMS, JOINTS, form_of

bits = st.integers(0, 2**64 - 1).map(lambda n: struct.unpack("<d", n.to_bytes(8, "little"))[0])
NANS = [0x7FF8000000000000, 0xFFF8000000000000, 0x7FF8DEADBEEF0001, 0x7FF0000000000001, 0xFFFFFFFFFFFFFFFF]
bits = bits | st.sampled_from(NANS).map(lambda n: struct.unpack("<d", n.to_bytes(8, "little"))[0])
arrays = st.lists(bits, max_size=8).map(lambda values: np.array(values, dtype=np.float64))
whole = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
people = st.lists(st.tuples(bits, bits), max_size=12).map(lambda rows: np.array(rows, dtype=np.float64).reshape(-1, 2))
commands = st.builds(Command, whole, bits, arrays, arrays, bits, bits, texts, bits, bits, bits, bits)
states = st.builds(
    RobotState, whole, bits, arrays, arrays, arrays, bits, bits, arrays, st.booleans(), bits, people
)  # fmt: skip
verdicts = st.builds(
    Verdict,
    st.sampled_from(["pass", "limit", "stop"]),
    texts,
    st.integers(-1, 9),
    bits,
    bits,
    bits,
    texts,
    st.integers(-(2**31), 2**31 - 1),
)
ticks = st.builds(Tick, bits, states, commands, st.builds(Approved, commands, verdicts, st.booleans()))


def flat(value: Any) -> list[Any]:
    """Every number of `value` as its bits, every string as it is."""
    if isinstance(value, float):
        return [struct.pack("<d", value)]
    if isinstance(value, np.ndarray):
        return [value.shape, value.tobytes()]
    if hasattr(value, "__dataclass_fields__"):
        return [item for field in fields(value) for item in flat(getattr(value, field.name))]
    return [value]


@settings(max_examples=150, deadline=None)
@given(ticks)
def test_a_tick_comes_back_bit_for_bit(one: Tick) -> None:
    assert flat(unpack_tick(pack_tick(one))) == flat(one)


@settings(max_examples=60, deadline=None)
@given(ticks)
def test_the_ros2_library_reads_and_writes_the_same_tick(one: Tick) -> None:
    form = FORMS[CONTROL]
    data = pack_tick(one)
    seen = generate_dynamic(form.schema_name, form.schema.decode())[form.schema_name](data)
    assert flat(seen.now) == flat(one.now)
    for name in ("seq", "t", "grip_width", "grip_force", "estop", "people_t"):
        assert flat(getattr(seen.state, name)) == flat(getattr(one.state, name))
    for name in ("q", "dq", "tau", "wrench"):
        assert flat(np.array(getattr(seen.state, name), dtype=np.float64)) == flat(getattr(one.state, name))
    for command, original in ((seen.asked, one.asked), (seen.approved, one.approved.command)):
        assert (command.seq, command.source) == (original.seq, original.source)
        assert flat(np.array(command.q, dtype=np.float64)) == flat(original.q)
        for name in ("t", "grip_width", "grip_force", "made", "expires", "seen", "novelty"):
            assert flat(getattr(command, name)) == flat(getattr(original, name))
    assert np.array(seen.state.people, dtype=np.float64).tobytes() == one.state.people.tobytes()
    assert seen.power is one.approved.power
    for name in ("value", "limit", "margin", "joint", "category", "decision", "check", "reason"):
        assert flat(getattr(seen.verdict, name)) == flat(getattr(one.approved.verdict, name))
    again = serialize_dynamic(form.schema_name, form.schema.decode())[form.schema_name](seen)
    assert again == data


@pytest.mark.parametrize("names", [(), ("a",), ("ab", "c"), ("shoulder", "elbow", "wrist_1")])
def test_joints(names: tuple[str, ...]) -> None:
    n = len(names)
    joints = Joints(12.5, names, np.arange(n) / 3, np.arange(n) / 7, np.arange(n) / 9)
    data = pack_joints(joints)
    assert flat(unpack_joints(data)) == flat(joints)
    form = FORMS[JOINTS]
    seen = generate_dynamic(form.schema_name, form.schema.decode())[form.schema_name](data)
    assert (seen.header.stamp.sec, seen.header.stamp.nanosec) == (12, 500_000_000)
    assert tuple(seen.name) == names
    assert seen.position == joints.q.tolist()
    assert seen.effort == joints.tau.tolist()
    assert serialize_dynamic(form.schema_name, form.schema.decode())[form.schema_name](seen) == data


@pytest.mark.parametrize("camera", ["a", "overhead", "wrist-2"])
def test_picture(camera: str) -> None:
    picture = Picture(camera, "color", 0.25, "jpeg", b"\xff\xd8123")
    data = pack_picture(picture)
    assert unpack_picture(data, "color") == picture
    form = form_of(f"/camera/{camera}/color")
    seen = generate_dynamic(form.schema_name, form.schema.decode())[form.schema_name](data)
    assert (seen.header.frame_id, seen.format, seen.data) == (camera, "jpeg", b"\xff\xd8123")


MISFITS = [
    ("asked", "q", np.zeros((1, 6))),
    ("asked", "q", None),
    ("asked", "q", [0.0] * 6),
    ("asked", "dq", np.zeros(6, dtype=np.float32)),
    ("asked", "t", "soon"),
    ("asked", "t", True),
    ("asked", "t", np.float32(1.0)),
    ("asked", "grip_force", 10**400),
    ("asked", "seq", 1.5),
    ("asked", "seq", True),
    ("asked", "seq", 2**70),
    ("asked", "source", 3),
    ("state", "estop", "0x10"),
    ("state", "wrench", {}),
    ("state", "grip_width", None),
    ("asked", "made", None),
    ("asked", "expires", "0x10"),
    ("asked", "seen", True),
    ("asked", "novelty", np.float32(0.5)),
    ("asked", "novelty", 10**400),
    ("state", "people_t", "never"),
    ("state", "people_t", 2**60),
    ("state", "people", None),
    ("state", "people", [[0.0, 1.0]]),
    ("state", "people", np.zeros(3)),
    ("state", "people", np.zeros(4)),
    ("state", "people", np.zeros((2, 3))),
    ("state", "people", np.zeros((2, 0))),
    ("state", "people", np.zeros((1, 2, 2))),
    ("state", "people", np.zeros((2, 2), dtype=np.float32)),
    ("state", "people", np.zeros((2, 2), dtype=">f8")),
    ("state", "people", np.array(1.0)),
]


@pytest.mark.parametrize(("part", "name", "value"), MISFITS)
def test_a_misfit_is_recorded_and_stays_a_misfit(part: str, name: str, value: Any) -> None:
    one = tick(3)
    bad = replace(one, **{part: replace(getattr(one, part), **{name: value})})
    again = unpack_tick(pack_tick(bad))
    found = getattr(getattr(again, part), name)
    if type(value) is int:
        assert found == value
    else:
        assert isinstance(found, str)
        assert found == (value if isinstance(value, str) else repr(value))
    for field in fields(getattr(one, part)):
        if field.name != name:
            assert flat(getattr(getattr(again, part), field.name)) == flat(getattr(getattr(one, part), field.name))


@pytest.mark.parametrize("part", ["asked", "state", "now"])
def test_a_missing_part_is_recorded(part: str) -> None:
    again = unpack_tick(pack_tick(replace(tick(3), **{part: None})))
    assert getattr(again, part) == "None"


@pytest.mark.parametrize(
    ("name", "value"),
    [("seq", np.int64(5)), ("t", np.float64(0.25)), ("t", 4), ("made", 4), ("novelty", np.float64(0.1))],
)
def test_numpy_and_whole_numbers_fit(name: str, value: Any) -> None:
    one = tick(3)
    again = unpack_tick(pack_tick(replace(one, asked=replace(one.asked, **{name: value}))))
    assert getattr(again.asked, name) == value


@pytest.mark.parametrize("cut", [0, 3, 4, 20, 100, 300])
def test_a_cut_record_is_one_clear_error(cut: int) -> None:
    with pytest.raises(TapeError, match="on the tape"):
        unpack_tick(pack_tick(tick(1))[:cut])


@pytest.mark.parametrize("shape", [(0, 2), (1, 2), (8, 2), (40, 2)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_people_keep_their_places(shape: tuple[int, int], order: Any) -> None:
    found = np.random.default_rng(1).normal(size=shape)
    one = tick(3)
    again = unpack_tick(pack_tick(replace(one, state=replace(one.state, people=np.asarray(found, order=order)))))
    assert again.state.people.shape == shape
    assert np.array_equal(again.state.people, found)


def test_half_a_person_is_refused() -> None:
    one = tick(0)
    data = pack_tick(replace(one, state=replace(one.state, people=np.full((1, 2), 0.7))))
    place = data.index(struct.pack("<dd", 0.7, 0.7)) - 4
    count = data.rindex(struct.pack("<I", 2), 0, place + 4)
    with pytest.raises(TapeError, match="on the tape"):
        unpack_tick(data[:count] + struct.pack("<I", 1) + data[count + 4 :])


@pytest.mark.parametrize("power", [None, 1, 0, "yes", np.True_])
def test_an_answer_about_power_is_yes_or_no(power: Any) -> None:
    one = tick(1)
    with pytest.raises(TapeError, match="cannot be recorded: found power"):
        pack_tick(replace(one, approved=replace(one.approved, power=power)))


@pytest.mark.parametrize("category", [None, 1.5, 2**31, "2"])
def test_a_category_is_a_whole_number(category: Any) -> None:
    one = tick(1)
    verdict = replace(one.approved.verdict, category=category)
    with pytest.raises(TapeError, match="cannot be recorded"):
        pack_tick(replace(one, approved=replace(one.approved, verdict=verdict)))


def test_an_unknown_decision_is_refused() -> None:
    one = tick(1)
    odd = replace(one, approved=replace(one.approved, verdict=replace(one.approved.verdict, decision="maybe")))
    with pytest.raises(TapeError, match="'maybe'; allowed: one of pass, limit, stop"):
        unpack_tick(pack_tick(odd))
