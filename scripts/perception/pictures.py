"""Pictures of the simulated cell with their truth, to train and score perception on. One file a seed; resumable.

    python scripts/perception/pictures.py OUT 10000 10300 [--renderer rays]
"""

from __future__ import annotations

import argparse
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from truth_of import Owners, outline, packed_depth, true_box, unpacked_depth

from moravec.core.errors import WorldError
from moravec.core.frames import apply, tool_down, transform
from moravec.core.observation import CameraFrame
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.skills.arm import Arm
from moravec.worlds.cell import layout
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.world import Cell

VIEW_NAMES = ("parcel", "parcel_close", "station", "shelf_left", "shelf_right", "reject")
ROOM_FLOOR = -0.72  # [m]
LID_AWAY = (-0.40, -0.16, 0.005, 1.0, 0.0, 0.0, 0.0)
OUT_OF_SIGHT = (-2.6, -2.6, ROOM_FLOOR + 0.2)


def postures() -> dict[str, np.ndarray]:
    """Joint positions (6,) [rad] that bring the wrist camera to its posts."""
    place = layout.workplace()
    arm, home = Arm(place), np.array(place.home_q)
    found = {}
    for name, (x, y, z, yaw) in place.views:
        q = arm.reach(tool_down([x, y, z], yaw), home, "camera")
        if q is not None:
            found[name] = q
    return found


