"""A card's limitations: each suite's own, compared with the trial that is told what training was told."""

from __future__ import annotations

from typing import Any

from moravec.models.card import limitations


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
