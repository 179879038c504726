"""Writes the action-sequencing problems of Embodied Agent Interface (VirtualHome) as plain JSON. Runs in its own environment.

    python scripts/eai/problems.py OUT.json        # with the Python that has eai-eval==1.0.5

What is written is what the benchmark gives to whoever plans: the objects that may be named, the scene before the first
action, and the goals. Neither the final scene nor the human's program is in it. Action goals stand in the order in which the
evaluator itself holds them; it keeps them in a set, so that the order hangs on PYTHONHASHSEED, which has to be the same here
and in the evaluation.
"""

from __future__ import annotations

import json
import os
import os.path
import sys
from typing import Any

import virtualhome_eval
import virtualhome_eval.simulation.evolving_graph.utils as utils
from virtualhome_eval.simulation.evolving_graph.eval_utils import construct_planner, remove_duplicate_dicts

KEYS = ("class_name", "category", "properties", "states")
ROOT = os.path.dirname(virtualhome_eval.__file__)


def load(name: str) -> Any:
    """One of the benchmark's resources."""
    with open(os.path.join(ROOT, "resources", "virtualhome", name)) as file:
        return json.load(file)


def problem(identifier: str, task: str, goals: dict[str, Any], tools: tuple[Any, ...]) -> dict[str, Any]:
    """One problem: objects, scene, goals."""
    data = os.path.join(ROOT, "dataset", "programs_processed_precond_nograb_morepreconds")
    planner, *_ = construct_planner(*tools, scenegraph_id=1, script_id=identifier, dataset_root=data)
    scene_goals = goals["goal"]
    nodes = remove_duplicate_dicts([g for g in scene_goals if "state" in g])
    edges = remove_duplicate_dicts([g for g in scene_goals if "relation_type" in g])
    actions = list(set(goals["actions"]))
    relevant = planner.get_symbolic_goal_nl(nodes, edges, action_goals=actions)[-1]
    scene = planner.init_state.to_dict()
    named = set(relevant.values())
    edges_there = [e for e in scene["edges"] if e["from_id"] in named]
    seen = named | {e["to_id"] for e in edges_there}
    return {
        "identifier": identifier, "task": task, "character": planner.acting_char_id, "relevant": sorted(relevant.values()),
        "objects": {str(n["id"]): {key: n[key] for key in KEYS} for n in scene["nodes"] if n["id"] in seen},
        "edges": [[e["from_id"], e["relation_type"], e["to_id"]] for e in edges_there],
        "node_goals": [[g["id"], g["state"]] for g in nodes],
        "edge_goals": [[g["from_id"], g["relation_type"], g["to_id"]] for g in edges],
        "action_goals": [option.split("|") for option in actions],
    }  # fmt: skip


def main() -> None:
    """All problems of the first scene, the one that the benchmark uses."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        sys.exit(f"PYTHONHASHSEED: found {os.environ.get('PYTHONHASHSEED')!r}; allowed: 0, for problems and evaluation alike")
    tools = (utils.load_name_equivalence(), utils.load_properties_data(), utils.load_object_placing())
    tasks = load("task_state_LTL_formula_accurate.json")["scene_1"]
    found = []
    for identifier, task in sorted(load("id2task.json").items()):
        found.append(problem(identifier, task, tasks[task][identifier]["vh_goal"], tools))
        if len(found) % 50 == 0:
            print(f"eai: {len(found)} problems read", flush=True)
    with open(sys.argv[1], "w") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
