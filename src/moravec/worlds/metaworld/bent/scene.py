"""One task on a table that is not as drawn. Objects, goals, success and the expert are the task's own."""

from __future__ import annotations

from collections import deque

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import Matrix
from moravec.worlds.metaworld.bent.conditions import Conditions
from moravec.worlds.metaworld.bent.lens import USUAL, moved, seen
from moravec.worlds.metaworld.bent.things import drawn_things
from moravec.worlds.metaworld.pictures import CAMERA, Drawing, Mark
from moravec.worlds.metaworld.scene import Scene

ABOVE = 1.0  # [m] from where heights are looked for
STREAM = 4  # of a seed's randomness: how things are bent
BACKGROUND = ("table_wood", "table_col", "basic_floor", "wall_metal")  # materials


class BentScene(Scene):
    """See `Scene`. How it is bent follows from the seed alone, and a condition draws the same whatever the others are."""

    def __init__(self, task: str, conditions: Conditions, size: int = 256, drawing: Drawing = "plain") -> None:
        """Raises BadInput and WorldError as `Scene` does."""
        super().__init__(task, size, drawing)
        self._bent = conditions
        self._usual = Usual(self.model)
        self._home: Matrix = np.array(vars(self._env)["hand_init_pos"], np.float64)
        self._rng, self._luck = np.random.default_rng(0), np.random.default_rng(0)
        self._angle = 0.0  # [rad] of what is smeared
        self._last: NDArray[np.uint8] | None = None
        self._coming: deque[NDArray[np.float32]] = deque()
        self._things: tuple[Mark, ...] = ()

    def reset(self, seed: int, settled: bool = True, drawn: Matrix | None = None) -> None:
        """See `Scene.reset`."""
        rngs = [np.random.default_rng((seed, STREAM, number)) for number in range(6)]
        self._env.hand_init_pos = self._home + self._bent.robot.start * _upward(rngs[0])
        super().reset(seed, settled, drawn)
        self._angle, self._rng, self._luck = float(rngs[1].uniform(0.0, np.pi)), rngs[1], rngs[5]
        self._usual.bend(self.model, self._bent, rngs[2], rngs[3])
        mujoco.mj_camlight(self.model, self.data)
        self._things = drawn_things(int(self._bent.layout.distractors), self.points()[:3], self._height, rngs[4])
        self._last = None
        still = np.zeros(4, np.float32)
        self._coming = deque([still] * int(self._bent.control.delay))

    def picture(self) -> NDArray[np.uint8]:
        """(size, size, 3), RGB, as the camera gives it, USUAL pixels a side at most. Raises WorldError where nothing draws."""
        lost = self._luck.random() < self._bent.control.dropped
        if lost and self._last is not None:
            return self._last
        sharp, most = super().picture(), round(USUAL)
        if len(sharp) > most:  # the sensor has no more pixels than that: larger pictures would smooth its noise away
            sharp = np.asarray(cv2.resize(sharp, (most, most), interpolation=cv2.INTER_AREA), np.uint8)
        self._last = seen(sharp, self._bent.sensor, self._angle, self._rng)
        return self._last

    def step(self, action: NDArray[np.float32]) -> bool:
        """See `Scene.step`; what is carried out was said `delay` steps ago, and moves the hand `gain` times as far."""
        self._coming.append(np.clip(action, -1.0, 1.0).astype(np.float32))
        now = self._coming.popleft()
        return super().step(np.concatenate([self._bent.control.gain * now[:3], now[3:]]).astype(np.float32))

    def _height(self, x: float, y: float) -> float:
        """[m] of what one meets from above at (x, y)."""
        down, met = np.array([0.0, 0.0, -1.0]), np.zeros(1, np.int32)
        way: float = mujoco.mj_ray(self.model, self.data, np.array([x, y, ABOVE]), down, None, 1, -1, met)
        return ABOVE - way if met[0] >= 0 else -np.inf

    def marks(self) -> tuple[Mark, ...]:
        """What is drawn besides the model."""
        return self._things


class Usual:
    """A model's camera, lamps and background as they were."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._camera = model.camera(CAMERA).id
        self._position: Matrix = np.array(model.cam_pos[self._camera])
        matrix = np.zeros(9)
        mujoco.mju_quat2Mat(matrix, model.cam_quat[self._camera])
        self._rotation: Matrix = matrix.reshape(3, 3)
        self._materials = [k for k in range(model.nmat) if model.mat(k).name in BACKGROUND]
        self._colours, self._textures = np.array(model.mat_rgba), np.array(model.mat_texid)
        head = model.vis.headlight
        self._lamps = tuple(np.array(x) for x in (model.light_diffuse, model.light_ambient, model.light_specular))
        self._head = tuple(np.array(x) for x in (head.diffuse, head.ambient, head.specular))
        self._directions: Matrix = np.array(model.light_dir)

    def bend(self, model: mujoco.MjModel, bent: Conditions, camera: np.random.Generator, paint: np.random.Generator) -> None:
        """Puts `model` into these conditions. Each draws as many numbers, whatever it is."""
        sides = np.where(camera.random(3) < 0.5, -1.0, 1.0)
        position, rotation = moved(self._position, self._rotation, bent.camera, sides)
        model.cam_pos[self._camera] = position
        mujoco.mju_mat2Quat(model.cam_quat[self._camera], rotation.flatten())
        hue, colours = _colour(paint), [_colour(paint) for _ in self._materials]
        shade = bent.light.level * (1.0 + bent.light.tint * (hue - 1.0))
        head = model.vis.headlight
        for now, usual in zip((model.light_diffuse, model.light_ambient, model.light_specular), self._lamps, strict=True):
            now[:] = usual * shade
        for now, usual in zip((head.diffuse, head.ambient, head.specular), self._head, strict=True):
            now[:] = usual * shade
        c, s = np.cos(bent.light.turn), np.sin(bent.light.turn)
        model.light_dir[:] = self._directions @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
        model.mat_rgba[:], model.mat_texid[:] = self._colours, self._textures
        for material, colour in zip(self._materials, colours, strict=True):
            usual = self._colours[material, :3]
            model.mat_rgba[material, :3] = usual + bent.background.tint * (colour - usual)
            if bent.background.plain:
                model.mat_texid[material] = -1


def _upward(rng: np.random.Generator) -> Matrix:
    """A direction (3,), none of them down."""
    found = rng.standard_normal(3)
    found[2] = abs(found[2])
    direction: Matrix = found / np.linalg.norm(found)
    return direction


def _colour(rng: np.random.Generator) -> Matrix:
    """(3,) 0 to 1, one channel at its full, one low."""
    found: Matrix = rng.permutation([1.0, float(rng.uniform(0.1, 1.0)), 0.1])
    return found
