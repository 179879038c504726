"""The cell's demonstrations into a dataset: deliveries in several processes, in the order of their seeds, resumed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from moravec.core.errors import BadInput, WorldError
from moravec.data.demonstrations.cell import SEEDS_APART, CellTeaching, attend, features
from moravec.data.demonstrations.make import Made, ordered
from moravec.data.lerobot.read import Reader
from moravec.data.lerobot.video import Encoder
from moravec.data.lerobot.write import Writer
from moravec.data.provenance import Provenance
from moravec.worlds.processes import pool

WITHOUT = 20  # deliveries in a row that give nothing: something is wrong


def make_cell(
    root: Path, teaching: CellTeaching, processes: int, provenance: Provenance, tell: Callable[[Made], None]
) -> Made:
    """Writes or goes on with the dataset in `root`. The same teaching gives the same episodes, however often it was broken off.
    `Made.failed` counts the errands of this run that failed or were thrown away; the delivery in which an earlier run was broken
    off is attended anew, and counts in both.

    Raises BadInput where another dataset stands there, WorldError where the teacher fails too often.
    """
    with Writer(root, features(), Encoder(), provenance) as writer, pool(processes) as workers:
        begun, known = _there(root, writer.episodes, teaching)
        made, failed, without = Made(writer.episodes, teaching.episodes, writer.frames, 0, ""), 0, 0
        seeds = range(begun, teaching.first + SEEDS_APART)
        given = ordered(workers, partial(attend, teaching), seeds, processes) if made.episodes < teaching.episodes else iter(())
        for seed, attended in zip(seeds, given, strict=False):
            failed += attended.tried - len(attended.episodes)
            without = 0 if attended.episodes else without + 1
            if without > WITHOUT:
                why = f"; the last: {attended.error}" if attended.error else ""
                raise WorldError(f"the cell: {without} deliveries up to seed {seed} gave no demonstration{why}")
            for episode in attended.episodes[known if seed == begun else 0 :][: teaching.episodes - writer.episodes]:
                writer.append(episode)
                made = Made(writer.episodes, teaching.episodes, writer.frames, failed, f"delivery {seed - teaching.first}")
                tell(made)
            if writer.episodes >= teaching.episodes:
                break
    if made.episodes < teaching.episodes:
        found = f"{made.episodes:,} demonstrations; wanted {teaching.episodes:,}"
        raise WorldError(f"the cell: {SEEDS_APART:,} deliveries gave {found}")
    return made


def _there(root: Path, episodes: int, teaching: CellTeaching) -> tuple[int, int]:
    """The last delivery that a dataset holds something of, and how many episodes of it. Raises BadInput for others."""
    if not episodes:
        return teaching.first, 0
    with Reader(root) as reader:
        seeds = [int(reader.entry(index).notes["seed"]) for index in range(episodes)]
    if not all(teaching.first <= seed < teaching.first + SEEDS_APART for seed in seeds):
        raise BadInput(f"the demonstrations in {root}", "those of another --seed", "the same, or another --out")
    return seeds[-1], seeds.count(seeds[-1])
