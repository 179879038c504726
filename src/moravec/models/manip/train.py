"""Training, step by step, in one process or several; broken off and gone on with, it is the same to the last bit.

A run's folder holds `config.json` (configuration, seed, data hash, versions of code and PyTorch), `checkpoint.safetensors`,
`history.jsonl` (losses), and wherever it ended `weights.safetensors`, the average of the weights, which says at which step.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from moravec import __version__
from moravec.core.errors import BadInput, MoravecError
from moravec.models.aligned import Alignment
from moravec.models.checkpoint import load, restore, save, tensors_of
from moravec.models.contract import plain_spec
from moravec.models.manip.batches import Batch, Batches
from moravec.models.manip.config import TrainConfig
from moravec.models.manip.frames import Frames
from moravec.models.manip.losses import losses
from moravec.models.manip.net import Manip, size_of
from moravec.models.manip.normal import normal_of
from moravec.models.manip.text import vocabulary
from moravec.models.run import CHECKPOINT, check_same, cut, plain, rate_at

TOLD_EVERY = 50  # steps between two lines of history
Tell = Callable[[int, dict[str, float]], None]


class Trainer:
    """One process of a training. Rank 0 writes."""

    def __init__(self, frames: Frames, alignment: Alignment, config: TrainConfig, out: Path, device: str = "cpu") -> None:
        """Goes on where `out` stands, if it is of the same configuration and data. Raises BadInput otherwise."""
        self.config, self.out, self.device = config, out, torch.device(device)
        self.rank, self.of = _place()
        if config.batch % self.of:
            raise BadInput("the batch", config.batch, f"a multiple of the {self.of} processes")
        self.normal = normal_of(frames.statistics, alignment)
        self.words = vocabulary(sentence for group in frames.sentences for sentence in group)
        self._batches = Batches(frames, self.normal, self.words, config, self.rank, self.of)
        torch.manual_seed(config.seed)
        self.net = Manip(config.net, self.words.size).to(self.device, memory_format=torch.channels_last)
        self._optimiser = torch.optim.AdamW(
            self.net.parameters(), lr=config.rate, weight_decay=config.decay, fused=True
        )  # fmt: skip
        self.average = {name: value.detach().clone() for name, value in self.net.state_dict().items()}
        self.step = 0
        self.facts = _facts(frames, self, alignment)
        self._resume()

    def run(self, tell: Tell, until: int | None = None) -> None:
        """Trains to the end, or to step `until`, from where it goes on another time.

        `tell(step, losses)` is called every TOLD_EVERY steps and at the end, at rank 0.

        Raises MoravecError where a loss is no number: the last checkpoint is from before that.
        """
        last = self.config.steps if until is None else min(until, self.config.steps)
        losses_of: list[dict[str, float]] = []
        while self.step < last:
            losses_of.append(self._step(self._batches.make(self.step)))
            self.step += 1
            if self.step % TOLD_EVERY == 0 or self.step == self.config.steps:
                self._note({name: sum(row[name] for row in losses_of) / len(losses_of) for name in losses_of[0]}, tell)
                losses_of.clear()
            if self.step % self.config.save_every == 0 or self.step == last:
                self._save()
        if self.rank == 0:
            save(self.out / "weights.safetensors", self.average, {"step": self.step, **self.facts})

    def _step(self, batch: Batch) -> dict[str, float]:
        for group in self._optimiser.param_groups:
            group["lr"] = rate_at(self.step, self.config)
        device, wanted = self.device, batch.wanted
        given = (batch.pictures, batch.small, batch.state, batch.mask, batch.words, batch.pieces)
        inputs = [tensor.to(device, non_blocking=True) for tensor in given]
        targets = type(wanted)(*(getattr(wanted, name).to(device) for name in wanted.__slots__))
        with torch.autocast(device.type, torch.bfloat16, enabled=self.config.bfloat16):
            output = self.net.see(*inputs, batch.light.to(device))
        found = losses(output, targets, self.config.loss, self.config.view)
        self._optimiser.zero_grad()
        found["all"].backward()
        self._share()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.config.clip)
        self._optimiser.step()
        keep = min(self.config.average, (1.0 + self.step) / (10.0 + self.step))
        with torch.no_grad():
            for name, value in self.net.state_dict().items():
                self.average[name].lerp_(value, 1.0 - keep)
        told = {name: float(value.detach()) for name, value in found.items()}
        if not all(map(math.isfinite, told.values())):
            raise MoravecError(f"training: a loss of step {self.step + 1} is no number: {told}; a smaller learning rate may help")
        return told

    def _share(self) -> None:
        """The mean of all processes' gradients."""
        if self.of == 1:
            return
        gradients = [p.grad for p in self.net.parameters() if p.grad is not None]
        flat = torch.cat([g.reshape(-1) for g in gradients])
        distributed.all_reduce(flat)
        flat /= self.of
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def _note(self, means: dict[str, float], tell: Tell) -> None:
        if self.rank != 0:
            return
        with (self.out / "history.jsonl").open("a") as file:
            file.write(json.dumps({"step": self.step, **{name: round(value, 6) for name, value in means.items()}}) + "\n")
        tell(self.step, means)

    def _save(self) -> None:
        if self.rank == 0:
            tensors = tensors_of(self.net, self.average, self._optimiser)
            save(self.out / CHECKPOINT, tensors, {"step": self.step, **self.facts})

    def _resume(self) -> None:
        check_same(self.out, self.config, str(self.facts["data"]), self.of)
        path = self.out / CHECKPOINT
        if path.exists():
            tensors, facts = load(path)
            restore(tensors, self.net, self.average, self._optimiser)
            self.step = int(facts["step"])
        if self.rank == 0:
            self.out.mkdir(parents=True, exist_ok=True)
            (self.out / "config.json").write_text(json.dumps(self.facts, indent=1) + "\n")
            cut(self.out / "history.jsonl", self.step)


def _place() -> tuple[int, int]:
    """This process's number, and how many there are."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def _facts(frames: Frames, trainer: Trainer, alignment: Alignment) -> dict[str, Any]:
    """What a run's folder says of itself; plain, as JSON gives it back."""
    facts = {
        "config": asdict(trainer.config), "data": frames.hash, "vocabulary": list(trainer.words.known),
        "normal": trainer.normal.plain(), "spec": plain_spec(frames.spec), "parameters": size_of(trainer.net),
        "version": __version__, "torch": torch.__version__, "processes": trainer.of,
    }  # fmt: skip
    return plain(facts)
