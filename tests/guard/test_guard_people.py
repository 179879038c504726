"""The guard and people: zones in space and time, separation, contact that is foreseen; each from both sides."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers_guard import BODIES, HOME, PERIOD, TERMS, Rig, drive, gap, placed, table, told, tool_at, with_parts

from moravec.guard.kernel.checks import FUTURE_TOLERANCE, TOLERANCE
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Touch, Zone
from moravec.guard.stop import StopState

EVERYWHERE = Box((-3.0, -3.0, -3.0), (3.0, 3.0, 3.0))
FAR_AWAY = Box((5.0, 5.0, -3.0), (6.0, 6.0, 3.0))
STEP = np.array([2e-5, 0, 0, 0, 0, 0])


def around(point: Any, half: float) -> Box:
    low, high = (np.array(point) - half).tolist(), (np.array(point) + half).tolist()
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def seen(*people: tuple[float, float]) -> Any:
    """What a scanner that sees `people` measures, fresh in each tick."""
    return lambda rig: {"people": np.array(people, dtype=np.float64).reshape(-1, 2), "people_t": rig.now}


def turning(limits: LimitTable, speed: float, measured: Any = None) -> tuple[str, str]:
    """One tick of joint 0 at `speed` [rad/s], after as much."""
    rig = Rig(limits)
    rig.hold(measured(rig) if measured else None)
    step = np.array([speed * PERIOD, 0, 0, 0, 0, 0])
    rig.plant(steps=step)
    return told(rig.send(HOME + step, step / PERIOD, measured(rig) if measured else None))


# ── zones that nothing may enter ─────────────────────────────────────────────────────────────────────────────────────
AHEAD = tool_at(HOME + np.array([0.5, 0, 0, 0, 0, 0]), table())


@pytest.mark.parametrize("kind", ["keep_out", "person_only"])
@pytest.mark.parametrize("speed", [0.2, 0.6])
def test_the_robot_stops_before_a_zone_it_may_not_enter(kind: Any, speed: float) -> None:
    limits = with_parts(zones=(Zone("far", kind, FAR_AWAY), Zone("door", kind, around(AHEAD, 0.05))))
    rig = Rig(limits)
    answers = drive(rig, 0, speed, 2000)
    assert told(answers[-1]) == ("stop", "zone") and " of hand from zone door: found" in answers[-1].verdict.reason
    assert answers[-1].verdict.category == 2
    while rig.guard.state is StopState.BRAKING:
        rig.give(None)
    assert 0.0 <= gap(limits, rig.q, "hand", limits.zones[1].box) < 0.02


def test_a_zone_holds_within_its_times_alone() -> None:
    door = around(AHEAD, 0.05)

    def through(*active: tuple[float, float]) -> str:
        limits = with_parts(zones=(Zone("door", "keep_out", door, active=active),))
        return told(drive(Rig(limits), 0, 0.6, 800)[-1])[1] if active else "zone"

    assert through((5.0, 6.0)) != "zone" and through((-2.0, -1.0)) != "zone"
    assert through((0.0, 2.0)) == "zone" and through((-1.0, -0.5), (0.0, 2.0)) == "zone"
    assert through((5.0, 6.0), (7.0, 8.0), (9.0, 10.0), (0.0, 2.0)) == "zone"


def test_a_span_begins_with_its_first_instant_and_ends_before_its_last() -> None:
    """And counts before it, by as long as the robot needs to come to rest: here 0.2 s of the slowest joint and two ticks."""
    first = 120
    start, end = first * PERIOD, (first + 10) * PERIOD
    zone = Zone("hush", "slow", EVERYWHERE, 1e-6, ((start, end),))
    limits = with_parts(zones=(zone,), separation=TERMS)
    slowest = max(v / a for v, a in zip(limits.velocity, limits.acceleration, strict=True))
    ahead = math.floor(slowest * (1 + TOLERANCE) / PERIOD) + 2
    rig, found = Rig(limits), []
    for k in range(first + 20):
        step = STEP * (1.0 if k % 2 else -1.0) * 0.1
        measured = seen()(rig)
        found.append(told(rig.send(np.array(rig.guard.setpoint) + step if k else HOME, measured=measured))[1])
    assert {k for k, check in enumerate(found) if check == "zone_slow"} == set(range(first - ahead, first + 10))


def test_a_robot_caught_by_a_zone_may_only_leave() -> None:
    hand = np.array(placed(HOME, with_parts()).points[18:24]).reshape(2, 3).mean(axis=0)
    zone = Zone("door", "keep_out", around(hand + np.array([-0.068, 0.0, 0.0]), 0.05), active=((5 * PERIOD, 9.0),))
    decisions = {}
    for sign in (1.0, -1.0):
        rig = Rig(with_parts(zones=(zone,)))
        for _ in range(8):
            assert told(rig.hold())[0] == "pass", "who stands still enters nothing"
        decisions[sign] = told(rig.send(HOME + sign * STEP, sign * STEP / PERIOD))
    assert sorted(decisions.values())[0][0] == "pass" and ("stop", "zone") in decisions.values()


# ── slow and stop zones ──────────────────────────────────────────────────────────────────────────────────────────────
def _fastest_part(speed: float, limits: LimitTable) -> float:
    """A bound of the parts' speed [m/s] at joint 0's `speed`, by the ends of their segments and their radius."""
    step = np.array([speed * PERIOD, 0, 0, 0, 0, 0])
    one, two = (
        np.array(placed(q, limits).points[: 6 * len(limits.bodies)]).reshape(-1, 2, 3) for q in (HOME, HOME + step)
    )
    ends = np.linalg.norm(two - one, axis=2).max(axis=1)
    turns = [body.radius * speed * PERIOD if body.frame else 0.0 for body in limits.bodies]
    return float(max(ends + turns)) / PERIOD


def test_a_part_in_a_slow_zone_makes_all_parts_slow() -> None:
    most = _fastest_part(0.5, with_parts())
    for box, allowed, decision in (
        (EVERYWHERE, most * 1.0001, "pass"),
        (EVERYWHERE, most * 0.9999, "stop"),
        (FAR_AWAY, most * 0.5, "pass"),
        (around((0.0, 0.0, 0.0), 0.01), most * 0.5, "stop"),  # the column's foot is a part as well
    ):
        limits = with_parts(zones=(Zone("lane", "slow", box, allowed),), separation=TERMS)
        answer = turning(limits, 0.5, seen())
        assert answer[0] == decision, (box, allowed)
        assert decision == "pass" or answer[1] == "zone_slow"


@pytest.mark.parametrize(("kind", "check"), [("slow", "zone_slow"), ("stop", "zone_stop")])
def test_a_person_in_a_zone_counts_from_its_edge(kind: Any, check: str) -> None:
    """As seen from above, and the sensor's uncertainty counts as in."""
    zone = Zone("lane", kind, Box((4.0, 6.0, -1.0), (5.0, 8.0, 1.0)), 0.01 if kind == "slow" else None)
    limits, z = (
        with_parts(zones=(Zone("other", "slow", FAR_AWAY, 9.0), zone), separation=TERMS),
        TERMS.human_uncertainty,
    )
    for x, y in (
        (4.5, 7.0),
        (4.0 - z + 1e-6, 7.0),
        (5.0 + z - 1e-6, 7.0),
        (4.5, 6.0 - z + 1e-6),
        (4.5, 8.0 + z - 1e-6),
    ):
        assert turning(limits, 0.3, seen((x, y))) == ("stop", check), (x, y)
        assert turning(limits, 0.3, seen((8.0, -8.0), (x, y))) == ("stop", check), "whoever it is"
    for x, y in ((4.0 - z - 1e-6, 7.0), (5.0 + z + 1e-6, 7.0), (4.5, 6.0 - z - 1e-6), (4.5, 8.0 + z + 1e-6)):
        assert turning(limits, 0.3, seen((x, y)))[0] == "pass", (x, y)
    rig = Rig(limits)
    rig.hold(seen((8.0, -8.0))(rig))
    assert told(rig.hold(seen((4.5, 7.0))(rig)))[0] == "pass", "standing still is allowed"
    if kind == "stop":
        assert told(rig.send(HOME, measured=seen((4.5, 7.0))(rig), grip_width=0.01)) == ("stop", check), "gripping is not"
    answer = rig.send(HOME + STEP * 30, STEP * 30 / PERIOD, seen((4.5, 7.0))(rig))
    assert " in zone lane: found" in answer.verdict.reason or answer.verdict.check == "acceleration"


