"""One fuzzer: `python fuzz_child.py TARGET CORPUS [options of libFuzzer]`. Started by `decoders.py`.

What the edge process compiles is interpreted here: Atheris instruments its text, and libFuzzer follows the branches that an input
takes.
"""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

# Whose branches and comparisons guide the fuzzer.
GUIDED = ["moravec.edge.decode", "moravec.edge.mailbox", "moravec.edge.loop", "moravec.edge.client", "moravec.edge.layout",
          "moravec.edge.blackbox"]  # fmt: skip


_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


class Target(NamedTuple):
    """What is fuzzed: one input, inputs to begin from, and the longest one [bytes]."""

    one: Callable[[bytes], None]
    seeds: list[bytes]
    longest: int


def target_of(name: str, folder: Path) -> Target:
    """The target called `name`; what it writes goes into `folder`."""
    import fuzz_files
    import fuzz_records
    import fuzz_ticks

    from moravec.edge import client, decode

    decode.crc32 = fuzz_records.quick_crc32  # type: ignore[assignment]
    if name in ("command", "order", "state"):
        return Target(getattr(fuzz_records, name), fuzz_records.seeds(name), 800)
    if name == "ticks":
        fuzz_ticks.quicken()
        return Target(fuzz_ticks.ticks, fuzz_ticks.seeds(), 100)
    client.TRIES = 1  # nobody else writes here
    one = {"answers": fuzz_files.answers, "blackbox": fuzz_files.black_box}.get(name) or fuzz_files.Spoilt(folder).one
    return Target(one, fuzz_files.seeds(name), fuzz_files.LONGEST[name])


def main(words: list[str]) -> None:
    """Fuzzes; the process ends with libFuzzer's exit status."""
    import atheris

    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)  # whoever started this is broken off: so is this
    name, corpus, *options = words
    folder = Path(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=GUIDED):
        target = target_of(name, folder.parent)
    for i, seed in enumerate(target.seeds):
        (folder / f"seed-{i}").write_bytes(seed)
    atheris.Setup([sys.argv[0], str(folder), f"-max_len={target.longest}", *options], target.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
