"""What `moravec plan --robots` means: the whole job in thought, shared out among several robots, judged, shown and drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from moravec.commands.clock import WallClock
from moravec.commands.minds import text_in
from moravec.commands.options import folder
from moravec.core.errors import BadInput

if TYPE_CHECKING:
    from moravec.brain.conduct.charter import Charter
    from moravec.brain.conduct.conduct import Conduct
    from moravec.brain.goal import Goal
    from moravec.brain.memory.costs import Costs
    from moravec.brain.mind import Situation
    from moravec.brain.schedule.schedule import Schedule
    from moravec.brain.schedule.site import Site
    from moravec.brain.schedule.supposed import Whole
    from moravec.brain.steps import Plan
    from moravec.core.workplace import Workplace

    Plans: TypeAlias = Callable[[Situation], Plan]

ITEMS = 10  # things of a delivery that nobody told the number of


@dataclass(frozen=True, slots=True)
class Asked:
    """The options. `robots`: how many, or the file that declares them; `memory`: where costs come from."""

    robots: str
    memory: Path | None
    items: int
    seed: int
    out: Path | None


def shared(asked: Asked, goal: Goal, workplace: Workplace, plans: Plans, charter: Charter) -> tuple[dict[str, Any], str]:
    """The schedule of the whole job, as `plans` plans it, as plain JSON data and in words; its drawing is written into `out`.

    Raises BadInput, and a ScheduleError for a schedule that must not be carried out.
    """
    from moravec.brain.mind import Situation
    from moravec.brain.schedule.arrange import arrange
    from moravec.brain.schedule.dispatch import likely
    from moravec.brain.schedule.expect import expectations
    from moravec.brain.schedule.problem import Problem
    from moravec.brain.schedule.relay import relayed
    from moravec.brain.schedule.schedule import schedule_to_json
    from moravec.brain.schedule.supposed import supposed_delivery, whole_plan
    from moravec.brain.schedule.touched import touched
    from moravec.brain.tasks import assign
    from moravec.skills.manifests import BY_NAME

    inventory = supposed_delivery(workplace, asked.items, asked.seed)
    site = site_asked(asked.robots, inventory.kinds)
    costs = measured(asked.memory, workplace)
    conduct = _conducts(charter, workplace, asked)
    whole = whole_plan(goal, inventory, lambda goal, inventory: plans(Situation(goal, inventory)))
    way = relayed(whole.plan.steps, whole.state, site, whole.cuts)
    whole = replace(whole, plan=replace(whole.plan, steps=way.steps), cuts=way.cuts)
    _check_plan(whole, workplace, conduct(assign(goal, inventory)))
    steps = whole.plan.steps
    expected = expectations(touched(steps, whole.state, BY_NAME), BY_NAME, costs, whole.categories)
    problem = Problem(steps, whole.state, site, expected, whole.over, whole.cuts)
    schedule = arrange(problem, asked.seed, conduct=lambda: conduct(assign(goal, inventory)))
    robots = [robot.name for robot in site.robots]
    half, most = likely(schedule, problem, asked.seed)
    data = {
        "robots": robots, **schedule_to_json(schedule, steps), "p50": round(half, 3), "p90": round(most, 3),
        "supposed": {"items": asked.items, "seed": asked.seed},
        "costs": "the simulated cell" if costs is None else "memory", "open": whole.plan.problem,
    }  # fmt: skip
    if asked.out is not None:
        _draw(asked.out, schedule, whole, robots)
    return data, _words(data, schedule)


def site_asked(robots: str, kinds: Mapping[str, str]) -> Site:
    """So many robots that can do everything, or those that a file declares. Raises BadInput."""
    from moravec.brain.schedule.site import MOST_ROBOTS, same_robots, site_of
    from moravec.brain.schedule.site_file import site_from

    if robots.isascii() and robots.isdigit():
        if not 1 <= int(robots) <= MOST_ROBOTS:
            raise BadInput("--robots", robots, f"1 to {MOST_ROBOTS} robots, or a TOML file that declares them")
        return site_of(same_robots(int(robots)), kinds)
    return site_from(text_in("--robots", Path(robots)), kinds)


def measured(memory: Path | None, workplace: Workplace) -> Costs | None:
    """How skills went, from a memory of this workplace. Raises BadInput."""
    if memory is None:
        return None
    from moravec.brain.memory.costs import costs_of
    from moravec.brain.memory.recall import runs_of
    from moravec.brain.memory.rules import RECENT
    from moravec.brain.memory.store import Memory

    with Memory(memory, WallClock()) as file:
        if file.site != workplace.name:
            allowed = f"the memory of the workplace {workplace.name!r}; this is that of {file.site!r}"
            raise BadInput("--memory", str(memory), allowed)
        with file.reading() as db:
            return costs_of(runs_of(db, RECENT))


def _conducts(charter: Charter, workplace: Workplace, asked: Asked) -> Callable[[Any], Conduct]:
    """What plans and schedules are judged by besides preconditions, fresh for each."""
    from moravec.brain.conduct.overseer import Overseer
    from moravec.brain.schedule.supposed import supposed_delivery

    overseer, at_first = Overseer(charter, workplace), supposed_delivery(workplace, asked.items, asked.seed)
    return lambda assignment: overseer.conduct(at_first, assignment)


def _check_plan(whole: Whole, workplace: Workplace, conduct: Conduct) -> None:
    """The validator's word on the plan in its own order."""
    from moravec.brain.schedule.errors import Forbidden
    from moravec.brain.validate import validate

    verdict = validate(whole.plan, whole.state, workplace, conduct=conduct)
    if not verdict.ok:
        raise Forbidden(f"the plan of the whole job is refused: {verdict.why}")


def _draw(out: Path, schedule: Schedule, whole: Whole, robots: list[str]) -> None:
    from moravec.console.gantt import gantt

    path = folder(out) / "schedule.svg"
    try:
        path.write_text(gantt(schedule, whole.plan.steps, robots), encoding="utf-8")
    except OSError as error:
        raise BadInput("--out", str(path), f"a file that can be written ({error.strerror})") from error


def _words(data: Mapping[str, Any], schedule: Schedule) -> str:
    width = max((len(name) for name in data["robots"]), default=0)
    lines = [f"   start      end    {'robot':<{width}}  step"]
    for slot in data["slots"]:
        step = " ".join([slot["skill"], *(str(value) for value in slot["args"].values())])
        mark = "*" if slot["critical"] else " "
        lines.append(f"{slot['start']:>8.1f} {slot['end']:>8.1f} {mark}  {slot['robot']:<{width}}  {step}")
    gap = "the shortest there is" if not schedule.gap else f"at most {100 * schedule.gap:.1f} % longer than the shortest"
    several = len(data["robots"]) > 1
    lines.append(
        f"{data['makespan']:.1f} s with {len(data['robots'])} robot{'s' * several}, {gap} (no schedule is below "
        f"{data['bound']:.1f} s); one after the other {data['alone']:.1f} s; * the critical path"
    )
    lines.append(
        f"with what fails tried again: half of the times up to {data['p50']:.1f} s, nine times in ten up to {data['p90']:.1f} s"
    )
    lines.append(
        f"in symbols only: a delivery of {data['supposed']['items']} things drawn with seed {data['supposed']['seed']}, times "
        f"expected from {data['costs']}"
    )
    if data["open"]:
        lines.append(f"left open: {data['open']}")
    return "\n".join(lines)
