"""How well perception does on pictures that it was not trained on. Prints one JSON object a group of pictures.

    python scripts/perception/score.py PICTURES [--views station parcel]
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
from pictures import frame_of

from moravec.brain.settle import sure
from moravec.perception.vision import Vision
from moravec.worlds.cell import layout

MATCH = 0.03  # [m] a detection this near a thing's true middle is of that thing
VISIBLE = 1.5e-4  # [m2] of a thing that must be in sight for it to count as visible


class Tally:
    """Adds up what was right and keeps the errors."""

    def __init__(self) -> None:
        self.right: dict[str, list[bool]] = {}
        self.errors: dict[str, list[float]] = {}
        self.wrong: list[str] = []
        self.said: dict[str, list[tuple[float, bool]]] = {}  # probability, and whether it was so

    def mark(self, name: str, ok: bool, note: str = "") -> None:
        self.right.setdefault(name, []).append(bool(ok))
        if not ok and note:
            self.wrong.append(f"{name}: {note}")

    def add(self, name: str, value: float) -> None:
        self.errors.setdefault(name, []).append(float(value))

    def report(self) -> dict[str, Any]:
        rates = {name: {"share": round(float(np.mean(v)), 4), "n": len(v)} for name, v in self.right.items()}
        spread = {
            name: {**{f"p{q}": round(float(np.percentile(v, q)), 5) for q in (50, 68, 95)}, "n": len(v)}
            for name, v in self.errors.items()
        }
        gaps = {name: calibration_gap(pairs) for name, pairs in self.said.items()}
        return {"rates": rates, "errors": spread, "calibration_gap": gaps}


def calibration_gap(pairs: list[tuple[float, bool]]) -> float:
    """Mean distance between what was said and what was so, over ten bins of probability (expected calibration error)."""
    said, so = np.array([p for p, _ in pairs]), np.array([ok for _, ok in pairs], float)
    bins = np.minimum((said * 10).astype(int), 9)
    return round(float(sum(abs((said - so)[bins == k].sum()) for k in range(10)) / len(pairs)), 4)


def match(found: list[Any], truth: list[tuple[int, np.ndarray]]) -> list[tuple[int | None, int | None]]:
    """Pairs (index in found, index in truth), nearest first; None stands for no partner."""
    pairs: list[tuple[int | None, int | None]] = []
    options = sorted(
        (float(np.hypot(d.position[0] - b[0], d.position[1] - b[1])), i, j)
        for i, d in enumerate(found) for j, (_, b) in enumerate(truth)
    )  # fmt: skip
    used_i, used_j = set(), set()
    for far, i, j in options:
        if far < MATCH and i not in used_i and j not in used_j:
            used_i.add(i)
            used_j.add(j)
            pairs.append((i, j))
    pairs += [(i, None) for i in range(len(found)) if i not in used_i]
    pairs += [(None, j) for j in range(len(truth)) if j not in used_j]
    return pairs


def score_picture(vision: Vision, picture: dict[str, Any], meta: list[Any], tally: Tally, name: str) -> None:
    """Adds one picture to the tally."""
    frame, place = frame_of(picture), layout.workplace().place(picture["place"])
    begin = time.perf_counter()
    found = vision.items(frame, place)
    tally.add("seconds", time.perf_counter() - begin)
    pixel = ((frame.T_world_camera[2, 3] - place.floor) / frame.K[0, 0]) ** 2
    area = np.bincount(picture["owners"].ravel(), minlength=len(meta) + 1)[1:] * pixel
    truth = [(k, b) for k, b in enumerate(picture["boxes"]) if place.contains(b[0], b[1], -0.01) and -0.01 < b[2] < 0.3]
    for i, j in match(found, truth):
        if j is None:
            tally.mark("precision", False, f"{name} {found[i].box} {found[i].category} {found[i].colour}")
            if sure(found[i], found):
                tally.mark("sure_and_right", False, f"{name} {found[i].box}: no thing")
            continue
        k, box = truth[j]
        category, colour, damaged, code = meta[k]
        note = f"{name} {colour} {category} damaged={damaged} at {np.round(box[:3], 3).tolist()}"
        tally.mark("recall_all", i is not None)
        if area[k] > VISIBLE:
            tally.mark("recall_visible", i is not None, note)
        if i is not None:
            tally.mark("precision", True)
            score_thing(tally, found[i], box, (category, colour, damaged, code), note)
        if i is not None and sure(found[i], found):
            told, true = (found[i].category, found[i].colour, found[i].damaged), (category, colour, damaged)
            tally.mark("sure_and_right", told == true, note)


def score_thing(tally: Tally, d: Any, box: np.ndarray, meta: tuple[Any, ...], note: str) -> None:
    """Adds one matched detection."""
    category, colour, damaged, code = meta
    tally.mark("colour", d.colour == colour, f"{note}: saw {d.colour} {d.colour_p:.2f}")
    tally.mark("category", d.category == category, f"{note}: saw {d.category} {d.category_p:.2f}")
    tally.mark("damaged", d.damaged == damaged, f"{note}: {d.damaged_p:.3f}")
    tally.mark("all_three", d.colour == colour and d.category == category and d.damaged == damaged)
    if code is not None:
        tally.mark("code", d.code == f"MV-{code:03d}", f"{note}: {d.code}")
    elif d.code is not None:
        tally.mark("false_code", False, note)
    error = np.array(d.position) - box[:3]
    tally.add("xy", np.hypot(*error[:2]))
    tally.add("z", abs(error[2]))
    tally.add("top", abs(error[2] + (d.extent[2] - box[5]) / 2))
    for axis, label in enumerate(("long", "short", "high")):
        tally.add(label, abs(d.extent[axis] - box[3 + axis]))
        tally.add(label + "_bias", d.extent[axis] - box[3 + axis])
        tally.add("sigmas_" + "xyz"[axis], abs(error[axis]) / d.sigma[axis])
    if box[3] > 1.25 * box[4]:
        tally.add("yaw", abs((d.yaw - box[6] + np.pi / 2) % np.pi - np.pi / 2))
    tally.said.setdefault("colour", []).append((d.colour_p, d.colour == colour))
    tally.said.setdefault("category", []).append((d.category_p, d.category == category))
    tally.said.setdefault("damaged", []).append((d.damaged_p, damaged))
    tally.add("nll_colour", -np.log(max(d.colour_p if d.colour == colour else (1 - d.colour_p) / 5, 1e-6)))
    tally.add("nll_category", -np.log(max(d.category_p if d.category == category else (1 - d.category_p) / 5, 1e-6)))


def main() -> None:
    """Scores every album of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--views", nargs="*", default=["station", "parcel"])
    parser.add_argument("--match", default="*.pkl")
    parser.add_argument("--wrong", action="store_true", help="list what was wrong")
    args = parser.parse_args()
    vision = Vision(layout.workplace())
    for view in args.views:
        tally, seeds = Tally(), set()
        for path in sorted(args.pictures.glob(args.match)):
            album = pickle.loads(path.read_bytes())
            seeds.add(album["seed"])
            for k, picture in enumerate(album["pictures"]):
                if picture["view"] == view:
                    score_picture(vision, picture, album["items"], tally, f"{path.stem}#{k}")
        if not seeds:
            parser.error(f"no pictures {args.match} in {args.pictures}; make some with pictures.py")
        print(json.dumps({"view": view, "seeds": [min(seeds), max(seeds), len(seeds)], **tally.report()}))
        if args.wrong:
            print("\n".join(tally.wrong))


if __name__ == "__main__":
    main()
