"""The fifty tasks, their tiers, and how a person names some of them."""

from __future__ import annotations

import pytest

from moravec.core.errors import BadInput
from moravec.worlds.metaworld.tasks import TASKS, TIERS, chosen, tier_of


def test_there_are_fifty_in_four_tiers() -> None:
    assert {tier: len(names) for tier, names in TIERS.items()} == {"easy": 28, "medium": 11, "hard": 6, "very hard": 5}
    assert len(TASKS) == len(set(TASKS)) == 50 and list(TASKS) == sorted(TASKS)
    assert all(task in TIERS[tier_of(task)] for task in TASKS)


@pytest.mark.parametrize(
    ("words", "tasks"),
    [
        ("all", TASKS),
        ("hard", TIERS["hard"]),
        ("very hard", TIERS["very hard"]),
        ("reach-v3", ("reach-v3",)),
        ("reach", ("reach-v3",)),
        ("push , assembly-v3,push-v3", ("assembly-v3", "push-v3")),
        ("hard,push,all", TASKS),
    ],
)
def test_tasks_are_named_by_name_and_tier_and_come_in_order(words: str, tasks: tuple[str, ...]) -> None:
    assert chosen(words) == tuple(sorted(tasks))


@pytest.mark.parametrize(("words", "near"), [("raech", "reach-v3"), ("reach,,push", None), ("", None), ("medum", "medium")])
def test_what_names_no_task_is_refused(words: str, near: str | None) -> None:
    with pytest.raises(BadInput, match="the Meta-World task") as error:
        chosen(words)
    assert near is None or f"did you mean {near!r}" in str(error.value)
    with pytest.raises(BadInput):
        tier_of(words)
