"""The metamorphic rules: a short form of them, and faults that they must find."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import metamorphic
import numpy as np
import pytest
from helpers_guard import TERMS, with_parts
from metamorphic import KINDS, run, run_group, run_piece
from parts import Arguments, finish
from relations import COMPARED, FASTER, INPUTS, NESTED, PASSED, PULLED, REFUSED
from tightening import CHANGES

from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Touch, Zone
from moravec.guard.tighten import tightened

Change = Callable[[LimitTable], LimitTable]


def test_no_rule_is_broken_and_what_is_tighter_is_felt() -> None:
    record = run_piece(2, 0, 6000)
    tally = np.array(record["tally"])
    assert record["found"] == [] and not tally[:, [PASSED, FASTER, NESTED]].any()
    assert tally[: len(INPUTS), COMPARED].all(), "a change of the input that is never compared"
    assert tally[:, [REFUSED, PULLED]].sum() > 150


def spoiled(name: str, change: Change) -> metamorphic.Spoil:
    """What should be tighter in `name` is not: the table is changed in another way."""
    return lambda kind, limits, tighter: change(limits) if kind == name else tighter


FAULTS: list[tuple[str, Change]] = [
    ("joint range", lambda limits: replace(limits, position_min=(-9.0,) * limits.joints, position_max=(9.0,) * limits.joints)),
    ("joint acceleration", lambda limits: replace(limits, acceleration=tuple(2.0 * a for a in limits.acceleration))),
    ("jerk", lambda limits: replace(limits, jerk=tuple(3.0 * j for j in limits.jerk))),
    ("one more obstacle", lambda limits: replace(limits, apart=(), obstacles=())),
    ("workspace", lambda limits: replace(limits, allowed=(Box((-9.0, -9.0, -9.0), (9.0, 9.0, 9.0)),), forbidden=())),
    ("longer reaction", lambda limits: replace(limits, separation=replace(TERMS, human_speed=1e-3))),
    ("gripper", lambda limits: replace(limits, command_age_max=0.5, sequence_gap_max=10**6)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change"), FAULTS, ids=[name for name, _ in FAULTS])
def test_a_change_that_is_not_tighter_is_found(name: str, change: Change) -> None:
    wrong = 0
    for group in range(60):
        tally, _ = run_group((4, 0, group), spoiled(name, change))
        wrong += int(tally[KINDS.index(name), [PASSED, FASTER, NESTED]].sum())
        if wrong:
            return
    pytest.fail("not found in 60 tables")


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_called_tighter_is(name: str) -> None:
    """By the guard's own measure, where that knows the field; where it must not change, or not this way, by hand."""
    zones = (Zone("lane", "slow", Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), 0.5),)
    touch = Touch(("chest",), 10.0, 1.0, 1.0, "transient")
    forbidden = (Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),)
    limits = with_parts(separation=TERMS, zones=zones, touch=touch, tool_force=100.0, novelty_max=0.5, forbidden=forbidden)
    fixed = {"joint acceleration", "thicker parts", "larger forbidden boxes", "slower zones", "no contact foreseen"}
    terms = {"faster people", "longer reaction", "younger readings", "weaker braking", "deeper intrusion",
             "less sure of people", "less sure of the robot"}  # fmt: skip
    rng = np.random.default_rng(1)
    for u in (1e-4, 0.3, 0.99):
        tighter = CHANGES[name](limits, rng, u)
        assert tighter is not None and tighter != limits
        if name not in fixed | terms:
            assert tightened(limits, tighter) is tighter
        if name in terms:
            assert tighter.separation is not None
            for field in ("human_speed", "reaction_time", "intrusion", "human_uncertainty", "robot_uncertainty"):
                assert getattr(tighter.separation, field) >= getattr(TERMS, field)
            assert tighter.separation.braking <= TERMS.braking
            assert tighter.separation.reading_age_max <= TERMS.reading_age_max
    plain = with_parts(separation=None)
    assert name not in terms or CHANGES[name](plain, rng, 0.5) is None


def result(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metamorphic.json").read_text())
    found.pop("seconds")
    return found


def test_a_run_that_was_broken_off_goes_on_and_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metamorphic, "PIECE", 300)
    whole, broken, real = Arguments(1000, 2, tmp_path / "a"), Arguments(1000, 2, tmp_path / "b"), metamorphic.run_piece
    assert finish("metamorphic", whole, run(whole)) == 0
    made = list[int]()

    def piece(seed: int, k: int, *rest: Any) -> dict[str, Any]:
        if len(made) == 2:
            made.append(-1)
            raise KeyboardInterrupt
        made.append(k)
        return real(seed, k, *rest)

    monkeypatch.setattr(metamorphic, "run_piece", piece)
    with pytest.raises(KeyboardInterrupt):
        run(broken)
    assert finish("metamorphic", broken, run(broken)) == 0
    assert made == [0, 1, -1, 2, 3]
    assert result(whole.out) == result(broken.out)


def test_what_is_found_fails_the_part(tmp_path: Path) -> None:
    given = Arguments(3000, 4, tmp_path)
    assert finish("metamorphic", given, run(given, spoiled(*FAULTS[1]))) == 1
    assert result(tmp_path)["figures"]["found"][0]["what"] == "joint acceleration"
