"""Steps and plans as frozen values, and as plain JSON data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from moravec.core.errors import BadInput
from moravec.skills.symbols import Value

METHODS = ("tasks", "search", "remote", "none")


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a skill. `args` keeps the order of the skill's parameters."""

    skill: str
    args: tuple[tuple[str, Value], ...] = ()

    @staticmethod
    def of(skill: str, **args: Value) -> Step:
        """Step.of("stow", item="item-3", place="bin_2")."""
        return Step(skill, tuple(args.items()))

    @property
    def arguments(self) -> dict[str, Value]:
        """The arguments by name."""
        return dict(self.args)

    @property
    def item(self) -> str | None:
        """The item it handles, if any."""
        value = dict(self.args).get("item")
        return None if value is None else str(value)

    @property
    def place(self) -> str | None:
        """The place it names, if any."""
        value = dict(self.args).get("place")
        return None if value is None else str(value)

    def __str__(self) -> str:
        """As "stow(item-3, bin_2)"."""
        return f"{self.skill}({', '.join(str(value) for _, value in self.args)})"


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order. `complete` is False where the plan ends in finding out and must be made anew afterwards.

    `problem` says why there is no plan, or which wishes it leaves open; `method` names what made it.
    """

    steps: tuple[Step, ...] = ()
    complete: bool = True
    problem: str = ""
    method: Literal["tasks", "search", "remote", "none"] = "tasks"


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Plain JSON data."""
    steps = [{"skill": s.skill, "args": [[name, value] for name, value in s.args]} for s in plan.steps]
    return {"steps": steps, "complete": plan.complete, "problem": plan.problem, "method": plan.method}


def plan_from_json(data: Mapping[str, Any]) -> Plan:
    """The plan that `plan_to_json` wrote, or one from another mind. Raises BadInput."""
    if not isinstance(data, Mapping) or not isinstance(data.get("steps"), list):
        raise BadInput(
            "a plan", data if not isinstance(data, Mapping) else sorted(data), 'an object with a list "steps"'
        )
    method = data.get("method", "none")
    if method not in METHODS:
        raise BadInput("the method of a plan", method, METHODS)
    steps = tuple(_step_from_json(entry) for entry in data["steps"])
    return Plan(steps, bool(data.get("complete", True)), str(data.get("problem", "")), method)


def _step_from_json(entry: Any) -> Step:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("skill"), str):
        raise BadInput("a step of a plan", entry, 'an object with "skill" and "args"')
    args = entry.get("args", [])
    pairs = list(args.items()) if isinstance(args, Mapping) else args
    if not isinstance(pairs, list):
        raise BadInput(f"the arguments of {entry['skill']!r}", args, "an object or a list of pairs")
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise BadInput(f"an argument of {entry['skill']!r}", pair, "a name and a value")
        if not isinstance(pair[1], str | bool | int | float | None):
            raise BadInput(
                f"the argument {pair[0]!r} of {entry['skill']!r}", pair[1], "text, a number, true, false or null"
            )
    return Step(entry["skill"], tuple((name, value) for name, value in pairs))
