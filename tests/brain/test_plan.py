"""State, plans, search and the validator: laws, boundaries, bad input, and how planning time grows."""

from __future__ import annotations

import json
import sys
from collections import Counter
from types import FrameType
from typing import Any

import pytest
from helpers_brain import CELL, LABELS
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.brain.bench import STORE_ALL, bench_inventory, planned
from moravec.brain.goal import REJECT, RULE, Clause, Destination, Goal, Selection, goal_from_json
from moravec.brain.plan import make_plan
from moravec.brain.recover import Limits, react
from moravec.brain.remember import Inventory
from moravec.brain.search import search
from moravec.brain.state import HOLDING, SymbolicState, place_fluents, state_from_json, state_to_json
from moravec.brain.steps import Plan, Step, plan_from_json, plan_to_json
from moravec.brain.tasks import assign
from moravec.brain.validate import revalidate, validate, validation_record
from moravec.core.errors import BadInput
from moravec.perception.detection import Detection
from moravec.skills.contract import SkillResult
from moravec.skills.manifests import ALL


def seen(
    category: str, colour: str, x: float, place: str = "parcel", damaged: bool = False, p: float = 0.9
) -> Detection:
    size = (0.05, 0.05, 0.05)
    sigma = (0.002,) * 3
    return Detection(
        place, (x, 0.0, 0.02), size, 0.0, sigma, colour, 0.9, category, p, damaged, 0.9, None, "c", (0, 0, 1, 1)
    )


def stocked(*detections: Detection, opened: bool = True) -> Inventory:
    inventory = Inventory(CELL)
    inventory.fluents["open", "parcel"] = opened
    inventory.fluents["seen", "parcel"] = opened
    inventory.fluents["seen", "shelf"] = True
    inventory.read_labels(LABELS)
    if detections:
        inventory.update("parcel", detections, 0.0)
    return inventory


THREE = (seen("can", "red", 0.0), seen("box", "blue", 0.1, damaged=True), seen("ball", "green", 0.2))


# ── state ────────────────────────────────────────────────────────────────────────────────────────────────────────
@given(st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.booleans(), st.integers(), st.none())), max_size=20))
def test_undo_takes_back_exactly_what_was_written(writes: list[tuple[str, Any]]) -> None:
    state = SymbolicState({("a",): 1})
    marks = []
    for name, value in writes:
        marks.append((state.mark(), dict(state)))
        state.write({(name,): value})
    for mark, before in reversed(marks):
        state.undo(mark)
        assert dict(state) == before


def test_undo_to_the_future_is_refused() -> None:
    with pytest.raises(BadInput, match="mark"):
        SymbolicState({}).undo(1)


def test_state_json_round_trip_does_not_depend_on_order() -> None:
    fluents = stocked(*THREE).state()
    data = json.loads(json.dumps(state_to_json(fluents)))
    assert dict(state_from_json(data)) == dict(fluents)
    assert state_to_json(dict(reversed(list(fluents.items())))) == state_to_json(fluents)


@pytest.mark.parametrize("row", [[], ["a"], [1, 2], ["a", [1]], "ab", None])
def test_a_broken_recorded_fluent_is_refused(row: Any) -> None:
    with pytest.raises(BadInput):
        state_from_json([row])


# ── planning ─────────────────────────────────────────────────────────────────────────────────────────────────────
def skills(plan: Plan) -> list[str]:
    return [str(step) for step in plan.steps]


def test_before_anything_is_known_the_plan_is_to_find_out() -> None:
    plan = make_plan(STORE_ALL, Inventory(CELL))
    assert skills(plan) == ["look(shelf)", "look(parcel)", "open(parcel)", "look(parcel)"] and not plan.complete


def test_each_item_passes_the_station_and_goes_where_its_belief_says() -> None:
    plan = make_plan(STORE_ALL, stocked(*THREE))
    assert plan.complete and not plan.problem and plan.method == "tasks"
    assert skills(plan)[:5] == [
        "pick(item-1)",
        "place(item-1, station)",
        "inspect(item-1)",
        "pick(item-1)",
        "stow(item-1, bin_3)",
    ]
    assert "discard(item-2, reject)" in skills(plan) and skills(plan)[-1] == "home()"
    assert validate(plan, stocked(*THREE).state(), CELL).ok


