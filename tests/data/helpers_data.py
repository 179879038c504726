"""Small episodes, and whole datasets made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.data.episode import Episode, Features
from moravec.data.lerobot.video import Encoder
from moravec.data.lerobot.write import Writer
from moravec.data.provenance import Provenance
from moravec.models.contract import CameraSpec, Channel

H264 = Encoder()
FPS = 20.0
FRAMES = 16
TASKS = ("open the drawer", "push the block", "close the door")
FEATURES = Features(
    FPS,
    (Channel("x", "m", "world"), Channel("y", "m", "world"), Channel("grip", "1")),
    (Channel("dx", "m", "world", -1.0, 1.0), Channel("dy", "m", "world", -1.0, 1.0)),
    (CameraSpec("front", 32, 48), CameraSpec("wrist", 32, 32)),
    {"next.reward": (Channel("reward", "1"),), "privileged.points": (Channel("px", "m"), Channel("py", "m"))},
    "toy",
)
NO_CAMERAS = Features(FPS, FEATURES.state, FEATURES.action, (), FEATURES.extras, "toy")
MADE = Provenance(
    "Toy episodes", "Drawn by numpy.", "python make.py --seed 3", 3, {"numpy": "2.1"}, "Apache-2.0", ("Nothing in it is real.",)
)


def pictures(seed: int, frames: int, height: int, width: int) -> NDArray[np.uint8]:
    """A block that moves over a ramp of grey, above a bar that grows brighter, (T, h, w, 3): no two are alike."""
    found = np.empty((frames, height, width, 3), np.uint8)
    found[:] = np.linspace(20, 160, width, dtype=np.uint8)[None, None, :, None]
    for k in range(frames):
        left = (2 * k + 5 * seed) % (width - 12)
        found[k, 8:20, left : left + 12] = (230, 60 + seed % 100, 30)
        found[k, 24:] = 20 + 5 * k % 230
    return found


def episode(seed: int = 0, frames: int = FRAMES, features: Features = FEATURES, **changes: Any) -> Episode:
    """An episode that is always the same for the same seed, and unlike those of other seeds."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames) / FPS
    phase = rng.uniform(0, 1)
    state = np.stack([np.sin(t + phase), np.cos(t + phase), t > 0.4], axis=1).astype(np.float32)
    actions = np.clip(rng.normal(0, 0.3, (frames, 2)), -1, 1).astype(np.float32)
    extras = {
        "next.reward": (t[:, None] > 0.5).astype(np.float32),
        "privileged.points": rng.normal(size=(frames, 2)).astype(np.float32),
    }
    seen = {c.name: pictures(seed, frames, c.height, c.width) for c in features.cameras}
    task = TASKS[seed % len(TASKS)]
    whole: dict[str, Any] = {
        "tasks": (task, f"please {task}"), "fps": FPS, "state": state, "actions": actions, "pictures": seen,
        "extras": extras, "success": (True, False, None)[seed % 3], "notes": {"seed": seed, "kind": "toy"},
    }  # fmt: skip
    return Episode(**{**whole, **changes})


def write(
    root: Path, seeds: Sequence[int], features: Features = FEATURES, encoder: Encoder | None = H264, frames: int = FRAMES
) -> Path:
    """A finished dataset with one episode for each seed; every one a frame longer than the one before."""
    with Writer(root, features, encoder, MADE) as writer:
        for place, seed in enumerate(seeds):
            writer.append(episode(seed, frames + place, features))
    return root


def data_file(root: Path, index: int) -> Path:
    """The file of an episode's frames, as the writer names it."""
    return root / f"data/chunk-{index // 1000:03d}/file-{index % 1000:03d}.parquet"


def video_file(root: Path, index: int, camera: str = "front") -> Path:
    """The file of an episode's pictures, as the writer names it."""
    return root / f"videos/observation.images.{camera}/chunk-{index // 1000:03d}/file-{index % 1000:03d}.mp4"
