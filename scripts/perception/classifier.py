"""Trains the classifier: what a segmented thing is, its colour, and whether it is damaged.

    python scripts/perception/classifier.py PICTURES HELD_OUT classifier.onnx [--steps 2500]

The crops are those of the segmenter that ships, so that it learns from the masks it will get. On the held-out pictures one
temperature per question is fitted (Guo et al. 2017, "On calibration of modern neural networks") and built in.
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import numpy as np
import torch
from pictures import frame_of
from segmenter import block, export
from torch import nn
from torch.nn import functional as F

from moravec.perception.cloud import cloud
from moravec.perception.parcel import see_parcel
from moravec.perception.patch import item_crop
from moravec.perception.region import region_of
from moravec.perception.segment import Segmenter
from moravec.perception.shape import upright_box
from moravec.worlds.cell import layout

PURE = 0.6  # of a mask that one thing must own for the mask to be its
LEAST_SHARE = 0.35  # of a thing's visible pixels that the mask must hold


class Classifier(nn.Module):
    """(n, 5, 96, 96) -> logits of category, colour and damage, side by side."""

    def __init__(self, categories: int, colours: int, widths: tuple[int, ...] = (16, 24, 40, 56, 64)) -> None:
        super().__init__()
        layers: list[nn.Module] = [block(5, widths[0], 2), block(widths[0], widths[0])]
        for a, b in zip(widths[:-1], widths[1:], strict=True):
            layers += [block(a, b, 2), block(b, b)]
        self.body = nn.Sequential(*layers)
        self.mix = nn.Sequential(nn.Linear(2 * widths[-1], 64), nn.ReLU(), nn.Dropout(0.1))
        self.head = nn.Linear(64, categories + colours + 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body(x)
        return self.head(self.mix(torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1)))


class Calibrated(nn.Module):
    """Probabilities of category, colour and damage, each softened by its temperature."""

    def __init__(self, net: Classifier, categories: int, temperature: list[float]) -> None:
        super().__init__()
        self.net, self.categories, self.temperature = net, categories, temperature

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        y, n, t = self.net(x), self.categories, self.temperature
        return (y[:, :n] / t[0]).softmax(1), (y[:, n:-1] / t[1]).softmax(1), (y[:, -1:] / t[2]).sigmoid()


def prepare(album: Path, cache: Path, segmenter: Segmenter) -> dict[str, np.ndarray]:
    """Crops (n, 5, side, side) float16 and labels (n, 4): category, colour, damaged, at the station."""
    target = cache / (album.stem + ".npz")
    if target.exists():
        with np.load(target) as stored:
            return {"x": stored["x"], "y": stored["y"]}
    workplace, crops, labels = layout.workplace(), [], []
    stored = pickle.loads(album.read_bytes())
    for picture in stored["pictures"]:
        frame, place = frame_of(picture), workplace.place(picture["place"])
        view = cloud(frame)
        region = region_of(place, see_parcel(view, place) if place.kind == "parcel" else None)
        whole = np.bincount(picture["owners"].ravel(), minlength=256)
        for mask in segmenter.masks(frame, view, region):
            count = np.bincount(picture["owners"][mask], minlength=256)
            owner = int(count[1:].argmax()) + 1
            if count[owner] < PURE * mask.sum() or count[owner] < LEAST_SHARE * whole[owner]:
                continue
            box = upright_box(view, mask, region.floor, frame.T_world_camera[:3, 3])
            category, colour, damaged, _ = stored["items"][owner - 1]
            crops.append(item_crop(frame, view, mask, box, region).astype(np.float16))
            at = (workplace.categories.index(category), workplace.colours.index(colour))
            labels.append((*at, int(damaged), int(place.kind == "station")))
    cache.mkdir(parents=True, exist_ok=True)
    made = {"x": np.array(crops), "y": np.array(labels, np.int64).reshape(-1, 4)}
    np.savez(target, **made)
    return made


def gather(pictures: Path) -> tuple[np.ndarray, np.ndarray]:
    """Every crop of a folder of albums."""
    segmenter, cache = Segmenter(), pictures.parent / (pictures.name + "_crops")
    parts = [prepare(album, cache, segmenter) for album in sorted(pictures.glob("*.pkl"))]
    parts = [p for p in parts if len(p["x"])]
    return np.concatenate([p["x"] for p in parts]), np.concatenate([p["y"] for p in parts])


def augment(x: torch.Tensor) -> torch.Tensor:
    """Turns, flips, shifts and relights a batch."""
    n = len(x)
    angle = torch.randn(n) * 0.15 + torch.pi * torch.randint(0, 2, (n,))
    scale_x, flip = 1.0 + 0.03 * torch.randn(n), 1.0 - 2.0 * torch.randint(0, 2, (n,))
    c, s = angle.cos(), angle.sin()
    theta = torch.stack([torch.stack([scale_x * c, -s, 0.04 * torch.randn(n)], 1),
                         torch.stack([flip * s, flip * scale_x * c, 0.04 * torch.randn(n)], 1)], 1)  # fmt: skip
    x = F.grid_sample(x, F.affine_grid(theta, list(x.shape), align_corners=False), align_corners=False)
    gain = (1.0 + 0.10 * torch.randn(n, 1, 1, 1)) * (1.0 + 0.03 * torch.randn(n, 3, 1, 1))
    colour = (x[:, :3] + 0.5) * gain - 0.5 + 0.01 * torch.randn_like(x[:, :3])
    height = x[:, 3:4] + 0.01 * torch.randn(n, 1, 1, 1) + 0.01 * torch.randn_like(x[:, 3:4])
    return torch.cat([colour, height, x[:, 4:]], dim=1)


def loss_of(out: torch.Tensor, y: torch.Tensor, categories: int) -> torch.Tensor:
    """The three questions' cross-entropies, a little smoothed."""
    damaged = y[:, 2].float() * 0.98 + 0.01
    return (
        F.cross_entropy(out[:, :categories], y[:, 0], label_smoothing=0.02)
        + F.cross_entropy(out[:, categories:-1], y[:, 1], label_smoothing=0.02)
        + 1.5 * F.binary_cross_entropy_with_logits(out[:, -1], damaged)
    )


