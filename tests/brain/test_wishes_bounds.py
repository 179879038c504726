"""Each bound on a turn ends it in its defined way."""

from __future__ import annotations

from helpers_wishes import SCENE, Talk, a, b, move, the

from moravec.brain.recover import Limits
from moravec.brain.wishes import fulfil
from moravec.brain.wishes.talk import GROUPS, TURNS
from moravec.brain.wishes.wish import Spot, Things, Wish

TWO_QUESTIONS = (move(the("can", "red"), b("B")), move(the("box"), b("A"), then=True))


def test_questions() -> None:
    """At the bound the default is taken: nothing is done, and the person hears why."""
    talk = Talk(limits=Limits(questions=1))
    assert talk.say(*TWO_QUESTIONS, answers=(0, 0)) == {}
    assert len(talk.turn.asked) == 1 and "Without an answer" in str(talk.refused)
    assert len(Talk(limits=Limits(questions=2)).say(*TWO_QUESTIONS, answers=(0, 0))) == 2


def test_rounds() -> None:
    """A turn that is never understood is given up."""
    many = [move(the("can", "red"), Spot("bins")) for _ in range(2 * fulfil.ROUNDS)]
    talk = Talk(limits=Limits(questions=1000))
    assert talk.say(*many, answers=(0,) * 1000) == {}
    assert len(talk.turn.asked) <= fulfil.ROUNDS and "Without an answer" in str(talk.refused)


def test_time() -> None:
    """The turn ends and says so; nothing stays in the hand but what was in it."""
    talk = Talk(limits=Limits(seconds=6.0))
    moved = talk.say(move(Things(), b("F")))
    assert len(moved) < len(SCENE["items"])
    assert not talk.turn.report.success
    assert any(problem.startswith("stopped after 6 s") for problem in talk.turn.report.problems)
    assert talk.say(Wish("home")) == {} and talk.refused is None  # the next turn has its own time


def test_steps() -> None:
    talk = Talk(limits=Limits(steps=20))
    assert len(talk.say(move(Things(), b("F")))) < len(SCENE["items"])
    assert len(talk.turn.report.steps) <= 21
    assert any(problem == "stopped after 20 steps" for problem in talk.turn.report.problems)


def test_replans() -> None:
    """Beyond the bound no plan is made."""
    talk = Talk(limits=Limits(replans=-1, replans_per_item=0))
    assert talk.say(move(the("tool"), b("E"))) == {}
    assert any("replans" in problem for problem in talk.turn.report.problems)


def test_memory_of_a_talk() -> None:
    talk = Talk()
    for n in range(TURNS + GROUPS):
        talk.say(move(the("tool"), b("EF"[n % 2])), Wish("leave", (the("can", "blue"),)))
    remembered = talk.player.agent.talk
    assert len(remembered.done) <= TURNS and len(remembered.left) <= TURNS
    assert len(remembered.groups) <= GROUPS and len(remembered.places) <= GROUPS


def test_a_question_is_open_for_one_turn() -> None:
    talk = Talk()
    assert talk.say(move(the("can", "red"), b("B"))) == {}
    assert talk.say(move(a("ball", "red"), b("D"))) == {"red-ball-1": "bin:D"}
    assert talk.say(Wish("agree")) == {} and "no question" in str(talk.refused)