# ── separation ───────────────────────────────────────────────────────────────────────────────────────────────────────
HAND = (BODIES[3],)


def _needed(speed: float, age: float, limits: LimitTable) -> float:
    """S_p [m], written down a second time: v_h (T_r + T_s) + v T_r + v T_s + C + Z_d + Z_r."""
    v, terms = _fastest_part(speed, limits), TERMS
    react = terms.reaction_time + age
    stop = max(speed / limits.acceleration[0], v / terms.braking)
    reach = terms.intrusion + terms.human_uncertainty + terms.robot_uncertainty
    return terms.human_speed * (react + stop) + v * react + v * stop + reach


def _apart(limits: LimitTable, q: Any, person: np.ndarray) -> float:
    """Horizontal distance [m] of a person to the only part, by points along it."""
    ends = np.array(placed(q, limits).points[:6]).reshape(2, 3)[:, :2]
    line = ends[0] + np.linspace(0.0, 1.0, 20001)[:, None] * (ends[1] - ends[0])
    return float(np.linalg.norm(line - person, axis=1).min()) - limits.bodies[0].radius


@pytest.mark.parametrize("speed", [0.05, 0.4, 1.0])
@pytest.mark.parametrize("angle", [0.3, 2.0, 3.5, 5.5])
@pytest.mark.parametrize("age", [0.0, 0.08])
def test_the_protective_distance_from_both_sides(speed: float, angle: float, age: float) -> None:
    limits = table(bodies=HAND, separation=TERMS)
    after = HOME + np.array([speed * PERIOD, 0, 0, 0, 0, 0])
    way, needed = np.array([math.cos(angle), math.sin(angle)]), _needed(speed, age, limits)
    middle_of_hand = np.array(placed(after, limits).points[:6]).reshape(2, 3).mean(axis=0)[:2]
    near, far = 0.0, 9.0
    while far - near > 1e-9:  # where along this way the distance is just what is needed
        middle = (near + far) / 2
        near, far = (middle, far) if _apart(limits, after, middle_of_hand + middle * way) < needed else (near, middle)

    def answer(distance: float) -> tuple[str, str]:
        person = (middle_of_hand + distance * way).reshape(1, 2)
        return turning(limits, speed, lambda rig: {"people": person, "people_t": rig.now - age})

    assert answer(near + 1e-5)[0] == "pass"
    assert answer(near - 1e-5) == ("stop", "separation")


