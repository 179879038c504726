"""What the guard's tables say when they refuse, word for word: whoever reads it must know what was found and what is allowed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from helpers_guard import APART, BODIES, TERMS, table

from moravec.core.errors import GuardConfigError
from moravec.guard import tighten
from moravec.guard.contact import MovingMass, region, slowest_contact_speed
from moravec.guard.degraded import Budget, fitness
from moravec.guard.kernel.checks import HUGE
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Capsule, Obstacle, Touch, Zone
from moravec.guard.reload import limits_from_json
from moravec.guard.tighten import tightened

ORIGIN = (0.0, 0.0, 0.0)
CELL = Box(ORIGIN, (1.0, 1.0, 1.0))
FLAT = Box(ORIGIN, (1.0, 0.0, 1.0))
HAND = Capsule("hand", 6, ORIGIN, (0.0, 0.0, 0.1), 0.1)
SOFT = Touch(("chest",), 5.0, 1.0, 1.0, "transient")
SIX = (1.0,) * 6
FINITE = "a finite number within +-1e+09"
NONE_BELOW = "0 or more"
ABOVE = "more than 0 (at least 1e-09)"
IN_ORDER = "the first below the second"


def says(act: Callable[[], Any]) -> str:
    """The line with which `act` is refused."""
    with pytest.raises(GuardConfigError) as caught:
        act()
    return str(caught.value)


def five_and(last: Any) -> tuple[Any, ...]:
    """A joint vector whose last value is another."""
    return (*SIX[:5], last)


# field, what it is set to: what is named, what was found, what is allowed
TABLES: list[tuple[str, Any, str, Any, str]] = [
    ("robot", "", "robot", "", "a name"),
    ("robot", 3, "robot", 3, "a name"),
    ("dh", (), "dh", (), "a tuple of 1 to 16 rows (theta0, a, d, alpha), one for each joint"),
    ("dh", ((0.0,) * 3,), "dh[0]", (0.0,) * 3, "a tuple of 4 numbers"),
    ("position_min", SIX[:5], "position_min", SIX[:5], "a tuple of 6 numbers"),
    ("position_max", five_and(None), "position_max[5]", None, FINITE),
    ("position_min", five_and(3.4), "position_min[5], position_max[5]", (3.4, 3.4), IN_ORDER),
    ("velocity", five_and(0.0), "velocity[5]", 0.0, ABOVE),
    ("acceleration", five_and(-1.0), "acceleration[5]", -1.0, ABOVE),
    ("jerk", five_and(9e-10), "jerk[5]", 9e-10, ABOVE),
    ("torque", five_and(True), "torque[5]", True, FINITE),
    ("tracking", five_and(math.inf), "tracking[5]", math.inf, FINITE),
    ("tracking", five_and(math.nextafter(HUGE, math.inf)), "tracking[5]", math.nextafter(HUGE, math.inf), FINITE),
    ("position_min", five_and(-2.0 * HUGE), "position_min[5]", -2.0 * HUGE, FINITE),
    ("tool_speed", 0.0, "tool_speed", 0.0, ABOVE),
    ("tool_speed_reduced", "1", "tool_speed_reduced", "1", FINITE),
    ("tool_force", 0.0, "tool_force", 0.0, ABOVE),
    ("payload", 0.0, "payload", 0.0, ABOVE),
    ("grip_force_max", 0.0, "grip_force_max", 0.0, ABOVE),
    ("control_period", 0.0, "control_period", 0.0, ABOVE),
    ("tool_offset", (0.0, 0.0), "tool_offset", (0.0, 0.0), "a tuple of 3 numbers"),
    ("grip_width_min", -0.5, "grip_width_min", -0.5, NONE_BELOW),
    ("grip_width_max", None, "grip_width_max", None, FINITE),
    ("grip_width_min", 0.1, "grip_width_min, grip_width_max", (0.1, 0.1), IN_ORDER),
    ("command_age_max", 0.0, "command_age_max", 0.0, ABOVE),
    ("command_age_max", 0.001, "command_age_max", 0.001, "control_period (0.002) or more"),
    ("chunk_age_max", 0.001, "chunk_age_max", 0.001, "control_period (0.002) or more"),
    ("sight_age_max", 0.001, "sight_age_max", 0.001, "control_period (0.002) or more"),
    ("sequence_gap_max", 0, "sequence_gap_max", 0, "a whole number of 1 or more"),
    ("sequence_gap_max", 10**9 + 1, "sequence_gap_max", 10**9 + 1, "a whole number of 1 or more"),
    ("novelty_max", 0.0, "novelty_max", 0.0, ABOVE),
    ("touch", "soft", "touch", "soft", "a Touch or None"),
    ("touch", SOFT, "separation", None, "its terms: zones and contact rules for people need a sensor that sees them"),
    ("separation", "far", "separation", "far", "a Separation or None"),
    ("allowed", (), "allowed", (), "at least one box"),
    ("allowed", [CELL], "allowed", [CELL], "a tuple of up to 8 of Box"),
    ("forbidden", (3,), "forbidden", (3,), "a tuple of up to 8 of Box"),
    ("bodies", (CELL,), "bodies", (CELL,), "a tuple of up to 16 of Capsule"),
    ("apart", ("hand",), "apart", ("hand",), "a tuple of up to 64 of tuple"),
    ("obstacles", (CELL,), "obstacles", (CELL,), "a tuple of up to 24 of Obstacle"),
    ("zones", (CELL,), "zones", (CELL,), "a tuple of up to 8 of Zone"),
    ("allowed", (CELL, FLAT), "allowed[1] along y", (0.0, 0.0), IN_ORDER),
    ("forbidden", (Box(ORIGIN, (1.0, 1.0)),), "forbidden[0].high", (1.0, 1.0), "a tuple of 3 numbers"),
    ("forbidden", (Box((), (1.0, 1.0, 1.0)),), "forbidden[0].low", (), "a tuple of 3 numbers"),
    ("obstacles", (Obstacle("", CELL),), "obstacles[0].name", "", "a name"),
    ("obstacles", (Obstacle("post", "b"),), "obstacles[0] (post)", "b", "a Box"),
    ("obstacles", (Obstacle("post", FLAT),), "obstacles[0] (post) along y", (0.0, 0.0), IN_ORDER),
    ("bodies", (HAND, HAND), "bodies", ["hand", "hand"], "names that differ"),
    ("bodies", (replace(HAND, name=""),), "bodies[0].name", "", "a name"),
    ("bodies", (replace(HAND, frame=7),), "bodies[0] (hand).frame", 7, "a link from 0 to 6"),
    ("bodies", (replace(HAND, a=()),), "bodies[0] (hand).a", (), "a tuple of 3 numbers"),
    ("bodies", (replace(HAND, b=()),), "bodies[0] (hand).b", (), "a tuple of 3 numbers"),
    ("bodies", (replace(HAND, radius=0.0),), "bodies[0] (hand).radius", 0.0, ABOVE),
    ("apart", (("upper", "foot"),), "apart[0]", ("upper", "foot"), "two of the bodies ['column', 'upper', 'fore', 'hand']"),
    ("apart", (("upper", "upper"),), "apart[0]", ("upper", "upper"), "two of the bodies ['column', 'upper', 'fore', 'hand']"),
    ("body_clearance", -1.0, "body_clearance", -1.0, NONE_BELOW),
    ("cell_clearance", -1.0, "cell_clearance", -1.0, NONE_BELOW),
    ("zones", (Zone("", "stop", CELL),), "zones[0].name", "", "a name"),
    ("zones", (Zone("a", "hot", CELL),), "zones[0] (a).kind", "hot", "keep_out or person_only or slow or stop"),
    ("zones", (Zone("a", "stop", 3),), "zones[0] (a)", 3, "a Box"),
    ("zones", (Zone("a", "slow", CELL, 0.0),), "zones[0] (a).speed", 0.0, ABOVE),
    ("zones", (Zone("a", "stop", CELL, 0.5),), "zones[0] (a).speed", 0.5, "None: only a slow zone has a speed"),
    ("zones", (Zone("a", "keep_out", CELL, None, []),), "zones[0] (a).active", [], "a tuple of up to 4 spans"),
    ("zones", (Zone("a", "keep_out", CELL, None, ((),)),), "zones[0] (a).active[0]", (), "a tuple of 2 numbers"),
    ("zones", (Zone("a", "keep_out", CELL, None, ((1.0, 1.0),)),), "zones[0] (a).active[0]", (1.0, 1.0), IN_ORDER),
    ("zones", (Zone("a", "stop", CELL),), "separation", None,
     "its terms: zones and contact rules for people need a sensor that sees them"),
    ("touch", replace(SOFT, contact="long"), "touch.contact", "long", "quasi-static or transient"),
    ("touch", replace(SOFT, regions=3), "touch.regions", 3, "a tuple of body regions"),
    ("touch", replace(SOFT, regions=("face",)), "touch.regions", ("face",),
     "regions in which a contact is permitted at all"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "what", "found", "allowed"), TABLES)
def test_a_limit_table_says_what_is_wrong_with_it(field: str, value: Any, what: str, found: Any, allowed: str) -> None:
    others: dict[str, Any] = {"bodies": BODIES} if field == "apart" else {}
    line = says(lambda: table(**{field: value, **others}))
    assert line == f"limit table, {what}: found {found!r}; allowed: {allowed}"


BASE = replace(HAND, name="base", frame=0)
NO_PARTS = "the robot's parts: without them people, zones and obstacles mean nothing"
# several fields: what is named, what was found, what is allowed
TOGETHER: list[tuple[dict[str, Any], str, Any, str]] = [
    ({"touch": SOFT, "separation": TERMS, "bodies": BODIES, "tool_force": 140.5}, "tool_force", 140.5,
     "at most 140 N, what all regions in touch bear"),
    ({"separation": TERMS}, "bodies", (), NO_PARTS),
    ({"separation": TERMS, "bodies": (BASE,)}, "bodies", (BASE,), NO_PARTS),
    ({"obstacles": (Obstacle("post", CELL),), "bodies": (BASE,)}, "bodies", (BASE,), NO_PARTS),
    ({"zones": (Zone("a", "keep_out", CELL),)}, "bodies", (), NO_PARTS),
    ({"command_age_max": 0.6}, "command_age_max", 0.6, "at most 0.5 s: longer is no watchdog"),
    ({"forbidden": (CELL, Box(ORIGIN, (1.0, 0.0019, 1.0)))}, "forbidden[1]", Box(ORIGIN, (1.0, 0.0019, 1.0)),
     "no side shorter than 0.002 m, the tool's way in one tick"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "what", "found", "allowed"), TOGETHER)
def test_fields_that_contradict_each_other_are_named(changes: dict[str, Any], what: str, found: Any, allowed: str) -> None:
    assert says(lambda: table(**changes)) == f"limit table, {what}: found {found!r}; allowed: {allowed}"


def test_what_just_fits_together_is_taken() -> None:
    thin = Box(ORIGIN, (1.0, 0.002, 1.0))
    made = table(touch=SOFT, separation=TERMS, bodies=(BASE, HAND), tool_force=140.0, command_age_max=0.5, forbidden=(thin,))
    assert made.joints == 6 and table(bodies=(BASE,)).bodies == (BASE,)


# ── from JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────
FULL = table(
    bodies=BODIES, apart=APART, separation=TERMS, touch=SOFT,
    tool_force=100.0, obstacles=(Obstacle("post", CELL),), forbidden=(CELL,),
    zones=(Zone("door", "keep_out", CELL),),
)  # fmt: skip


def reloaded(change: Callable[[dict[str, Any]], Any]) -> str:
    raw = json.loads(FULL.to_json())
    change(raw)
    return says(lambda: limits_from_json(json.dumps(raw)))


def fields_of(*names: str) -> str:
    return "exactly " + ", ".join(sorted(names))


BOX, TOUCH = fields_of("low", "high"), fields_of("regions", "moving", "payload", "area", "contact")


def test_text_that_is_no_table_says_so() -> None:
    assert says(lambda: limits_from_json("no")) == (
        "limit table: found text that is not JSON (Expecting value: line 1 column 1 (char 0)); allowed: JSON"
    )
    assert "not JSON (maximum recursion depth exceeded" in says(lambda: limits_from_json("[" * 100_000))
    every = ", ".join(sorted(json.loads(FULL.to_json())))
    unknown = "limit table, limit table: fields missing or unknown: found {}; allowed: exactly " + every
    assert says(lambda: limits_from_json("[]")) == unknown.format("'list'")
    assert reloaded(lambda raw: raw.pop("payload")) == unknown.format("['payload']")
    assert reloaded(lambda raw: (raw.pop("payload"), raw.update(a=1))) == unknown.format("['a', 'payload']")


@pytest.mark.parametrize(
    ("change", "what", "found", "allowed"),
    [
        (lambda raw: raw.update(allowed=3), "allowed", 3, "a list"),
        (lambda raw: raw.update(velocity="fast"), "velocity", "fast", "a list"),
        (lambda raw: raw["forbidden"][0].pop("low"), "forbidden: fields missing or unknown", ["low"], BOX),
        (lambda raw: raw["forbidden"].append(3), "forbidden: fields missing or unknown", "int", BOX),
        (lambda raw: raw["obstacles"][0].update(box="b"), "box: fields missing or unknown", "str", BOX),
        (lambda raw: raw.update(touch=[]), "touch: fields missing or unknown", "list", TOUCH),
        (lambda raw: raw["touch"].pop("area"), "touch: fields missing or unknown", ["area"], TOUCH),
    ],
)
def test_a_part_from_json_says_what_is_wrong_with_it(change: Any, what: str, found: Any, allowed: str) -> None:
    assert reloaded(change) == f"limit table, {what}: found {found!r}; allowed: {allowed}"


def test_lists_become_tuples_however_deep() -> None:
    again = limits_from_json(FULL.to_json())
    assert again == FULL and type(again.apart[0]) is tuple and type(again.bodies[0].a) is tuple
    assert type(again.touch) is Touch and type(again.separation) is type(TERMS) and again.novelty_max is None


# ── tighter tables ───────────────────────────────────────────────────────────────────────────────────────────────────
OUTER = replace(FULL, novelty_max=0.5)
WIDER: list[tuple[dict[str, Any], str, Any, str]] = [
    ({"robot": "another"}, "robot", "another", "exactly the same"),
    ({"position_min": (-3.5, *OUTER.position_min[1:])}, "position_min[0]", -3.5, "at least -3.0"),
    ({"position_max": (3.5, *OUTER.position_max[1:])}, "position_max[0]", 3.5, "at most 3.0"),
    ({"velocity": (*OUTER.velocity[:5], 3.5)}, "velocity[5]", 3.5, "at most 3.2"),
    ({"tool_speed": 1.5}, "tool_speed", 1.5, "at most 1.0"),
    ({"cell_clearance": 0.0, "body_clearance": 0.0}, "body_clearance", 0.0, "at least 0.005"),
    ({"novelty_max": 0.75}, "novelty_max", 0.75, "at most 0.5"),
    ({"novelty_max": None}, "novelty_max", None, "at most 0.5"),
    ({"allowed": (Box(ORIGIN, (1.0, 1.0, 2.5)),)}, "allowed", Box(ORIGIN, (1.0, 1.0, 2.5)),
     "boxes that each lie within one of the outer table's"),
    ({"forbidden": ()}, "forbidden", (), f"all of the outer table's; missing: {CELL}"),
    ({"apart": APART[1:]}, "apart", APART[1:], f"all of the outer table's; missing: {APART[0]}"),
    ({"obstacles": ()}, "obstacles", (), f"all of the outer table's; missing: {OUTER.obstacles[0]}"),
    ({"zones": ()}, "zones", (), f"all of the outer table's; missing: {OUTER.zones[0]}"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "what", "found", "allowed"), WIDER)
def test_a_table_that_is_not_tighter_says_where(changes: dict[str, Any], what: str, found: Any, allowed: str) -> None:
    inner: LimitTable = replace(OUTER, **changes)
    assert says(lambda: tightened(OUTER, inner)) == f"a tighter limit table, {what}: found {found!r}; allowed: {allowed}"


def test_a_box_of_two_dimensions_lies_in_nothing() -> None:
    flat = ((0.1, 0.1), (0.9, 0.9))
    for odd in (replace(CELL, low=flat[0]), replace(CELL, high=flat[1])):
        with pytest.raises(ValueError, match="argument 2 is longer"):
            tighten._inside(odd, CELL)


# ── the others ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_contact_says_what_is_wrong_with_it() -> None:
    body = MovingMass(1e6, 1e6, 1e6)
    assert says(lambda: MovingMass(math.nextafter(1e6, 2e6), 0.0, 1.0)) == (
        "contact: moving is 1000000.0000000001; allowed: 1e-06 to 1e+06"
    )
    assert says(lambda: MovingMass(1.0, -1e-9, 1.0)) == "contact: payload is -1e-09; allowed: 0 to 1e+06"
    assert says(lambda: slowest_contact_speed((), body, "transient")) == (
        "contact: no body region named; allowed: the regions that can be touched in this workplace"
    )
    assert says(lambda: region("tail")).startswith("a body region: found 'tail'; allowed: skull and forehead, face, neck, ")


def test_a_budget_says_what_is_wrong_with_it() -> None:
    assert says(lambda: Budget(2.0, 1.0, "s", "made up")) == (
        "budget (made up): found (2.0, 1.0); allowed: 0 or more, reduced not above still"
    )
    for reduced, still in ((0.0, 0.0), (0.5, 0.5), (0.0, HUGE), (HUGE, HUGE)):
        assert Budget(reduced, still, "s", "just right").still == still
    assert says(lambda: fitness({"odd": 1.0}, {"even": Budget(1.0, 2.0, "", "")})) == (
        "a signal to watch: found 'odd'; allowed: even"
    )