def test_an_inspected_item_skips_the_detour() -> None:
    inventory = stocked(THREE[0])
    inventory.inspected("item-1", THREE[0], 1.0)
    assert skills(make_plan(STORE_ALL, inventory)) == ["pick(item-1)", "stow(item-1, bin_3)", "home()"]


@pytest.mark.parametrize(
    ("where", "first"),
    [("hand", "place(item-1, station)"), ("station", "inspect(item-1)")],
)
def test_what_was_begun_is_finished_first(where: str, first: str) -> None:
    inventory = stocked(*THREE)
    inventory.after(Step.of("pick", item="item-1"), 1.0)
    if where == "station":
        inventory.after(Step.of("place", item="item-1", place="station"), 2.0)
    plan = make_plan(STORE_ALL, inventory)
    assert skills(plan)[0] == first and validate(plan, inventory.state(), CELL).ok


def test_a_held_item_without_an_errand_is_put_back_first() -> None:
    inventory = stocked(*THREE)
    inventory.after(Step.of("pick", item="item-3"), 1.0)
    goal = Goal((Clause("move", Selection(categories=("can",)), Destination("bin", "A")),))
    plan = make_plan(goal, inventory)
    assert skills(plan)[0] == "place(item-3, parcel)" and validate(plan, inventory.state(), CELL).ok


def test_items_in_a_closed_parcel_are_reached_by_search() -> None:
    inventory = stocked(*THREE)
    inventory.fluents["open", "parcel"] = False
    goal = Goal((Clause("move", Selection(codes=("MV-001",), place="station"), RULE), *STORE_ALL.clauses))
    inventory.fluents["seen", "station"] = True
    found = search(inventory.state(), {("location", "item-1"): "bin_1", ("inspected", "item-1"): True}, ["item-1"])
    assert found.steps is not None and [s.skill for s in found.steps] == [
        "open",
        "pick",
        "place",
        "inspect",
        "pick",
        "stow",
    ]
    assert validate(Plan(found.steps), inventory.state(), CELL).ok
    assert not make_plan(goal, inventory).complete  # the methods would open it first, and look


def test_search_frees_the_hand() -> None:
    inventory = stocked(*THREE)
    inventory.after(Step.of("pick", item="item-3"), 1.0)
    found = search(inventory.state(), {("location", "item-1"): "bin_1", HOLDING: "nothing"}, ["item-1", "item-3"])
    assert found.steps is not None and len(found.steps) == 3
    assert found.steps[0].item == "item-3" and validate(Plan(found.steps), inventory.state(), CELL).ok


def test_search_says_why_there_is_no_plan() -> None:
    inventory = stocked(*THREE)
    inventory.mark_full("bin_1", 0.0)
    full = search(inventory.state(), {("inspected", "item-9"): True}, ["item-1"])
    assert full.steps is None and "item-9" in full.why
    bounded = search(
        inventory.state(), {("location", "item-1"): "bin_2", ("location", "item-3"): "bin_2"}, ["item-1", "item-3"], 2
    )
    assert bounded.steps is None and "within 2 states" in bounded.why


def test_a_full_bin_gives_way_to_another_of_its_label_then_to_what_was_agreed() -> None:
    inventory = stocked(THREE[0])
    inventory.mark_full("bin_3", 0.0)
    assert "is full" in make_plan(STORE_ALL, inventory).problem
    assert "stow(item-1, bin_4)" in skills(make_plan(STORE_ALL, inventory, overflow={"bin_3": "bin_4"}))
    inventory.labels["bin_6"] = "B"
    plan = make_plan(STORE_ALL, inventory)
    assert "stow(item-1, bin_6)" in skills(plan) and not plan.problem


