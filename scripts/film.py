"""Makes the README's moving picture: one delivery, filmed from the side, as an animated WebP.

    python scripts/film.py docs/media/cell.webp --seed 1 --items 6
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from moravec.commands.minds import symbolic_mind
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.perception.vision import Vision
from moravec.runtime.job import Hands, delivery, run_job
from moravec.runtime.pace import AsFastAsPossible
from moravec.runtime.recorder import Unrecorded
from moravec.skills.contract import Note
from moravec.worlds.registry import WorldOptions, open_world

SENTENCE = "Unpack the delivery, classify the items, organise and store them."


class Camera:
    """Takes a picture of the cell every `every` seconds of its own time."""

    def __init__(self, portrait: Callable[[], NDArray[np.uint8]], every: float, size: tuple[int, int]) -> None:
        self._portrait, self._every, self._size, self._next = portrait, every, size, 0.0
        self.pictures: list[Image.Image] = []

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """Films."""
        if t >= self._next:
            self._next += self._every
            self.pictures.append(Image.fromarray(self._portrait()).resize(self._size, Image.Resampling.LANCZOS))

    def framed(self, frame: CameraFrame) -> None:
        """Not filmed."""

    def noted(self, t: float, note: Note) -> None:
        """Not filmed."""


def main() -> None:
    """Films one delivery."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--items", type=int, default=6)
    parser.add_argument("--every", type=float, default=0.7, help="seconds of the cell's time between two pictures")
    parser.add_argument("--play", type=int, default=70, help="milliseconds a picture is shown")
    options = parser.parse_args()
    world = open_world("cell", WorldOptions(options.seed, options.items))
    camera = Camera(world.portrait, options.every, (560, 420))
    work = delivery((SENTENCE,), world.workplace, Vision(world.workplace), symbolic_mind())
    outcome = run_job(Hands(world.robot, Unrecorded(), AsFastAsPossible(), lambda ask: ask.default, (camera,)), work)
    right = sum(thing.location == thing.belongs for thing in world.things().values())
    first, *rest = camera.pictures
    options.out.parent.mkdir(parents=True, exist_ok=True)
    first.save(options.out, save_all=True, append_images=rest, duration=options.play, loop=0, quality=45, method=4)
    world.close()
    print(f"{len(camera.pictures)} pictures, {right} items right, {options.out.stat().st_size} bytes; {outcome.trouble}")


if __name__ == "__main__":
    main()
