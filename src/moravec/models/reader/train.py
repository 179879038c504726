"""Training, step by step; broken off and gone on with, it is the same to the last bit.

A run's folder holds `config.json`, `checkpoint.safetensors`, `history.jsonl` (loss, share of sentences that are right), and
wherever it ended `weights.safetensors`, the average of the weights, which says at which step.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from moravec import __version__
from moravec.core.errors import BadInput, MoravecError
from moravec.models.checkpoint import load, restore, save, tensors_of
from moravec.models.reader.batches import POOL, Batch, Batches, Draw, Examples
from moravec.models.reader.config import TrainConfig
from moravec.models.reader.lawful import Lawful
from moravec.models.reader.net import Reader, size_of
from moravec.models.reader.text import NOTHING, UNKNOWN, Vocabulary
from moravec.models.run import CHECKPOINT, check_same, cut, plain, rate_at

TOLD_EVERY = 25  # steps between two lines of history
WEIGHTS = "weights.safetensors"
SPECIAL = (NOTHING, UNKNOWN)  # rows of the table of words that stand before the known ones
Tell = Callable[[int, dict[str, float]], None]


class Trainer:
    """A training in one process."""

    def __init__(self, draw: Draw, data: str, words: Vocabulary, lawful: Lawful, config: TrainConfig, out: Path) -> None:
        """Goes on where `out` stands, if it is of the same configuration and data, of which `data` is a hash. Raises BadInput
        otherwise."""
        self.config, self.out = config, out
        check_same(out, config, data, 1)
        self._batches = Batches(draw, Examples(words, lawful), config)
        torch.manual_seed(config.seed)
        self.net = Reader(config.net, words.size, len(lawful.tokens), config.dropout)
        self._optimiser = torch.optim.AdamW(
            self.net.parameters(), lr=config.rate, weight_decay=config.decay, betas=(0.9, 0.98), fused=True
        )  # fmt: skip
        self.average = {name: value.detach().clone() for name, value in self.net.state_dict().items()}
        self.step = 0
        self.facts = plain({
            "config": asdict(config), "data": data, "vocabulary": list(words.known), "tokens": list(lawful.tokens),
            "parameters": size_of(self.net), "version": __version__, "torch": torch.__version__, "processes": 1,
        })  # fmt: skip
        self._resume()

    def run(self, tell: Tell, until: int | None = None, apart: bool = False) -> None:
        """Trains to the end, or to step `until`. `tell(step, means)` is called every TOLD_EVERY steps. `apart` draws sentences in
        a process of their own, ahead of the steps; the result is the same.

        Raises MoravecError where a loss is no number: the last checkpoint is from before that.
        """
        last = self.config.steps if until is None else min(until, self.config.steps)
        told: list[dict[str, float]] = []
        self.net.train()
        ahead = 2 * POOL if apart else None
        steps = range(self.step, last)
        for batch in DataLoader(self._batches, None, sampler=steps, num_workers=int(apart), prefetch_factor=ahead):
            told.append(self._step(batch))
            self.step += 1
            if self.step % TOLD_EVERY == 0 or self.step == self.config.steps:
                means = {name: sum(row[name] for row in told) / len(told) for name in told[0]}
                with (self.out / "history.jsonl").open("a") as file:
                    file.write(json.dumps({"step": self.step, **{k: round(v, 6) for k, v in means.items()}}) + "\n")
                tell(self.step, means)
                told.clear()
            if self.step % self.config.save_every == 0 or self.step == last:
                self._save()

    def begin_with(self, weights: Mapping[str, Tensor], known: Sequence[str]) -> None:
        """Weights of another training of a network of this size, whose vocabulary was `known`, before the first step: words that
        both know keep theirs, new ones begin as unknown ones. Raises BadInput for a network of another size or grammar."""
        mine, old = dict(weights), weights["word.weight"]
        rows = self.net.word.weight.detach().clone()
        if old.shape[1] == rows.shape[1]:
            where = {word: len(SPECIAL) + k for k, word in enumerate(known)}
            rows[: len(SPECIAL)] = old[: len(SPECIAL)]
            for k, word in enumerate(self.facts["vocabulary"]):
                rows[len(SPECIAL) + k] = old[where[word]] if word in where else old[UNKNOWN]
            mine["word.weight"] = rows
        try:
            self.net.load_state_dict(mine)
        except RuntimeError as error:
            found = str(error).splitlines()[-1].strip()
            raise BadInput("the weights to begin with", found, "those of the same network") from error
        for name, value in self.net.state_dict().items():
            self.average[name].copy_(value)

    def _step(self, batch: Batch) -> dict[str, float]:
        torch.manual_seed(hash((self.config.seed, self.step)))  # what is dropped depends on the step alone
        for group in self._optimiser.param_groups:
            group["lr"] = rate_at(self.step, self.config)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.bfloat16):
            scores, _ = self.net.write(self.net.read(batch.words, batch.pieces), batch.previous, None, 0)
        loss, right = losses(scores.float(), batch, self.config.smoothing)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.config.clip)
        self._optimiser.step()
        keep = min(self.config.average, (1.0 + self.step) / (10.0 + self.step))
        with torch.no_grad():
            for name, value in self.net.state_dict().items():
                self.average[name].lerp_(value, 1.0 - keep)
        told = {"loss": float(loss.detach()), "right": float(right)}
        if not math.isfinite(told["loss"]):
            raise MoravecError(f"training: the loss of step {self.step + 1} is no number; a smaller learning rate may help")
        return told

    def _save(self) -> None:
        facts = {"step": self.step, **self.facts}
        save(self.out / CHECKPOINT, tensors_of(self.net, self.average, self._optimiser), facts)
        save(self.out / WEIGHTS, self.average, facts)

    def _resume(self) -> None:
        path = self.out / CHECKPOINT
        if path.exists():
            tensors, facts = load(path)
            restore(tensors, self.net, self.average, self._optimiser)
            self.step = int(facts["step"])
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / "config.json").write_text(json.dumps(self.facts, indent=1) + "\n")
        cut(self.out / "history.jsonl", self.step)


def losses(scores: Tensor, batch: Batch, smoothing: float) -> tuple[Tensor, Tensor]:
    """The mean of -log p(what is wanted | what is lawful), and the share of sentences that are right token by token.

    Several places may say the same token: then their probabilities add up. `smoothing` spreads a share over all that is lawful.
    """
    lawful = scores.masked_fill(~batch.lawful, float("-inf"))
    logs = lawful.log_softmax(-1)
    wanted = logs.masked_fill(~batch.wanted, float("-inf")).logsumexp(-1)
    spread = logs.masked_fill(~batch.lawful, 0.0).sum(-1) / batch.lawful.sum(-1)
    each = -((1.0 - smoothing) * wanted + smoothing * spread)
    right = batch.wanted.gather(-1, lawful.argmax(-1, keepdim=True)).squeeze(-1) | (batch.weight == 0.0)
    return (each * batch.weight).sum() / batch.weight.sum(), right.all(-1).float().mean()
