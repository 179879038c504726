"""The comparison of schedules with a solver: what it is given is the whole problem, and a schedule keeps to it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "scripts" / "schedules"))

from compare import CREWS, plain, problems

from moravec.brain.schedule.arrange import arrange
from moravec.brain.schedule.problem import model_of
from moravec.commands.measure_plans import SITES


def test_every_crew_stands_at_every_site_and_times_are_drawn_by_the_seed() -> None:
    assert len(problems(3, 0)) == len(CREWS) * len(SITES)
    first, again, other = (next(iter(problems(3, seed).values())) for seed in (0, 0, 1))
    assert first.expected == again.expected != other.expected


@pytest.mark.parametrize("name", ["two alike, one on the plate", "four unlike, four on the plate"])
def test_a_schedule_keeps_to_what_the_solver_is_given(name: str) -> None:
    problem = problems(6, 0)[name]
    given = json.loads(json.dumps(plain(model_of(problem))))
    schedule = arrange(problem, work=200)
    robots = [robot.name for robot in problem.site.robots]
    at = {slot.step: slot for slot in schedule.slots if slot.step != given["last"]}
    assert sorted(n for block in given["blocks"] for n in block) == sorted(at)
    for block, able in zip(given["blocks"], given["able"], strict=True):
        assert len({at[n].robot for n in block}) == 1 and robots.index(at[block[0]].robot) in able
    assert all(at[a].end <= at[b].start + 1e-6 for a, b in given["pairs"])
    assert {room for room, _ in given["rooms"]} == ({1} if "one on" in name else {4})
    spans = [(room, [(at[n].start, at[n].end) for n in there]) for room, there in given["arms"]]
    spans += [(room, [(at[a].start, at[b].end) for a, b in stays]) for room, stays in given["rooms"]]
    for room, those in spans:
        assert all(sum(a <= t + 1e-6 < b - 1e-6 for a, b in those) <= room for t, _ in those)
