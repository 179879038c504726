"""How long planning takes, on a delivery of n items that nobody has inspected yet."""

from __future__ import annotations

from collections.abc import Callable

from moravec.brain.goal import RULE, Clause, Goal
from moravec.brain.plan import make_plan
from moravec.brain.remember import Inventory
from moravec.brain.schedule.supposed import supposed_delivery
from moravec.brain.steps import Plan
from moravec.brain.validate import Validation, validate
from moravec.core.workplace import Place, Workplace

_CATEGORIES = ("box", "can", "bottle", "ball", "tool", "part")
_COLOURS = ("red", "blue", "green", "yellow", "white", "purple")
_LABELS = ("A", "B", "C", "D", "E", "F")


def bench_workplace() -> Workplace:
    """A cell with a parcel, a station, a shelf of six bins and a reject bin; sizes [m] do not matter for planning."""
    kinds = [("parcel", "parcel"), ("station", "station"), ("reject", "reject"), ("table", "table"), ("shelf", "shelf")]
    kinds += [(f"bin_{i + 1}", "bin") for i in range(6)]
    places = tuple(Place(name, kind, (0.4 * i, 0.0), (0.3, 0.3), 0.0, 0.1) for i, (name, kind) in enumerate(kinds))
    rule = (*zip(_CATEGORIES, _LABELS, strict=True), ("damaged", "reject"))
    return Workplace("bench", places, _COLOURS, _CATEGORIES, _LABELS, rule, (0.0,) * 6, ())


def bench_inventory(n: int, seed: int = 0) -> Inventory:
    """`n` items in an open parcel that was looked at, drawn by `seed`; all bins labelled."""
    inventory = supposed_delivery(bench_workplace(), n, seed)
    for fluent in (("open", "parcel"), ("seen", "parcel"), ("seen", "shelf")):
        inventory.fluents[fluent] = True
    return inventory


def planned(n: int, seed: int = 0) -> tuple[Plan, Validation]:
    """The plan of the benchmark and its validation."""
    inventory = bench_inventory(n, seed)
    plan = make_plan(STORE_ALL, inventory)
    return plan, validate(plan, inventory.state(), inventory.workplace)


def plan_benchmark(n: int, timer: Callable[[], float], seed: int = 0) -> float:
    """Seconds by `timer` to plan the storing of `n` items (5 steps each), one sample."""
    inventory = bench_inventory(n, seed)
    start = timer()
    make_plan(STORE_ALL, inventory)
    return timer() - start


STORE_ALL = Goal((Clause("move", to=RULE),))
