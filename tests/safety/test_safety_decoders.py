"""The fuzzers' oracles see every fault that is planted in a decoder, and a run that was broken off goes on where it was."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import decoders
import fuzz_child
import fuzz_files
import fuzz_records
import numpy as np
import pytest
from parts import Arguments

from moravec.edge import blackbox, client, decode, layout, loop, mailbox


@pytest.fixture
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], fuzz_child.Target]]:
    """Targets, whose quick checksums are taken back."""
    before = np.geterr()
    monkeypatch.setattr(decode, "crc32", decode.crc32)
    monkeypatch.setattr(mailbox, "crc32", mailbox.crc32)
    monkeypatch.setattr(client, "TRIES", client.TRIES)
    yield lambda name: fuzz_child.target_of(name, tmp_path)
    np.seterr(**before)  # type: ignore[call-overload]


def inputs(target: fuzz_child.Target, count: int) -> Iterator[bytes]:
    """The seeds, and what a blind fuzzer makes of them."""
    yield from target.seeds
    rng = np.random.default_rng(1)
    for i in range(count):
        data = bytearray(target.seeds[i % len(target.seeds)])
        for _ in range(int(rng.integers(1, 4))):
            if data:
                data[int(rng.integers(len(data)))] = int(rng.integers(256))
        yield bytes(data[: int(rng.integers(len(data) + 1))] if i % 5 == 0 else data)


@pytest.mark.parametrize("name", decoders.TARGETS)
def test_the_decoders_agree_with_their_oracles(name: str, targets: Callable[[str], fuzz_child.Target]) -> None:
    target = targets(name)
    for data in inputs(target, 40 if name == "ticks" else 400):
        target.one(data)


def lenient(screen: Callable[..., int]) -> Callable[..., int]:
    return lambda *asked: 0 if screen(*asked) == decode.CHECKSUM else screen(*asked)


def any_writer(decoder: Callable[..., int]) -> Callable[..., int]:
    def taken(raw: Any, a: Any, k: Any, now: int) -> int:
        k.lease = raw.view(np.int64)[decode.WRITER]
        return decoder(raw, a, k, now)

    return taken


def any_orderer(decoder: Callable[..., int]) -> Callable[..., int]:
    def taken(raw: Any, k: Any, now: int) -> int:
        operator, k.operator = k.operator, raw.view(np.int64)[decode.WRITER]
        lease, k.lease = k.lease, 0
        code = decoder(raw, k, now)
        k.operator, k.lease = operator, lease
        return code

    return taken


def quiet_stop(decoder: Callable[..., int]) -> Callable[..., int]:
    def taken(raw: Any, a: Any, k: Any, now: int) -> int:
        code = decoder(raw, a, k, now)
        a.estop = 1 if a.estop and raw.view(np.int64)[decode.S_ESTOP] == 1 else 0
        return code

    return taken


def read_of_anybody(memory: Any, at: int, form: type, writer: int) -> Any:
    return READ(memory, at, form)


def not_followed(path: Path, before: bytes, rows: Any, first: int) -> bytes:
    for row in rows:
        before = blackbox.chained(before, row[: blackbox.RECORD].tobytes())
    return before


READ = client.read
FAULTS: dict[str, tuple[str, Any, str, Any]] = {
    "a checksum that is not looked at": ("command", decode, "screen", lenient(decode.screen)),
    "a report whose checksum is not looked at": ("state", decode, "screen", lenient(decode.screen)),
    "an emergency stop that only 1 presses": ("state", decode, "decode_state", quiet_stop(decode.decode_state)),
    "a set-point of any length": ("command", decode, "MISFIT", 0),
    "a command of whoever writes": ("ticks", loop, "decode_command", any_writer(decode.decode_command)),
    "an order of whoever writes": ("order", decode, "decode_order", any_orderer(decode.decode_order)),
    "an order whose age is not looked at": ("order", decode, "STALE", 0),
    "a reset and a mode of whoever writes": ("ticks", loop, "decode_order", any_orderer(decode.decode_order)),
    "a client's mode that loosens the operator's": ("ticks", loop, "max", min),
    "a header with any number of joints": ("layout", layout, "JOINTS", 1 << 62),
    "a set-point of whoever writes": ("answers", client, "read", read_of_anybody),
    "a chain that is not followed": ("blackbox", blackbox, "_follow", not_followed),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen(
    fault: str, targets: Callable[[str], fuzz_child.Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, module, attribute, planted = FAULTS[fault]
    target = targets(name)
    more = {
        "command": [spoilt(fuzz_records.seeds("command")[-1]), bytes([1, 3, 100, 0]) + fuzz_records.seeds("command")[1][4:]],
        "order": [bytes([33, 2, 100, 0]) + fuzz_records.seeds("order")[0][4:],
                  bytes([9, 2, 100, 0]) + fuzz_records.seeds("order")[0][4:]],
        "state": [spoilt(fuzz_records.seeds("state")[-1]), fuzz_records.seeds("state")[0].replace(ONE, TWO)],
        "layout": [b"\0\0" + fuzz_files.PATCH.pack(layout.AT_JOINTS, 17)],
        "answers": [bytes([0, 5, 3])],
        "blackbox": [bytes([0, 0, 0, 0, 16, 2, 0, 0, 0])],
    }.get(name, [])
    monkeypatch.setattr(module, attribute, planted, raising=attribute != "max")
    with pytest.raises(AssertionError):
        for data in [*more, *target.seeds]:
            target.one(data)


def test_what_is_seen_of_orders_is_a_reset_by_the_client(
    targets: Callable[[str], fuzz_child.Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a latched stop, by the client's own writing into the operator's mailbox."""
    target = targets("ticks")
    by_client = b"\xff" + bytes(11) + bytes([11, 2, 128]) + bytes(8)
    target.one(by_client)
    monkeypatch.setattr(loop, "decode_order", any_orderer(decode.decode_order))
    with pytest.raises(AssertionError, match="no operator asked for it"):
        target.one(by_client)


