"""What a job does with what is remembered: it asks less, a look confirms or refutes, and nothing moves because of it alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers_brain import BIN_OF, CELL, LABELS, STORE, FakeWorld, Thing, all_belong, delivery, run_job
from helpers_memory import a_clock, memory_at, observed, remembered_job, told
from told import told_mind

from moravec.brain.agent import Agent
from moravec.brain.memory.check import check
from moravec.brain.memory.correct import correct
from moravec.brain.memory.costs import costs_of
from moravec.brain.memory.explain import explain
from moravec.brain.memory.learn import FULL_HOLDS, Heard
from moravec.brain.memory.listing import entries
from moravec.brain.memory.prior import OFFERED, KnownAnswer, Label, Prior, prior_of
from moravec.brain.memory.recall import where_is
from moravec.brain.memory.recollect import Recollection
from moravec.brain.memory.rules import RECENT, Run
from moravec.brain.remember import Inventory
from moravec.skills.contract import Ask, Note

FULL = {("stow", n): lambda world, args: "no_space" if args["place"] == BIN_OF["B"] else None for n in range(1, 30)}


def job(prior: Prior, instruction: str, world: FakeWorld, answers: dict[str, str] | None = None) -> Any:
    return run_job(instruction, world, answers, agent=Agent({}, CELL, told_mind(), recollection=Recollection(prior)))


def test_an_empty_memory_changes_no_step_and_no_word() -> None:
    """Only what it notes is more."""
    plain, with_memory = run_job(STORE, FakeWorld(delivery())), job(Prior(), STORE, FakeWorld(delivery()))
    assert plain.report == with_memory.report
    assert [n for n in with_memory.notes if n.topic != "memory"] == plain.notes
    assert not [n for n in plain.notes if n.topic in ("memory", "remembered", "recalled")]


def test_the_second_job_does_not_ask_what_was_answered_for_the_site(tmp_path: Path) -> None:
    """The same small job twice: bin B is full, a person says bin F; the second time nobody is asked, and the record says so."""
    with memory_at(tmp_path / "site.db") as memory:
        first = remembered_job(memory, STORE, FakeWorld(delivery(), dict(FULL)), {"Bin B is full": "bin F"}, scope="site")
        (asked,) = first.report.questions
        assert asked["answer"] == "bin F" and "answered_by" not in asked
        second = remembered_job(memory, STORE, FakeWorld(delivery(), dict(FULL)))
        (known,) = second.report.questions
        assert known["answer"] == "bin F" and known["answered_by"].startswith("memory: answer-")
        assert known["answered_by"].endswith("scope site")
        assert second.of("recalled") == [known]
        assert {second.places()[n] for n in ("can1", "can2", "can3")} == {BIN_OF["F"]}
        (answer,) = entries(memory, "answers")
        assert answer["used"] == 1 and answer["scope"] == "site"
        assert check(memory).faults == ()


@pytest.mark.parametrize("scope", ["once", "task"])
def test_the_second_job_asks_again_what_was_answered_for_once(tmp_path: Path, scope: str) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        remembered_job(memory, STORE, FakeWorld(delivery(), dict(FULL)), {"Bin B is full": "bin F"}, scope=scope)
        second = remembered_job(memory, STORE, FakeWorld(delivery(), dict(FULL)))
        assert ["answered_by" in q for q in second.report.questions] == [False]


def test_a_full_bin_is_remembered_until_something_fits_again(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        remembered_job(memory, STORE, FakeWorld(delivery(), dict(FULL)), {"Bin B is full": "bin F"})
        assert prior_of(memory).avoid == {BIN_OF["B"]}
        remembered_job(memory, STORE, FakeWorld(delivery()))
        assert prior_of(memory).avoid == frozenset()


def test_full_ends_with_the_shift_or_with_a_look_that_finds_nothing(tmp_path: Path) -> None:
    """A bin that is used last would else never be found empty again."""
    clock = a_clock()
    with memory_at(tmp_path / "site.db", clock) as memory:
        for again in (False, True):
            remembered_job(memory, STORE, FakeWorld(delivery(), dict(FULL)), {"Bin B is full": "bin F"})
            assert prior_of(memory).avoid == {BIN_OF["B"]}
            if again:
                clock.advance(FULL_HOLDS)
            else:
                remembered_job(memory, "what is in bin B?", FakeWorld({}))
            assert prior_of(memory).avoid == frozenset()
        correct(memory, BIN_OF["B"], "full", "yes")
        remembered_job(memory, "what is in bin B?", FakeWorld({}))
        clock.advance(FULL_HOLDS)
        assert prior_of(memory).avoid == {BIN_OF["B"]}  # a person said so, and has to say otherwise


def test_a_place_to_avoid_comes_last_and_is_used_where_it_is_the_only_one() -> None:
    labels = {**LABELS, "bin_1": "B"}  # bin_1 and bin_3 both carry B
    few = {n: t for n, t in delivery().items() if t.category == "can"}
    assert set(job(Prior(), "put the cans in bin B", FakeWorld(dict(few), labels=labels)).places().values()) == {"bin_1"}
    avoiding = Prior(avoid=frozenset({"bin_1"}))
    assert set(job(avoiding, "put the cans in bin B", FakeWorld(dict(few), labels=labels)).places().values()) == {"bin_3"}
    both = Prior(avoid=frozenset({"bin_1", "bin_3"}))
    assert set(job(both, "put the cans in bin B", FakeWorld(dict(few), labels=labels)).places().values()) == {"bin_1"}


def put_down(place: str, code: str, times: int, seconds: float) -> list[Run]:
    status = "succeeded" if code == "ok" else "failed"
    return [Run(i, i, "stow", "can", place, status, code, seconds) for i in range(times)]


def test_of_two_bins_the_one_that_costs_clearly_less_is_used() -> None:
    """Measured duration divided by success: slow is dear, and so is what fails; what differs by less than a tenth is the same."""
    labels = {**LABELS, "bin_1": "B"}  # bin_1 and bin_3 both carry B
    few = {n: t for n, t in delivery().items() if t.category == "can"}

    def used(*runs: Run, avoid: frozenset[str] = frozenset()) -> set[str]:
        prior = Prior(costs=costs_of(runs), avoid=avoid)
        return set(job(prior, "put the cans in bin B", FakeWorld(dict(few), labels=labels)).places().values())

    quick, good = put_down("bin_3", "ok", 20, 4.0), put_down("bin_1", "ok", 20, 4.1)
    assert used(*quick, *good) == {"bin_1"}  # the first one: no clear difference
    assert used(*quick, *put_down("bin_1", "ok", 20, 9.0)) == {"bin_3"}
    assert used(*quick, *good, *put_down("bin_1", "no_space", 20, 4.1)) == {"bin_3"}
    assert used(*quick, *put_down("bin_1", "ok", 20, 9.0), avoid=frozenset({"bin_3"})) == {"bin_1"}  # avoided is avoided
    assert used(*put_down("bin_1", "ok", 1, 9.0)) == {"bin_1"}  # one call says nothing of its place


def test_what_skills_cost_is_taken_out_of_the_memory_with_the_rest(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        assert prior_of(memory).costs.groups == {}
        remembered_job(memory, STORE, FakeWorld(delivery()))
        cost = prior_of(memory).costs.cost("stow")
        assert cost.n > 0 and cost.successes == cost.n


# ── labels ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_goes_by_a_remembered_label_without_a_look() -> None:
    """All labels are remembered; the shelf is looked at all the same, and what is read now counts."""
    swapped = {**LABELS, "bin_3": "A", "bin_2": "B"}
    ran = job(Prior(labels={p: Label(t, False, 9) for p, t in LABELS.items()}), STORE, FakeWorld(delivery(), labels=swapped))
    skills = [s["skill"] for s in ran.report.steps]
    assert "look" in skills[: skills.index("pick")]
    assert {ran.places()[n] for n in ("can1", "can2", "can3")} == {"bin_2"}
    says = {(n["place"], n["says"]) for n in ran.of("remembered")}
    assert says == {(p, "refuted" if p in ("bin_2", "bin_3") else "confirmed") for p in LABELS}
    assert sum("otherwise than remembered" in text for text in ran.report.surprises) == 2


def test_a_label_that_cannot_be_read_any_more_is_asked_for() -> None:
    unread = {p: t for p, t in LABELS.items() if p != "bin_3"}
    prior = Prior(labels={p: Label(t, False, 4) for p, t in LABELS.items()})
    question = "Does bin_3 still carry the label B?"
    yes = job(prior, STORE, FakeWorld(delivery(), labels=unread), {question: "yes"})
    assert [q["text"] for q in yes.report.questions] == [question] and all_belong(yes.world)
    assert yes.report.questions[0]["why"] == "it cannot be read now, and was read 4 times before"
    no = job(prior, STORE, FakeWorld(delivery(), labels=unread))  # nobody answers
    assert [q["answer"] for q in no.report.questions] == ["no"]
    assert {no.places()[n] for n in ("can1", "can2", "can3")} == {"parcel"}


def test_a_label_that_a_person_told_holds_against_what_is_read_and_both_are_kept(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        remembered_job(memory, "go home", FakeWorld(delivery()))
        correct(memory, "bin_1", "label", "B", "the shift leader")  # it reads C
        ran = remembered_job(memory, "put the cans in bin B", FakeWorld(delivery()))
        assert {ran.places()[n] for n in ("can1", "can2", "can3")} == {"bin_1"}
        assert any(n.get("says") == "refuted" and n["place"] == "bin_1" and n["told"] for n in ran.of("remembered"))
        (belief,) = [b for b in explain(memory, "bin_1")["beliefs"] if b["key"] == "label"]
        assert (belief["value"], belief["provenance"]) == ("B", "told")
        assert [(row["value"], row["provenance"]) for row in belief["beside"]] == [("C", "seen")]


# ── things ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_look_tells_whether_what_was_there_still_is(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        remembered_job(memory, STORE, FakeWorld(delivery()))
        (box,) = where_is(memory, "damaged box")
        world = FakeWorld({"box1": replace(delivery()["box1"], place="reject")})
        ran = remembered_job(memory, "what is in the reject bin?", world)
        assert any(n["says"] == "confirmed" and n.get("object") == box.thing.name for n in ran.of("remembered"))
        assert [w.thing.id for w in where_is(memory, "damaged box")] == [box.thing.id]
        other = FakeWorld({"new": Thing("new", "ball", "red", place="reject")})
        hidden = job(prior_of(memory), "what is in the reject bin?", other)
        assert hidden.of("remembered") == []  # something lies there, and may hide it
        empty = remembered_job(memory, "what is in the reject bin?", FakeWorld({}))
        assert any(n["says"] == "refuted" and n.get("object") == box.thing.name for n in empty.of("remembered"))
        assert [(w.thing.id, w.place) for w in where_is(memory, "damaged box")] == [(box.thing.id, "gone")]
        assert all(thing.place != "reject" for thing in prior_of(memory).things)
        correct(memory, box.thing.name, "place", "reject")
        remembered_job(memory, "what is in the reject bin?", FakeWorld({}))
        assert [w.place for w in where_is(memory, "damaged box")] == ["reject"]  # no look outranks a person's word
        assert check(memory).faults == ()


def test_what_is_gone_from_its_bin_and_met_elsewhere_is_not_gone(tmp_path: Path) -> None:
    """The bin is empty, and the tool with the same code lies in the parcel again."""
    with memory_at(tmp_path / "site.db") as memory:
        remembered_job(memory, STORE, FakeWorld({"tool1": delivery()["tool1"]}))
        (tool,) = where_is(memory, "MV-017")
        again = f"what is in bin E? {STORE}"
        ran = remembered_job(memory, again, FakeWorld({"tool1": delivery()["tool1"]}))
        assert any(n["says"] == "refuted" for n in ran.of("remembered"))
        with memory.reading() as db:
            events = [r[0] for r in db.execute("SELECT event FROM sightings WHERE object = ?", (tool.thing.id,)).fetchall()]
        assert "gone" not in events and where_is(memory, "MV-017")[0].place == BIN_OF["E"]


def test_what_a_person_told_of_a_thing_with_a_code_holds_in_later_jobs(tmp_path: Path) -> None:
    """It goes where that belongs, nobody is asked what it is, and what was seen is kept as what was seen."""
    tool = {"tool1": delivery()["tool1"]}
    with memory_at(tmp_path / "site.db") as memory:
        remembered_job(memory, STORE, FakeWorld(dict(tool)))
        correct(memory, "MV-017", "category", "part", "the shift leader")
        correct(memory, "MV-017", "colour", "ultraviolet")  # this workplace has no such word
        for certain in (0.95, 0.2):
            ran = remembered_job(memory, STORE, FakeWorld(dict(tool), certain=certain))
            assert ran.places() == {"tool1": BIN_OF["F"]} and ran.report.questions == ()
            (offered,), told = ran.of("memory"), [n for n in ran.of("remembered") if n["says"] == "told"]
            assert offered["told"] == {"MV-017": {"category": "part"}}
            assert told[0] == {"item": "item-1", "code": "MV-017", "seen": {"category": "tool"}, "told": {"category": "part"},
                               "says": "told"}  # fmt: skip
        (belief,) = explain(memory, "MV-017", "category")["beliefs"]
        assert (belief["value"], belief["provenance"], belief["who"]) == ("part", "told", "the shift leader")
        assert [(row["value"], row["provenance"]) for row in belief["beside"]] == [("tool", "seen")]
        assert where_is(memory, "MV-017")[0].thing.confidence == 0.2


def test_a_job_that_is_broken_off_leaves_what_it_saw_and_moved(tmp_path: Path) -> None:
    recollection = Recollection(Prior())
    assert recollection.believed() == ([], [])
    job = Agent({}, CELL, told_mind(), recollection=recollection)
    world = FakeWorld(delivery(), {("stow", 2): interrupted})
    with pytest.raises(KeyboardInterrupt):
        run_job(STORE, world, agent=job)
    items, history = recollection.believed()
    assert items == job.inventory.snapshot()["items"] and any(i["location"].startswith("bin") for i in items)
    assert history == list(job.inventory.history)


def interrupted(world: FakeWorld, args: Any) -> str | None:
    raise KeyboardInterrupt


def test_what_is_offered_to_a_job_does_not_grow_with_the_memory(tmp_path: Path) -> None:
    """The things met last, and none from before the last jobs that count; of one state of the file."""
    with memory_at(tmp_path / "site.db") as memory:
        with memory.writing() as log:
            for bin_ in ("bin_1", "bin_2"):
                log.append("place", {"name": bin_, "kind": "bin", "centre": [0, 0], "size": [1, 1], "floor": 0, "rim": 1})
            for job in range(1, RECENT + 50):
                number = log.append("job", {"instruction": str(job)})
                for _ in range(3):
                    thing = log.append("sighting", put_away("bin_1", number))
                if job == 1:
                    first = thing
        prior = prior_of(memory)
        assert len(prior.things) == OFFERED and prior.things[0].id == thing
        assert (prior.events, prior.head) == memory.head
        correct(memory, f"object-{first}", "place", "bin_2")
        with memory.writing() as log:
            for _ in range(RECENT):
                log.append("job", {"instruction": "go home"})
        assert [(t.id, t.place) for t in prior_of(memory).things] == [(first, "bin_2")]  # a person's word does not fade


def put_away(place: str, job: int) -> dict[str, Any]:
    """A sighting of something that lies in a bin."""
    looks = {"category": "can", "colour": "red", "damaged": False, "code": None, "extent": [0.05] * 3}
    return {"object": 0, "job": job, "event": "seen", "place": place, "t": None, "what": "red can", "position": [0, 0, 0],
            "looks": looks, "confidence": 0.9, "seen_by": "robot"}  # fmt: skip


def test_a_question_is_answered_from_memory_with_the_words_that_say_so(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        remembered_job(memory, STORE, FakeWorld(delivery()))
        said = remembered_job(memory, "where is the yellow ball?", FakeWorld({})).report.answer
        assert "nothing here that fits" in said and "From earlier jobs, not looked at now: yellow ball in bin D." in said
        ran = remembered_job(memory, "put the yellow ball in bin A", FakeWorld({}))
        assert not ran.did("pick") and not ran.report.success  # a memory is no thing to grasp


def test_an_answer_that_is_no_option_now_is_not_used() -> None:
    known = {"Which?": KnownAnswer(7, "Which?", "bin F", "site", 0)}
    recollection = Recollection(Prior(answers=known))
    assert recollection.answer(Ask("Which?", ("bin C", "bin D"), "bin C", "")) is None
    assert recollection.answer(Ask("Which one?", ("bin F",), "bin F", "")) is None and recollection.used == []
    entry = recollection.answer(Ask("Which?", ("bin C", "bin F"), "bin C", "it is full"))
    assert entry is not None and (entry["answer"], entry["why"], recollection.used) == ("bin F", "it is full", [7])


def test_an_answer_for_the_job_is_not_asked_for_again_in_it() -> None:
    """The last word of this job counts before those of earlier ones; what was said for once holds for once."""
    ask = Ask("Which?", ("bin C", "bin F"), "bin C", "it is full")
    heard: list[Heard] = []
    recollection = Recollection(Prior(answers={"Which?": KnownAnswer(7, "Which?", "bin F", "site", 0)}), heard)
    for scope, answer, source in (
        ("once", "bin F", "memory: answer-7, scope site"), ("task", "bin C", "in this job, scope task"),
        ("site", "bin F", "in this job, scope site"),
    ):  # fmt: skip
        heard.append(Heard("Which?", ask.options, answer, "", scope))
        given = recollection.answer(ask)
        assert given is not None and (given["answer"], given["answered_by"]) == (answer, source)
    assert recollection.used == [7]


def test_what_is_told_of_a_label_waits_for_a_look_at_the_shelf() -> None:
    inventory, prior = Inventory(CELL), Prior(labels={"bin_9": Label("A", True, 1), "bin_1": Label("B", True, 1)})
    recollection = Recollection(prior)
    offered = recollection.begin(inventory)
    assert offered["labels"] == {"bin_1": "B"}  # bin_9 is in no drawing
    assert inventory.labels == {} and inventory.items == {} and inventory.avoid == frozenset()
    recollection.looked(inventory, "parcel", {})
    assert inventory.labels == {}
    recollection.looked(inventory, "shelf", {"bin_2": "A"})
    assert inventory.labels == {"bin_1": "B"}


def test_a_memory_of_places_that_are_not_in_the_drawing_is_no_trouble(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        with memory.writing() as log:
            log.append("observed", observed("bin_99", "label", "B"))
            log.append("told", told("bin_98", "full", True))
        ran = remembered_job(memory, STORE, FakeWorld(delivery()))
        assert all_belong(ran.world)
        assert isinstance(ran.notes[0], Note) and ran.notes[0].topic == "memory"
