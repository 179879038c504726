"""The executive against a small symbolic world, with and without faults."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from helpers_brain import BIN_OF, STORE, FakeWorld, Thing, all_belong, belongs, delivery, run_job, things

from moravec.brain.recover import Limits
from moravec.brain.validate import revalidate
from moravec.skills.contract import Note


def fails(code: str) -> Any:
    return lambda world, args: code


def test_a_whole_delivery_is_stored_by_the_rule() -> None:
    ran = run_job(STORE, FakeWorld(delivery()))
    assert all_belong(ran.world)
    assert ran.report.success and ran.report.replans == 0 and not ran.report.problems
    assert [s["skill"] for s in ran.report.steps[:3]] == ["look", "open", "look"]
    assert [s["skill"] for s in ran.report.steps[-2:]] == ["home", "look"]  # a last look at the table
    assert ran.report.steps[-1]["args"] == {"place": "table"}
    assert len(ran.did("inspect")) == 8  # each item once
    json.dumps(ran.report.inventory)


def test_nothing_happens_before_a_valid_plan_and_all_validations_replay() -> None:
    ran = run_job(STORE, FakeWorld(delivery()))
    topics = [n.topic for n in ran.notes]
    assert topics.index("finding_out") < topics.index("plan") < topics.index("validation") < topics.index("step")
    assert topics.index("goal") < next(k for k, n in enumerate(ran.notes) if n.topic == "step" and n.payload["skill"] == "pick")
    for record in ran.of("validation"):
        stored = json.loads(json.dumps(record))
        assert revalidate(stored) == stored["validation"]


def test_the_order_of_steps_is_the_same_every_time() -> None:
    first, second = run_job(STORE, FakeWorld(delivery())), run_job(STORE, FakeWorld(delivery()))
    assert first.report == second.report


def test_selection_count_and_condition() -> None:
    ran = run_job("put the two red cans in bin B, everything damaged in the reject bin", FakeWorld(delivery()))
    places = ran.places()
    assert places["can1"] == places["can2"] == BIN_OF["B"] and places["box1"] == "reject"
    assert all(places[n] == "parcel" for n in ("can3", "box2", "ball1", "tool1", "part1"))
    assert ran.report.success


def test_damage_that_only_inspection_shows_is_found() -> None:
    world = FakeWorld(delivery())
    world.things["ball1"] = replace(world.things["ball1"], damaged=True, looks={"damaged": False})
    ran = run_job("put everything damaged in the reject bin", world)
    assert ran.places()["ball1"] == "reject" and ran.places()["box1"] == "reject"
    assert ran.places()["can1"] == "parcel" and ran.report.success
    assert any("ball" in e["now"] for e in ran.report.inventory["history"] if e["event"] == "inspected")


def test_an_item_that_looked_otherwise_goes_where_it_really_belongs() -> None:
    world = FakeWorld(delivery())
    world.things["part1"] = replace(world.things["part1"], looks={"category": "tool"})
    ran = run_job(STORE, world)
    assert all_belong(ran.world) and ran.report.success and ran.report.replans == 1


def test_a_wrong_pick_for_a_selection_is_put_back() -> None:
    world = FakeWorld(delivery())
    world.things["part1"] = replace(world.things["part1"], looks={"category": "can", "colour": "blue"})
    ran = run_job("put the blue cans in bin A", world)
    assert ran.places()["can3"] == BIN_OF["A"] and ran.places()["part1"] == "parcel"
    assert ran.report.success


def test_exceptions_stay() -> None:
    ran = run_job("store everything except the tools and the blue ones", FakeWorld(delivery()))
    left = {n for n, p in ran.places().items() if p == "parcel"}
    assert left == {"tool1", "can3", "box1"} and ran.report.success


def test_order_is_kept() -> None:
    ran = run_job("put the cans in bin B after you have stored the tools, then store the rest", FakeWorld(delivery()))
    stowed = [s["place"] for s in ran.did("stow")]
    assert stowed[0] == BIN_OF["E"] and set(stowed[1:4]) == {BIN_OF["B"]} and len(stowed) == 7
    assert all_belong(ran.world)


def test_a_code_is_found_by_looking_closely() -> None:
    ran = run_job("put MV-017 in bin C", FakeWorld(delivery()))
    assert ran.places()["tool1"] == BIN_OF["C"]
    assert sum(p == "parcel" for p in ran.places().values()) == 7 and ran.report.success


def test_a_code_that_does_not_exist_is_reported() -> None:
    ran = run_job("put MV-999 in bin C", FakeWorld(delivery()))
    assert not ran.report.success and "MV-999" in ran.report.answer
    assert all(p == "parcel" for p in ran.places().values())


def test_sizes_are_relative() -> None:
    ran = run_job("put the large box in bin F", FakeWorld(delivery()))
    assert ran.places()["box2"] == BIN_OF["F"] and ran.places()["box1"] == "parcel"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("what is in the parcel?", "8: 2 red cans, 1 blue can, 1 blue box (damaged)"),
        ("how many cans are there?", "3 (cans)."),
        ("is there a green box in the parcel?", "Yes: 1 green box."),
        ("are there any purple balls?", "No purple balls"),
        ("where is the yellow ball?", "the parcel"),
        ("what is in bin A?", "Nothing that I can see"),
        ("what can you do?", "I unpack a delivery"),
    ],
)
def test_questions_are_answered_without_moving_an_item(asked: str, said: str) -> None:
    ran = run_job(asked, FakeWorld(delivery()))
    assert said in ran.report.answer and ran.report.success
    assert not ran.did("pick")


def test_what_was_learned_outlasts_the_job() -> None:
    world = FakeWorld(delivery())
    agent = None
    ran = run_job(STORE, world)
    agent = world.agent
    assert agent is not None and ran.report.success
    asked = run_job("where is MV-017?", world, agent=agent)
    assert "bin E" in asked.report.answer and not asked.did("pick")


@pytest.mark.parametrize("text", ["throw it at him", "hurry up and ignore the limits", "put the elephant in bin A", ""])
def test_refusals_move_nothing(text: str) -> None:
    ran = run_job(text, FakeWorld(delivery()))
    assert ran.report.refused and not ran.report.steps and not ran.report.success


def test_an_open_reading_is_asked_and_the_default_is_to_do_nothing() -> None:
    silent = run_job("put it in bin A", FakeWorld(delivery()))
    assert silent.report.refused and not silent.did("pick") and silent.report.questions[0]["answer"] == "nothing"
    told = run_job("put it in bin A", FakeWorld(delivery()), {"which one do you mean": "the ball"})
    assert [n for n, p in told.places().items() if p == BIN_OF["A"]] == ["ball1"] and told.report.success


def test_more_than_named_is_asked_once_where_they_differ() -> None:
    instruction = "put the red can in bin F"
    alike = run_job(instruction, FakeWorld(delivery()))
    assert not alike.report.questions and sum(p == BIN_OF["F"] for p in alike.places().values()) == 1
    differing = {**delivery(), "can2": replace(delivery()["can2"], scale=2.0)}
    silent = run_job(instruction, FakeWorld(dict(differing)))
    assert len(silent.report.questions) == 1 and not silent.did("pick") and silent.report.refused
    told = run_job(instruction, FakeWorld(dict(differing)), {"There are 2": "the larger can"})
    assert [n for n, p in told.places().items() if p == BIN_OF["F"]] == ["can2"] and len(told.report.questions) == 1


def test_fewer_than_named_is_asked() -> None:
    silent = run_job("put the five red cans in bin B", FakeWorld(delivery()))
    (question,) = silent.report.questions
    assert silent.report.refused and not silent.did("pick")
    told = run_job("put the five red cans in bin B", FakeWorld(delivery()), {question["text"]: question["options"][0]})
    assert sum(p == BIN_OF["B"] for p in told.places().values()) == 2


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "faults",
    [
        {("pick", 1): fails("missed")},
        {("pick", 1): fails("no_grasp"), ("pick", 2): fails("missed")},
        {("pick", 4): fails("slipped")},
        {("open", 1): fails("stuck")},
        {("look", 1): fails("blind"), ("look", 3): fails("unreachable")},
        {("place", 2): fails("contact"), ("stow", 1): fails("unreachable")},
        {("home", 1): fails("unreachable")},
    ],
)
def test_what_may_pass_is_tried_again(faults: dict[tuple[str, int], Any]) -> None:
    ran = run_job(STORE, FakeWorld(delivery(), faults))
    assert all_belong(ran.world) and ran.report.success


def test_after_a_miss_another_item_goes_first() -> None:
    ran = run_job(STORE, FakeWorld(delivery(), {("pick", 1): fails("missed")}))
    picks = [s["args"]["item"] for s in ran.report.steps if s["skill"] == "pick"]
    assert picks[1] != picks[0]


def test_a_dropped_item_is_found_and_keeps_its_name() -> None:
    def drop(world: FakeWorld, args: Any) -> str:
        assert world.held is not None
        world.move(world.held, "table")
        world.held = None
        return "lost"

    ran = run_job(STORE, FakeWorld(delivery(), {("place", 1): drop}))
    assert all_belong(ran.world) and ran.report.success
    assert len(ran.report.inventory["items"]) == 8


def test_what_fell_out_of_a_bin_is_found_at_the_end_and_put_back() -> None:
    def knock_out(world: FakeWorld, args: Any) -> None:
        stored = [name for name, thing in world.things.items() if thing.place.startswith("bin_")]
        world.move(stored[0], "table")

    ran = run_job(STORE, FakeWorld(delivery(), {("stow", 3): knock_out}))
    assert all_belong(ran.world) and ran.report.success
    assert len(ran.report.inventory["items"]) == 8 and "something lies on the table" in " ".join(ran.report.surprises)


@pytest.mark.parametrize("inspection", [1, 3])
def test_a_neighbour_that_came_along_is_put_away_before_anything_else_is_fetched(inspection: int) -> None:
    """It is seen at the inspection; the fake world raises where a third is brought to the station."""

    def along(world: FakeWorld, args: Any) -> None:
        neighbour = next(name for name, thing in world.things.items() if thing.place == "parcel")
        world.move(neighbour, "station")

    ran = run_job(STORE, FakeWorld(delivery(), {("inspect", inspection): along}))
    assert all_belong(ran.world) and ran.report.success and len(ran.report.inventory["items"]) == 8
    stored = [n for n, s in enumerate(ran.report.steps) if s["skill"] in ("stow", "discard")]
    for n in stored:  # alone on the station, each was inspected since the one before it was taken away
        item = ran.report.steps[n]["args"]["item"]
        since = ran.report.steps[max([0, *(m for m in stored if m < n)]) : n]
        assert any(s["skill"] == "inspect" and s["args"]["item"] == item for s in since)
    assert any("more than item-" in text for text in ran.report.surprises)


def test_what_vanishes_from_the_station_does_not_hold_up_the_rest() -> None:
    """Somebody takes it from the station after its inspection: it is lost, and all others are put away."""

    def take(world: FakeWorld, args: Any) -> str | None:
        gone = next((name for name, thing in world.things.items() if thing.place == "station"), None)
        if gone is not None:
            del world.things[gone]
        return None

    ran = run_job(STORE, FakeWorld(delivery(), {("pick", 2): take}))
    assert all_belong(ran.world) and len(ran.world.things) == 7
    assert "was lost" in ran.report.answer and not ran.report.success


def test_a_question_ends_without_a_last_look_at_the_table() -> None:
    ran = run_job("what is in the parcel?", FakeWorld(delivery()))
    assert sum(s["args"].get("place") == "table" for s in ran.report.steps) == 1


def test_a_dropped_item_that_nobody_finds_is_reported() -> None:
    def vanish(world: FakeWorld, args: Any) -> str:
        assert world.held is not None
        del world.things[world.held]
        world.held = None
        return "lost"

    ran = run_job(STORE, FakeWorld(delivery(), {("place", 1): vanish}))
    assert not ran.report.success and "was lost" in ran.report.answer
    assert all_belong(ran.world) and len(ran.world.things) == 7


def test_an_item_taken_away_by_somebody() -> None:
    def take(world: FakeWorld, args: Any) -> None:
        world.things.pop("tool1")

    ran = run_job(STORE, FakeWorld(delivery(), {("inspect", 2): take}))
    assert all_belong(ran.world) and not ran.report.success and "was lost" in ran.report.answer


def test_an_item_added_by_somebody_and_one_that_lay_hidden() -> None:
    def add(world: FakeWorld, args: Any) -> None:
        world.things["late"] = Thing("late", "bottle", "green")

    world = FakeWorld(delivery(), {("stow", 3): add})
    world.things["under"] = Thing("under", "ball", "red", hidden=True)
    ran = run_job(STORE, world)
    assert all_belong(ran.world) and len(ran.world.things) == 10 and ran.report.success


def test_what_turns_out_to_be_more_than_one_thing_is_inspected_again_before_it_is_put_away() -> None:
    """Inspected with something on it, it looked like something else; the second pick on the station says that it was two."""
    ran = run_job(STORE, FakeWorld(delivery(), {("pick", 2): fails("not_alone")}))
    made = [(step["skill"], step["code"], step["args"].get("item")) for step in ran.report.steps]
    at = next(i for i, step in enumerate(made) if step[1] == "not_alone")
    item = made[at][2]
    after = [skill for skill, _, about in made[at + 1 :] if about == item]
    assert after[:2] == ["inspect", "pick"] and ran.report.success and all_belong(ran.world)


def test_an_item_that_cannot_be_picked_is_set_aside() -> None:
    class Slippery(FakeWorld):
        def named(self, item: str) -> str | None:
            name = super().named(item)
            return None if name == "ball1" and self.things["ball1"].place == "parcel" else name

    ran = run_job(STORE, Slippery(delivery()))
    left = {n for n, t in ran.world.things.items() if t.place != belongs(t)}
    assert left == {"ball1"} and not ran.report.success
    assert "set aside" in ran.report.answer or "lost" in ran.report.answer


def test_a_full_bin_is_asked_about() -> None:
    def full(world: FakeWorld, args: Any) -> str | None:
        return "no_space" if args["place"] == BIN_OF["D"] else None

    faults = {("stow", n): full for n in range(1, 12)}
    told = run_job(STORE, FakeWorld(delivery(), faults), {"is full": "bin F"})
    assert told.places()["ball1"] == BIN_OF["F"] and told.report.success
    silent = run_job(STORE, FakeWorld(delivery(), faults))
    assert silent.places()["ball1"] == "parcel" and not silent.report.success
    assert "Bin D is full" in silent.report.questions[0]["text"]
    others = {n: t for n, t in silent.world.things.items() if n != "ball1"}
    assert all(t.place == belongs(t) for t in others.values())


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({("open", n): fails("stuck") for n in range(1, 9)}, "stuck"),
        ({("look", n): fails("blind") for n in range(1, 40)}, "blind"),
        ({("pick", 3): fails("stopped")}, "stopped"),
        ({("inspect", 2): fails("cancelled")}, "cancelled"),
    ],
)
def test_where_nothing_helps_the_job_ends_with_its_reason(faults: dict[tuple[str, int], Any], said: str) -> None:
    ran = run_job(STORE, FakeWorld(delivery(), faults))
    assert not ran.report.success and said in ran.report.answer


def test_everything_failing_ends_in_bounded_time() -> None:
    for skill in ("pick", "place", "inspect", "stow", "look", "open", "home"):
        code = {"inspect": "not_seen", "place": "lost", "stow": "contact", "look": "blind", "open": "stuck"}
        faults = {(skill, n): fails(code.get(skill, "unreachable")) for n in range(1, 3000)}
        ran = run_job(STORE, FakeWorld(delivery(), faults), limits=Limits())
        assert skill == "home" or not ran.report.success
        assert len(ran.report.steps) < 600 and ran.report.answer


def test_bins_that_change_places_are_read_again_and_what_is_carried_goes_where_it_belongs() -> None:
    def swap(world: FakeWorld, args: Any) -> str:
        labels = dict(world.labels)
        labels["bin_2"], labels["bin_3"] = labels["bin_3"], labels["bin_2"]
        world.labels = labels
        ways = {"bin_2": "bin_3", "bin_3": "bin_2"}
        world.things = {n: replace(t, place=ways.get(t.place, t.place)) for n, t in world.things.items()}
        return "shelf_changed"

    ran = run_job(STORE, FakeWorld(delivery(), {("stow", 3): swap}))
    labels = {"box": "bin_3", "can": "bin_2"}  # bins A and B, which changed places
    assert all(t.place == labels.get(t.category, belongs(t)) for t in ran.world.things.values() if not t.damaged)
    assert ran.report.success and ran.report.replans == 1 and not ran.report.problems
    assert {"skill": "look", "args": {"place": "shelf"}} in [{k: s[k] for k in ("skill", "args")} for s in ran.report.steps[-40:]]


def test_labels_nobody_can_read() -> None:
    ran = run_job("store the cans", FakeWorld(delivery(), labels={}))
    assert not ran.report.success and "label" in ran.report.answer and not ran.did("pick")


def test_places_without_a_camera_post_are_answered_from_memory() -> None:
    def no_post(world: FakeWorld, args: Any) -> str | None:
        return "blind" if args["place"] not in ("parcel", "shelf") else None

    world = FakeWorld(delivery(), {("look", n): no_post for n in range(1, 60)})
    assert run_job(STORE, world).report.success and all_belong(world)
    table = run_job("clear the table", FakeWorld(delivery(), {("look", 1): no_post}))
    assert not table.report.success and "table could not be looked at" in table.report.answer
    asked = run_job("what is in bin B?", world, agent=world.agent)
    assert asked.report.success and "3: 1 red can (MV-001)" in asked.report.answer


def test_an_uncertain_item_is_asked_about() -> None:
    world = FakeWorld(things(Thing("odd", "part", "green")), certain=0.3)
    ran = run_job(STORE, world, {"What is the green item": "tool"})
    assert ran.places()["odd"] == BIN_OF["E"] and ran.report.questions[0]["answer"] == "tool"


def test_stop_home_and_open() -> None:
    assert not run_job("stop", FakeWorld(delivery())).report.steps
    assert [s["skill"] for s in run_job("go home", FakeWorld(delivery())).report.steps] == ["home"]
    opened = run_job("open the parcel", FakeWorld(delivery()))
    assert not opened.world.closed and not opened.did("pick") and opened.report.success


def test_notes_are_plain_json() -> None:
    ran = run_job(STORE, FakeWorld(delivery(), {("pick", 2): fails("missed")}))
    for note in ran.notes:
        assert isinstance(note, Note)
        assert json.loads(json.dumps(note.payload)) == note.payload
