"""`metaworld-harsh`: the same attempts as drawn and where the table is not, and what is left of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from moravec.core.errors import BadInput
from moravec.trials.jobs.suite import SEVERITIES, Suite, parse
from moravec.trials.metaworld.episode import Record
from moravec.trials.metaworld.suite import Attempt, attempts, words_of
from moravec.trials.shares import told
from moravec.trials.statistics.clusters import ratio_of_pairs
from moravec.trials.statistics.pairs import difference_of_pairs, mcnemar

NAME = "metaworld-harsh"
STREAM = 6  # of an attempt's seed: how its words are changed
MOST_SLIPS = 20  # times that it is tried: a sentence of short words cannot be misspelt
SLIP = 0.5  # of the longer words, in which two letters change places
TALK = (  # around a sentence, which stands at {}
    "Good morning! The lamp at the window is broken, never mind. {} And do remind me of the meeting afterwards.",
    "I was on the telephone all day, so I am late. {} After that we shall have lunch.",
    "Yesterday somebody left coffee on the shelf. {} Thank you, and please close the window in the evening.",
)


@lru_cache(1)
def suite() -> Suite:
    """The perturbations. The first mode of words is that of the sentences held out of training."""
    text = files(__package__).joinpath(f"{NAME}.toml").read_text(encoding="utf-8")
    return parse(text, f"{NAME}.toml")


def bent_attempts(
    tasks: Sequence[str], episodes: int, seed: int, words: Mapping[str, Sequence[str]], severities: Sequence[int],
    only: Sequence[str],
) -> list[Attempt]:  # fmt: skip
    """`episodes` of each task as drawn, and the same ones under each perturbation (of those named in `only`) at each of
    `severities`: of each round first those as drawn. Raises BadInput."""
    for name in only:
        if suite().perturbation(name) is None:
            raise BadInput("--only", name, [one.name for one in suite().perturbations])
    chosen = [one for one in suite().perturbations if not only or one.name in only]
    held_out = {task: list(words_of("held_out")[task]) for task in tasks}
    out = []
    usual, other = attempts(tasks, episodes, seed, words), attempts(tasks, episodes, seed, held_out)
    for k in range(0, len(usual), len(tasks)):
        out += usual[k : k + len(tasks)]
        for one in chosen:
            for level in severities:
                bends = {"variation": f"{one.name}-{level}", "conditions": one.conditions[level - 1]}
                mode = one.instructions[level - 1] if one.instructions else ""
                for drawn, held in zip(usual[k : k + len(tasks)], other[k : k + len(tasks)], strict=True):
                    prompt = said(held.prompt, mode, drawn.seed) if mode else drawn.prompt
                    out.append(replace(drawn, prompt=prompt, **bends))  # type: ignore[arg-type]
    return out


def said(sentence: str, mode: str, seed: int) -> str:
    """`sentence` as it is, misspelt, or among other talk. Raises BadInput for another mode."""
    rng = np.random.default_rng((seed, STREAM))
    if mode == "held out":
        return sentence
    if mode == "misspelt":
        for _ in range(MOST_SLIPS):  # until something is another word
            found = re.sub(r"[A-Za-z]{4,}", lambda word: _slipped(word.group(), rng), sentence)
            if found != sentence:
                break
        return found
    if mode == "among talk":
        return str(rng.choice(list(TALK))).format(sentence[:1].upper() + sentence[1:].rstrip(".") + ".")
    raise BadInput("how words are changed", mode, ("held out", "misspelt", "among talk"))


def _slipped(word: str, rng: np.random.Generator) -> str:
    """Two neighbouring letters inside the word change places, in half of all words."""
    there, k = rng.random() < SLIP, int(rng.integers(1, len(word) - 2))
    return word[:k] + word[k + 1] + word[k] + word[k + 2 :] if there else word


def variations(records: Sequence[Record]) -> dict[str, Any]:
    """Of each variation its share, and what is left of the same attempts as drawn, pair by pair."""
    usual = {(r.task, r.index): r.success for r in records if not r.variation}
    found = {}
    for name in dict.fromkeys(r.variation for r in records if r.variation):
        group = [r for r in records if r.variation == name]
        bend = suite().perturbation(name.rpartition("-")[0])
        level = int(name.rpartition("-")[2])
        assert bend is not None
        pairs = [(r.success, usual[r.task, r.index]) for r in group if (r.task, r.index) in usual]
        found[name] = {
            "says": bend.says, "axis": bend.axis, "severity": SEVERITIES[level - 1],
            "level": f"{bend.levels[level - 1]} {bend.unit}".strip(), **told(sum(r.success for r in group), len(group)),
            "retention": _kept(pairs),
        }  # fmt: skip
    return found


def axes(by_variation: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Of each axis the share over all of its variations, as LIBERO-Plus tells them; without an interval, since these are the same
    attempts again and again."""
    found: dict[str, tuple[int, int]] = {}
    for of in by_variation.values():
        good, n = found.get(of["axis"], (0, 0))
        found[of["axis"]] = (good + of["n_success"], n + of["n_episodes"])
    return {axis: {"n_success": good, "n_episodes": n, "pc_success": 100.0 * good / n} for axis, (good, n) in found.items()}


def _kept(pairs: Sequence[tuple[bool, bool]]) -> dict[str, Any] | None:
    """What is left of the share as drawn; None where nothing succeeded there. The interval is the wider of two: pairs resampled,
    which shows no spread where all are alike, and that of the pairs' difference over the share as it was measured."""
    if not any(usual for _, usual in pairs):
        return None
    both, neither = sum(b and u for b, u in pairs), sum(not b and not u for b, u in pairs)
    first, second = sum(b and not u for b, u in pairs), sum(u and not b for b, u in pairs)
    difference, low, high = difference_of_pairs(both, first, second, neither)
    usual = (both + second) / len(pairs)
    kept, *ends = (max(0.0, (usual + of) / usual) for of in (difference, low, high))
    _, least, most = ratio_of_pairs([((int(u), 1), (int(b), 1)) for b, u in pairs])
    return {"of_success": kept, "ci95": [min(ends[0], least), max(ends[1], most)], "p_mcnemar": mcnemar(first, second)}
