"""The random motions: a short form of them, and faults that the judge must find."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import motions
import numpy as np
import pytest
from helpers_guard import BODIES, HOME, TERMS, table, with_parts
from law import law_of
from motions import run_group, run_piece
from notes import RULES, S_MOVING, S_STOPS
from parts import Arguments
from retrace import Plain, retrace
from sessions import STARTS, bench_of, draw_batch
from tables import KINDS, Setting, draw_setting, ticks_of_braking

from moravec.guard.compiled import Kernel
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Obstacle, Touch, Zone
from moravec.worlds.cell.layout import HOME_Q
from moravec.worlds.cell.limits import cell_limits

AROUND = Box((-0.3, -0.6, 0.2), (0.5, 0.1, 0.8))
CELL = Setting("cell", cell_limits(), np.array(HOME_Q, float))


def arm(**changes: Any) -> Setting:
    """The guard tests' arm with its parts, with people watched for."""
    return Setting("made up", with_parts(**{"separation": TERMS, **changes}), np.array(HOME, float))


def test_no_rule_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motions, "GROUP", 40)
    record = run_piece(16, 0, 400)
    assert set(record["tables"]) == set(KINDS) and set(record["starts"]) == set(STARTS)
    assert {name: times for name, times in record["broken"].items() if times} == {}
    assert record["score"][S_MOVING] > 1000 and record["score"][S_STOPS] > 300


# ── planted faults ───────────────────────────────────────────────────────────────────────────────────────────────────
def changed(**changes: Any) -> Callable[[LimitTable], LimitTable]:
    return lambda limits: replace(limits, **changes)


def scaled(name: str, by: float) -> Callable[[LimitTable], LimitTable]:
    return lambda limits: replace(limits, **{name: tuple(x * by for x in getattr(limits, name))})


def term(name: str, value: float) -> Callable[[LimitTable], LimitTable]:
    return lambda limits: replace(limits, separation=replace(TERMS, **{name: value}))


WALL = (Obstacle("wall", Box((-0.7, -0.9, -0.2), (0.7, -0.55, 1.0))),)
EVERYWHERE = Box((-3.0, -3.0, -3.0), (3.0, 3.0, 3.0))
# A table that is a little looser than the one that is judged by, and the rule that is broken then.
FAULTS: list[tuple[str, Setting, Callable[[LimitTable], LimitTable]]] = [
    ("joint speed", CELL, scaled("velocity", 1.01)),
    ("acceleration", CELL, scaled("acceleration", 1.01)),
    ("jerk", CELL, scaled("jerk", 1.05)),
    ("position", arm(), changed(position_max=tuple(x + 1e-4 for x in table().position_max))),
    ("room to brake", arm(), changed(position_min=tuple(x - 1e-4 for x in table().position_min))),
    ("tool speed", CELL, changed(tool_speed=1.01)),
    ("tool speed", CELL, changed(tool_offset=(0.0, 0.0, 0.19))),
    ("workspace", arm(allowed=(AROUND,)), changed(allowed=(Box((-0.3, -0.61, 0.2), (0.5, 0.11, 0.8)),))),
    ("workspace", CELL, changed(forbidden=())),
    ("parts", CELL, changed(body_clearance=0.0)),
    ("parts", arm(obstacles=WALL), changed(obstacles=())),
    ("parts", CELL, lambda limits: replace(limits, bodies=tuple(replace(b, radius=b.radius * 0.9) for b in limits.bodies))),
    ("separation", arm(), term("human_speed", 1.5)),
    ("separation", arm(), term("reaction_time", 0.01)),
    ("separation", arm(), term("intrusion", 0.09)),
    ("separation", arm(), term("human_uncertainty", 0.04)),
    ("separation", arm(), term("robot_uncertainty", 0.01)),
    ("separation", arm(), term("braking", 4.0)),
    ("touched", arm(), changed(separation=replace(TERMS, human_speed=0.1, intrusion=0.0, human_uncertainty=1e-6))),
    ("separation", arm(), changed(touch=Touch(("hand and finger",), 10.0, 1.0, 1.0, "transient"), tool_force=100.0)),
    ("slow zone", arm(zones=(Zone("lane", "slow", EVERYWHERE, 0.1),)), changed(zones=())),
    ("stop zone", arm(zones=(Zone("door", "stop", EVERYWHERE),)), changed(zones=())),
    ("stale", CELL, changed(command_age_max=0.1)),
    ("stale", arm(separation=replace(TERMS, reading_age_max=0.03)), changed(separation=TERMS)),
    ("stale", CELL, changed(tracking=(0.2,) * 6)),
    ("grip", CELL, changed(grip_width_max=1e3)),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "setting", "loosen"), FAULTS, ids=[f"{i} {rule}" for i, (rule, _, _) in enumerate(FAULTS)])
def test_a_guard_with_a_looser_table_is_found(rule: str, setting: Setting, loosen: Callable[[LimitTable], LimitTable]) -> None:
    for attempt in range(12):
        _, book, _ = run_group((11, attempt), 250, loosen, setting)
        if book.broken[RULES.index(rule)]:
            return
    pytest.fail("not found in 3,000 motions")


