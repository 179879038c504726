"""Mutation testing of the guard: every change that mutmut can think of must make a test fail, or be argued in docs/mutants.md.

    python scripts/safety/mutants.py --out runs/safety

The kernel is changed and tested interpreted, because machine code cannot be made of changed text. The gate is tested as well, by
planting (`plants.py`). `--count` tries so many mutants of each group, drawn by `--seed`; without it all are tried. Verdicts are
kept one by one, and a run that was broken off goes on behind the last; any change of the guard, of its tests or of these scripts
begins anew. Reasons in docs/mutants.md may change at any time.
"""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from mutation import TIMEOUTS, Group, NotBegun, Tree, is_killed
from parts import GUARD, ROOT, Arguments, Outcome, arguments, finish, say
from pieces import Pieces, source_hash
from plants import PLANTS, Plant, planted
from survivors import Argued, Mutant, listed, wrong

from moravec.core.errors import BadInput

ALL = 1_000_000
TOLD = 20.0  # [s] between two lines of progress
SHOWN = 40  # lines about what is wrong
LIST = ROOT / "docs" / "mutants.md"



def _sources(*names: str) -> tuple[str, ...]:
    return tuple(f"src/moravec/guard/{name}.py" for name in names)


def _tests(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/guard/test_{name}.py" for name in names)


# Each file with the tests that are about it: what only a long session notices is not noticed well. Left out are the tests that
# need machine code, and random ones that take long.
GROUPS = (
    Group(
        "tables",
        _sources(
            "__init__", "limits", "parts", "reload", "tighten", "contact", "conformal", "degraded", "separation", "counted",
            "records", "reading", "stop", "kernel/__init__", "kernel/codes", "kernel/form",
        ),
        _tests(
            "limits", "refusals", "tighten", "contact", "conformal", "degraded", "separation", "counted", "records", "reading",
            "stop", "kinematics",
        ),
        keywords="not compiled",
    ),
    Group(
        "kernel",
        _sources(*(f"kernel/{name}" for name in ("checks", "braking", "kinematics", "collision", "people", "stops"))),
        _tests(
            "checks", "checks_places", "braking", "pull_back", "kinematics", "collision", "clearance", "sweep", "people",
            "people_parts", "people_zones", "coming_back", "way_to_rest", "stop",
        ),
        keywords="not way_that",
    ),
    Group(
        "decisions",
        _sources("guard", "reasons", "kernel/motion", "kernel/decide"),
        _tests(
            "guard", "guard_body", "guard_people", "guard_stops", "guard_words", "motion", "decide", "decide_stops",
            "decide_ticks", "way_to_rest", "tighten",
        ),
        keywords="not compiled",
    ),
    Group("compiled", _sources("compiled"), _tests("compiled_text")),
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """What became of the mutants that were tried."""

    known: int = 0
    tried: list[Mutant] = field(default_factory=list)
    survivors: list[Mutant] = field(default_factory=list)
    timeouts: int = 0
    files: dict[str, int] = field(default_factory=dict)

    def add(self, mutant: Mutant, code: int) -> None:
        """One more that was tried, with the exit status of the tests."""
        self.tried.append(mutant)
        self.files[mutant.file] = self.files.get(mutant.file, 0) + 1
        self.timeouts += code in TIMEOUTS
        if not is_killed(code):
            self.survivors.append(mutant)


def _teller(tree: Tree, wanted: set[str], keep: Callable[[float], None]) -> Callable[[], None]:
    """Says how far it is, now and then, and keeps how long it took."""
    start, told = time.monotonic(), time.monotonic()

    def tell() -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= TOLD:
            told = now
            keep(now - start)
            done = sum(code is not None for name, code in tree.codes().items() if name in wanted)
            say(f"mutants of {tree.group.name}: {done:,} of {len(wanted):,}, {now - start:.0f} s")

    return tell


def try_all(tree: Tree, count: int, seed: int, pieces: Pieces) -> tuple[Tally, float]:
    """Tries up to `count` mutants of one tree that have no verdict yet; the tally of all that have one, and the seconds."""
    name = f"tree-{tree.group.name}"
    before = pieces.get(name)
    if before is None or not tree.folder.exists():
        before = {"seconds": 0.0}
        tree.make()
        pieces.put(name, before)
    start, spent = time.monotonic(), float(before["seconds"])
    tree.generate()
    codes = tree.codes()
    wanted = set(random.Random(seed).sample(sorted(codes), min(count, len(codes))))
    left = sorted(name for name in wanted if codes[name] is None)
    if left:
        tell = _teller(tree, wanted, lambda seconds: pieces.put(name, {"seconds": spent + seconds}))
        tree.run([] if len(wanted) == len(codes) else left, tell)
    seconds = spent + time.monotonic() - start
    pieces.put(name, {"seconds": seconds})
    tally = Tally(known=len(codes))
    for mutant_name, mutant, code in tree.mutants():
        if mutant_name in wanted:
            tally.add(mutant, -1 if code is None else code)
    return tally, seconds


def judged(tallies: Iterable[Tally], rows: list[Argued]) -> list[str]:
    """What keeps the gate shut."""
    tallies = list(tallies)
    tried = [mutant for tally in tallies for mutant in tally.tried]
    whole = len(tried) == sum(tally.known for tally in tallies)
    return wrong((mutant for tally in tallies for mutant in tally.survivors), tried, rows, whole)


def sown(plants: Iterable[Plant], folder: Path, pieces: Pieces) -> tuple[list[str], int, float]:
    """Plants that the gate did not notice, how many there were, and the seconds."""
    found, count, seconds = [], 0, 0.0
    for plant in plants:
        record = pieces.get(f"plant-{plant.name}")
        if record is None:
            start = time.monotonic()
            record = {"fault": planted(plant, folder / f"plant-{plant.name}"), "seconds": 0.0}
            record["seconds"] = time.monotonic() - start
            pieces.put(f"plant-{plant.name}", record)
            say(f"mutants: planted: {plant.what}: {record['fault'] or 'noticed'}, {record['seconds']:.0f} s")
        count += 1
        seconds += record["seconds"]
        found += [f"planted: {plant.what}: {record['fault']}"] if record["fault"] else []
    return found, count, seconds


def mutants(groups: Iterable[Group], plants: Iterable[Plant], rows: list[Argued], given: Arguments) -> Outcome:
    """Tries what is to be tried, judges it by the list, and tests the gate."""
    folder, stamp = given.out / "mutants", _stamp()
    pieces = Pieces(folder, stamp)
    faults, count, seconds = sown(plants, folder, pieces)
    tallies = []
    for group in groups:
        tally, took = try_all(Tree(folder / group.name, group), given.count, given.seed, pieces)
        tallies.append(tally)
        seconds += took
    faults = judged(tallies, rows) + faults
    if _stamp() != stamp:  # each tree is copied when its turn comes
        faults.append("the guard, its tests or these scripts changed while this ran: run it again")
    for line in faults[:SHOWN]:
        say(f"mutants: {line}")
    return _outcome(tallies, rows, faults, count, seconds, given)


def _stamp() -> str:
    """What verdicts depend on."""
    own = [Path(__file__).with_name(name) for name in ("mutants.py", "mutation.py", "survivors.py", "plants.py")]
    return f"{source_hash(GUARD, GUARD.parent / 'core', ROOT / 'tests' / 'guard', *own)} mutmut {version('mutmut')}"


def _outcome(
    tallies: list[Tally], rows: list[Argued], faults: list[str], plants: int, seconds: float, given: Arguments
) -> Outcome:
    tried, known = sum(len(tally.tried) for tally in tallies), sum(tally.known for tally in tallies)
    survivors, timeouts = sum(len(t.survivors) for t in tallies), sum(t.timeouts for t in tallies)
    figures = {
        "mutants": known, "tried": tried, "killed": tried - survivors, "of_them_by_time": timeouts, "survivors": survivors,
        "argued": len(rows), "plants": plants, "wrong": faults[:SHOWN],
        "files": {file: n for tally in tallies for file, n in sorted(tally.files.items())},
    }  # fmt: skip
    words = [
        ("mutants of the guard that tests kill", f"{tried - survivors:,} of {tried:,}"),
        ("survivors, each listed and argued", f"{survivors:,}" if not faults else f"{survivors:,}, and {len(faults)} faults"),
        ("ways in which the gate itself was tried", f"{plants}"),
    ]
    asked = sum(min(given.count, tally.known) for tally in tallies)
    return Outcome("mutants of the guard tried", asked, tried, not faults and tried == asked, seconds, figures, words)


def main() -> int:
    """Runs the part; the exit status."""
    given = arguments(__doc__, ALL)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that mutmut ends as well
    try:
        return finish("mutants", given, mutants(GROUPS, PLANTS, listed(LIST), given))
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    except NotBegun as error:
        print(f"mutants: the tests fail before anything is changed:\n{error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
