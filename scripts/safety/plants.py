"""The gate against mutants is tried itself: faults are planted in a copy, and the gate must notice each.

The copies are about the smallest file of the kernel, `stops.py`, and its tests; what notices there is what notices everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mutation import Group, NotBegun, Tree, is_killed
from survivors import Argued, Mutant, wrong

STOPS = Group("stops", mutate=("src/moravec/guard/kernel/stops.py",), tests=("tests/guard/test_stop.py",))


@dataclass(frozen=True, slots=True)
class Plant:
    """A fault that is planted, and what must be found of it: `expected` is None where the gate must stay open."""

    name: str
    what: str
    expected: Callable[[list[str]], bool] | None
    was: str = ""
    now: str = ""
    without: str = ""  # tests that are taken away
    rows: tuple[Argued, ...] = ()


def _all_about(function: str) -> Callable[[list[str]], bool]:
    return lambda found: bool(found) and all("survives" in line and f"`{function}`" in line for line in found)


def _gone(found: list[str]) -> bool:
    return len(found) == 1 and "is listed, but is killed" in found[0]


def _refused(found: list[str]) -> bool:
    return found == ["the tests fail"]


FIRST_LINE = "    if category == 0:\n"
LATCHED = "STATE_AGE, TRACKING, OVERSPEED, TORQUE)"
KILLED = Mutant("guard/kernel/stops.py", "fault_of", "if category == 0:", "if category != 0:")

PLANTS = (
    Plant("nothing", "nothing, and the gate stays open", None),
    Plant("weaker", "a check that stops less gravely than it must", _refused, LATCHED, LATCHED.replace(", TORQUE", "")),
    Plant(
        "untested", "a function without its tests", _all_about("category_of"), without="test_the_category_of_every_check"
    ),
    Plant("unseen", "a line that no test can see", _all_about("fault_of"), FIRST_LINE, "    spare = category + 1\n" + FIRST_LINE),
    Plant(
        "listed", "an argument for a mutant that is killed", _gone, rows=(Argued(KILLED.key, "it is said to change nothing"),)
    ),
)


def planted(plant: Plant, folder: Path) -> str:
    """What is wrong with the gate, by `plant`; nothing where it noticed."""
    keywords = f"not {plant.without}" if plant.without else ""
    tree = Tree(folder, replace(STOPS, keywords=keywords))
    tree.make()
    if plant.was:
        path = folder / STOPS.mutate[0]
        text = path.read_text()
        if text.count(plant.was) != 1:
            return f"the plant does not fit: {plant.was!r} stands there {text.count(plant.was)} times"
        path.write_text(text.replace(plant.was, plant.now))
    found = _gate(tree, plant.rows)
    if plant.expected is None:
        return f"the gate is shut for nothing: {found}" if found else ""
    return "" if plant.expected(found) else f"the gate does not notice, but finds: {found}"


def _gate(tree: Tree, rows: tuple[Argued, ...]) -> list[str]:
    tree.generate()
    try:
        tree.run([], lambda: None)
    except NotBegun:
        return ["the tests fail"]
    tried = [(mutant, code) for _, mutant, code in tree.mutants()]
    survivors = [mutant for mutant, code in tried if not is_killed(code)]
    return wrong(survivors, [mutant for mutant, _ in tried], rows)
