"""`moravec train`: weights from demonstrations, in one process or several; what was broken off goes on."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from moravec.commands.options import Options, folder, needing, one_of, show, typed, unset, whole
from moravec.core.errors import BadInput

if TYPE_CHECKING:
    from moravec.data.cache import Cache
    from moravec.models.manip.config import TrainConfig

MODELS = ("manip",)
Steps = Annotated[int, typed(whole("--steps", 1, 100_000_000), "N")]
Until = Annotated[int, typed(whole("--until", 1, 100_000_000), "N")]
Batch = Annotated[int, typed(whole("--batch", 1, 65_536), "N")]
PRECISIONS = ("auto", "float32", "bfloat16")
Precision = Annotated[str, typed(one_of("--precision", PRECISIONS), "|".join(PRECISIONS))]
Processes = Annotated[int, typed(whole("--processes", 1, 64), "N")]


@dataclass(frozen=True, kw_only=True)
class Train(Options):
    """Train a model of the suite on demonstrations.

    manip: from a cache of 'moravec data cache'. The run's folder --out holds configuration, data hash, losses and weights. Run
    again to go on. On several GPUs of one machine: torchrun --nproc-per-node N -m moravec.cli train manip ...
    """

    model: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="manip")]
    """Which model."""
    data: Annotated[Path | None, unset("DIR")] = None
    """The cache to train on."""
    steps: Steps = 40_000
    """Steps of training."""
    batch: Batch = 128
    """Frames of a step, of all processes together."""
    until: Annotated[Until | None, unset("N")] = None
    """Stop at this step, to be gone on with: its weights can be exported and tried."""
    processes: Annotated[Processes | None, unset("N")] = None
    """On the CPU: by default one for each core; with a GPU or under torchrun: one."""

    precision: Precision = "auto"
    """bfloat16 or float32; auto: as the run in --out was begun, else bfloat16 where there are units for it."""

    def execute(self) -> int:
        """Trains to the end. Raises BadInput, and MoravecError where PyTorch is not installed."""
        if self.model not in MODELS:
            raise BadInput("the model to train", self.model, MODELS)
        if self.data is None or self.out is None:
            raise BadInput("'moravec train'", "no --data or no --out", "--data CACHE --out RUN")
        with needing("train"):
            import torch
        launched, cores = torch.distributed.is_torchelastic_launched(), len(os.sched_getaffinity(0))
        if not launched and not torch.cuda.is_available() and (self.processes or cores) > 1:
            return self._spawn(self.data, self.out, self.processes or cores)
        return self._train(torch, self.data, self.out, launched)

    def _spawn(self, data: Path, out: Path, processes: int) -> int:
        """One process for each core, joined as torchrun joins them. Threads of one process gain less.

        What is wrong with the input is told here, once. Raises BadInput.
        """
        from moravec.data.cache import Cache
        from moravec.models.run import check_same

        if self.batch % processes:
            raise BadInput("--batch", self.batch, f"a multiple of the {processes} processes; or another --processes")
        cache = Cache(data)
        check_same(folder(out), self._config(cache, out, "cpu"), cache.hash, processes)
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        words = ["train", self.model, "--data", str(data), "--out", str(out), "--steps", str(self.steps)]
        words += ["--batch", str(self.batch), "--seed", str(self.seed), *(["--json"] if self.json else [])]
        words += ["--precision", self.precision, *([] if self.until is None else ["--until", str(self.until)])]
        threads = max(1, len(os.sched_getaffinity(0)) // processes)  # unless it is said, the launcher warns of it at length
        start = ["env", f"OMP_NUM_THREADS={threads}", *launcher, "-m", "moravec.cli", *words]
        return subprocess.run(start, check=False).returncode

    def _config(self, cache: Cache, out: Path, device: str) -> TrainConfig:
        from moravec.models.manip.config import TrainConfig
        from moravec.models.manip.precision import bfloat16_pays
        from moravec.models.run import begun_with

        begun = begun_with(out)
        narrow = bool(begun["bfloat16"]) if begun else bfloat16_pays(device)
        narrow = narrow if self.precision == "auto" else self.precision == "bfloat16"
        return TrainConfig(steps=self.steps, batch=self.batch, bfloat16=narrow, seed=self.seed, view=cache.view)

    def _train(self, torch: Any, data: Path, out: Path, launched: bool) -> int:
        """In one process, the only one or one of several."""
        from moravec.commands.bars import bar
        from moravec.data.cache import Cache
        from moravec.models.manip.robots import embodiment
        from moravec.models.manip.train import Trainer
        from moravec.models.run import keep_memory

        keep_memory()
        group, device = torch.distributed, "cpu"
        if launched:
            group.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        if torch.cuda.is_available():
            device = f"cuda:{group.get_node_local_rank(0)}"
        torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // (group.get_world_size() if launched else 1)))
        if not launched or group.get_rank() == 0:
            folder(out)
        cache = Cache(data)
        config = self._config(cache, out, device)
        trainer = Trainer(cache, embodiment(cache.robot).alignment, config, out, device)
        with bar("steps", config.steps) if trainer.rank == 0 else contextlib.nullcontext(_silent) as advance:

            def told(step: int, found: dict[str, float]) -> None:
                advance(step, ", ".join(f"{name} {value:.3f}" for name, value in found.items()))

            trainer.run(told, self.until)
        if trainer.rank == 0:
            self._tell(cache, trainer.step, out)
        if launched:
            group.destroy_process_group()
        return 0

    def _tell(self, cache: Cache, step: int, out: Path) -> None:
        from moravec.console.curves import curves

        path = out / "history.jsonl"
        history = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        (out / "losses.svg").write_text(curves(history))
        result = {"folder": str(out), "frames": len(cache), **(history[-1] if history else {}), "steps": self.steps, "step": step}
        show(self, result, f"{step:,} of {self.steps:,} steps on {len(cache):,} frames; weights and losses.svg in {out}")


def _silent(done: int, word: str) -> None:
    """The progress of all processes but the first: they keep step."""
