"""One of two processes that train together: started by torchrun, with the folder of the run as its only word."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch
from helpers_manip import TRAIN, Toy
from torch import distributed

from moravec.models.aligned import METAWORLD
from moravec.models.manip.train import Trainer

STEPS = 3
CONFIG = replace(TRAIN, steps=STEPS, clip=1e9)  # what is clipped would not show how large it was


def main(out: Path) -> None:
    """Trains for STEPS steps."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo")
    Trainer(Toy(), METAWORLD, CONFIG, out).run(lambda step, found: None)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