def test_separation_is_of_the_nearest_person_and_says_so() -> None:
    limits = table(bodies=HAND, separation=TERMS)
    rig = Rig(limits)
    crowd = np.array([[3.0, 3.0], [-0.9, -0.3], [0.0, 4.0]])
    assert rig.hold({"people": crowd, "people_t": 0.0}).verdict.decision == "pass", "at rest nobody is in danger"
    assert rig.guard.nearest == pytest.approx(_apart(limits, HOME, crowd[1]), abs=1e-6)
    rig.plant(steps=[0.5 * PERIOD] + [0.0] * 5)
    step = np.array([0.5 * PERIOD, 0, 0, 0, 0, 0])
    answer = rig.send(HOME + step, step / PERIOD, {"people": crowd, "people_t": rig.now})
    assert told(answer) == ("stop", "separation") and answer.verdict.category == 2
    assert " from the hand: found" in answer.verdict.reason
    assert answer.verdict.value == pytest.approx(_apart(limits, HOME + step, crowd[1]), abs=1e-5)
    assert answer.verdict.limit == pytest.approx(_needed(0.5, 0.0, limits), rel=1e-6)
    assert answer.verdict.margin == pytest.approx(answer.verdict.value - answer.verdict.limit)
    while rig.guard.state is StopState.BRAKING:
        rig.give(None, {"people": crowd, "people_t": rig.now})
    assert rig.guard.state is StopState.HOLD
    assert told(rig.send(rig.q, measured={"people": crowd, "people_t": rig.now}))[1] == "sequence_gap"
    assert told(rig.send(rig.q, measured={"people": crowd, "people_t": rig.now}))[0] == "pass"
    assert told(rig.send(rig.q, measured={"people": crowd[::2], "people_t": rig.now}))[0] == "pass"
    assert told(rig.send(rig.q + STEP, STEP / PERIOD, {"people": crowd[::2], "people_t": rig.now}))[0] == "pass"


def test_nobody_is_nearest_where_nobody_is_seen() -> None:
    rig = Rig(table(bodies=HAND, separation=TERMS))
    rig.hold(seen()(rig))
    assert rig.guard.nearest == 1e9
    rig = Rig(table(bodies=HAND))
    rig.hold(seen((0.5, 0.5))(rig))
    assert rig.guard.nearest == 1e9, "no sensor, no reading"


