"""Drawn sentences as batches, reproducible by the step alone: those of about one length stand together."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from moravec.models.reader.config import TrainConfig
from moravec.models.reader.lawful import MARK, Lawful, Stack
from moravec.models.reader.text import LENGTH, PIECES, POINTED, UNKNOWN, Vocabulary, coded, seen, split

POOL = 24  # batches that are drawn together
Pair = tuple[str, tuple[str, ...]]  # a sentence and what is to be written of it
Draw = Callable[[np.random.Generator], Pair]


@dataclass(frozen=True, slots=True)
class Example:
    """One pair as numbers. `wanted` and `lawful` (written, tokens + n) bool: the places that say the next token, and all that
    would be lawful there; `previous` (written,) as the network takes it."""

    words: NDArray[np.int64]
    pieces: NDArray[np.int64]
    previous: NDArray[np.int64]
    wanted: NDArray[np.bool_]
    lawful: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Batch:
    """Several, padded. `weight` (b, written) is 0 where nothing stands."""

    words: Tensor
    pieces: Tensor
    previous: Tensor
    wanted: Tensor
    lawful: Tensor
    weight: Tensor


class Examples:
    """Pairs to numbers, for one vocabulary and grammar."""

    def __init__(self, vocabulary: Vocabulary, lawful: Lawful) -> None:
        self._words = vocabulary.numbers()
        self._lawful = lawful
        self._tokens = {token: number for number, token in enumerate(lawful.tokens)}
        self._rows: dict[Stack, tuple[NDArray[np.bool_], int]] = {}

    def example(self, pair: Pair, rng: np.random.Generator | None = None, forgotten: float = 0.0) -> Example:
        """`forgotten` is the share of words that are read by their pieces alone. Raises BadInput for what is not lawful."""
        sentence, written = pair
        tokens = split(sentence)[:LENGTH]
        here = seen(tokens)
        words, pieces = coded(tokens, self._words)
        if rng is not None and forgotten:
            words[rng.random(len(words)) < forgotten] = UNKNOWN
        many = len(self._tokens)
        stack: Stack = (self._lawful.start,)
        previous, wanted, lawful = [many], [], []
        for token in written:
            row, kind = self._row(stack)
            last = written[len(wanted) - 1] if wanted else ""
            places = here.places(kind, last.removeprefix(MARK) if last.startswith(MARK) else None)
            want = np.zeros(many + len(tokens), bool)
            if token.startswith(MARK):
                same = np.array([other == token[1:] for other in tokens], bool)
                want[many:] = same & places
                previous.append(many + 1 + int(same.argmax()))
                stack = self._lawful.advance(stack, f"*{POINTED[kind]}")
            else:
                want[self._tokens[token]] = True
                previous.append(self._tokens[token])
                stack = self._lawful.advance(stack, token)
            wanted.append(want)
            lawful.append(np.concatenate([row, places]))
        return Example(words, pieces, np.array(previous[:-1], np.int64), np.array(wanted), np.array(lawful))

    def batch(self, examples: Sequence[Example]) -> Batch:
        """All of them, padded to the longest."""
        many, b = len(self._tokens), len(examples)
        n, m = max(len(e.words) for e in examples), max(len(e.previous) for e in examples)
        out: dict[str, NDArray[Any]] = {
            "words": np.zeros((b, n), np.int64), "pieces": np.zeros((b, n, PIECES), np.int64),
            "previous": np.zeros((b, m), np.int64), "wanted": np.zeros((b, m, many + n), bool),
            "lawful": np.zeros((b, m, many + n), bool), "weight": np.zeros((b, m), np.float32),
        }  # fmt: skip
        for row, e in enumerate(examples):
            k, w = len(e.words), len(e.previous)
            out["words"][row, :k], out["pieces"][row, :k], out["previous"][row, :w] = e.words, e.pieces, e.previous
            out["wanted"][row, :w, : many + k], out["lawful"][row, :w, : many + k] = e.wanted, e.lawful
            out["weight"][row, :w] = 1.0
        out["wanted"][..., 0] |= out["weight"] == 0.0  # something, so that no row is empty
        out["lawful"] |= out["wanted"]
        return Batch(**{name: torch.from_numpy(value) for name, value in out.items()})

    def _row(self, stack: Stack) -> tuple[NDArray[np.bool_], int]:
        if stack not in self._rows:
            allowed = self._lawful.allowed(stack)
            row = np.zeros(len(self._tokens), bool)
            row[[self._tokens[token] for token in allowed if token in self._tokens]] = True
            kinds = [number for number, name in enumerate(POINTED) if f"*{name}" in allowed]
            self._rows[stack] = row, kinds[0] if kinds else -1
        return self._rows[stack]


class Batches(Dataset[Batch]):
    """The batch of every step."""

    def __init__(self, draw: Draw, examples: Examples, config: TrainConfig) -> None:
        self._draw, self._examples, self._config = draw, examples, config
        self._pool: tuple[int, list[list[Example]]] = (-1, [])

    def __getitem__(self, step: int) -> Batch:
        """The same for the same step, whatever was made before."""
        number, place = divmod(step, POOL)
        if self._pool[0] != number:
            self._pool = number, self._pooled(number)
        return self._examples.batch(self._pool[1][place])

    def _pooled(self, number: int) -> list[list[Example]]:
        config = self._config
        rng = np.random.default_rng([config.seed, number, zlib.crc32(b"batches")])
        drawn = [self._examples.example(self._draw(rng), rng, config.word_dropout) for _ in range(POOL * config.batch)]
        drawn.sort(key=lambda e: len(e.words) + len(e.previous))
        groups = [drawn[k * config.batch : (k + 1) * config.batch] for k in range(POOL)]
        return [groups[k] for k in rng.permutation(POOL)]
