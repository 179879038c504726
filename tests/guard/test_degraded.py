"""Degraded modes: every signal crosses each of its budgets at once, the worst wins, and recovery takes its time."""

from __future__ import annotations

import math

import pytest

from moravec.core.errors import GuardConfigError
from moravec.guard.degraded import BUDGETS, RECOVERY, Budget, FitnessWatch, fitness
from moravec.guard.stop import Mode


@pytest.mark.parametrize("name", sorted(BUDGETS))
def test_each_budget_is_crossed_where_it_says(name: str) -> None:
    budget = BUDGETS[name]
    just = lambda x: math.nextafter(x, math.inf)  # noqa: E731
    assert fitness({name: budget.reduced}).mode is Mode.FULL
    over = fitness({name: just(budget.still)})
    assert (over.mode, over.signal, over.value, over.limit) == (Mode.STILL, name, just(budget.still), budget.still)
    if budget.reduced < budget.still:
        found = fitness({name: just(budget.reduced)})
        assert (found.mode, found.signal, found.limit) == (Mode.REDUCED, name, budget.reduced)
        assert fitness({name: budget.still}).mode is Mode.REDUCED


def test_the_budgets_are_those_that_were_meant() -> None:
    assert {name: (budget.reduced, budget.still, budget.unit) for name, budget in BUDGETS.items()} == {
        "brain_silent": (2.0, 10.0, "s"),
        "policy_silent": (0.1, 0.2, "s"),
        "camera_old": (0.5, 2.0, "s"),
        "camera_dark": (0.0, 0.5, "s"),
        "cloud_delay": (0.15, 1.0, "s"),
        "cloud_silent": (0.5, 10.0, "s"),
        "disk_failing": (0.0, 0.0, "s"),
        "controllers": (1.0, 1.0, ""),
    }


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_asks_for_a_standstill(bad: float) -> None:
    found = fitness({"brain_silent": bad})
    assert found.mode is Mode.STILL and math.isfinite(found.value) and "brain_silent: found 1e+09 s" in found.reason


def test_the_worst_signal_decides_and_is_named() -> None:
    found = fitness({"camera_old": 0.6, "policy_silent": 0.3, "brain_silent": 0.0})
    assert (found.mode, found.signal) == (Mode.STILL, "policy_silent")
    assert found.reason == "policy_silent: found 0.3 s, allowed 0.2 s"
    assert fitness({"controllers": 2.0}).reason == "controllers: found 2, allowed 1"
    assert fitness({}).reason == "all signals within their budgets"


def test_of_several_signals_the_first_by_name_that_is_worst_decides() -> None:
    later = {"camera_old": 3.0, "cloud_silent": 0.6, "policy_silent": 0.3}
    assert fitness(later).signal == "camera_old", "a better one that comes later does not cover it up"
    assert fitness({"policy_silent": 0.3, "camera_old": 3.0}).signal == "camera_old"
    found = fitness({"cloud_silent": 0.6, "camera_old": 0.75})
    assert (found.mode, found.signal, found.value, found.limit) == (Mode.REDUCED, "camera_old", 0.75, 0.5)


def test_other_budgets_hold_where_they_are_given() -> None:
    own = {"brain_silent": Budget(5.0, 6.0, "s", "made up")}
    assert fitness({"brain_silent": 4.0}, own).mode is Mode.FULL
    watch = FitnessWatch(own)
    assert watch.advance({"brain_silent": 4.0}, 0.0).mode is Mode.FULL
    assert watch.advance({"brain_silent": 5.5}, 1.0).mode is Mode.REDUCED and watch.now.limit == 5.0


def test_a_signal_nobody_thought_about_is_refused() -> None:
    with pytest.raises(GuardConfigError, match="found 'brian_silent'; allowed: brain_silent, "):
        fitness({"brian_silent": 0.0})


@pytest.mark.parametrize("pair", [(2.0, 1.0), (-1.0, 1.0), (math.nan, 1.0), (0.0, math.inf), (0.0, math.nan)])
def test_an_inverted_budget_is_refused(pair: tuple[float, float]) -> None:
    with pytest.raises(GuardConfigError, match=r"budget \(made up\)"):
        Budget(*pair, "s", "made up")


def test_worse_holds_at_once_and_better_only_after_a_while() -> None:
    watch = FitnessWatch()
    assert watch.advance({"cloud_silent": 0.0}, 0.0).mode is Mode.FULL
    assert watch.advance({"cloud_silent": 0.6}, 1.0).mode is Mode.REDUCED
    assert watch.advance({"cloud_silent": 11.0}, 2.0).mode is Mode.STILL
    assert watch.advance({"cloud_silent": 0.6}, 3.0).mode is Mode.STILL  # better, but not for long enough
    assert watch.advance({"cloud_silent": 0.6}, math.nextafter(3.0 + RECOVERY, 0.0)).mode is Mode.STILL
    assert watch.advance({"cloud_silent": 0.6}, 3.0 + RECOVERY).mode is Mode.REDUCED
    assert watch.advance({"cloud_silent": 0.0}, 9.0).mode is Mode.REDUCED
    assert watch.advance({"cloud_silent": 0.7}, 12.0).mode is Mode.REDUCED  # a relapse starts the wait again
    assert watch.advance({"cloud_silent": 0.0}, 13.5).mode is Mode.REDUCED
    assert watch.advance({"cloud_silent": 0.0}, 18.25).mode is Mode.REDUCED
    assert watch.advance({"cloud_silent": 0.0}, 18.5).mode is Mode.FULL


def test_a_clock_that_jumps_back_starts_the_wait_again() -> None:
    watch = FitnessWatch()
    watch.advance({"cloud_silent": 0.6}, 100.0)
    watch.advance({"cloud_silent": 0.0}, 101.0)
    assert watch.advance({"cloud_silent": 0.0}, 50.0).mode is Mode.REDUCED
    assert watch.advance({"cloud_silent": 0.0}, 50.0 + RECOVERY).mode is Mode.FULL
