"""The turn of a talk: wishes are understood, with looks and questions where it takes them, and done phase by phase."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias, TypeVar, final

from moravec.brain.goal import Clause, Goal, Selection, goal_to_json
from moravec.brain.job import Job
from moravec.brain.remember import Inventory
from moravec.brain.select import candidates
from moravec.brain.wishes.interpret import Meaning, interpret, objection, phases, rehearse
from moravec.brain.wishes.open import READ_SO, WHICH_READING, Denied, Need, Open, Option, Question, Settled, evenly
from moravec.brain.wishes.pending import Reply, reply
from moravec.brain.wishes.readings import ways
from moravec.brain.wishes.record import after_turn, as_it_came
from moravec.brain.wishes.survey import only_in_case, places_to_see
from moravec.brain.wishes.talk import Pending, Talk
from moravec.brain.wishes.things import Sense
from moravec.brain.wishes.wish import SURE, Meant, Wish, outweighs
from moravec.skills.contract import Ask, Evidence, Note, Request

T = TypeVar("T")
Routine: TypeAlias = Generator[Request, Any, T]
ROUNDS = 12  # of finding out and asking before a turn is understood
EVIDENCE = 6  # items that a question shows at most


class Hands(Protocol):
    """What the executive does for a turn."""

    inventory: Inventory
    talk: Talk

    def pursue(self, job: Job) -> Routine[None]:
        """Plan and act until the job's goal is reached, or a limit."""
        ...

    def ask(self, job: Job, ask: Ask) -> Routine[str]:
        """The answer, one of the options."""
        ...

    def conclude(self, job: Job) -> None:
        """Says what became of the job's goal."""
        ...

    def recalled(self, what: Selection) -> str:
        """What is remembered of things that are not here; "" for nothing."""
        ...


class _Over(Exception):
    """The turn ends here; what there is to say has been said."""


@final
@dataclass(slots=True)
class _Turn:
    """One turn while it runs."""

    hands: Hands
    job: Job
    talk: Talk
    settled: dict[str, Settled] = field(default_factory=dict)
    learnt: frozenset[Selection] = frozenset()
    within: tuple[str, ...] = ()
    rounds: int = 0

    def sense(self) -> Sense:
        """A fresh start of understanding."""
        return Sense(self.hands.inventory, self.talk, self.settled, self.learnt, self.within)


def fulfil(hands: Hands, job: Job, meant: Sequence[Meant]) -> Routine[None]:
    """Does what one of `meant`, the likeliest first, wants; the job tells afterwards what became of it."""
    turn = _Turn(hands, job, hands.talk)
    pending, turn.talk = turn.talk.pending, replace(turn.talk, pending=None)
    hands.inventory.begin_job(again=not job.within)
    wishes: tuple[Wish, ...] = meant[0].wishes
    try:
        if pending is not None:
            wishes, meant = yield from _answered(turn, pending, wishes, meant)
        yield from _look(turn, meant)
        wishes = yield from _reading(turn, meant)
        yield from _tried(turn, wishes, lambda sense: rehearse(wishes, sense))
        yield from _act(turn, wishes)
    except _Over:
        hands.talk = turn.talk.bounded().joined(hands.talk)


def _answered(
    turn: _Turn, pending: Pending, wishes: tuple[Wish, ...], meant: Sequence[Meant]
) -> Routine[tuple[tuple[Wish, ...], Sequence[Meant]]]:
    """What is meant where a question is open: its answer makes the old wishes go on."""
    told = yield from _reply(turn, pending.question, wishes)
    if told is None:
        turn.within = pending.question.items
        return wishes, meant
    turn.job.replied = True
    if told == "nothing":
        turn.job.answer = "Then nothing is done."
        raise _Over
    turn.settled = dict(pending.settled)
    if told != "again":
        turn.settled[pending.question.key] = told
    return pending.wishes, (Meant(pending.wishes),)


def _reply(turn: _Turn, question: Question, wishes: tuple[Wish, ...]) -> Routine[Reply]:
    """What the turn answers, after the looks that it takes to tell."""
    while True:
        turn.rounds += 1
        try:
            return reply(wishes, question, turn.sense())
        except Need as need:
            if turn.rounds > ROUNDS:
                return None
            yield from _find_out(turn, Goal((Clause("learn", need.what),)))


def _look(turn: _Turn, meant: Sequence[Meant]) -> Routine[None]:
    """Looks at what the wishes depend on; nothing at all where they cannot be done anyway."""
    problems = [objection(way.wishes, turn.sense()) for way in meant]
    first = problems[0]
    if first is not None and outweighs(meant, [problem is not None for problem in problems]):
        yield from _refuse(turn, first)
    wishes = [wish for way in meant for wish in way.wishes]
    goal = places_to_see(wishes, turn.talk, turn.hands.inventory)
    turn.job.in_case = only_in_case(wishes, turn.talk, turn.hands.inventory)
    if goal.clauses:
        yield from _find_out(turn, goal)


def _find_out(turn: _Turn, goal: Goal) -> Routine[None]:
    job = turn.job
    job.goal = goal
    yield Note("finding_out", {"goal": goal_to_json(goal), "text": goal.describe()})
    yield from turn.hands.pursue(job)
    job.overlooked = False
    job.goal = Goal(())
    if job.ended:
        turn.hands.conclude(job)
        raise _Over


def _refuse(turn: _Turn, denied: Denied) -> Routine[None]:
    remembered = "" if denied.about is None else turn.hands.recalled(denied.about)
    turn.job.refuse(f"{denied.refusal} {remembered}".strip())
    yield Note("refused", {"rule": denied.refusal.rule, "why": denied.refusal.why})
    raise _Over