class Studio:
    """One cell whose things are put where pictures of them are wanted."""

    def __init__(self, seed: int, renderer: str | None, wild: bool, posts: dict[str, np.ndarray]) -> None:
        config = CellConfig(seed=seed, renderer=renderer, damaged_share=0.4 if wild else 0.2)
        self.cell, self.posts, self.wild = Cell(config), posts, wild
        self.model, self.data = self.cell.model, self.cell.data
        self.rng = np.random.default_rng(seed + 7)
        self.model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
        self.set_pose("lid", np.array(LID_AWAY))
        self.bodies = [self.model.body(item.name).id for item in self.cell.items]
        self.owners = Owners(self.model, self.bodies)
        self.outlines = [outline(self.model, body) for body in self.bodies]
        if not wild:
            self.cell.data.actuator("fingers").ctrl = 0.0

    def set_pose(self, joint: str, pose: np.ndarray) -> None:
        start, dof = int(self.model.joint(joint).qposadr[0]), int(self.model.joint(joint).dofadr[0])
        self.data.qpos[start : start + 7] = pose
        self.data.qvel[dof : dof + 6] = 0.0

    def pose(self, joint: str) -> np.ndarray:
        start = int(self.model.joint(joint).qposadr[0])
        return self.data.qpos[start : start + 7].copy()

    def run(self, steps: int) -> None:
        for _ in range(steps):
            mujoco.mj_step(self.model, self.data)

    def relight(self) -> None:
        """Other lamps than the seed's own, a little beyond what the cell draws."""
        rng, model = self.rng, self.model
        level, warmth, azimuth = rng.uniform(0.75, 1.2), rng.uniform(-0.45, 0.45), rng.uniform(0.1, 1.3)
        tint = np.clip([1 + 0.12 * warmth, 1.0, 1 - 0.12 * warmth], 0, 1.2)
        x, y = 1.6 * np.cos(azimuth), -1.6 * np.sin(azimuth)
        direction = np.array([-x + 0.2, -y, -2.6])
        model.light_diffuse[0] = 0.62 * level * tint
        model.light_pos[0], model.light_dir[0] = (x, y, 2.6), direction / np.linalg.norm(direction)
        model.vis.headlight.ambient[:] = 0.38 * level * tint
        model.vis.headlight.diffuse[:] = 0.18 * level

    def shoot(self, view: str, place: str) -> dict[str, Any]:
        """One picture from a post, with its truth."""
        q = self.posts[view] + (self.rng.normal(0.0, 0.004, 6) if self.wild else 0.0)
        before = self.data.qpos.copy()
        for name, value in zip(JOINTS, q, strict=True):
            self.data.joint(name).qpos = value
        if self.wild:
            self.relight()
            opening = self.rng.uniform(0.01, 0.05)
            for name in ("finger_left", "finger_right"):
                self.data.joint(name).qpos = opening
        mujoco.mj_forward(self.model, self.data)
        frame = self.cell.frame("wrist")
        truth = self.owners.of(self.data, frame)
        boxes = []
        for item, body, points in zip(self.cell.items, self.bodies, self.outlines, strict=True):
            T = transform(self.data.xmat[body].reshape(3, 3), self.data.xpos[body])
            boxes.append(true_box(apply(T, points), T[:3, 0] if item.category == "tool" else None))
        parcel = self.data.body("parcel")
        pose = (*parcel.xpos[:2].tolist(), float(2 * np.arctan2(parcel.xquat[3], parcel.xquat[0])))
        self.data.qpos[:] = before
        mujoco.mj_forward(self.model, self.data)
        return {
            "view": view, "place": place, "rgb": frame.rgb, "depth": packed_depth(frame.depth), "K": frame.K,
            "T": frame.T_world_camera, "owners": truth, "boxes": np.array(boxes), "parcel": pose,
        }  # fmt: skip

    def parcel_pictures(self, count: int) -> list[dict[str, Any]]:
        """The full parcel first, then with ever fewer things in it."""
        pictures, left = [], list(self.rng.permutation(len(self.bodies)))
        for k in range(count):
            close = self.wild and "parcel_close" in self.posts and self.rng.random() < 0.3
            view = "parcel_close" if close else "parcel"
            pictures.append(self.shoot(view, "parcel"))
            if k + 1 < count:
                for _ in range(max(1, len(self.bodies) // count)):
                    if left:
                        self.set_pose(self.cell.items[left.pop()].name, np.array([*OUT_OF_SIGHT, 1, 0, 0, 0]))
                self.run(60)
        return pictures

    def rest_poses(self, rests: dict[str, np.ndarray], tumble: float) -> dict[str, np.ndarray]:
        """How things come to rest on a level floor: z over the floor [m] and quaternion, started from `rests`."""
        for k, item in enumerate(self.cell.items):
            quat = rests[item.name][3:]
            if self.rng.random() < tumble:
                quat = self.rng.normal(size=4)
                quat /= np.linalg.norm(quat)
            x, y = -1.4 - 0.35 * (k % 4), -1.0 + 0.35 * (k // 4)
            self.set_pose(item.name, np.array([x, y, ROOM_FLOOR + 0.09, *quat]))
        self.run(380)
        return {item.name: self.pose(item.name) - [0, 0, ROOM_FLOOR, 0, 0, 0, 0] for item in self.cell.items}

    def lay(self, name: str, rest: np.ndarray, x: float, y: float, z: float) -> None:
        """Puts a thing down as it rested, at (x, y) on a floor at `z`, turned about the vertical by chance."""
        turn, quat = self.rng.uniform(0, 2 * np.pi), np.zeros(4)
        mujoco.mju_mulQuat(quat, np.array([np.cos(turn / 2), 0, 0, np.sin(turn / 2)]), rest[3:])
        self.set_pose(name, np.array([x, y, z + rest[2], *quat]))

    def station_pictures(self, rests: dict[str, np.ndarray], pairs: float) -> list[dict[str, Any]]:
        """Every thing on the inspection plate, now and then with a neighbour."""
        names, pictures = [item.name for item in self.cell.items], []
        x, y = layout.STATION_CENTRE
        for name in names:
            for other in names:
                self.set_pose(other, np.array([*OUT_OF_SIGHT, 1, 0, 0, 0]))
            dx, dy = np.clip(self.rng.normal(0.0, 0.02, 2), -0.04, 0.04)
            self.lay(name, rests[name], x + dx, y + dy, layout.STATION_HEIGHT)
            if self.rng.random() < pairs and len(names) > 1:
                other = str(self.rng.choice([n for n in names if n != name]))
                angle, far = self.rng.uniform(0, 2 * np.pi), self.rng.uniform(0.05, 0.08)
                self.lay(name, rests[name], x - far / 2 * np.cos(angle), y - far / 2 * np.sin(angle), layout.STATION_HEIGHT)
                self.lay(other, rests[other], x + far / 2 * np.cos(angle), y + far / 2 * np.sin(angle), layout.STATION_HEIGHT)
                if self._overlap(name, other):
                    self.set_pose(other, np.array([*OUT_OF_SIGHT, 1, 0, 0, 0]))
            pictures.append(self.shoot("station", "station"))
        return pictures

    def _overlap(self, one: str, other: str) -> bool:
        mujoco.mj_forward(self.model, self.data)
        pair = {self.model.body(one).id, self.model.body(other).id}
        return any(
            {int(self.model.geom_bodyid[c.geom1]), int(self.model.geom_bodyid[c.geom2])} == pair and c.dist < -0.0005
            for c in self.data.contact[: self.data.ncon]
        )

    def bin_pictures(self) -> list[dict[str, Any]]:
        """A few things dropped in a bin and in the reject bin."""
        pictures = []
        where = {"bin_1": "shelf_left", "bin_2": "shelf_left", "bin_3": "shelf_right", "reject": "reject"}
        for place_name in (str(self.rng.choice(["bin_1", "bin_2", "bin_3"])), "reject"):
            place = self.cell.workplace.place(place_name)
            for item in self.cell.items:
                self.set_pose(item.name, np.array([*OUT_OF_SIGHT, 1, 0, 0, 0]))
            for item in self.rng.permutation(np.array(self.cell.items, dtype=object))[: self.rng.integers(1, 5)]:
                x, y = np.array(place.centre) + self.rng.uniform(-0.03, 0.03, 2)
                quat = self.rng.normal(size=4)
                self.set_pose(item.name, np.array([x, y, place.rim + 0.05, *(quat / np.linalg.norm(quat))]))
                self.run(160)
            pictures.append(self.shoot(where[place_name], place_name))
        return pictures


def album(seed: int, renderer: str | None, wild: bool, posts: dict[str, np.ndarray], rounds: int = 0) -> dict[str, Any]:
    """All pictures of one seed. `wild` varies lamps and postures beyond what the cell itself draws.

    With `rounds` above 0 only the station is shown, every thing that often.
    """
    studio = Studio(seed, renderer, wild, posts)
    rests = {item.name: studio.pose(item.name) for item in studio.cell.items}
    pictures = [] if rounds else studio.parcel_pictures(4 if wild else 2)
    for _ in range(max(rounds, 1)):
        tidy = studio.rest_poses(rests, 0.5 if wild else 0.0)
        pictures += studio.station_pictures(tidy, 0.25 if wild else 0.0)
    if wild and not rounds:
        pictures += studio.bin_pictures()
    items = [replace(item) for item in studio.cell.items]
    meta = [(i.category, i.colour, i.damaged, i.code) for i in items]
    name = studio.cell.pictures.renderer_name
    studio.cell.close()
    return {"seed": seed, "items": meta, "pictures": pictures, "renderer": name}


def frame_of(picture: dict[str, Any]) -> CameraFrame:
    """The picture as perception gets it."""
    return CameraFrame("wrist", 0, 0.0, picture["rgb"], unpacked_depth(picture["depth"]), picture["K"], picture["T"])


def main() -> None:
    """Writes OUT/SEED_RENDERER.pkl for every seed that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--renderer", default=None)
    parser.add_argument("--plain", action="store_true", help="only what the cell itself draws; for scoring")
    parser.add_argument("--rounds", type=int, default=0, help="only the station, every thing this often")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    posts = postures()
    for seed in range(args.first, args.last):
        target = args.out / f"{seed}_{args.renderer or 'best'}.pkl"
        if not target.exists():
            try:
                made = album(seed, args.renderer, not args.plain, posts, args.rounds)
            except (WorldError, ValueError) as error:  # a parcel that cannot be filled, a crack that is no body
                print(f"seed {seed}: {error}")
                continue
            part = target.with_suffix(".part")
            part.write_bytes(pickle.dumps(made, protocol=5))
            part.rename(target)


if __name__ == "__main__":
    main()
