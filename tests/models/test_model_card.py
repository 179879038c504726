"""A card: what its robot's training and trials were, and each suite's limitations beside the trial as in training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from moravec.models.aligned import CELL, METAWORLD, Alignment
from moravec.models.card import limitations, markdown
from moravec.models.contract import plain_spec
from moravec.models.manip.normal import Normal
from moravec.models.manip.robots import ROBOTS, aligned_as
from moravec.models.package import Package
from moravec.skills.learned.pilot import SPEC
from moravec.trials.cell.attempt import Record
from moravec.trials.cell.result import summary
from moravec.trials.cell.suite import POLICY, PROGRAM


def trial(suite: str, words: str, share: float, **tasks: float) -> dict[str, Any]:
    def told(pc: float) -> dict[str, Any]:
        return {"n_episodes": 10, "n_success": 1, "pc_success": pc, "pc_success_ci95": [pc - 1, pc + 1]}

    return {"suite": suite, "sentences": words, **told(share), "per_task": {name: told(pc) for name, pc in tasks.items()}}


def test_suites_are_told_apart_and_compared_with_what_training_was_told() -> None:
    """A manifest's trials are in the order of their names: held-out words come first."""
    found = limitations({
        "pick, held_out": trial("pick", "held_out", 88.0, parcel=88.0), "pick, train": trial("pick", "train", 90.0, parcel=90.0),
        "place, held_out": trial("place", "held_out", 70.0, bin=70.0), "place, train": trial("place", "train", 70.5, bin=70.5),
    })  # fmt: skip
    assert found[:-1] == [
        "- pick, train: no task is below 80 %.", "- place, train: bin: 70.5 % (69.5 to 71.5).",
        "- pick, held_out: 2.0 points less than pick, train.",
    ]  # fmt: skip


def test_a_model_that_was_never_tried_says_so() -> None:
    assert limitations({}) == ["- It was never tried: nothing is known of what it can do."]


def card(alignment: Alignment, evaluation: Mapping[str, Any]) -> str:
    s, a = len(alignment.state), len(alignment.action)
    normal = Normal((0.0,) * s, (1.0,) * s, (0.0,) * a, (1.0,) * a, alignment)
    manifest = {
        "kind": "manip", "spec": plain_spec(SPEC), "normal": normal.plain(),
        "parameters": 4_000_000, "parity": 1e-6, "evaluation": evaluation, "training": {"steps": 20, "batch": 8, "seed": 0},
        "step": 20, "data": "ab" * 32, "version": "0.0.1",
    }  # fmt: skip
    return markdown(Package(Path(), json.loads(json.dumps(manifest)), "cd" * 32))


def tried(suite: str, by_policy: int, by_program: int) -> dict[str, Any]:
    """A trial of ten deliveries in the cell, as its result has it."""
    records = [
        Record(by, index, 500_000 + index, "parcel", "red can", index < good, "" if index < good else "missed", act_ms=[3.0])
        for by, good in ((POLICY, by_policy), (PROGRAM, by_program)) for index in range(10)
    ]  # fmt: skip
    return {"suite": suite, "sentences": "train", "command": "moravec trial", "machine": "a laptop", **summary(records)}


def test_a_card_of_the_cell_says_how_the_hard_coded_skill_did() -> None:
    page = card(CELL, {"pick": tried("cell-pick", 9, 7), "place": tried("cell-place", 6, 10)})
    head, _, pick, place = (line for line in page.splitlines() if line.count("|") > 3)
    assert head == "| trial | episodes | mean of episodes | hard-coded skill | difference of the pairs, points | command |"
    assert pick.startswith("| pick | 10 | 90.0 % (") and "| 70.0 % (" in pick and "| +20.0 (" in pick
    assert place.startswith("| place | 10 | 60.0 % (") and "| 100.0 % (" in place and "| -40.0 (" in place
    assert "One answer: 3.0 ms (p50), 3.0 ms (p95), the model alone; a laptop." in page and "drawing" not in page
    assert "used where the teacher meant to grasp or let go in training; at work it has pictures" in page
    assert "simulator" not in page


def test_a_card_of_meta_world_says_what_was_drawn_and_known() -> None:
    share = {"n_episodes": 30, "pc_success": 80.0, "pc_success_ci95": [70.0, 90.0]}
    told = {
        **trial("metaworld", "train", 80.0), "act_ms": {"n": 5, "p50": 2.0, "p95": 4.0}, "machine": "a laptop",
        "tier_mean": share, "per_tier": {"easy": share}, "command": "moravec trial",
    }  # fmt: skip
    page = card(METAWORLD, {"as trained": told})
    rows = [line for line in page.splitlines() if line.count("|") > 3]
    assert rows[0] == "| trial | episodes | mean of tiers | mean of episodes | command |"
    assert rows[2:] == [
        "| as trained | 10 | 80.0 % (70.0 to 90.0) | 80.0 % (79.0 to 81.0) | `moravec trial` |",
        "| – easy | 30 |  | 80.0 % (70.0 to 90.0) |  |",
    ]
    assert "2.0 ms (p50), 4.0 ms (p95), drawing included; a laptop." in page
    assert "used the simulator's coordinates in training; at work it has pictures" in page


def test_of_a_robot_that_is_not_known_no_more_is_said_than_is_known() -> None:
    page = card(Alignment((0,), (1,)), {})
    assert "At work it has pictures, state and words alone." in page and "Losses" not in page


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_robot_is_known_by_its_alignment(robot: str) -> None:
    assert aligned_as(ROBOTS[robot].alignment) is ROBOTS[robot]
