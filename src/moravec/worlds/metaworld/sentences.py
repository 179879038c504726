"""What people may say to ask for each task: this project's own sentences, some of them kept out of training.

Every held-out sentence has a content word (a verb, noun, adjective or adverb) that no training sentence of its task has, and
every such word is in the training sentences of two other tasks at least. So a model that knows words from these sentences
alone can understand them, and cannot have learnt them by heart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from moravec.core.errors import BadInput, WorldError
from moravec.worlds.metaworld.tasks import TASKS

_FILE = "sentences.json"


@dataclass(frozen=True, slots=True)
class Sentences:
    """Ways to ask for one task, in English."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]  # never shown in training


@cache
def sentences() -> Mapping[str, Sentences]:
    """The sentences of all fifty tasks, by task, in the order of TASKS; read once, and read-only.

    Raises WorldError where the file that came with the package is not whole.
    """
    try:
        text = files("moravec.worlds.metaworld").joinpath(_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as broken:
        raise WorldError(f"{_FILE}: cannot be read ({broken}); install the package again") from broken
    return parse(text)


def sentences_of(task: str) -> Sentences:
    """The sentences of one task ("door-open-v3"). Raises BadInput, with the nearest name, for an unknown one."""
    if task not in TASKS:
        raise BadInput("the Meta-World task", task, TASKS)
    return sentences()[task]


def parse(text: str) -> Mapping[str, Sentences]:
    """Sentences from JSON: {task: {"train": [sentence, ...], "held_out": [sentence, ...]}}, all fifty tasks.

    Raises WorldError for anything else.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as broken:
        raise WorldError(f"{_FILE}: no JSON ({broken}); install the package again") from broken
    if not isinstance(data, dict) or set(data) != set(TASKS):
        odd = sorted(set(data) ^ set(TASKS)) if isinstance(data, dict) else type(data).__name__
        raise WorldError(f"{_FILE}: must have the fifty tasks and nothing else; missing or unknown: {odd}")
    return MappingProxyType({task: _of_task(task, data[task]) for task in TASKS})


def _of_task(task: str, entry: Any) -> Sentences:
    kinds = ("train", "held_out")
    if not isinstance(entry, dict) or set(entry) != set(kinds):
        raise WorldError(f"{_FILE}: {task}: must have 'train' and 'held_out' and nothing else")
    for kind in kinds:
        lines = entry[kind]
        if not isinstance(lines, list) or not lines or not all(isinstance(line, str) and line.strip() for line in lines):
            raise WorldError(f"{_FILE}: {task}: {kind!r} must be a list of sentences")
    return Sentences(tuple(entry["train"]), tuple(entry["held_out"]))
