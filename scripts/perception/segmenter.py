"""Trains the segmenter: for every cell of a patch, whether a thing is there and where that thing's middle is.

    python scripts/perception/segmenter.py PICTURES segmenter.onnx [--steps 2400]
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from pictures import frame_of
from torch import nn
from torch.nn import functional as F

from moravec.perception.cloud import cloud
from moravec.perception.parcel import see_parcel
from moravec.perception.patch import region_patch
from moravec.perception.region import region_of
from moravec.worlds.cell import layout

SIDE = 72  # output cells of a training crop
REACH = 12.0  # output cells that make an offset of 1
LEAST = 8  # output cells of a thing that is worth finding


class Segmenter(nn.Module):
    """A small U-net over 2 x 2 cells at a time: (n, 5, h, w) -> (n, 3, h/2, w/2): logit, offset right, offset down."""

    def __init__(self, widths: tuple[int, ...] = (20, 32, 48, 64)) -> None:
        super().__init__()
        self.stem = block(20, widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(block(a, b, 2), block(b, b)) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.deep = block(widths[-1], widths[-1])
        self.narrow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in zip(widths[:-1], widths[1:], strict=True))
        self.up = nn.ModuleList(block(a, a) for a in widths[:-1])
        self.head = nn.Conv2d(widths[0], 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(F.pixel_unshuffle(x, 2))
        skips = []
        for down in self.down:
            skips.append(x)
            x = down(x)
        x = x + self.deep(x)
        for narrow, up, skip in zip(reversed(self.narrow), reversed(self.up), reversed(skips), strict=True):
            x = up(F.interpolate(narrow(x), scale_factor=2.0, mode="nearest") + skip)
        return self.head(x)


def block(a: int, b: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))


def prepare(album: Path, cache: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Patches (5, h, w) float16 and owners (h/2, w/2) of one album's pictures."""
    target = cache / (album.stem + ".npz")
    if target.exists():
        with np.load(target) as stored:
            count = len(stored.files) // 2
            return [(stored[f"x{k}"], stored[f"y{k}"]) for k in range(count)]
    workplace, made = layout.workplace(), []
    for picture in pickle.loads(album.read_bytes())["pictures"]:
        frame, place = frame_of(picture), workplace.place(picture["place"])
        view = cloud(frame)
        pose = see_parcel(view, place) or picture["parcel"] if place.kind == "parcel" else None
        region = region_of(place, pose)
        patch = region_patch(frame, view, region)
        h, w = patch.data.shape[1] // 2, patch.data.shape[2] // 2
        rows = patch.top + (np.arange(h) + 0.5) * patch.height / h
        columns = patch.left + (np.arange(w) + 0.5) * patch.width / w
        owners = np.zeros((h, w), np.uint8)
        ok_r, ok_c = (rows >= 0) & (rows < frame.size[0]), (columns >= 0) & (columns < frame.size[1])
        owners[np.ix_(ok_r, ok_c)] = picture["owners"][np.ix_(rows[ok_r].astype(int), columns[ok_c].astype(int))]
        for k, box in enumerate(picture["boxes"]):
            if not place.contains(box[0], box[1], -0.02):
                owners[owners == k + 1] = 0
        made.append((patch.data.astype(np.float16), owners))
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(target, **{f"{n}{k}": a for k, pair in enumerate(made) for n, a in zip("xy", pair, strict=True)})
    return made


