"""`moravec plan`: reads and plans a job, and moves nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from moravec.commands.charters import opened_charter
from moravec.commands.minds import MindOptions, opened_mind
from moravec.commands.options import Items, said, save, say, show, unset
from moravec.commands.sharing import ITEMS, Asked, shared
from moravec.core.errors import BadInput

if TYPE_CHECKING:
    from moravec.brain.conduct.charter import Charter
    from moravec.brain.goal import Goal
    from moravec.brain.mind import Mind
    from moravec.brain.wishes.wish import Meant
    from moravec.core.workplace import Workplace

EACH = "each"  # stands for the items of a wish, which are not known yet


@dataclass(frozen=True, kw_only=True)
class Plan(MindOptions):
    """Read and plan a job, and move nothing.

    What a closed parcel holds is not known before it is opened. The plan therefore names each step up to that point, and
    after it the steps that follow "for each" item of a wish. With --robots a delivery is drawn by --seed, in symbols, and the
    whole job is shared out among robots: who does what when, and what holds it up.
    """

    instruction: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="INSTRUCTION")]
    """What to do, in plain words."""
    more: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="[INSTRUCTION ...]")] = ()
    """What is said after it, turn by turn; each is planned by itself, since nothing is done in between."""
    world: Annotated[str, tyro.conf.arg(metavar="NAME")] = "cell"
    """The workplace."""
    items: Annotated[Items | None, unset("N")] = None
    """How many items the delivery holds; a plan does not know, the world may."""
    robots: Annotated[str | None, unset("N|FILE")] = None
    """Share the job out among so many robots, or those of a TOML file; see docs/brain.md. Draws schedule.svg into --out."""
    memory: Annotated[Path | None, unset("FILE")] = None
    """With --robots: how long skills took and how often they succeeded, from the file of 'moravec run --memory FILE'."""

    def execute(self) -> int:
        """The plan. A refusal is exit status 1."""
        from moravec.worlds.registry import WorldOptions, workplace_of

        talk = said("plan", self.instruction, self.more)
        asked = self._sharing()
        with opened_mind(self) as opened:
            workplace = workplace_of(self.world, WorldOptions(self.seed, self.items, renderer="rays"))
            charter = opened_charter(self, workplace)
            turns = [_timed(text, workplace, opened.mind, charter) for text in talk]
            result = turns[0] if len(turns) == 1 else _together(turns)
            told = self._share(asked, result, workplace, opened.mind, charter)
            record = opened.record()
        if "calls" in record:
            result["brain"] = record
            for fallback in record["fallbacks"]:
                say(f"the symbolic mind took over ({fallback['purpose']}): {fallback['why']}")
        save(self, "plan.json", result)
        show(self, result, "\n".join([_words(result), *told]))
        return 1 if result["refused"] else 0

    def _sharing(self) -> Asked | None:
        """What --robots asks for. Raises BadInput."""
        if self.robots is None:
            if self.memory is not None:
                raise BadInput("--memory", str(self.memory), "with --robots")
            return None
        if self.more:
            raise BadInput("--robots", f"{1 + len(self.more)} instructions", "one instruction")
        return Asked(self.robots, self.memory, self.items or ITEMS, self.seed, self.out)

    def _share(
        self, asked: Asked | None, result: dict[str, Any], workplace: Workplace, mind: Mind, charter: Charter
    ) -> list[str]:
        """Puts the schedule into the result; it in words. A job that a mind refuses or asks about has none; one whose schedule is
        refused is refused."""
        if asked is None or not result["goal"] or result["refused"]:
            return []
        from moravec.brain.goal import goal_from_json
        from moravec.brain.schedule.errors import ScheduleError

        try:
            result["schedule"], words = shared(asked, goal_from_json(result["goal"]), workplace, mind.plan, charter)
        except ScheduleError as error:
            result["refused"] = str(error)
            return [f"refused: {error}"]
        return [words]


def _timed(instruction: str, workplace: Workplace, mind: Mind, charter: Charter) -> dict[str, Any]:
    start = time.perf_counter()
    result = planned(instruction, workplace, mind, charter)
    return {**result, "seconds": round(time.perf_counter() - start, 6)}


def _together(turns: list[dict[str, Any]]) -> dict[str, Any]:
    """One result of several turns, which are listed in it."""
    result: dict[str, Any] = {key: [entry for turn in turns for entry in turn[key]] for key in ("goal", "steps", "questions")}
    result["refused"] = next((turn["refused"] for turn in turns if turn["refused"]), None)
    result["seconds"] = round(sum(turn["seconds"] for turn in turns), 6)
    return {**result, "turns": turns}


def planned(instruction: str, workplace: Workplace, mind: Mind, charter: Charter) -> dict[str, Any]:
    """Goal, steps, questions and refusal as plain JSON data, from the drawing of the workplace alone. A plan that the validator
    refuses is a refusal."""
    from moravec.brain.agree import first_refusal
    from moravec.brain.goal import goal_to_json
    from moravec.brain.mind import Situation
    from moravec.brain.remember import Inventory

    reading = mind.read(instruction, workplace)
    questions: list[dict[str, Any]] = []
    goal, refused = None, None if reading.refusal is None else str(reading.refusal)
    if reading.meant:
        goal, refused, questions = _sketched(reading.meant, workplace)
    if goal is None:
        return {"goal": [], "steps": [], "questions": questions, "refused": refused, "seconds": 0.0}
    plan = mind.plan(Situation(goal, Inventory(workplace)))
    refused = first_refusal(plan, charter, workplace) or None
    steps: list[dict[str, Any]] = [{"skill": step.skill, "args": step.arguments} for step in plan.steps]
    if not plan.complete:
        opened = {step["args"].get("place") for step in steps if step["skill"] == "open"}
        for parcel in (p.name for p in workplace.of_kind("parcel") if goal.moves):
            if parcel not in opened:
                steps += [{"skill": "open", "args": {"place": parcel}}, {"skill": "look", "args": {"place": parcel}}]
        for clause in goal.moves:
            steps += _for_each(clause, workplace)
    return {"goal": goal_to_json(goal.wanted), "steps": steps, "questions": questions, "refused": refused, "seconds": 0.0}


def _sketched(meant: Sequence[Meant], workplace: Workplace) -> tuple[Goal | None, str | None, list[dict[str, Any]]]:
    """The goal or the refusal, and, where words lead to different goals, the question, without an answer to which nothing is
    done."""
    from moravec.brain.remember import Inventory
    from moravec.brain.wishes.open import NOTHING, READ_SO, WHICH_READING
    from moravec.brain.wishes.sketch import sketched
    from moravec.brain.wishes.wish import SURE, outweighs

    sketches = [sketched(way.wishes, Inventory(workplace)) for way in meant]
    refused = [goal is None for goal, _ in sketches]
    if outweighs(meant, refused):
        return *sketches[0], []
    ways = list(dict.fromkeys(goal.wanted.describe() for goal, _ in sketches if goal is not None))
    if len(ways) < 2 and not refused[0] and sum(way.p for way in meant) >= SURE:
        return *sketches[0], []
    asked = {"text": WHICH_READING, "options": [*ways, NOTHING], "answer": NOTHING, "why": READ_SO}
    return None, None, [asked]


def _for_each(clause: Any, workplace: Any) -> list[dict[str, Any]]:
    """What is done with every item of a wish, once it is known which those are."""
    each = clause.what.describe()
    stations = [place.name for place in workplace.of_kind("station")]
    steps = [("pick", {"item": EACH}), ("place", {"item": EACH, "place": stations[0] if stations else "table"})]
    steps.append(("inspect", {"item": EACH}))
    if clause.to is not None:
        place = "by the storing rule" if clause.to.kind == "rule" else str(clause.to)
        skill = "discard" if clause.to.name == "reject" else "stow"
        steps += [("pick", {"item": EACH}), (skill, {"item": EACH, "place": place})]
    return [{"skill": skill, "args": args, "for_each": each} for skill, args in steps]


def _words(result: dict[str, Any]) -> str:
    lines = [f"refused: {result['refused']}"] if result["refused"] else []
    for question in result["questions"]:
        lines.append(f"question: {question['text']} ({', '.join(question['options'])}; without an answer: {question['answer']})")
    last = None
    for number, step in enumerate(result["steps"], start=1):
        each = step.get("for_each")
        if each != last and each is not None:
            lines.append(f"for each of {each}:")
        last = each
        words = " ".join([step["skill"], *(str(value) for value in step["args"].values())])
        lines.append(f"{number:>4}  {'  ' if each else ''}{words}")
    lines.append(f"planned in {1000 * result['seconds']:.1f} ms; nothing was moved")
    return "\n".join(lines)
