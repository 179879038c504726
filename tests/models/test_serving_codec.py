"""The bytes of the openpi protocol: exactly its own, and nothing dangerous is read."""

from __future__ import annotations

import math
import time
from typing import Any

import msgpack
import numpy as np
import pytest
from helpers_serving import known, plain
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from moravec.core.errors import BadInput
from moravec.models.serving.codec import MIB, Limits, pack, unpack

# openpi_client.msgpack_numpy.packb of {"state": float32 [0, 1], "prompt": "go", "n": np.int8(-3), "x": np.float64(0.5)}
GOLDEN = bytes.fromhex(
    "84" "a5" + b"state".hex() + "84"
    "c40b" + b"__ndarray__".hex() + "c3" "c404" + b"data".hex() + "c408" "00000000" "0000803f"
    "c405" + b"dtype".hex() + "a3" + b"<f4".hex() + "c405" + b"shape".hex() + "9102"
    "a6" + b"prompt".hex() + "a2" + b"go".hex()
    + "a1" + b"n".hex() + "83" "c40d" + b"__npgeneric__".hex() + "c3" "c404" + b"data".hex() + "fd"
    "c405" + b"dtype".hex() + "a3" + b"|i1".hex()
    + "a1" + b"x".hex() + "cb3fe0000000000000"
)  # fmt: skip
GOLDEN_VALUE = {"state": np.array([0, 1], np.float32), "prompt": "go", "n": np.int8(-3), "x": np.float64(0.5)}

NUMBERS = st.sampled_from(["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", ">f4", ">i2", "S3", "U4"])
ARRAYS = NUMBERS.flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, min_side=0, max_side=4)))


def test_the_bytes_are_those_of_openpi() -> None:
    assert pack(GOLDEN_VALUE) == GOLDEN


def test_the_bytes_of_openpi_are_read() -> None:
    found = unpack(GOLDEN)
    assert found["state"].tolist() == [0.0, 1.0] and found["state"].dtype == np.float32
    assert (found["prompt"], found["n"], type(found["n"]), found["x"]) == ("go", -3, np.int8, 0.5)


@given(ARRAYS)
def test_an_array_comes_back_as_it_was(array: np.ndarray[Any, Any]) -> None:
    data = pack({"a": array})
    found = unpack(data)["a"]
    assert data == msgpack.packb({"a": array}, default=plain)
    assert found.dtype == array.dtype and found.shape == array.shape and found.tobytes() == array.tobytes()
    assert found.tobytes() == msgpack.unpackb(data, object_hook=known)["a"].tobytes()
    assert not found.flags.writeable


def test_an_array_that_lies_otherwise_in_memory_travels_in_rows() -> None:
    picture = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)[:, ::-1].transpose(2, 0, 1)
    assert np.array_equal(unpack(pack(picture)), picture)


def test_keys_that_are_text_are_read_as_well() -> None:
    data = msgpack.packb({"__ndarray__": True, "data": b"\x01\x02", "dtype": "<u1", "shape": [2, 1]})
    assert unpack(data).tolist() == [[1], [2]]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_values_come_back(value: object) -> None:
    assert unpack(pack(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(2, "c8"),
        np.array([object()]),
        np.zeros(2, [("a", "i4")]),
        np.zeros(2, np.longdouble),
        np.zeros(2, "M8[s]"),
        np.complex64(1),
        {1, 2},
        object(),
        2**64,
        "half a letter: \ud800",
    ],
)
def test_what_has_no_form_is_not_sent(value: object) -> None:
    with pytest.raises(BadInput):
        pack({"a": value})