# ── the reading of where people are ──────────────────────────────────────────────────────────────────────────────────
def reading(people: Any, age: float, **changes: Any) -> tuple[str, str]:
    """At rest, with such a reading; what the guard says, which is a stop with the power kept or a pass."""
    rig = Rig(table(bodies=HAND, **{"separation": TERMS, **changes}))
    for _ in range(100):
        rig.hold(seen()(rig))
    answer = rig.hold({"people": people, "people_t": rig.now - age})
    assert answer.power and answer.verdict.category == (2 if answer.verdict.decision == "stop" else -1)
    return told(answer)


def test_the_age_of_the_reading_from_both_sides() -> None:
    someone = np.array([[3.0, 3.0]])
    assert reading(someone, 0.1)[0] == reading(someone, 0.0)[0] == reading(someone, -FUTURE_TOLERANCE / 2)[0] == "pass"
    assert reading(someone, 0.1 + 3e-6) == ("stop", "people_age")
    for age in (math.nan, math.inf, -math.inf, 1e300, -1e12):
        assert reading(someone, age) == ("stop", "people_age"), age
    assert reading(someone, -1e-3) == ("stop", "people_from_future")
    assert reading(someone, math.nan, separation=None)[0] == "pass", "where no sensor is declared, none is asked"


@pytest.mark.parametrize(
    ("people", "fits"),
    [
        (np.zeros((0, 2)), True),
        (np.full((8, 2), 5.0), True),
        (np.full((9, 2), 5.0), False),
        (np.full((200, 2), 5.0), False),
        (np.array([[5.0, math.nan]]), False),
        (np.array([[5.0, 5.0], [math.inf, 5.0]]), False),
        (np.array([[5.0, 1.1e9]]), False),
        (np.array([5.0, 5.0]), False),
        (np.full((2, 3), 5.0), False),
        (np.full((1, 2, 2), 5.0), False),
        (np.full((2, 2), 5.0, dtype=np.float32), False),
        (np.full((2, 2), 5, dtype=np.int64), False),
        ([[5.0, 5.0]], False),
        (((5.0, 5.0),), False),
        (None, False),
        ("nobody", False),
        (0, False),
        (np.zeros(()), False),
    ],
)
def test_a_reading_that_cannot_be_used_counts_as_none(people: Any, fits: bool) -> None:
    assert reading(people, 0.0) == (("pass", reading(np.zeros((0, 2)), 0.0)[1]) if fits else ("stop", "people_age"))
    assert reading(people, 0.0, separation=None)[0] == "pass"


# ── contact ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_who_may_be_touched_needs_no_distance_from_a_part_that_is_slow_enough() -> None:
    touch = Touch(("chest", "hand and finger"), 10.0, 1.0, 1.0, "transient")
    limits = table(bodies=HAND, separation=TERMS, touch=touch, tool_force=100.0)
    part = tool_at(HOME, limits)[:2]
    beside = seen((float(part[0]), float(part[1])))
    slow = touch.speed / _fastest_part(1.0, limits)  # of joint 0, so that the part is as fast as a contact may be
    assert touch.speed > 0.05
    assert turning(limits, slow * 0.9999, beside)[0] == "pass"
    assert turning(limits, slow * 1.0001, beside) == ("stop", "separation")
    assert turning(replace(limits, touch=None), slow * 0.5, beside) == ("stop", "separation")
    assert turning(limits, slow * 1.5, seen((9.0, 9.0)))[0] == "pass"


def test_with_nobody_near_people_change_nothing() -> None:
    ways = []
    for limits in (with_parts(), with_parts(separation=TERMS)):
        rig = Rig(limits)
        drive(rig, 0, 0.6, 300, seen((50.0, 50.0)))
        ways.append(rig.guard.setpoint)
    assert ways[0] == ways[1]


def test_a_nearer_person_is_never_passed_faster() -> None:
    limits = with_parts(separation=TERMS)
    allowed = []
    for distance in (1.0, 1.3, 1.6, 2.0, 2.6, 3.5):
        speeds = [v for v in np.arange(0.02, 1.4, 0.02) if turning(limits, v, seen((-distance, 0.0)))[0] == "pass"]
        allowed.append(max(speeds, default=0.0))
    assert allowed == sorted(allowed) and allowed[0] < allowed[-1]