def _tried(turn: _Turn, wishes: tuple[Wish, ...], work: Callable[[Sense], T], start: Sense | None = None) -> Routine[T]:
    """What `work` makes of the wishes, after all looks and questions that it takes."""
    while True:
        before = start or turn.sense()
        sense = replace(before, named=set(before.named), settled=turn.settled, learnt=turn.learnt)
        turn.rounds += 1
        try:
            found = work(sense)
        except Need as need:
            if turn.rounds <= ROUNDS:
                yield from _find_out(turn, Goal((Clause("learn", need.what),)))
            turn.learnt |= {need.what}
        except Denied as denied:
            yield from _refuse(turn, denied)
        except Open as open_point:
            turn.settled[open_point.question.key] = yield from _asked(turn, wishes, open_point.question)
        else:
            if start is not None:
                start.talk, start.named = sense.talk, sense.named
            return found


def _asked(turn: _Turn, wishes: tuple[Wish, ...], question: Question) -> Routine[Settled]:
    """What a person settles; without an answer nothing is done, and the next turn may give it."""
    labels = _distinct([option.label for option in question.options])
    scores = tuple(option.score for option in question.options)
    items = [turn.hands.inventory.item(name) for name in question.items[:EVIDENCE]]
    evidence = tuple(Evidence(item.id, item.camera, item.box) for item in items)
    ask = Ask(question.text, labels, labels[-1], question.why, scores, evidence)
    told: str = labels[-1]
    if turn.rounds <= ROUNDS:
        told = yield from turn.hands.ask(turn.job, ask)
    settles = question.options[labels.index(told)].settles if told in labels else None
    if settles is not None:
        return settles
    turn.talk = replace(turn.talk, pending=Pending(wishes, dict(turn.settled), question))
    turn.job.open = True
    turn.job.refuse(f"{question.text} Without an answer nothing is moved. (rule unclear)")
    yield Note("refused", {"rule": "unclear", "why": question.text})
    raise _Over


def _distinct(labels: list[str]) -> tuple[str, ...]:
    return tuple(label if labels.count(label) == 1 else f"{label} ({n})" for n, label in enumerate(labels, start=1))


def _reading(turn: _Turn, meant: Sequence[Meant]) -> Routine[tuple[Wish, ...]]:
    """The one reading that counts; where several lead to different goals, a person says which."""
    sure = sum(way.p for way in meant) >= SURE
    if len(meant) == 1 and sure:
        return meant[0].wishes
    found, refused = ways(meant, turn.sense)
    if outweighs(meant, refused):
        return meant[0].wishes
    if len(found) == 1 and not refused[0] and sure:
        return meant[found[0].index].wishes
    options = evenly([Option(way.text, way.index) for way in found])
    scores = {way.index: round(way.p, 4) for way in found}
    scored = [replace(o, score=scores[o.settles] if isinstance(o.settles, int) else 0.0) for o in options]
    question = Question("reading", "reading", WHICH_READING, tuple(scored), READ_SO)
    chosen = yield from _asked(turn, meant[0].wishes, question)
    assert isinstance(chosen, int)  # these options settle numbers
    return meant[chosen].wishes


def _act(turn: _Turn, wishes: tuple[Wish, ...]) -> Routine[None]:
    """Phase by phase, each by what is believed when its turn comes."""
    job, hands = turn.job, turn.hands
    before = {item.id: item.location for item in hands.inventory.items.values()}
    sense, left, clauses, number = turn.sense(), phases(wishes), list[Clause](), 0
    job.so_far = lambda: after_turn(sense.talk, job, job.goal, before).joined(hands.talk)
    while left and not job.ended:
        if number:
            hands.inventory.begin_job(again=False)
        meaning, more = yield from _tried(turn, wishes, _interpreting(left, number), sense)
        left, number = [*more, *left[1:]], number + 1
        job.goal, job.said = job.but_for_taken(meaning.goal), [*job.said, *meaning.said]
        _look_anew(turn, job.goal)
        yield Note("goal", {"goal": goal_to_json(job.goal), "text": job.goal.describe()})
        if job.goal.clauses:
            yield from hands.pursue(job)
        hands.conclude(job)
        sense.talk = as_it_came(sense.talk, job)
        first = (replace(c, then=number > 1) for c in job.goal.clauses[:1])
        clauses += [*first, *job.goal.clauses[1:]]
    last = job.goal
    job.goal = Goal(tuple(clauses))
    after = after_turn(sense.talk, job, last, before)
    hands.talk = replace(after, pending=turn.talk.pending).joined(hands.talk)


def _interpreting(left: Sequence[tuple[Wish, ...]], number: int) -> Callable[[Sense], tuple[Meaning, list[tuple[Wish, ...]]]]:
    later = [wish for phase in left[1:] for wish in phase]
    return lambda sense: interpret(left[0], sense, str(number), later)


def _look_anew(turn: _Turn, goal: Goal) -> None:
    """What a person wants inspected is inspected, though it was once; not what this turn has looked at closely."""
    inventory = turn.hands.inventory
    fresh = {step["args"].get("item") for step in turn.job.steps if step["skill"] == "inspect"}
    for clause in (c for c in goal.clauses if c.kind == "inspect"):
        for item in candidates(clause.what, inventory, list(inventory.items.values()))[0]:
            if item.id not in fresh:
                inventory.doubt(item.id)