def sample(pair: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One augmented training crop: input (5, 2 SIDE, 2 SIDE) and target (4, SIDE, SIDE): thing, offsets, weight."""
    x, y = pair
    need = [max(0, SIDE - s) for s in y.shape]
    if any(need):
        y = np.pad(y, [(n // 2, n - n // 2) for n in need])
        x = np.pad(x, [(0, 0)] + [(2 * (n // 2), 2 * (n - n // 2)) for n in need])
    r, c = (int(rng.integers(0, s - SIDE + 1)) for s in y.shape)
    if rng.random() < 0.7 and y.any():  # about a thing rather than anywhere
        rows, columns = np.nonzero(y)
        k = int(rng.integers(len(rows)))
        r, c = (int(np.clip(v - rng.integers(SIDE // 4, 3 * SIDE // 4), 0, s - SIDE))
                for v, s in ((rows[k], y.shape[0]), (columns[k], y.shape[1])))  # fmt: skip
    target = targets(y)[:, r : r + SIDE, c : c + SIDE]
    x = x[:, 2 * r : 2 * (r + SIDE), 2 * c : 2 * (c + SIDE)].astype(np.float32)
    turns, flip = int(rng.integers(4)), rng.random() < 0.5
    target = target.copy()
    for _ in range(turns):
        x, target = np.rot90(x, axes=(1, 2)), np.rot90(target, axes=(1, 2)).copy()
        target[[1, 2]] = target[[2, 1]]
        target[2] = -target[2]
    if flip:
        x, target = x[:, :, ::-1], target[:, :, ::-1].copy()
        target[1] = -target[1]
    x = x.copy()
    gain = rng.uniform(0.88, 1.12) * rng.uniform(0.96, 1.04, 3)
    x[:3] = (x[:3] + 0.5) * gain[:, None, None].astype(np.float32) - 0.5
    x[:3] += rng.normal(0, 0.01, x[:3].shape).astype(np.float32)
    x[3] += np.float32(rng.normal(0, 0.01))
    return x, target


def targets(owners: np.ndarray) -> np.ndarray:
    """(4, h, w): thing, offset right, offset down [REACH cells], weight of the offset."""
    h, w = owners.shape
    flat = owners.ravel()
    count = np.bincount(flat, minlength=256)
    v, u = np.mgrid[0:h, 0:w].astype(np.float32)
    middle_u = np.bincount(flat, u.ravel(), minlength=256) / np.maximum(count, 1)
    middle_v = np.bincount(flat, v.ravel(), minlength=256) / np.maximum(count, 1)
    thing = owners > 0
    # Small things count as much as half a large one: each cell weighs by the root of its thing's size.
    weight = np.where(thing & (count[owners] >= LEAST), 11.0 / np.sqrt(np.maximum(count[owners], 1)), 0.0)
    du, dv = (middle_u[owners] - u) / REACH, (middle_v[owners] - v) / REACH
    return np.stack([thing, np.where(thing, du, 0), np.where(thing, dv, 0), weight]).astype(np.float32)


def train(pairs: list[tuple[np.ndarray, np.ndarray]], steps: int, seed: int, start: Path | None) -> Segmenter:
    """One cycle of learning rate of `steps` batches."""
    torch.manual_seed(seed)
    rng, net = np.random.default_rng(seed), Segmenter()
    if start is not None:
        net.load_state_dict(torch.load(start))
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    weights = np.array([3.0 if y.shape[0] * y.shape[1] > SIDE * SIDE * 1.3 else 1.0 for _, y in pairs])
    chance = weights / weights.sum()
    step, mean = 0, np.zeros(2)
    net.to(memory_format=torch.channels_last)
    while step < steps:
        gone = step / steps
        rate = (4e-3 if start is None else 2e-3) * min(1.0, gone / 0.05 + 0.02) * (0.5 + 0.5 * np.cos(np.pi * gone))
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = [sample(pairs[k], rng) for k in rng.choice(len(pairs), 16, p=chance)]
        x, target = (torch.from_numpy(np.stack([b[k] for b in batch])) for k in (0, 1))
        with torch.autocast("cpu", torch.bfloat16):
            out = net(x.contiguous(memory_format=torch.channels_last))
        out = out.float()
        thing = F.binary_cross_entropy_with_logits(out[:, 0], target[:, 0])
        off = (F.smooth_l1_loss(out[:, 1:], target[:, 1:3], beta=0.1, reduction="none").sum(1) * target[:, 3]).sum()
        off = off / target[:, 3].sum().clamp(min=1.0)
        optimiser.zero_grad()
        (thing + 2.0 * off).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        step += 1
        mean += (thing.item(), off.item())
        if step % 50 == 0:
            print(f"{gone:.2f} step {step} thing {mean[0] / 50:.4f} offset {mean[1] / 50:.4f}", flush=True)
            mean[:] = 0
    return net.eval()


def export(net: nn.Module, example: torch.Tensor, path: Path, outputs: list[str], dynamic: dict) -> None:
    """Writes `net` as ONNX; its weights are stored in half precision and widened again when it is loaded."""
    torch.onnx.export(
        net, (example,), str(path), input_names=["patch"], output_names=outputs, dynamic_axes=dynamic, dynamo=False,
        opset_version=17,
    )  # fmt: skip
    model = onnx.load(str(path))
    for weight in [w for w in model.graph.initializer if w.data_type == onnx.TensorProto.FLOAT]:
        name, values = weight.name, onnx.numpy_helper.to_array(weight)
        weight.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), name + "_half"))
        cast = onnx.helper.make_node("Cast", [name + "_half"], [name], to=onnx.TensorProto.FLOAT)
        model.graph.node.insert(0, cast)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def main() -> None:
    """Prepares, trains, exports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, default=None, help="go on from these weights (.pt)")
    args = parser.parse_args()
    cache = args.pictures.parent / (args.pictures.name + "_patches")
    pairs = [pair for album in sorted(args.pictures.glob("*.pkl")) for pair in prepare(album, cache)]
    print(len(pairs), "patches", flush=True)
    net = train(pairs, args.steps, args.seed, args.start)
    torch.save(net.state_dict(), args.target.with_suffix(".pt"))
    size = {"patch": {0: "n", 2: "h", 3: "w"}, "cells": {0: "n", 2: "h2", 3: "w2"}}
    export(net, torch.zeros(1, 5, 144, 144), args.target, ["cells"], size)


if __name__ == "__main__":
    main()
