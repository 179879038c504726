"""Pacing, closing, refusing: what the writer promises besides the bytes."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_tape import META, frame, tick, write_all, write_ticks
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.core.clock import ManualClock
from moravec.core.errors import ContractError, TapeError
from moravec.tape import layout
from moravec.tape.file import uninterrupted
from moravec.tape.pictures import decode_color, decode_depth, encode_depth
from moravec.tape.plain import decode, encode, number
from moravec.tape.reader import read
from moravec.tape.records import Entry, Tick
from moravec.tape.verify import verify
from moravec.tape.writer import SEAL_INTERVAL, SEAL_OVERDUE, TapeWriter


def ticks_on(path: Path) -> int:
    """How many ticks can be read."""
    return sum(isinstance(record.value, Tick) for record in read(path))


def test_the_same_calls_give_the_same_bytes(tmp_path: Path) -> None:
    write_all(tmp_path / "a.mcap")
    write_all(tmp_path / "b.mcap")
    assert (tmp_path / "a.mcap").read_bytes() == (tmp_path / "b.mcap").read_bytes()


def test_a_tick_is_on_the_disk_before_a_second_is_over(tape_path: Path) -> None:
    clock = ManualClock()
    with TapeWriter(tape_path, clock, META) as tape:
        write_ticks(tape, 0, 1)
        clock.advance(SEAL_INTERVAL * 0.98)
        write_ticks(tape, 1, 1)
        assert ticks_on(tape_path) == 0
        clock.advance(SEAL_OVERDUE - SEAL_INTERVAL * 0.98)
        write_ticks(tape, 2, 1)
        assert ticks_on(tape_path) == 3


def test_what_was_written_is_sealed_even_if_nobody_writes_on(tape_path: Path) -> None:
    clock = ManualClock()
    with TapeWriter(tape_path, clock, META) as tape:
        write_ticks(tape, 0, 3)
        clock.advance(1.0)
        until = time.monotonic() + 5.0
        while ticks_on(tape_path) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert ticks_on(tape_path) == 3


def test_a_full_chunk_is_sealed_at_once(tape_path: Path) -> None:
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        tape.write("/plan", 0.0, {"text": "x" * (1 << 20)})
        assert len(list(read(tape_path))) == 2


def test_the_hash_of_the_writer_is_that_of_the_file(tape_path: Path) -> None:
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        write_ticks(tape, 0, 3)
    assert tape.sha256 == verify(tape_path).sha256


def test_an_error_in_the_block_still_finishes_the_tape(tape_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), TapeWriter(tape_path, ManualClock(), META) as tape:
        write_ticks(tape, 0, 3)
        raise KeyboardInterrupt
    assert verify(tape_path).complete
    assert ticks_on(tape_path) == 3


def test_a_closed_tape_takes_nothing(tape_path: Path) -> None:
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        pass
    tape.close()
    with pytest.raises(TapeError, match="it is closed"):
        write_ticks(tape, 0, 1)


def test_a_tape_is_never_written_over(tape_path: Path) -> None:
    write_all(tape_path)
    before = tape_path.read_bytes()
    with pytest.raises(TapeError, match="exists already"):
        TapeWriter(tape_path, ManualClock(), META)
    assert tape_path.read_bytes() == before
    with TapeWriter(tape_path, ManualClock(), META, replace=True):
        pass
    assert ticks_on(tape_path) == 0


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="cannot be made: No such file"):
        TapeWriter(tmp_path / "none" / "tape.mcap", ManualClock(), META)


def test_a_bad_meta_leaves_no_file(tape_path: Path) -> None:
    with pytest.raises(TapeError, match="cannot hold a object"):
        TapeWriter(tape_path, ManualClock(), {"guard_limits": object()})
    assert not tape_path.exists()


def full_after(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """A disk with `room` bytes left, which takes part of the write that fills it."""
    left = [room]
    write = os.write

    def limited(fd: int, data: Any) -> int:
        if left[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = write(fd, bytes(data[: left[0]]))
        left[0] -= done
        return done

    monkeypatch.setattr("moravec.tape.file.os.write", limited)


@pytest.mark.parametrize("room", [3_000, 5_000, 9_999])
def test_a_full_disk(tape_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    full_after(monkeypatch, room)
    sealed = 0
    full = r"the disk is full \(No space left on device\) after \d+ bytes"
    with pytest.raises(TapeError, match=full) as caught, TapeWriter(tape_path, ManualClock(), META) as tape:
        for i in range(0, 100, 2):
            write_ticks(tape, i, 2)
            tape.flush()
            sealed = i + 2
    assert "\n" not in str(caught.value)
    assert ticks_on(tape_path) in (sealed, sealed + 2)  # the last chunk may be whole and only its seal be missing
    assert sealed > 0
    assert verify(tape_path).faults == ()
    with pytest.raises(TapeError, match="the disk is full"):
        write_ticks(tape, 0, 1)


def test_a_disk_that_is_full_from_the_start(tape_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full_after(monkeypatch, 0)
    with pytest.raises(TapeError, match="the disk is full"):
        TapeWriter(tape_path, ManualClock(), META)


def test_a_full_disk_does_not_hide_what_ended_the_run(tape_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError) as caught, TapeWriter(tape_path, ManualClock(), META) as tape:
        write_ticks(tape, 0, 1)
        full_after(monkeypatch, 10)
        raise ZeroDivisionError
    assert "the disk is full" in caught.value.__notes__[0]


def test_several_threads(tape_path: Path) -> None:
    clock = ManualClock()
    with TapeWriter(tape_path, clock, META) as tape:

        def work(part: int) -> None:
            for i in range(200):
                tape.write_log(i * 0.01, "info", f"thread-{part}", str(i))
                clock.advance(0.01)

        threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = [record.value.payload for record in read(tape_path) if isinstance(record.value, Entry)][1:]
    for part in range(4):
        assert [line["message"] for line in lines if line["name"] == f"thread-{part}"] == [str(i) for i in range(200)]
    assert verify(tape_path).complete


def test_an_interrupt_waits_for_the_seal(tape_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a seal comes after it, and the tape goes on."""
    tape = TapeWriter(tape_path, ManualClock(), META)
    group_of = layout.group_of

    def interrupted(*args: Any) -> layout.Group:
        signal.raise_signal(signal.SIGINT)
        return group_of(*args)

    write_ticks(tape, 0, 3)
    monkeypatch.setattr(layout, "group_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tape.flush()
    monkeypatch.undo()
    assert ticks_on(tape_path) == 3
    write_ticks(tape, 3, 2)
    tape.close()
    assert ticks_on(tape_path) == 5
    assert verify(tape_path).complete


def test_interrupts_are_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with uninterrupted():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("t", [float("nan"), float("inf"), -1.0, 1e300])
def test_a_time_that_is_none_is_recorded(tape_path: Path, t: float) -> None:
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        one = tick(1)
        tape.write_tick(t, one.state, one.asked, one.approved)
        tape.write_log(t, "info", "x", "y")
    value = list(read(tape_path))[1].value
    assert isinstance(value, Tick)
    assert np.float64(value.now).tobytes() == np.float64(t).tobytes()
    assert verify(tape_path).complete


def test_misuse_is_told(tape_path: Path) -> None:
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        with pytest.raises(ContractError, match="is not one of the tape's"):
            tape.write("/nothing", 0.0, {})
        with pytest.raises(TapeError, match="does not carry JSON"):
            tape.write("/control", 0.0, {})
        with pytest.raises(TapeError, match="log level 'loud'; allowed: one of debug"):
            tape.write_log(0.0, "loud", "x", "y")
        with pytest.raises(TapeError, match="key of a JSON object"):
            tape.write("/plan", 0.0, {"steps": {("a", "b"): 1}})
        with pytest.raises(TapeError, match="limits_json: found a dict; allowed: a string"):
            tape.write_tighten(0.0, "pick", {"reach": 1.0})  # type: ignore[arg-type]
        with pytest.raises(TapeError, match="JSON record on the tape"):
            tape.write_tighten(0.0, "pick", "[1]")
        with pytest.raises(TapeError, match="who: found a NoneType"):
            tape.write_tighten(0.0, None, None)  # type: ignore[arg-type]
        with pytest.raises(TapeError, match="mode: found a int"):
            tape.write_mode(0.0, 1, "why")  # type: ignore[arg-type]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), json_values))
def test_json_is_exact(value: dict[str, Any]) -> None:
    assert repr(sorted(decode(encode(value)).items())) == repr(sorted(value.items())) or decode(encode(value)) == value


def test_json_words_for_what_is_no_number() -> None:
    found = decode(
        encode({"a": np.array([np.nan, np.inf]), "b": -np.inf, "c": np.float32(0.1), "d": {"y", "x"}, "e": -np.nan})
    )
    words = {"a": ["NaN", "Infinity"], "b": "-Infinity", "e": "NaN:fff8000000000000"}
    assert found == {**words, "c": 0.10000000149011612, "d": ["x", "y"]}


@pytest.mark.parametrize(
    "word", ["nan", "NaN:", "NaN:fff8", "NaN:FFF8000000000000", "1.0", None, [], "NaN:" + "0" * 17]
)
def test_a_number_in_words_that_are_none(word: Any) -> None:
    with pytest.raises(TapeError, match="where a number belongs"):
        number(word)


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff", b"3"])
def test_json_that_is_none(data: bytes) -> None:
    with pytest.raises(TapeError, match="JSON record on the tape"):
        decode(data)


def test_depth_at_its_ends() -> None:
    depth = np.array([[0.0, -1.0, np.nan, np.inf], [1e-4, 0.12345, 6.5535, 80.0]], dtype=np.float32)
    again = decode_depth(encode_depth(depth))
    assert np.isnan(again[0]).all()
    assert np.allclose(again[1], [1e-4, 0.1234, 6.5535, 6.5535], atol=0.51e-4)


def test_a_picture_that_is_none() -> None:
    for data in (b"", b"nothing"):
        with pytest.raises(TapeError, match="cannot be decoded"):
            decode_color(data)


def test_a_frame_of_no_size(tape_path: Path) -> None:
    one = frame()
    object.__setattr__(one, "rgb", np.zeros((0, 0, 3), dtype=np.uint8))
    with TapeWriter(tape_path, ManualClock(), META) as tape, pytest.raises(TapeError, match="cannot be compressed"):
        tape.write_frame(one)
