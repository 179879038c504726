"""A toy language for the reader: colours that are named, labels that are pointed at."""

from __future__ import annotations

import numpy as np

from moravec.models.reader.config import NetConfig, TrainConfig
from moravec.models.reader.lawful import Lawful
from moravec.models.reader.text import Vocabulary, split

COLOURS = {"red": "R", "rot": "R", "blue": "B", "blau": "B"}
RULES = {"all": (("order", "all"), (".",)), "order": (("colour", "bin", "*label"),), "colour": (("R",), ("B",))}
LAWFUL = Lawful("all", RULES, ("*label",))
WORDS = Vocabulary((*COLOURS, "put", "in", "and", "the"))
NET = NetConfig(width=32, heads=2, read_layers=1, write_layers=1, hidden=48, piece_width=16)
CONFIG = TrainConfig(
    steps=400, batch=24, rate=4e-3, warmup=20, average=0.9, dropout=0.0, word_dropout=0.1, save_every=1000, net=NET
)  # fmt: skip


def draw(rng: np.random.Generator) -> tuple[str, tuple[str, ...]]:
    """ "put the red in K and blau in Q" with what it says."""
    said, written = [], []
    for _ in range(int(rng.integers(1, 3))):
        colour, label = str(rng.choice(list(COLOURS))), "".join(rng.choice(list("cdfghjkmnpqst"), 2))
        said.append(f"put the {colour} in {label}" if rng.random() < 0.5 else f"{colour} in {label}")
        written += [COLOURS[colour], "bin", f"={label}"]
    return " and ".join(said), (*written, ".")


def tokens(sentence: str) -> list[str]:
    """As the reader splits it."""
    return split(sentence)
