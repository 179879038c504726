"""The search for what breaks a job: what lies between severities, how cases are found and made mild, what a rate is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers_rare import DRAWN, NAMES, SUITE, Planted, judge_of, levels_of, ten_faults
from hypothesis import given, settings
from hypothesis import strategies as some

from moravec.core.errors import BadInput, MoravecError
from moravec.trials.jobs.link import Link
from moravec.trials.jobs.suite import Attempt, attempts, chosen, parse, setting
from moravec.trials.rare.occurrence import HEAVIEST, Mixture, Occurrence
from moravec.trials.rare.reduce import RESOLUTION
from moravec.trials.rare.seedfile import seedfile
from moravec.trials.rare.severity import MOST, STEP, Point, bent, between
from moravec.trials.rare.stress import Plan, stress
from moravec.trials.statistics.bounded import mean_of_bounded
from moravec.worlds.cell.conditions.conditions import Conditions
from moravec.worlds.registry import drawn_conditions

HARSH = chosen("cell-harsh")
CELL = drawn_conditions("cell")
ALL = tuple(one.name for one in HARSH.perturbations)
points = some.dictionaries(some.sampled_from(ALL), some.floats(0.0, MOST), max_size=len(ALL)).map(Point.of)


# ── between severities ───────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("severity", [1, 2, 3])
def test_at_a_severity_of_the_suite_a_point_is_that_perturbation(name: str, severity: int) -> None:
    found, wanted = bent(HARSH, Point.of({name: float(severity)}), CELL), HARSH.perturbation(name)
    assert wanted is not None
    assert Conditions.parse(found.conditions[0]) == Conditions.parse(wanted.conditions[severity - 1])
    assert Link.parse(found.network[0]) == Link.parse(wanted.network[severity - 1])
    assert found.mishaps[0] == wanted.mishaps[severity - 1] and found.person == wanted.person
    assert found.instructions[0] == (wanted.instructions[severity - 1] if wanted.instructions else HARSH.instruction)


@settings(max_examples=300, deadline=None)
@given(points)
def test_every_point_is_something_that_the_cell_can_be(point: Point) -> None:
    bend = bent(HARSH, point, CELL)
    Conditions.parse(bend.conditions[0])
    Link.parse(bend.network[0])
    assert Point.of(levels_of(point)) == point and len(bend.name) <= 80 and "/" not in bend.name


def test_what_lies_between_is_between_and_whole_numbers_stay_whole() -> None:
    rows = [{"a": 0.2, "n": 1.0, "same": 7.0}, {"a": 0.4, "n": 2.0, "same": 7.0}, {"a": 1.0, "n": 4.0, "same": 7.0}]
    drawn = {"a": 0.0, "n": 0, "same": 1.0}
    assert between(rows, 0.5, drawn) == {"a": pytest.approx(0.1), "same": 7.0}, "half a thing is none"
    assert between(rows, 2.5, drawn) == {"a": pytest.approx(0.7), "n": 3.0, "same": 7.0}
    assert between(rows, 0.5, {}) == rows[0], "where nobody knows it as drawn it is mild at once"
    assert between([{}, {"a": 1.0}, {"a": 2.0}], 1.5, drawn) == {"a": 1.0}


def test_of_two_that_want_the_same_the_severer_has_it() -> None:
    assert bent(HARSH, Point.of({"heavy": 1.0, "light-weight": 2.0}), CELL).conditions[0] == ("objects.mass=0.75",)
    assert bent(HARSH, Point.of({"heavy": 3.0, "light-weight": 2.0}), CELL).conditions[0] == ("objects.mass=1.5",)
    line = Link.parse(bent(HARSH, Point.of({"far": 1.0, "cuts": 2.0, "busy": 3.0}), CELL).network[0])
    assert (line.latency, line.cut, line.busy) == (0.075, 10.0, 4.0)


@pytest.mark.parametrize("levels", [{"dim": 3.1}, {"dim": -0.1}, {"dim": float("nan")}])
def test_severities_beyond_the_suites_are_refused(levels: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="the severity of dim"):
        Point.of(levels)
    with pytest.raises(BadInput, match="perturbation"):
        bent(HARSH, Point.of({"dimm": 1.0}), CELL)


# ── the search ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("seed", range(4))
def test_each_of_ten_planted_faults_is_found_within_the_default_budget(seed: int, tmp_path: Path) -> None:
    faults, occurrence = ten_faults(seed), Occurrence(NAMES)
    found = stress(judge_of(tmp_path, Planted(faults)), occurrence, Plan(seed=seed))
    cases = [levels_of(case.point) for case in found.cases]
    assert all(any(fault(case) for case in cases) for fault in faults)
    for case in found.cases:
        mine = [fault for fault in faults if fault(levels_of(case.point))]
        assert len(mine) == 1 and all(not record.success for record in (*case.records, *case.fresh))
        for name, level in case.point.levels:
            milder = case.point.at(name, max(0.0, level - RESOLUTION - 2.0 * STEP))
            assert not case.mildest or len(case.point.levels) > 1 or not any(fault(levels_of(milder)) for fault in faults)
    assert [case.surprise for case in found.cases] == sorted(case.surprise for case in found.cases)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("limits", [{}, {0: 2.0}, {0: 0.01}, {0: 0.01, 1: 0.01}])
def test_a_search_among_few_perturbations_ends(count: int, limits: dict[int, float], tmp_path: Path) -> None:
    names, broken = NAMES[:count], {NAMES[k]: level for k, level in limits.items() if k < count}
    planted = Planted([lambda levels: any(levels.get(name, 0.0) >= limit for name, limit in broken.items())])
    found = stress(judge_of(tmp_path, planted), Occurrence(names), Plan())
    assert {case.point.names for case in found.cases} == {(name,) for name in broken}
    assert found.ended == "nothing else turned up"


@pytest.mark.parametrize("seed", range(5))
def test_a_pair_is_found_beside_a_fault_of_one_of_the_two_alone(seed: int, tmp_path: Path) -> None:
    """And no trade drags it to where that one is the cause."""
    a, b = NAMES[7], NAMES[30]
    planted = Planted([
        lambda levels: levels.get(a, 0.0) >= 2.2, lambda levels: levels.get(a, 0.0) >= 1.5 and levels.get(b, 0.0) >= 2.0,
    ])  # fmt: skip
    cases = stress(judge_of(tmp_path, planted), Occurrence(NAMES), Plan(seed=seed)).cases
    assert {case.point.names for case in cases} == {(a,), (a, b)}
    (pair,) = (levels_of(case.point) for case in cases if len(case.point.levels) == 2)
    assert 1.5 <= pair[a] < 2.2 and pair[b] >= 2.0


def test_links_between_severities_are_links_and_no_milder_than_they_were() -> None:
    text = """
    name = "far"
    says = "x"
    world = "cell"
    instruction = "x"
    [[perturbation]]
    name = "jitter"
    axis = "network"
    says = "x"
    levels = ["a", "b", "c"]
    network = ["latency=0.075 jitter=0.025", "latency=0.15 jitter=0.025", "latency=0.5 jitter=0.025"]
    [[perturbation]]
    name = "cuts"
    axis = "network"
    says = "x"
    levels = ["a", "b", "c"]
    network = ["cut_every=120 cut=30", "cut_every=60 cut=30", "cut_every=40 cut=30"]
    """
    suite, before = parse(text, "far.toml"), 0.0
    for level in np.arange(STEP, MOST + STEP, STEP):
        line = Link.parse(bent(suite, Point.of({"cuts": float(level), "jitter": float(level)}), {}).network[0])
        assert line.jitter <= line.latency and line.cut / line.cut_every >= 0.4 * before
        before = line.cut / line.cut_every


def test_where_a_sum_breaks_it_the_likeliest_mixture_is_even(tmp_path: Path) -> None:
    a, b = NAMES[3], NAMES[20]
    planted = Planted([lambda levels: levels.get(a, 0.0) + levels.get(b, 0.0) >= 4.0])
    (case,) = stress(judge_of(tmp_path, planted), Occurrence(NAMES), Plan()).cases
    assert case.point.names == (a, b) and case.surprise < Occurrence(NAMES).surprise(Point.of({a: 3.0, b: 1.0})) - 0.5


def test_what_is_broken_off_goes_on_and_nothing_is_done_twice(tmp_path: Path) -> None:
    faults, occurrence = ten_faults(1), Occurrence(NAMES)
    whole = Planted(faults)
    wanted = stress(judge_of(tmp_path / "whole", whole), occurrence, Plan(budget=300, sample=50))

    class Killed(Planted):
        def _record(self, attempt: Attempt, suite: object) -> object:  # type: ignore[override]
            if len(self.done) > 100:
                raise KeyboardInterrupt
            return super()._record(attempt, suite)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        stress(judge_of(tmp_path / "cut", Killed(faults)), occurrence, Plan(budget=300, sample=50))
    rest = Planted(faults)
    assert stress(judge_of(tmp_path / "cut", rest), occurrence, Plan(budget=300, sample=50)) == wanted
    assert len(whole.done) == len(set(whole.done)) and len(rest.done) == len(whole.done) - 100


def test_deliveries_that_fail_by_themselves_are_not_used_and_a_lucky_one_is_told(tmp_path: Path) -> None:
    planted = Planted([lambda levels: levels.get(NAMES[0], 0.0) >= 1.0], bad=(0, 2), lucky=(4,))
    (case,) = stress(judge_of(tmp_path / "some", planted), Occurrence(NAMES), Plan(fresh=3)).cases
    assert {record.index for record in (*case.records, *case.fresh)} == {1, 3, 4, 5, 6}
    assert case.plain()["fresh_failed"] == 2 and 1.0 <= dict(case.point.levels)[NAMES[0]] <= 1.0 + RESOLUTION
    with pytest.raises(MoravecError, match="0 of 24 deliveries went well as drawn, 6 are needed"):
        stress(judge_of(tmp_path / "none", Planted([], bad=range(100))), Occurrence(NAMES), Plan())


def test_a_budget_that_ends_in_the_middle_still_tells_what_broke(tmp_path: Path) -> None:
    planted = Planted([lambda levels: max(levels.values(), default=0.0) >= 1.3])
    with pytest.raises(BadInput, match="the budget of a search"):
        Plan(budget=0)
    found = stress(judge_of(tmp_path, planted), Occurrence(NAMES), Plan(budget=10))
    assert found.cases and found.ended == "the budget is spent" and not all(case.mildest for case in found.cases)
    assert found.jobs < 10 + 16 + 6 * len(found.cases)


def test_nothing_that_breaks_is_no_case_and_the_search_ends_by_itself(tmp_path: Path) -> None:
    found = stress(judge_of(tmp_path, Planted([])), Occurrence(NAMES), Plan(budget=5_000))
    assert found.cases == [] and found.ended == "nothing else turned up" and found.jobs < 500


# ── how often ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_rare_failure_is_estimated_and_its_interval_holds(tmp_path: Path) -> None:
    """The true rate by the definition of what occurs: two perturbations in force, both at least middle."""
    a, b = NAMES[3], NAMES[20]
    rng, occurrence = np.random.default_rng(0), Occurrence(NAMES)
    beyond = np.mean(np.abs(rng.standard_normal(4_000_000))[:, None] >= np.array([[2.0 - STEP / 2.0, 3.0]]), axis=0)
    rate = (0.05 * (beyond[0] - beyond[1]) / (1.0 - beyond[1])) ** 2
    planted = Planted([lambda levels: levels.get(a, 0.0) >= 2.0 and levels.get(b, 0.0) >= 2.0])
    inside, shares = 0, []
    for seed in range(20):
        found = stress(judge_of(tmp_path / str(seed), planted), occurrence, Plan(sample=400, seed=seed))
        assert found.rate is not None
        low, high = found.rate.ci95
        inside += low <= rate <= high
        shares.append(found.rate.share)
    assert inside >= 18
    assert np.mean(shares) == pytest.approx(rate, rel=0.1), "of 8,000 plain jobs, none at all would be expected to fail"
    assert 8_000 * rate < 0.1


def test_weights_are_those_of_what_occurs() -> None:
    """Their mean over draws of the mixture is 1, and none is heavier than it may be."""
    occurrence = Occurrence(NAMES[:5], chance=0.3)
    cases = (Point.of({NAMES[0]: 2.0}), Point.of({NAMES[1]: 1.0, NAMES[2]: 0.5}), Point.of({NAMES[3]: STEP}))
    rng, mixture = np.random.default_rng(1), Mixture(occurrence, cases)
    drawn = [mixture.draw(rng) for _ in range(40_000)]
    weights = np.array([mixture.weight(point) for point in drawn])
    assert weights.mean() == pytest.approx(1.0, abs=4.0 * weights.std() / 200.0) and weights.max() <= HEAVIEST
    for test in (lambda p: NAMES[0] in p.names, lambda p: dict(p.levels).get(NAMES[2], 0.0) > 1.0):
        plain = np.mean([test(occurrence.draw(rng)) for _ in range(40_000)])
        there = np.array([test(point) for point in drawn]) * weights
        assert there.mean() == pytest.approx(plain, abs=0.015)
    assert Mixture(occurrence, ()).weight(drawn[0]) == 1.0


@pytest.mark.parametrize(("share", "n"), [(0.02, 300), (0.3, 100), (0.5, 20)])
def test_the_interval_of_a_bounded_mean_holds(share: float, n: int) -> None:
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(300):
        low, high = mean_of_bounded((rng.random(n) < share) * rng.choice([0.4, 0.6], n))
        missed += not low <= 0.5 * share <= high
    assert missed <= 15 + 3 * 4, "at most one in twenty, and three sigma of luck"


def test_bounded_means_at_their_edges() -> None:
    assert mean_of_bounded([]) == (0.0, 1.0)
    low, high = mean_of_bounded(np.zeros(100))
    assert low == 0.0 and 0.03 < high < 0.06
    assert mean_of_bounded(np.ones(100)) == (pytest.approx(1.0 - high), 1.0)
    for values in ([1.1], [-0.1], [float("nan")], [[0.5]]):
        with pytest.raises(BadInput, match="bounded values"):
            mean_of_bounded(values)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="alpha"):
        mean_of_bounded([0.5], 0.0)


# ── the seed file ────────────────────────────────────────────────────────────────────────────────────────────────────
@settings(max_examples=100, deadline=None)
@given(points.filter(lambda point: bool(point.levels)))
def test_a_seed_file_is_a_suite_that_begins_as_the_case_did(point: Point) -> None:
    bend = bent(HARSH, point, CELL)
    if not (any(bend.conditions) or any(bend.mishaps) or any(bend.network) or bend.person):
        return  # words alone, or so mild that nothing is in force
    suite = parse(seedfile(HARSH, point, CELL, [600_003, 600_001], 2, "case-01"), "case-01.toml")
    (drawn, first, _, second) = attempts(suite, 30, 0, (2,))
    assert (drawn.severity, first.seed, second.seed, suite.least_right, suite.items) == (0, 600_003, 600_001, 1.0, 2)
    begun = setting(suite, first)
    assert begun.options.items == 2 and begun.options.conditions == bend.conditions[0] and begun.options.person == bend.person
    assert begun.instruction == bend.instructions[0] and begun.link == Link.parse(bend.network[0])
    with pytest.raises(BadInput, match="names its own"):
        attempts(suite, 1, 1, (2,))


def test_the_suite_of_these_tests_bends_what_it_says() -> None:
    assert bent(SUITE, Point.of({NAMES[0]: 2.5}), DRAWN).conditions[0] == (f"x.{NAMES[0]}=2.75",)
