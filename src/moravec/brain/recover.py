"""What to do when a step fails: a pure decision, in order of cost. Retry, look, another way, give the item up, stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from moravec.brain.steps import Step
from moravec.skills.contract import SkillResult

ReactionKind = Literal["ignore", "retry", "look", "find", "full", "shelf", "aside", "ask", "end"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on thinking and trying; at each of them there is a defined outcome."""

    tries: int = 3  # of the same skill on the same thing
    tries_of_item: int = 6  # of anything with one item, before it is set aside
    tries_aside: int = 12  # of anything with one item, before the job ends
    replans: int = 30  # plus `replans_per_item` for each known item
    replans_per_item: int = 4
    plans: int = 60  # plus `replans_per_item` for each known item
    rejections: int = 3  # plans the validator refuses in a row
    repairs: int = 40  # of the symbolic mind's plan, until the validator lets it pass
    questions: int = 8
    orders: int = 8  # that are done of what is said while a job runs
    steps: int = 20_000
    seconds: float = 7200.0  # [s] of the robot's time for one turn
    answer_within: float = 120.0  # [s] that a person has for an answer
    ask_below: float = 0.4  # certainty of a category after inspection under which a person is asked


@dataclass(frozen=True, slots=True)
class Reaction:
    """What to do now. `look`: look at the place again, `find`: the item may be anywhere, `full`: use another place,
    `shelf`: read the labels again, `ask`: a person may help."""

    kind: ReactionKind
    why: str
    give_up: bool = False  # and set the item aside


def react(step: Step, result: SkillResult, tries: int, tries_of_item: int, limits: Limits) -> Reaction:
    """How to go on after `result`. `tries` counts failures of this skill on this thing and `tries_of_item` of anything
    with this item, this one included."""
    why = f"{step} failed with {result.code}" + (f": {result.message}" if result.message else "")
    if result.status == "cancelled":
        return Reaction("end", f"{step} was cancelled")
    if not result.recoverable:
        return Reaction("end", why)
    if step.skill == "home":
        return Reaction("ignore", why)
    if result.code == "not_permitted":
        return Reaction("aside", why, give_up=True) if step.item is not None else Reaction("end", why)
    if step.item is None:
        last: ReactionKind = "ask" if step.skill == "open" else "end"
        return Reaction("retry" if tries < limits.tries else last, why)
    if tries_of_item >= limits.tries_aside:
        return Reaction("end", f"{why}; nothing more can be tried with {step.item}")
    often = tries >= limits.tries or tries_of_item >= limits.tries_of_item
    if result.code == "lost" or (step.skill == "inspect" and result.code == "not_seen"):
        return Reaction("find", why, give_up=often)
    if result.code == "shelf_changed":
        return Reaction("shelf", why)
    if result.code == "no_space" and step.skill in ("stow", "discard", "place"):
        return Reaction("full", why)
    if often or result.code == "passed":
        return Reaction("aside", why, give_up=True)
    if step.skill == "pick":
        return Reaction("look", why)
    return Reaction("retry", why)