ONE, TWO = ((3).to_bytes(8, "little") + x.to_bytes(8, "little") for x in (0, 2))  # three joints, and the emergency stop's word


def spoilt(data: bytes) -> bytes:
    return data[:-3] + b"\1\2\3"


def record(job: decoders.Job, failure: str | None = None) -> Mapping[str, Any]:
    return {"done": job.count, "failure": failure, "target": job.target, "branches": 7, "seconds": 2.0}


def test_all_that_is_asked_for_is_shared_out() -> None:
    for count in (1, 7, 1234, 10_000_000):
        made = decoders.jobs(count, 0)
        assert sum(job.count for job in made) == count and all(job.count > 0 for job in made)
        assert len({(job.target, job.index) for job in made}) == len(made)
    assert {job.target for job in decoders.jobs(1000, 0)} == set(decoders.TARGETS)


def test_what_fails_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = lambda job, folder: record(job, "state: AssertionError: it was taken" if job.target == "state" else None)  # noqa: E731
    assert decoders.measure(Arguments(1000, 0, tmp_path), run) == 1
    assert not json.loads((tmp_path / "decoders.json").read_text())["passed"]
    assert "it was taken" in capsys.readouterr().err


def test_a_run_that_was_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    ran: list[str] = []

    def run(job: decoders.Job, folder: Path) -> Mapping[str, Any]:
        if job.target == "layout" and "layout" not in ran:
            ran.append("layout")
            raise KeyboardInterrupt
        ran.append(f"{job.target} {job.index}")
        return record(job)

    with pytest.raises(KeyboardInterrupt):
        decoders.measure(Arguments(4_000_000, 5, tmp_path / "a"), run)
    assert decoders.measure(Arguments(4_000_000, 5, tmp_path / "a"), run) == 0
    done = [name for name in ran if name != "layout"]
    assert len(done) == len(set(done)) == len(decoders.jobs(4_000_000, 5))
    assert decoders.measure(Arguments(4_000_000, 5, tmp_path / "b"), run) == 0
    assert (tmp_path / "a" / "decoders.json").read_text() == (tmp_path / "b" / "decoders.json").read_text()


def test_without_a_fuzzer_it_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["decoders.py", "--out", str(tmp_path)])
    assert decoders.main() == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and "pip install atheris" in told.err


PLANTED = """import sys
sys.path[:0] = {paths!r}
import fuzz_child
honest = fuzz_child.target_of
def target_of(name, folder):
    made = honest(name, folder)
    from moravec.edge import decode
    {fault}
    return made
fuzz_child.target_of = target_of
fuzz_child.main(sys.argv[1:])
"""


def test_a_fuzzer_runs_and_finds_a_fault_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("atheris")
    for fault, fails in (("pass", False), ("decode.STILL = 3", True)):
        (tmp_path / "fuzz_child.py").write_text(PLANTED.format(paths=[str(Path(decoders.__file__).parent)], fault=fault))
        monkeypatch.setattr(decoders, "HERE", tmp_path)
        found = decoders.fuzz(decoders.Job("command", 0, 60_000 if fails else 2_000, 0), tmp_path / "out")
        assert (found["failure"] is not None) == fails, found
        monkeypatch.undo()
    assert "AssertionError: code 0 for a command that does not fit" in found["failure"]
    assert len(list((tmp_path / "out" / "failures").iterdir())) == 1