def array(data: object = b"\0\0\0\0", dtype: object = "<f4", shape: object = (1,)) -> bytes:
    found: bytes = msgpack.packb({b"__ndarray__": True, b"data": data, b"dtype": dtype, b"shape": shape})
    return found


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (array(dtype="|O"), "type"),
        (array(dtype="|V4"), "type"),
        (array(dtype="<c8", data=bytes(8)), "type"),
        (array(dtype="i4,f4"), "type"),
        (array(dtype="(2,)i2"), "type"),
        (array(dtype="<f3"), "type"),
        (array(dtype="<f16", data=bytes(16)), "type"),
        (array(dtype="|S0", shape=[2**25], data=b""), "type"),
        (array(dtype=7), "type"),
        (array(dtype=None), "type"),
        (array(data=b"\0\0\0"), "data"),
        (array(data=bytes(8)), "data"),
        (array(data="text"), "data"),
        (array(data=[0, 0, 0, 0], dtype="|u1", shape=[4]), "data"),
        (array(shape=[-1]), "shape"),
        (array(shape=[-1, -1]), "shape"),
        (array(shape=[1.0]), "shape"),
        (array(shape=[True]), "shape"),
        (array(shape=4), "shape"),
        (array(shape=None), "shape"),
        (array(shape=[2**62, 4], data=b""), "shape"),
        (array(shape=[0, 2**62], data=b""), "shape"),
        (array(shape=[1] * 9), "shape"),
        (array(dtype="<U1", data=b"\xff\xff\xff\xff"), "text"),
        (msgpack.packb({b"__ndarray__": True}), "type"),
        (msgpack.packb({b"__npgeneric__": True, b"dtype": "<i4", b"data": [1]}), "number"),
        (msgpack.packb({b"__npgeneric__": True, b"dtype": "<i4", b"data": "1"}), "number"),
        (msgpack.packb({b"__npgeneric__": True, b"dtype": "|i1", b"data": 1000}), "number"),
        (msgpack.packb({b"__npgeneric__": True, b"dtype": "<f4", b"data": 1e300}), "number"),
        (msgpack.packb({b"__npgeneric__": True, b"dtype": "|O", b"data": 1}), "type"),
    ],
)
def test_an_array_that_lies_is_refused(data: bytes, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        unpack(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        GOLDEN[:-1],
        GOLDEN + b"\0",
        b"\xdd\xff\xff\xff\xff",  # a list of four thousand million items
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xc7\x01\x01\x00",  # an extension type
        b"\xd6\xff\0\0\0\0",  # a date
        b"\xa2\xff\xff",  # no text
        b"\x81\x01\x02",  # a key that is a number
        b"\x81\x90\x02",  # a key that is a list
        b"\x81\x80\x02",  # a key that is a map
        b"\x91" * 16 + b"\x90",
        b"\x91" * 100_000,
        b"\xdc\x27\x10" + b"\xc0" * 10_000,
    ],
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        unpack(data)


def test_the_limits_are_where_they_are_said_to_be() -> None:
    assert unpack(b"\xdc\x27\x0f" + b"\xc0" * 9_999) == [None] * 9_999
    nested: Any = unpack(b"\x91" * 14 + b"\x90")
    for _ in range(14):
        (nested,) = nested
    assert nested == []
    limits = Limits(message_bytes=10)
    assert unpack(pack(b"12345678"), limits) == b"12345678"
    with pytest.raises(BadInput, match="11 bytes"):
        unpack(pack(b"123456789"), limits)


def test_a_small_message_cannot_cost_much_time() -> None:
    bomb = b"\xdd\x00\x0f\xff\xff" + b"\x90" * (MIB - 1)
    began = time.perf_counter()
    with pytest.raises(BadInput, match="items"):
        unpack(bomb)
    assert time.perf_counter() - began < 0.5


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    said = ""
    try:
        unpack(data)
    except BadInput as error:
        said = str(error)
    assert "\n" not in said


@given(st.integers(0, len(GOLDEN) - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(place: int, byte: int) -> None:
    data = bytearray(GOLDEN)
    data[place] = byte
    try:
        found = unpack(bytes(data))
    except BadInput:
        return
    assert isinstance(found, dict | int | list | str | bytes | float | type(None))


def test_infinity_and_nan_travel() -> None:
    found = unpack(pack({"low": -math.inf, "nan": math.nan, "a": np.array([np.nan, np.inf], np.float32)}))
    assert found["low"] == -math.inf and math.isnan(found["nan"]) and np.isinf(found["a"][1])
