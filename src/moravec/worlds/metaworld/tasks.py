"""The fifty tasks, and the four tiers of difficulty by which they are reported (Seo et al. 2022, arXiv:2206.14244)."""

from __future__ import annotations

from collections.abc import Mapping

from moravec.core.errors import BadInput

TIERS: Mapping[str, tuple[str, ...]] = {
    "easy": (
        "button-press-v3", "button-press-topdown-v3", "button-press-topdown-wall-v3", "button-press-wall-v3", "coffee-button-v3",
        "dial-turn-v3", "door-close-v3", "door-lock-v3", "door-open-v3", "door-unlock-v3", "drawer-close-v3", "drawer-open-v3",
        "faucet-close-v3", "faucet-open-v3", "handle-press-v3", "handle-press-side-v3", "handle-pull-v3", "handle-pull-side-v3",
        "lever-pull-v3", "plate-slide-v3", "plate-slide-back-v3", "plate-slide-back-side-v3", "plate-slide-side-v3", "reach-v3",
        "reach-wall-v3", "window-close-v3", "window-open-v3", "peg-unplug-side-v3",
    ),
    "medium": (
        "basketball-v3", "bin-picking-v3", "box-close-v3", "coffee-pull-v3", "coffee-push-v3", "hammer-v3", "peg-insert-side-v3",
        "push-wall-v3", "soccer-v3", "sweep-v3", "sweep-into-v3",
    ),
    "hard": ("assembly-v3", "hand-insert-v3", "pick-out-of-hole-v3", "pick-place-v3", "push-v3", "push-back-v3"),
    "very hard": ("shelf-place-v3", "disassemble-v3", "stick-pull-v3", "stick-push-v3", "pick-place-wall-v3"),
}  # fmt: skip
TASKS: tuple[str, ...] = tuple(sorted(name for names in TIERS.values() for name in names))


def tier_of(task: str) -> str:
    """The tier of a task. Raises BadInput for an unknown one."""
    for tier, names in TIERS.items():
        if task in names:
            return tier
    raise BadInput("the Meta-World task", task, TASKS)


def chosen(words: str) -> tuple[str, ...]:
    """The tasks that `words` name: tasks (with or without "-v3") and tiers, separated by commas; "all" for all fifty.

    In the order of TASKS. Raises BadInput for an unknown name.
    """
    found: set[str] = set()
    for word in (part.strip() for part in words.split(",")):
        if word == "all":
            found.update(TASKS)
        elif word in TIERS:
            found.update(TIERS[word])
        elif word in TASKS or f"{word}-v3" in TASKS:
            found.add(word if word in TASKS else f"{word}-v3")
        else:
            raise BadInput("the Meta-World task", word, [*TASKS, *TIERS, "all"])
    return tuple(task for task in TASKS if task in found)