def obedient(stop: Callable[[Any, Any], None]) -> Kernel:
    """A guard that lets through whatever it is asked; where it gets no command, `stop(memory, answer)` says what it does."""

    def decide(t: Any, m: Any, a: Any, o: Any) -> None:
        told = a["command_fits"] == 1
        m["state"] = 1 if told else 2
        o["decision"], o["own"], o["category"] = (0, 0, -1) if told else (2, 1, 2)
        if told:
            m["steps"], m["q"] = a["q"] - a["measured_q"], a["q"]
            o["dq"], o["grip_width"], o["grip_force"] = a["dq"], a["grip_width"], a["grip_force"]
        else:
            stop(m, o)
        o["q"] = m["q"]

    return Kernel(decide, lambda t, m, a, o: 5)


def goes_on(m: Any, o: Any) -> None:
    m["q"] += m["steps"]
    o["dq"] = m["steps"] / 0.002


def halts_at_once(m: Any, o: Any) -> None:
    m["steps"] = 0.0
    o["dq"] = 0.0


def turns_round(m: Any, o: Any) -> None:
    m["steps"] = -m["steps"]
    goes_on(m, o)


def broken_by(kernel: Kernel, count: int = 20) -> set[str]:
    setting = arm(obstacles=WALL, allowed=(AROUND,))
    bench, found = bench_of(setting.limits, setting.limits, 1), set[str]()
    batch, kinds = draw_batch(np.random.default_rng(3), bench, setting, 60)
    moving = [i for i in range(60) if STARTS[kinds[i]].startswith("lawful")][:count]
    for i in moving:
        batch.silence[i], batch.ticks[i] = 0, 12
        book = retrace(bench, batch, i, kernel, lambda *told: None, longest=30)
        found |= {RULES[r] for r in np.flatnonzero(book.broken)}
    return found


def test_a_guard_that_says_yes_to_everything_is_found() -> None:
    found = broken_by(obedient(goes_on))
    assert {"finite", "joint speed", "acceleration", "position", "room to brake", "travel", "fed speed"} <= found
    assert {"tool speed", "workspace", "stop late"} <= found


def test_a_guard_that_stops_otherwise_than_it_may_is_found() -> None:
    assert "acceleration" in broken_by(obedient(halts_at_once), 8)
    assert "stop grows" in broken_by(obedient(turns_round), 8)


# ── how it is run ────────────────────────────────────────────────────────────────────────────────────────────────────
def shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motions, "PIECE", 60)
    monkeypatch.setattr(motions, "GROUP", 40)


def result(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "motions.json").read_text())
    found.pop("seconds")
    return found


def test_a_run_that_was_broken_off_goes_on_and_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shortened(monkeypatch)
    whole, parts, real = Arguments(170, 3, tmp_path / "a"), Arguments(170, 3, tmp_path / "b"), motions.run_piece
    assert motions.finish("motions", whole, motions.run(whole)) in (0, 1)
    made = list[int]()

    def piece(seed: int, k: int, *rest: Any) -> dict[str, Any]:
        if len(made) == 2:
            made.append(-1)
            raise KeyboardInterrupt
        made.append(k)
        return real(seed, k, *rest)

    monkeypatch.setattr(motions, "run_piece", piece)
    with pytest.raises(KeyboardInterrupt):
        motions.run(parts)
    motions.finish("motions", parts, motions.run(parts))
    assert made == [0, 1, -1, 2]
    assert result(whole.out) == result(parts.out)


def test_what_is_found_fails_the_part_and_can_be_seen_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shortened(monkeypatch)
    given = Arguments(120, 5, tmp_path)
    outcome = motions.run(given, scaled("velocity", 3.0))
    assert motions.finish("motions", given, outcome) == 1
    shown = next(row for row in result(tmp_path)["figures"]["found"] if row["rule"] == "joint speed")
    rng = np.random.default_rng(shown["seeds"])
    setting = draw_setting(rng)
    people = int(rng.integers(3)) if setting.limits.separation else 0
    bench = bench_of(scaled("velocity", 3.0)(setting.limits), setting.limits, people)
    size = min(40, 60 - 40 * shown["seeds"][2])
    batch, _ = draw_batch(rng, bench, setting, size)
    seen = list[int]()

    def tell(tick: int, m: Plain, a: Plain, o: Plain) -> None:
        seen.append(tick)

    book = retrace(bench, batch, shown["motion"], motions_kernel(), tell)
    again = [row for row in book.found.tolist() if RULES[int(row[0])] == "joint speed"]
    assert [repr(again[0][3]), int(again[0][2])] == [shown["value"], shown["tick"]] and len(seen) > shown["tick"]


def motions_kernel() -> Kernel:
    from moravec.guard.compiled import compiled

    return compiled()


def test_every_kind_of_table_is_drawn_and_brakes_soon() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_setting(rng) for _ in range(60)]
    assert {setting.kind for setting in drawn} == set(KINDS)
    assert max(ticks_of_braking(setting.limits) for setting in drawn) <= 300
    zones = (Zone("now and then", "keep_out", AROUND, active=((1.0, 2.0), (3.0, 4.0))), Zone("always", "keep_out", AROUND))
    law = law_of(with_parts(zones=zones), 2)
    assert law.spans[0, :2].tolist() == [[1.0, 2.0], [3.0, 4.0]] and law.spans[1, 0].tolist() == [-np.inf, np.inf]
    assert (law.parts, law.zone_count, law.crowd, law.n) == (len(BODIES), 2, 2, 6)