def test_the_narrower_clause_wins_and_damage_comes_first() -> None:
    inventory = stocked(seen("can", "red", 0.0), seen("can", "blue", 0.1), seen("can", "red", 0.2, damaged=True))
    goal = Goal(
        (
            Clause("move", Selection(categories=("can",)), Destination("bin", "A")),
            Clause("move", Selection(categories=("can",), colours=("red",)), Destination("bin", "B")),
            Clause("move", Selection(condition="damaged"), REJECT),
        )
    )
    to = {t.item: t.to for t in assign(goal, inventory).tasks if not t.check}
    assert to == {"item-1": "bin_3", "item-2": "bin_2", "item-3": "reject"}


def test_the_order_of_a_narrow_and_a_wide_clause_does_not_matter() -> None:
    inventory = stocked(seen("can", "red", 0.0), seen("can", "blue", 0.1))
    wide = Clause("move", Selection(categories=("can",)), Destination("bin", "A"))
    narrow = Clause("move", Selection(categories=("can",), colours=("red",)), Destination("bin", "B"))
    for clauses in ((wide, narrow), (narrow, wide)):
        assert {t.item: t.to for t in assign(Goal(clauses), inventory).tasks} == {"item-1": "bin_3", "item-2": "bin_2"}


def test_items_given_up_are_left_and_others_take_their_place() -> None:
    inventory = stocked(seen("can", "red", 0.0), seen("can", "red", 0.1))
    goal = Goal((Clause("move", Selection(categories=("can",), count=1), Destination("bin", "A")),))
    assert [t.item for t in assign(goal, inventory, aside={"item-1"}).tasks] == ["item-2"]


def test_an_unknown_category_is_a_problem_not_a_guess() -> None:
    inventory = stocked(seen("spanner", "red", 0.0))
    plan = make_plan(STORE_ALL, inventory)
    assert "storing rule" in plan.problem and "pick(item-1)" not in skills(plan)


