"""A case as a file to be tried again: a suite of one perturbation and its deliveries. It fails until the fault is mended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from moravec.trials.jobs.suite import Suite
from moravec.trials.rare.severity import Numbers, Point, bent

BENT = "case"  # the perturbation's name there


def seedfile(suite: Suite, point: Point, drawn: Numbers, seeds: Sequence[int], items: int | None, name: str) -> str:
    """TOML that `suite.parse` reads: `point` in the deliveries `seeds`, every item of which has to be right."""
    bend = bent(suite, point, drawn)
    head: dict[str, Any] = {
        "name": name, "says": f"{suite.name}: {bend.says}.", "world": suite.world, "instruction": suite.instruction,
        "most_robot_s": suite.most_robot_s, "least_right": 1.0, "seeds": list(seeds), **({"items": items} if items else {}),
    }  # fmt: skip
    row: dict[str, Any] = {
        "name": BENT, "axis": bend.axis, "says": bend.says, "unit": bend.unit, "levels": list(bend.levels),
        "conditions": _lists(bend.conditions), "mishaps": _lists(bend.mishaps), "instructions": list(bend.instructions),
        "network": list(bend.network), "person": bend.person,
    }  # fmt: skip
    again = "# 'moravec trial FILE --out NEW' tries it again, and ends with 0 once it is mended."
    words = f"# Found by 'moravec stress': {point.key}.\n{again}\n"
    return f"{words}{_lines(head)}\n[[perturbation]]\n{_lines(row)}"


def _lines(values: Mapping[str, Any]) -> str:
    """Strings, numbers and lists of them stand in JSON as in TOML."""
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def _lists(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [list(row) for row in rows]
