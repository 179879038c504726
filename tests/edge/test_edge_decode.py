"""The decoders take any bytes of any length: no crash, no change on refusal, and nothing used that was not sealed."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest
from helpers_edge import ME, OTHER, N
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from moravec.edge.compiled import INTERPRETED, Loop, compiled_loop
from moravec.edge.decode import COMMAND_WORDS, ORDER_WORDS, STATE_WORDS
from moravec.edge.form import (
    AHEAD,
    CHECKSUM,
    CRC,
    FOREIGN,
    HEAD,
    LENGTH,
    LOCK,
    MISFIT,
    NUMBER,
    OK,
    REPEATED,
    STALE,
    STAMP,
    TORN,
    WRITER,
    WRONG_LENGTH,
    CommandBox,
    Link,
    OrderBox,
    StateBox,
    at,
)  # fmt: skip
from moravec.guard.counted import as_record
from moravec.guard.kernel.form import Asked, dtype_of

NOW = 5_000_000_000
KINDS = {"command": (CommandBox, COMMAND_WORDS), "state": (StateBox, STATE_WORDS), "order": (OrderBox, ORDER_WORDS)}
FIELDS: dict[str, dict[str, Any]] = {
    "command": {"n": N, "t": 4.9, "moves": 1, "seq": 9}, "state": {"n": N, "t": 4.9}, "order": {"reset": 1},
}  # fmt: skip


def sealed(kind: str, number: int = 4, writer: int = ME, stamp: int = NOW - 1000, **changes: Any) -> NDArray[np.uint8]:
    """A record whose checksum is right."""
    form, words = KINDS[kind]
    payload = np.zeros(1, dtype_of(form))
    for name, value in (FIELDS[kind] | changes).items():
        payload[0][name] = value
    whole = np.zeros(HEAD + words, dtype=np.int64)
    whole[HEAD:] = payload.view(np.int64)
    whole[LOCK], whole[NUMBER], whole[WRITER], whole[STAMP], whole[LENGTH] = 8, number, writer, stamp, words
    return seal(whole.view(np.uint8))


def seal(raw: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The checksum of a record set right."""
    whole = raw.view(np.int64)
    whole[CRC] = zlib.crc32(raw[8 * HEAD :].tobytes(), zlib.crc32(raw[8 * NUMBER : 8 * CRC].tobytes()))
    return raw


def link_of(kind: str) -> NDArray[Any]:
    """The loop's memory; the operator is not the client."""
    return as_record(Link(n=N, oldest=16_000_000, tick=100, lease=OTHER if kind == "order" else ME, driver=ME, operator=ME))


def decoded(loop: Loop, kind: str, raw: NDArray[np.uint8], a: Any, k: Any) -> int:
    """The code of one decoder."""
    return int(loop.decode_order(raw, k, NOW) if kind == "order" else getattr(loop, f"decode_{kind}")(raw, a, k, NOW))


def both(kind: str, raw: NDArray[np.uint8]) -> int:
    """What both forms of the decoder say; they must agree, also on what they left behind."""
    left, codes = [], []
    for loop in (compiled_loop(), INTERPRETED):
        asked, link = as_record(Asked()), link_of(kind)
        link["number"] = link["state_number"] = link["order_number"] = 3
        before = asked.tobytes() + link.tobytes()
        a, k = (x.view(np.recarray)[0] if loop is INTERPRETED else x[0] for x in (asked, link))
        code = decoded(loop, kind, raw, a, k)
        if code != OK:
            assert asked.tobytes() + link.tobytes() == before
        left.append(asked.tobytes() + link.tobytes())
        codes.append(code)
    assert codes[0] == codes[1] and left[0] == left[1]
    return codes[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_record_is_taken(kind: str) -> None:
    assert both(kind, sealed(kind)) == OK


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("changes", "code"),
    [({"writer": OTHER}, FOREIGN), ({"writer": 0}, FOREIGN), ({"number": 3}, REPEATED), ({"number": -1}, REPEATED),
     ({"stamp": NOW - 16_000_000}, OK), ({"stamp": NOW - 16_000_001}, STALE), ({"stamp": 0}, STALE),
     ({"stamp": NOW + 1000}, OK), ({"stamp": NOW + 1001}, AHEAD), ({"stamp": 1 << 62}, AHEAD), ({"stamp": -(1 << 63)}, STALE)],
)  # fmt: skip
def test_every_refusal_has_its_boundary(kind: str, changes: dict[str, int], code: int) -> None:
    assert both(kind, sealed(kind, **changes)) == code