# ── validator ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("step", "why"),
    [
        (Step.of("pik", item="item-1"), "did you mean 'pick'?"),
        (Step.of("pick", item="item-9"), "no item 'item-9'; did you mean"),
        (Step.of("pick", thing="item-1"), "'item' is missing"),
        (Step.of("pick", item="item-1", place="parcel"), "no argument 'place'"),
        (Step.of("look", place="bin_9"), "did you mean 'bin_"),
        (Step("pick", (("item", "item-1"), ("item", "item-2"))), "given twice"),
        (Step.of("stow", item="item-1", place="bin_1"), "does not hold"),
        (Step.of("open", place="parcel"), "open already"),
        (Step.of("inspect", item="item-1"), "not lie on the station"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_reason(step: Step, why: str) -> None:
    verdict = validate(Plan((Step("home"), step)), stocked(*THREE).state(), CELL)
    assert not verdict.ok and verdict.step == 1 and why in verdict.why


def test_each_step_of_a_good_plan_is_needed() -> None:
    """Leaving out any step but looks and the last ones makes the plan invalid, or leaves its goal open."""
    inventory = stocked(THREE[0])
    steps = make_plan(STORE_ALL, inventory).steps
    for i in range(len(steps) - 3):
        assert not validate(Plan(steps[:i] + steps[i + 1 :]), inventory.state(), CELL).ok or steps[i].skill == "inspect"


def test_validation_leaves_the_state_alone_and_replays() -> None:
    inventory = stocked(*THREE)
    state = inventory.state()
    before = dict(state)
    record = validation_record(make_plan(STORE_ALL, inventory), state, CELL)
    assert dict(state) == before and record["validation"]["ok"]
    stored = json.loads(json.dumps(record))
    assert revalidate(stored) == stored["validation"]
    stored["plan"]["steps"].pop(0)
    assert revalidate(stored) != stored["validation"]


@pytest.mark.parametrize("record", [{}, {"state": [], "places": []}, {"state": {}, "places": [], "plan": {}}])
def test_a_broken_record_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        revalidate(record)


_STEPS = st.builds(
    Step,
    st.sampled_from([m.name for m in ALL] + ["fly"]),
    st.lists(
        st.tuples(
            st.sampled_from(["item", "place", "x"]),
            st.sampled_from(["item-1", "item-2", "parcel", "station", "bin_1", "reject", "?item", None, 3, True]),
        ),
        max_size=3,
    ).map(tuple),
)


@given(st.lists(_STEPS, max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_plan_has_a_verdict_that_survives_json(steps: list[Step]) -> None:
    plan = Plan(tuple(steps))
    assert plan_from_json(json.loads(json.dumps(plan_to_json(plan)))) == plan
    record = json.loads(json.dumps(validation_record(plan, stocked(*THREE).state(), CELL)))
    assert revalidate(record) == record["validation"]


@pytest.mark.parametrize(
    "data", [None, [], {}, {"steps": 3}, {"steps": [3]}, {"steps": [{"skill": "pick", "args": [3]}]}]
)
def test_a_broken_plan_is_refused(data: Any) -> None:
    with pytest.raises(BadInput):
        plan_from_json(data)


@pytest.mark.parametrize(
    "data",
    [
        "x",
        [{"kind": "fly"}],
        [{"kind": "move", "to": "moon"}],
        [{"kind": "move", "what": {"count": -1}}],
        [{"kind": "move", "what": {"weight": 3}}],
        [{"kind": "question", "query": "why"}],
        [{"kind": "move", "what": {"condition": "wet"}}],
    ],
)
def test_a_broken_goal_is_refused(data: Any) -> None:
    with pytest.raises(BadInput):
        goal_from_json(data)


# ── recovery ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("step", "code", "tries", "of_item", "kind"),
    [
        (Step.of("pick", item="i"), "missed", 1, 1, "look"),
        (Step.of("pick", item="i"), "missed", 3, 3, "aside"),
        (Step.of("pick", item="i"), "missed", 1, 12, "end"),
        (Step.of("place", item="i", place="station"), "lost", 1, 1, "find"),
        (Step.of("inspect", item="i"), "not_seen", 1, 1, "find"),
        (Step.of("stow", item="i", place="b"), "no_space", 1, 1, "full"),
        (Step.of("stow", item="i", place="b"), "contact", 1, 1, "retry"),
        (Step.of("open", place="parcel"), "stuck", 1, 0, "retry"),
        (Step.of("open", place="parcel"), "stuck", 3, 0, "ask"),
        (Step.of("look", place="parcel"), "unreachable", 3, 0, "end"),
        (Step("home"), "unreachable", 1, 0, "ignore"),
    ],
)
def test_reactions(step: Step, code: str, tries: int, of_item: int, kind: str) -> None:
    result = SkillResult("failed", code, "", recoverable=True)
    assert react(step, result, tries, of_item, Limits()).kind == kind
    assert react(step, SkillResult("failed", code), tries, of_item, Limits()).kind == "end"
    assert react(step, SkillResult("cancelled", code), tries, of_item, Limits()).kind == "end"


# ── memory's symbols ─────────────────────────────────────────────────────────────────────────────────────────────
def test_only_parcels_are_closed_at_the_start() -> None:
    fluents = place_fluents(CELL)
    assert {f[1] for f, v in fluents.items() if f[0] == "open" and v is False} == {"parcel"}
    assert fluents[HOLDING] == "nothing"


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_benchmark_plans_are_whole_and_valid() -> None:
    plan, verdict = planned(200)
    assert len(plan.steps) == 1001 and verdict.ok and not plan.problem


def test_the_work_of_planning_grows_linearly() -> None:
    """Ten times the items with about ten times the calls, and not one more state; `moravec bench plan` has the times."""
    (small, few), (large, many) = calls_of_planning(100), calls_of_planning(1000)
    assert 5 * small < large < 15 * small and few == many


def calls_of_planning(n: int) -> tuple[int, int]:
    """How many functions are called to plan the storing of `n` items, and how many states are made."""
    calls: Counter[bool] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        if event in ("call", "c_call"):
            calls[frame.f_code is SymbolicState.__init__.__code__ and event == "call"] += 1

    before = sys.getprofile()
    inventory = bench_inventory(n)
    sys.setprofile(count)
    try:
        make_plan(STORE_ALL, inventory)
    finally:
        sys.setprofile(before)
    return calls.total(), calls[True]


def test_bench_inventory_is_drawn_by_its_seed() -> None:
    assert bench_inventory(20, 1).snapshot() == bench_inventory(20, 1).snapshot() != bench_inventory(20, 2).snapshot()