def train(x: np.ndarray, y: np.ndarray, steps: int, sizes: tuple[int, int], seed: int) -> Classifier:
    """One cycle of learning rate of `steps` batches."""
    torch.manual_seed(seed)
    rng, net = np.random.default_rng(seed), Classifier(*sizes)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=2e-2)
    net.to(memory_format=torch.channels_last)
    step, total = 0, 0.0
    order = np.empty(0, np.int64)
    while step < steps:
        gone = step / steps
        for group in optimiser.param_groups:
            group["lr"] = 4e-3 * min(1.0, gone / 0.05 + 0.02) * (0.5 + 0.5 * np.cos(np.pi * gone))
        if len(order) < 64:
            order = rng.permutation(len(x))
        rows, order = order[:64], order[64:]
        batch, label = augment(torch.from_numpy(x[rows].astype(np.float32))), torch.from_numpy(y[rows])
        with torch.autocast("cpu", torch.bfloat16):
            out = net(batch.contiguous(memory_format=torch.channels_last))
        loss = loss_of(out.float(), label, sizes[0])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step, total = step + 1, total + loss.item()
        if step % 100 == 0:
            print(f"{gone:.2f} step {step} epoch {step * 64 / len(x):.1f} loss {total / 100:.4f}", flush=True)
            total = 0.0
    return net.eval()


def answers(net: Classifier, x: np.ndarray) -> torch.Tensor:
    """Logits (n, questions)."""
    with torch.no_grad():
        parts = [net(torch.from_numpy(x[k : k + 256].astype(np.float32))) for k in range(0, len(x), 256)]
    return torch.cat(parts)


def temperatures(out: torch.Tensor, y: torch.Tensor, categories: int) -> list[float]:
    """For each question the temperature with the least cross-entropy on held-out crops."""
    grid, best = np.geomspace(0.3, 4.0, 80), []
    for question in range(3):
        def cost(t: float, q: int = question) -> float:
            if q == 2:
                return float(F.binary_cross_entropy_with_logits(out[:, -1] / t, y[:, 2].float()))
            part = out[:, :categories] if q == 0 else out[:, categories:-1]
            return float(F.cross_entropy(part / t, y[:, q]))

        best.append(float(min(grid, key=cost)))
    return best


def right(out: torch.Tensor, y: torch.Tensor, categories: int) -> dict[str, float]:
    """The share of right answers to each question."""
    return {
        "category": float((out[:, :categories].argmax(1) == y[:, 0]).float().mean()),
        "colour": float((out[:, categories:-1].argmax(1) == y[:, 1]).float().mean()),
        "damaged": float(((out[:, -1] > 0) == (y[:, 2] > 0)).float().mean()),
    }


def main() -> None:
    """Prepares, trains, calibrates, exports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("held", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    workplace = layout.workplace()
    sizes = (len(workplace.categories), len(workplace.colours))
    x, y = gather(args.pictures)
    held_x, held_y = gather(args.held)
    print(len(x), "crops,", int(y[:, 3].sum()), "at the station;", len(held_x), "held out", flush=True)
    net = train(x, y, args.steps, sizes, args.seed)
    torch.save(net.state_dict(), args.target.with_suffix(".pt"))
    out, truth = answers(net, held_x), torch.from_numpy(held_y)
    for name, rows in (("station", truth[:, 3] == 1), ("elsewhere", truth[:, 3] == 0)):
        print(name, int(rows.sum()), right(out[rows], truth[rows], sizes[0]))
    temperature = temperatures(out, truth, sizes[0])
    print("temperatures", temperature)
    names = ["category", "colour", "damaged"]
    dynamic = {name: {0: "n"} for name in ("patch", *names)}
    export(Calibrated(net, sizes[0], temperature), torch.zeros(2, *x.shape[1:]), args.target, names, dynamic)


if __name__ == "__main__":
    main()
