"""Why an item is not where it belongs, by rules over what was recorded: one of CAUSES, and the moment that decided it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from moravec.trials.jobs.meter import Step
from moravec.worlds.registry import Thing

CAUSES = {
    "perception": "it was not seen, or taken for something else",
    "grounding": "the words were not understood, or meant something else",
    "plan": "it was known and could be had, and no plan put it where it belongs",
    "grasp": "no way to take hold of it was found, or more than it came up",
    "slip": "it was held and lost",
    "collision": "something was touched where nothing was expected",
    "limit stop": "the guard stopped the motion",
    "time-out": "the job's time was over",
    "network": "a server or the line to it failed",
    "hardware": "a part of the robot, or the process itself, failed",
}
BY_CODE = {
    "not_seen": "perception", "no_grasp": "grasp", "missed": "grasp", "not_alone": "grasp", "unreachable": "grasp",
    "slipped": "slip", "lost": "slip", "contact": "collision", "stopped": "limit stop", "no_space": "plan",
    "shelf_changed": "perception", "passed": "grasp", "stuck": "grasp", "no_handle": "perception", "unreadable": "perception",
    "not_permitted": "plan", "cancelled": "time-out",
}  # fmt: skip

AFTERMATH = 60.0  # [s] before a job's end: what failed then may have ended it


@dataclass(frozen=True, slots=True)
class Wrong:
    """One item that is not where it belongs. `decided_at` [s]: the first step that failed with it, or that put it where it is."""

    thing: str
    category: str
    colour: str
    damaged: bool
    location: str
    belongs: str
    cause: str
    decided_at: float
    words: str

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Ending:
    """How the job ended: `refused` and `trouble` in words, "" for neither; `over`: its time was."""

    refused: str = ""
    trouble: str = ""
    over: bool = False
    at: float = 0.0  # [s]


def wrongs(
    things: Mapping[str, Thing], names: Mapping[str, str], inventory: Mapping[str, Any], steps: Sequence[Step], ending: Ending
) -> list[Wrong]:
    """Of every item that is not where it belongs, the earliest decided first. `names`: the brain's names of items -> the truth's;
    `inventory` is what the brain believed at the end."""
    believed = {names[row["id"]]: row for row in inventory.get("items", ()) if row["id"] in names}
    found = []
    for name, thing in things.items():
        if thing.location == thing.belongs:
            continue
        row = believed.get(name)
        mine = [step for step in steps if row is not None and step.args.get("item") == row["id"]]
        cause, at, words = _why(thing, row, mine, steps, ending)
        found.append(
            Wrong(name, thing.category, thing.colour, thing.damaged, thing.location, thing.belongs, cause, at, words)
        )
    return sorted(found, key=lambda wrong: (wrong.decided_at, wrong.thing))


def _why(
    thing: Thing, row: Mapping[str, Any] | None, mine: Sequence[Step], steps: Sequence[Step], ending: Ending
) -> tuple[str, float, str]:
    if ending.refused:
        return "grounding", ending.at, ending.refused
    failed = next((step for step in mine if not step.ok), None)
    if failed is not None and thing.location != "hand" and not _put_away(thing):
        return BY_CODE.get(failed.code, "plan"), failed.t, f"{failed.skill}: {failed.code}. {failed.words}".strip()
    if _put_away(thing):
        return _misplaced(thing, row, mine, ending)
    if thing.location in ("table", "floor"):
        last = next((step for step in reversed(mine) if step.skill in ("place", "stow", "discard", "pick")), None)
        return "slip", last.t if last else ending.at, f"it lies on the {thing.location}"
    stopped = next((step for step in reversed(steps) if step.code in ("stopped", "cancelled")), None)
    if ending.over:
        return "time-out", ending.at, "the job's time was over"
    if stopped is not None:
        return BY_CODE[stopped.code], stopped.t, f"{stopped.skill}: {stopped.code}. {stopped.words}".strip()
    if ending.trouble:
        return "hardware", ending.at, ending.trouble
    if row is None:
        return "perception", ending.at, "it was never seen"
    broke = next((step for step in reversed(steps) if not step.ok), None)
    if broke is not None and ending.at - broke.t < AFTERMATH:
        return BY_CODE.get(broke.code, "plan"), broke.t, f"the job ended after {broke.skill}: {broke.code}. {broke.words}".strip()
    return "plan", ending.at, "it was known, and left"


def _put_away(thing: Thing) -> bool:
    """Whether it lies in a bin, or with what is rejected: somebody put it there."""
    return len(thing.location) == 1 or thing.location == "reject"


def _misplaced(thing: Thing, row: Mapping[str, Any] | None, mine: Sequence[Step], ending: Ending) -> tuple[str, float, str]:
    put = next((step for step in reversed(mine) if step.ok and step.skill in ("stow", "discard", "place")), None)
    at = put.t if put else ending.at
    if row is None:
        return "grasp", at, "it came along with something else"
    if row["category"] != thing.category or bool(row["damaged"]) != thing.damaged:
        seen = f"{'damaged ' if row['damaged'] else ''}{row['category']}"
        return "perception", at, f"it was taken for a {seen}"
    return "plan", at, f"it was known for what it is, and put in {thing.location}"
