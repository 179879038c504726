"""One changed byte anywhere is found; a cut is a cut and not a change."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from mcap.opcode import Opcode

from moravec.core.errors import TapeError
from moravec.tape import layout
from moravec.tape.reader import read
from moravec.tape.verify import verify

Put = Callable[[bytes], Path]


def links(data: bytes) -> list[tuple[int, int]]:
    """(start, end) of each chunk with its indexes and its seal."""
    found, at = [], len(layout.opening()) + layout.SEAL_LENGTH
    while at < len(data) and data[at] == Opcode.CHUNK:
        seal = layout.SEAL_PATTERN.search(data, at)
        assert seal is not None
        found.append((at, seal.end()))
        at = seal.end()
    return found


def test_a_finished_tape_is_complete(small_tape: Path) -> None:
    report = verify(small_tape)
    assert (report.complete, report.truncated_at, report.faults) == (True, None, ())
    assert report.sha256 == hashlib.sha256(small_tape.read_bytes()).hexdigest()


def test_a_killed_tape_is_cut_off_and_not_changed(killed_tape: Path) -> None:
    report = verify(killed_tape)
    assert (report.complete, report.truncated_at, report.faults) == (False, killed_tape.stat().st_size, ())


@pytest.mark.parametrize(("kind", "step"), [("tiny_tape", 1), ("killed_tape", 1), ("small_tape", 7)])
def test_every_changed_byte_is_found(kind: str, step: int, request: pytest.FixtureRequest, changed: Put) -> None:
    """Every byte of the small tapes in turn, every seventh of the larger; the change differs from place to place."""
    data = bytearray(Path(request.getfixturevalue(kind)).read_bytes())
    path = changed(bytes(data))
    missed = []
    with path.open("r+b", buffering=0) as file:
        for at in range(0, len(data), step):
            file.seek(at)
            file.write(bytes([data[at] ^ (1 + 37 * at % 255)]))
            if not verify(path).faults:
                missed.append(at)
            file.seek(at)
            file.write(data[at : at + 1])
    assert missed == []


@pytest.mark.parametrize("kind", ["tiny_tape", "killed_tape"])
def test_every_cut_is_a_cut(kind: str, request: pytest.FixtureRequest, changed: Put) -> None:
    data = Path(request.getfixturevalue(kind)).read_bytes()
    path = changed(data)
    sealed = [end for _, end in [(0, len(layout.opening()) + layout.SEAL_LENGTH), *links(data)]]
    for size in range(len(data) - 1, -1, -1):
        with path.open("r+b") as file:
            file.truncate(size)
        report = verify(path)
        assert report.faults == (), f"cut at {size}"
        assert not report.complete
        assert report.truncated_at == max([0, *(end for end in sealed if end <= size)])


def test_a_dropped_chunk_is_found(small_tape: Path, changed: Put) -> None:
    data = small_tape.read_bytes()
    for start, end in links(data):
        assert verify(changed(data[:start] + data[end:])).faults


def test_two_swapped_chunks_are_found(small_tape: Path, changed: Put) -> None:
    data = small_tape.read_bytes()
    (a, b), (_, c) = links(data)[1:3]
    assert verify(changed(data[:a] + data[b:c] + data[a:b] + data[c:])).faults


def test_a_doubled_chunk_is_found(killed_tape: Path, changed: Put) -> None:
    data = killed_tape.read_bytes()
    start, end = links(data)[-1]
    assert verify(changed(data + data[start:end])).faults


@pytest.mark.parametrize("more", [b"\x00", b"\x06", layout.MAGIC, b"x" * 300])
def test_bytes_behind_the_end_are_found(small_tape: Path, changed: Put, more: bytes) -> None:
    assert verify(changed(small_tape.read_bytes() + more)).faults


def test_a_chunk_left_out_with_new_seals_is_found_by_its_numbers(killed_tape: Path, changed: Put) -> None:
    """Someone who reseals the tape without one chunk still leaves a gap in the count of records."""
    data = killed_tape.read_bytes()
    parts = links(data)
    forged = data[: parts[0][1]] + data[parts[2][0] : parts[2][1] - layout.SEAL_LENGTH]
    # the message indexes hold offsets inside the chunk only, so they still fit
    forged += layout.seal(len(forged), hashlib.sha256(forged).hexdigest())
    assert any("where" in fault and "belongs" in fault for fault in verify(changed(forged)).faults)


def test_a_length_that_hides_the_rest_is_no_cut(killed_tape: Path, changed: Put) -> None:
    """Both lengths of a chunk agree and point past the end; the seal behind it gives the change away."""
    data = bytearray(killed_tape.read_bytes())
    start, _ = links(bytes(data))[-1]
    fields = list(layout.CHUNK_HEAD.unpack_from(data, start))
    fields[1] += 10**6
    fields[8] += 10**6
    layout.CHUNK_HEAD.pack_into(data, start, *fields)
    assert any("longer than the file" in fault for fault in verify(changed(bytes(data))).faults)


def test_a_false_summary_is_found(small_tape: Path, changed: Put) -> None:
    """A summary that leaves a chunk out, with every checksum right, is not the one that follows from the tape."""
    data = small_tape.read_bytes()
    end = links(data)[-1][1]
    contents = layout.Contents()
    forged = data[:end] + layout.ending(contents, end, zlib.crc32(data[:end]))
    assert any("the end of the tape" in fault for fault in verify(changed(forged)).faults)


@pytest.mark.parametrize("data", [b"", b"\x00", b"PK\x03\x04" + b"\x00" * 100, layout.MAGIC + b"\x01" * 100])
def test_a_foreign_file(data: bytes, changed: Put) -> None:
    path = changed(data)
    report = verify(path)
    assert not report.complete
    assert bool(report.faults) == bool(data)
    with pytest.raises(TapeError, match=r"not an MCAP|not a tape of Moravec"):
        next(read(path))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.mcap", tmp_path):
        with pytest.raises(TapeError, match="cannot be read"):
            verify(path)
