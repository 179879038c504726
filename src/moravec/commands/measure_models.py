"""Benchmarks of the suite's models: one answer of a policy, and one random frame of its training data."""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from moravec.core.frames import Matrix

if TYPE_CHECKING:
    from moravec.data.cache import Cache

WARM = 20  # answers before the measurement
EPISODES, LENGTH = 20, 100  # of the synthetic data set
FPS = 80.0
SIDE = (104, 128)  # [px]


def policy_times(n: int, seed: int, folder: Path, trust: tuple[str, ...]) -> tuple[Matrix, dict[str, Any]]:
    """Seconds of `n` answers of the model in `folder` to random pictures, the scaling of the picture included; and what else
    was seen: memory and confidence."""
    from moravec.commands.policies import open_folder
    from moravec.models.contract import PolicyInput

    policy = open_folder(folder, trust, threads=2)
    rng, out = np.random.default_rng(seed), np.empty(n)
    camera = policy.spec.cameras[0]
    state = np.zeros(len(policy.spec.state), np.float32)
    for index in range(-WARM, n):
        picture = rng.integers(0, 256, (camera.height, camera.width, 3), np.uint8)
        start = time.perf_counter()
        policy.act(PolicyInput(0.0, state, {camera.name: picture}, "open the drawer"))
        if index >= 0:
            out[index] = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return out, {"peak_memory_mb": round(peak, 1)}


def data_times(n: int, seed: int) -> tuple[Matrix, dict[str, Any]]:
    """Seconds of `n` reads of one random frame from the training cache; and of the same frames by PyAV from H.264, as a ratio of
    the medians in the same run."""
    from moravec.data.lerobot.video import Encoder, VideoFile, encode

    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cache = _synthetic(folder / "cache", rng)
        pictures = cache.take(np.arange(len(cache)), 1).pictures
        videos = []
        for k in range(EPISODES):
            path = folder / f"{k}.mp4"
            encode(path, pictures[k * LENGTH : (k + 1) * LENGTH], FPS, Encoder())
            videos.append(VideoFile(path))
        rows = rng.integers(0, len(cache), n)
        flat, coded = np.empty(n), np.empty(n)
        for index, row in enumerate(rows):
            start = time.perf_counter()
            cache.take(rows[index : index + 1], 10)
            flat[index] = time.perf_counter() - start
            start = time.perf_counter()
            videos[row // LENGTH].frame(float(row % LENGTH) / FPS)
            coded[index] = time.perf_counter() - start
        for video in videos:
            video.close()
    return flat, {"times_as_fast_as_h264": round(float(np.median(coded) / np.median(flat)), 1),
                  "h264_p50_us": round(1e6 * float(np.median(coded)), 1)}  # fmt: skip


def _synthetic(folder: Path, rng: np.random.Generator) -> Cache:
    """A cache of pictures in which a patch of texture wanders over another."""
    from moravec.data.cache import Points, build
    from moravec.data.episode import Episode, Features
    from moravec.models.contract import CameraSpec, Channel
    from moravec.models.manip.config import View

    height, width = SIDE
    features = Features(FPS, (Channel("s", "1"),), (Channel("a", "1"),), (CameraSpec("c", height, width),))
    ground = rng.integers(0, 256, (height // 4, width // 4, 3), np.uint8).repeat(4, 0).repeat(4, 1)
    episodes = []
    for _ in range(EPISODES):
        pictures = np.repeat(ground[None], LENGTH, 0)
        patch, at = rng.integers(0, 256, (24, 24, 3), np.uint8), rng.integers(0, 40, 2)
        for t in range(LENGTH):
            x, y = at + (t // 4, t // 2)
            pictures[t, x : x + 24, y : y + 24] = patch
        numbers = np.zeros((LENGTH, 1), np.float32)
        episodes.append(Episode(("move",), FPS, numbers, numbers, {"c": pictures}))
    view = View(0.0, 1.0, 0.0, 1.0, height, width)
    return build(episodes, features, EPISODES * LENGTH, folder, view, Points(), "synthetic")