@pytest.mark.parametrize("kind", ["command", "state"])
@pytest.mark.parametrize("n", [N - 1, 1 << 60])
def test_another_number_of_joints_is_refused(kind: str, n: int) -> None:
    assert both(kind, sealed(kind, n=n)) == MISFIT


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"sets": 1, "mode": 2}, OK), ({"sets": 2}, MISFIT), ({"sets": -1}, MISFIT), ({"mode": 3}, MISFIT), ({"mode": -1}, MISFIT),
     ({"reset": (1 << 31) - 1}, OK), ({"reset": 1 << 31}, MISFIT), ({"reset": -1}, MISFIT)],
)  # fmt: skip
def test_an_orders_fields_have_their_boundaries(changes: dict[str, int], code: int) -> None:
    assert both("order", sealed("order", **changes)) == code


def test_whoever_holds_the_clients_lease_is_no_operator() -> None:
    for loop in (compiled_loop(), INTERPRETED):
        link = link_of("command")
        k = link.view(np.recarray)[0] if loop is INTERPRETED else link[0]
        assert decoded(loop, "order", sealed("order"), None, k) == FOREIGN and link["reset_asked"][0] == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"moves": 0, "n": 5}, OK), ({"moves": 2}, MISFIT), ({"mode": 2}, OK), ({"mode": 3}, MISFIT), ({"tick": 102}, OK),
     ({"tick": 103}, MISFIT), ({"tick": 36}, OK), ({"tick": 35}, MISFIT), ({"seq": (1 << 31) - 1}, OK),
     ({"seq": 1 << 31}, MISFIT), ({"seq": -(1 << 63)}, MISFIT)],
)  # fmt: skip
def test_a_commands_fields_have_their_boundaries(changes: dict[str, int], code: int) -> None:
    assert both("command", sealed("command", **changes)) == code


@pytest.mark.parametrize("kind", KINDS)
def test_every_truncation_is_seen(kind: str) -> None:
    good = sealed(kind)
    for length in range(len(good)):
        assert both(kind, good[:length].copy()) == WRONG_LENGTH
    for more in (1, 8, 64):
        assert both(kind, np.concatenate([good, np.zeros(more, np.uint8)])) == WRONG_LENGTH


@pytest.mark.parametrize("kind", KINDS)
def test_every_bit_that_flips_is_seen(kind: str) -> None:
    loop, good = compiled_loop(), sealed(kind)
    link, asked = link_of(kind), as_record(Asked())
    for bit in range(8, 8 * len(good)):
        raw = good.copy()
        raw[bit // 8] ^= 1 << (bit % 8)
        code = decoded(loop, kind, raw, asked[0], link[0])
        # All but the lowest bit of the lock, which is 0 and 1 by turns, count for nothing once the record is copied.
        assert code in (TORN, CHECKSUM, WRONG_LENGTH) or (bit < 64 and code == OK), bit
        link["number"] = link["state_number"] = link["order_number"] = 0


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=1200))
def test_any_bytes_at_all(kind: str, data: bytes) -> None:
    assert both(kind, np.frombuffer(data, dtype=np.uint8).copy()) in (WRONG_LENGTH, TORN, CHECKSUM)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_words_with_a_good_seal(kind: str, data: st.DataObject) -> None:
    """Whoever can write a checksum can write nonsense: it is refused, or goes to the guard as the numbers it is."""
    form, words = KINDS[kind]
    raw = sealed(kind)
    whole = raw.view(np.int64)
    for _ in range(data.draw(st.integers(1, 20))):
        word = data.draw(st.integers(1, HEAD + words - 1))
        whole[word] = data.draw(st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-3, 200))
    code = both(kind, seal(raw))
    assert code in range(10)
    if code == OK and kind != "order":
        assert whole[HEAD + at(form, "n")] == N or (kind == "command" and whole[HEAD + at(form, "moves")] == 0)


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200), cut=st.integers(0, 200))
def test_the_checksum_is_that_of_zlib(data: bytes, cut: int) -> None:
    raw, cut = np.frombuffer(data, dtype=np.uint8).copy(), min(cut, len(data))
    for loop in (compiled_loop(), INTERPRETED):
        first = loop.crc32(raw, 0, cut, 0)
        assert loop.crc32(raw, cut, len(data), first) == zlib.crc32(data)
