"""Plans every problem with the brain's search and writes the plans in the benchmark's form.

    python scripts/eai/solve.py PROBLEMS.json OUT.json
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from domain import Call, Problem, goal, manifests, start

from moravec.brain.search import search

MAX_NODES = 2000


def plan(data: dict[str, Any]) -> tuple[list[Call] | None, str]:
    """The calls that solve a problem, or why there are none."""
    problem = Problem(data)
    made, behind = manifests(problem)
    found = search(start(problem), goal(problem), (), MAX_NODES, made)
    return (None, found.why) if found.steps is None else ([behind[step.skill] for step in found.steps], "")


def written(problem: Problem, steps: list[Call]) -> str:
    """A plan as the benchmark reads it: an object whose keys are actions, in their order, also where they repeat.

    Its reader passes over "[]", so that an action without objects is written "[ ]".
    """
    words = []
    for step in steps:
        objects = [word for x in step.objects for word in (problem.of(x)["class_name"], str(x))]
        words.append(f'"{step.name}": {json.dumps(objects) if objects else "[ ]"}')
    return "{" + ", ".join(words) + "}"


def main() -> None:
    """All of them; what has no plan is an empty answer, which the benchmark counts as wrong."""
    problems, out = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    answers, seconds, unsolved = [], [], []
    for n, data in enumerate(problems, 1):
        begun = time.perf_counter()
        steps, why = plan(data)
        seconds.append(time.perf_counter() - begun)
        if steps is None:
            unsolved.append(f"{data['identifier']} ({data['task']}): {why}")
        answers.append({"identifier": data["identifier"], "llm_output": written(Problem(data), steps or [])})
        if n % 20 == 0 or n == len(problems):
            print(f"{n} of {len(problems)} planned, {len(unsolved)} without a plan, {sum(seconds):.0f} s", flush=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(answers, indent=1))
    print("\n".join(unsolved))
    seconds.sort()
    print(f"seconds for a plan: median {seconds[len(seconds) // 2]:.3f}, worst {seconds[-1]:.3f}")


if __name__ == "__main__":
    main()
