"""Which attempts a trial on Meta-World makes: tasks, seeds that no training has seen, and the words of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from moravec.core.errors import BadInput
from moravec.data.demonstrations.metaworld import CAMERA_NAME, features
from moravec.models.contract import PolicySpec, check_prompt
from moravec.worlds.metaworld.pictures import Drawing
from moravec.worlds.metaworld.sentences import sentences
from moravec.worlds.metaworld.swap import SWAPS, TOLD, told_of
from moravec.worlds.metaworld.tasks import TASKS, chosen

CAMERA = CAMERA_NAME
FIRST_SEED = 1_000_000  # training draws its seeds below
SEEDS_APART = 10_000  # between two values of --seed
MOST_EPISODES = SEEDS_APART
OWN = ("train", "held_out")
SIZES: Mapping[Drawing, int] = {"plain": 256, "protocol": 480}  # [px] that are drawn
PROMPTS_KEY = "TASK_DESCRIPTIONS"  # of the protocol's own file


@dataclass(frozen=True, slots=True)
class Attempt:
    """One episode: a task, the number among its attempts, the seed of everything in it, and the words. `variation` is how the
    table is bent, and `conditions` say it; "": as drawn."""

    task: str
    index: int
    seed: int
    prompt: str
    variation: str = ""
    conditions: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name in a record."""
        return key_of(self.task, self.index, self.variation)


def key_of(task: str, index: int, variation: str) -> str:
    """What an attempt, and its record, are called."""
    return f"{f'{variation}/' if variation else ''}{task}/{index}"


def robot_spec(size: int = SIZES["plain"]) -> PolicySpec:
    """What the table's robot offers and takes; a picture of another size is scaled by area to this one."""
    return features(size).spec()


def swaps(words: str) -> tuple[str, ...]:
    """Of SWAPS those whose scene is of a task that `words` name, see `chosen`. Raises BadInput where there is none."""
    tasks = chosen(words)
    found = tuple(name for name in SWAPS if name.split(TOLD)[0] in tasks)
    if not found:
        raise BadInput("the scenes of two sentences", words, sorted({name.split(TOLD)[0] for name in SWAPS}))
    return found


def words_of(source: str) -> Mapping[str, Sequence[str]]:
    """Of each task its sentences: "train", "held_out", or a JSON file of {task: sentence or sentences}, or the protocol's own.

    Raises BadInput for a file that is none or leaves a task out.
    """
    if source in OWN:
        return {task: getattr(sentences()[task], source) for task in TASKS}
    path = Path(source)
    if not path.is_file():
        raise BadInput("the sentences", source, f"{', '.join(OWN)}, or a JSON file of sentences by task")
    try:
        read = json.loads(path.read_text())
        table = read.get(PROMPTS_KEY, read)
        found = {task: [table[task]] if isinstance(table[task], str) else list(table[task]) for task in TASKS}
        for task, words in found.items():
            if not words:
                raise BadInput(f"the sentences in {path}", f"none for {task}", "one at least")
            for sentence in words:
                check_prompt(sentence)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BadInput(f"the sentences in {path}", repr(error), "JSON: {task: sentence or sentences}") from error
    except KeyError as error:
        raise BadInput(f"the sentences in {path}", f"nothing for {error}", "all fifty tasks") from error
    return found


def attempts(tasks: Sequence[str], episodes: int, seed: int, words: Mapping[str, Sequence[str]]) -> list[Attempt]:
    """`episodes` of each task or swap, in the order in which they are made: the first of every task, then the second, and so on.

    Raises BadInput for more than MOST_EPISODES or a negative seed.
    """
    if not 1 <= episodes <= MOST_EPISODES:
        raise BadInput("--episodes", episodes, f"1 to {MOST_EPISODES}")
    if seed < 0:
        raise BadInput("--seed", seed, "0 or more")
    out = []
    for index in range(episodes):
        for task in tasks:
            number = FIRST_SEED + seed * SEEDS_APART + index
            told = told_of(task)
            rng = np.random.default_rng((number, TASKS.index(told)))
            out.append(Attempt(task, index, number, str(rng.choice(list(words[told])))))
    return out
