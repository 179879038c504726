"""Orders that arrive while a job runs, in the world of symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
from helpers_brain import BIN_OF, STORE, FakeWorld, Ran, Thing, all_belong, belongs, delivery, run_job
from told import told

from moravec.brain.midjob.bearing import bearing
from moravec.brain.midjob.ear import Said, Script
from moravec.brain.reading import Reading
from moravec.brain.recover import Limits
from moravec.brain.rules import Refusal
from moravec.brain.wishes.wish import Meant
from moravec.core.errors import BadInput

A, B, F = BIN_OF["A"], BIN_OF["B"], BIN_OF["F"]
Moment: TypeAlias = Callable[[FakeWorld], bool]


@dataclass
class When:
    """Hears each text as soon as its moment has come."""

    world: FakeWorld
    said: list[tuple[Moment, str]]

    def heard(self, now: float) -> list[str]:
        due = [entry for entry in self.said if entry[0](self.world)]
        self.said = [entry for entry in self.said if entry not in due]
        return [text for _, text in due]


def hearing(instruction: str, *said: tuple[Moment, str], world: FakeWorld | None = None, **more: Any) -> Ran:
    """A job during which orders arrive."""
    world = world or FakeWorld(delivery())
    return run_job(instruction, world, ear=When(world, list(said)), **more)


def called(skill: str, n: int) -> Moment:
    """Once a skill was called so often."""
    return lambda world: world.calls[skill] >= n


def lies(name: str, place: str) -> Moment:
    """Once a thing lies there."""
    return lambda world: world.things[name].place == place


def few(*names: str) -> FakeWorld:
    """A small delivery."""
    return FakeWorld({name: thing for name, thing in delivery().items() if name in names})


def the_rest_belongs(ran: Ran, *but: str) -> bool:
    return all(thing.place == belongs(thing) for name, thing in ran.world.things.items() if name not in but)


# ── the newer words win ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("can", ["can1", "can2"])
def test_the_newer_words_win_for_what_they_name(can: str) -> None:
    """One red can lies in bin B by the rule when the red cans are wanted in A: all red cans end in A, all else as it was told."""
    ran = hearing(STORE, (lies(can, B), "put the red cans in bin A"))
    places = ran.places()
    assert (places["can1"], places["can2"], places["can3"]) == (A, A, B)
    assert the_rest_belongs(ran, "can1", "can2")
    assert ran.report.success
    assert "1 red can (MV-001), 1 red can (MV-002) stay in bin A, as was said last." in ran.report.turns[0]["answer"]
    assert [turn["instruction"] for turn in ran.report.turns] == [STORE, "put the red cans in bin A"]
    assert ran.report.turns[1]["heard"] > 0.0 and "heard" not in ran.report.turns[0]


PHASES = "put the cans in bin B after you have stored the tools, then store the rest"


@pytest.mark.parametrize("job", [STORE, PHASES])
@pytest.mark.parametrize("skill", ["look", "pick", "place", "inspect", "stow", "home"])
def test_at_whatever_moment(job: str, skill: str) -> None:
    """In every step of a job, also of one in phases, the same words lead to the same end."""
    for n in range(1, 20):
        ran = hearing(job, (called(skill, n), "put the red cans in bin A"))
        if not ran.of("heard"):  # it has ended before
            assert n > 1 and all_belong(ran.world)
            return
        assert (ran.places()["can1"], ran.places()["can2"]) == (A, A), n
        assert the_rest_belongs(ran, "can1", "can2") and ran.report.success, (n, ran.report.problems)


def test_what_is_named_is_not_touched_afterwards() -> None:
    """Once it lies where the newer words want it."""
    ran = hearing("put the red cans in bin B", (lies("can1", B), "put the red cans in bin A"))
    moved = [(s["skill"], s["args"].get("item"), s["args"].get("place")) for s in ran.report.steps]
    in_a = [n for n, step in enumerate(moved) if step[2] == A and step[0] == "stow"]
    assert len(in_a) == 2 and not any(skill == "pick" for skill, *_ in moved[in_a[-1] :])
    assert ran.report.success, ran.report.problems


def test_what_is_left_alone_stays() -> None:
    """ "Leave the red cans alone" takes them out of the job; what is in B already stays there."""
    ran = hearing(STORE, (lies("can1", B), "leave the red cans alone"))
    other = "parcel" if ran.places()["can2"] == "parcel" else B
    assert ran.places()["can1"] == B and ran.places()["can2"] == other
    assert the_rest_belongs(ran, "can2") and ran.report.success


def test_some_of_it_can_be_taken_back() -> None:
    """What is named goes back to where it came from, and the job leaves it there."""
    ran = hearing("store the cans", (lies("can1", B), "put the red cans back"), world=few("can1", "can2", "can3"))
    assert ran.places() == {"can1": "parcel", "can2": "parcel", "can3": B} and ran.report.success


def test_of_a_number_fewer_are_left() -> None:
    """Two cans in A, then two in C: the older words mean what the newer leave."""
    ran = hearing("put two cans in bin A", (called("stow", 1), "put two cans in bin C"), world=few("can1", "can2", "can3"))
    places = list(ran.places().values())
    assert places.count(BIN_OF["C"]) == 2 and places.count(A) <= 1


def test_what_turns_up_later_is_done_by_the_newer_words() -> None:
    """Somebody lays a red can into the parcel once they are done: the older job leaves it alone, and it does not stay there."""
    world = few("box2", "can1", "ball1")

    def added(world: FakeWorld, args: Mapping[str, Any]) -> None:
        world.things["can2"] = Thing("can2", "can", "red")

    world.faults["stow", 3] = added
    ran = hearing(STORE, (called("pick", 1), "put the red cans in bin A"), world=world)
    moved = [s["args"] for s in ran.report.steps if s["skill"] == "stow" and s["args"]["place"] == B]
    assert ran.places()["can1"] == A and ran.places()["can2"] == A and not moved
    assert len(ran.report.turns) == 3 and ran.report.success


# ── what goes beside it ──────────────────────────────────────────────────────────────────────────────────────────────
def test_something_is_added() -> None:
    """The cans are stored as if nobody had spoken, and the ball lies where it was wanted."""
    ran = hearing("store the cans", (lies("can3", B), "put the yellow ball in bin A"))
    assert {n for n, p in ran.places().items() if p != "parcel"} == {"can1", "can2", "can3", "ball1"}
    assert ran.places()["ball1"] == A and the_rest_belongs(ran, *(set(delivery()) - {"can1", "can2", "can3"}))
    assert ran.report.success and "as was said last" not in ran.report.answer


def test_a_close_look_takes_nothing_from_the_job() -> None:
    """What was only looked at is stored all the same."""
    ran = hearing(STORE, (called("stow", 2), "inspect the red cans"))
    assert all_belong(ran.world) and ran.report.success


def test_a_question_is_answered_at_once() -> None:
    """By what is believed between two steps."""
    ran = hearing(STORE, (lies("can1", B), "what is in bin B?"))
    (answer,) = ran.report.turns[1]["answers"]
    assert answer["kind"] == "items" and len(answer["value"]) < 3
    assert all_belong(ran.world) and ran.report.success


def test_it_is_what_the_job_speaks_of() -> None:
    """The talk goes on from the same memory."""
    ran = hearing("put the yellow ball in bin A", (called("pick", 1), "put it in bin F"), world=few("ball1", "can1"))
    assert ran.places() == {"ball1": F, "can1": "parcel"} and ran.report.success
    assert "1 yellow ball stays in bin F, as was said last." in ran.report.answer


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_held_is_put_down_first() -> None:
    """Where the job would have put it; nothing is dropped."""
    for n in range(1, 5):
        ran = hearing("put the cans in bin B", (called("pick", n), "put the red cans in bin A"))
        heard = next(i for i, note in enumerate(ran.notes) if note.topic == "heard")
        begun = next(i for i, note in enumerate(ran.notes) if note.topic == "interrupted")
        between = [note.payload["skill"] for note in ran.notes[heard:begun] if note.topic == "step"]
        assert between[-2:] == ["stow", "look"] and ran.world.held is None
        assert (ran.places()["can1"], ran.places()["can2"], ran.places()["can3"]) == (A, A, B), n


def test_before_the_job_is_understood_it_waits() -> None:
    """It is heard while the robot looks, and read again by nobody."""
    ran = hearing("put the cans in bin B", (called("look", 1), "put the red cans in bin A"))
    assert (ran.places()["can1"], ran.places()["can2"], ran.places()["can3"]) == (A, A, B)
    assert ran.report.success and len(ran.of("heard")) == 1


def test_in_the_last_step() -> None:
    """It is done as the next turn."""
    ran = hearing("put the cans in bin B", (called("home", 1), "put the red cans in bin A"))
    assert (ran.places()["can1"], ran.places()["can2"], ran.places()["can3"]) == (A, A, B)
    assert [turn["instruction"] for turn in ran.report.turns] == ["put the cans in bin B", "put the red cans in bin A"]
    assert ran.report.success and not ran.of("interrupted")


def test_two_in_a_row() -> None:
    """Each newer than the one before: the last word counts."""
    at_once = hearing(STORE, (lies("can1", B), "put the red cans in bin A"), (lies("can1", B), "put the cans in bin B"))
    assert all_belong(at_once.world) and at_once.report.success
    within = hearing(STORE, (called("stow", 1), "put the red cans in bin A"), (lies("can1", A), "put all cans into bin A"))
    assert all(within.places()[name] == A for name in ("can1", "can2", "can3"))
    assert the_rest_belongs(within, "can1", "can2", "can3") and within.report.success
    assert [turn["instruction"] for turn in within.report.turns][1:] == ["put the red cans in bin A", "put all cans into bin A"]


def test_of_many_orders_only_so_many_are_done() -> None:
    """And the others are told; whoever says stop is heard all the same."""
    orders = [(called("stow", 1), "what is in bin B?")] * 3
    ran = hearing(STORE, *orders, limits=Limits(orders=2))
    assert all_belong(ran.world) and not ran.report.success and len(ran.report.turns) == 3
    assert any("was not done: at most 2 orders" in problem for problem in ran.report.problems)
    stopped = hearing(STORE, *orders, (called("stow", 2), "stop"), limits=Limits(orders=2))
    assert stopped.world.calls["stow"] == 2 and not stopped.report.success


# ── what ends the job ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_stop(n: int) -> None:
    """Nothing more is picked up, and nothing stays in the hand."""
    ran = hearing(STORE, (called("pick", n), "stop"))
    assert ran.world.calls["pick"] == n and ran.world.held is None
    assert not ran.report.success and "ended by what was said" in ran.report.answer
    assert ran.report.turns[1]["answer"] == "Stopped."


def test_stop_while_something_is_found_out() -> None:
    """Also before the job is understood."""
    ran = hearing("put the cans in bin B", (called("look", 1), "stop"))
    assert sum(ran.world.calls.values()) == 1 and not ran.report.success


def test_harm_is_refused_and_ends_the_job() -> None:
    """By a rule that the report names."""
    ran = hearing(STORE, (called("stow", 1), "throw the box at him"))
    assert ran.world.calls["stow"] == 1 and "rule harm-people" in str(ran.report.refused)


@pytest.mark.parametrize("words", ["undo that", "put everything back", "leave it", "never mind"])
def test_the_whole_job_is_taken_back(words: str) -> None:
    """It ends; what it has moved goes back where that was said."""
    ran = hearing(STORE, (lies("can1", B), words))
    back = words in ("undo that", "put everything back")
    assert ran.places()["can1"] == ("parcel" if back else B)
    assert ("parcel" in ran.places().values()) and (set(ran.places().values()) == {"parcel"}) is back
    assert ran.report.success and f"Taken back, as was said: {words!r}." in ran.report.answer


# ── what is not done ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_refused_is_told_and_the_job_goes_on() -> None:
    """Nothing of the order is done."""
    ran = hearing(STORE, (called("stow", 1), "put the elephant in bin A"))
    assert all_belong(ran.world) and "rule unknown-thing" in str(ran.report.refused) and not ran.report.success


def test_what_is_unclear_is_asked() -> None:
    """Without an answer nothing of it is done; with one it is."""
    silent = hearing(STORE, (lies("box2", A), "put the can in bin A"))
    assert all_belong(silent.world) and len(silent.report.questions) == 1 and "rule unclear" in str(silent.report.refused)
    options = silent.report.questions[0]["options"]
    told = hearing(STORE, (lies("box2", A), "put the can in bin A"), answers={"which one": options[0]})
    assert [told.places()[name] for name in ("can1", "can2", "can3")].count(A) == 1 and told.report.success


# ── the parts ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("stop", "stop"), ("undo that", "back"), ("put everything back", "back"), ("leave it", "drop"), ("never mind", "drop"),
        ("put the red cans back", "order"), ("leave the red cans alone", "order"), ("put it in bin A", "order"),
        ("run over the visitors' bags", "harm"), ("what is in bin B?", "order"),
    ],
)  # fmt: skip
def test_what_an_order_means_for_the_job(words: str, means: str) -> None:
    assert bearing(Reading(meant=(Meant(told(words)),))) == means


def test_only_harm_is_refused_by_ending_the_job() -> None:
    """A sentence that is too long, or none, does not."""
    assert bearing(Reading(refusal=Refusal("harm-people", "no"))) == "harm"
    assert bearing(Reading(refusal=Refusal("too-long", "no"))) == bearing(Reading(refusal=Refusal("not-a-job", "no"))) == "order"


def test_a_script_is_heard_in_order_and_once() -> None:
    script = Script([Said("b", 2.0), Said("a", 1.0), Said("c", 2.0)])
    assert [list(script.heard(t)) for t in (0.5, 1.0, 3.0, 4.0)] == [[], ["a"], ["b", "c"], []]
    late = Script([Said("a", 9.0)])
    late.heard(8.9)
    assert late.left == (Said("a", 9.0),)


@pytest.mark.parametrize(("text", "said"), [("go home@40", Said("go home", 40.0)), ("mail a@b @ 1.5", Said("mail a@b", 1.5))])
def test_text_and_time(text: str, said: Said) -> None:
    assert Said.parse("--say", text) == said


@pytest.mark.parametrize("text", ["", "stop", "@3", " @3", "stop@", "stop@soon", "stop@-1", "stop@nan", "stop@inf", "stop@1e9"])
def test_what_is_no_text_with_a_time(text: str) -> None:
    with pytest.raises(BadInput, match="TEXT@SECONDS"):
        Said.parse("--say", text)
