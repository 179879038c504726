"""One task on Meta-World's table: reset from a seed, stepped by actions, seen by its camera, and shown by its scripted expert.

Under LeRobot's protocol (src/lerobot/envs/metaworld.py at 7427f318): objects and goal are drawn anew at every reset, the camera
`corner2` is moved, the state is the hand's place and opening, an episode ends with success or after 500 steps.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import WorldError
from moravec.core.frames import Matrix
from moravec.worlds.metaworld.pictures import CAMERA, CAMERA_POSITION, Drawing, Mark, Pictures, pixels
from moravec.worlds.metaworld.tasks import tier_of

HORIZON = 500  # steps of an episode
RATE = 80.0  # [Hz], steps of the environment (5 of MuJoCo's of 2.5 ms)
STATE = ("hand x", "hand y", "hand z", "opening")  # [m] in the world's frame; 0 closed to 1 open
ACTION = ("move x", "move y", "move z", "close")  # each -1 to 1; 1 is 0.01 m of the hand's target, or closing with full effort
POINTS = ("object", "second object", "goal", "hand")  # what the simulator knows, for losses in training
STANDING = ("body_pos", "body_quat", "site_pos", "site_rgba", "site_size")  # of a model
MOVING = ("qpos", "qvel", "mocap_pos", "mocap_quat")  # of its state
# What the protocol sets: everything is drawn anew at a reset, from the seed; the observation of the experts holds the goal.
_SETTINGS = {"_set_task_called": True, "_partially_observable": False, "_freeze_rand_vec": False, "seeded_rand_vec": True}


class Scene:
    """One task. `state`, `picture` and `step` are what a policy gets; `expert`, `points` and `goal` are the simulator's own."""

    def __init__(self, task: str, size: int = 256, drawing: Drawing = "plain") -> None:
        """Pictures have `size` pixels a side; they are made at the first `picture`. Raises BadInput for an unknown task and
        WorldError where the package is not installed."""
        tier_of(task)
        self.task, self._size, self._drawing = task, size, drawing
        kinds = _package("env_dict").ALL_V3_ENVIRONMENTS
        self._env: Any = kinds[task]()
        for name, value in _SETTINGS.items():
            setattr(self._env, name, value)
        self._env.__dict__.pop("sawyer_observation_space", None)  # made while the goal was hidden
        self.model: mujoco.MjModel = self._env.model
        self.model.cam_pos[self.model.camera(CAMERA).id] = CAMERA_POSITION
        self._pictures: Pictures | None = None
        self._expert: Any = None
        self._observed: NDArray[np.float64] = np.zeros(39)
        self.steps = 0

    @property
    def data(self) -> mujoco.MjData:
        """The simulator's state."""
        found: mujoco.MjData = self._env.data
        return found

    def reset(self, seed: int, settled: bool = True, drawn: Matrix | None = None) -> None:
        """A new episode, drawn from `seed` alone, or with the places that `drawn` says. Goals are drawn where the
        last episode left them until the simulator has worked out all places again; `settled` does that at once, which the
        protocol leaves to the first step."""
        for name, value in {"_freeze_rand_vec": drawn is not None, "_last_rand_vec": drawn}.items():
            setattr(self._env, name, value)
        self._env.seed(seed)
        self._observed, _ = self._env.reset()
        if settled:
            mujoco.mj_forward(self.model, self.data)
        self._expert = _package("policies").ENV_POLICY_MAP[self.task]()
        self.steps = 0

    def state(self) -> NDArray[np.float32]:
        """(4,), see STATE."""
        return self._observed[:4].astype(np.float32)

    def picture(self) -> NDArray[np.uint8]:
        """(size, size, 3), RGB. Raises WorldError where nothing draws."""
        if self._pictures is None:
            self._pictures = Pictures(self.model, self._size, self._drawing)
        return self._pictures.draw(self.data, self.marks())

    def marks(self) -> tuple[Mark, ...]:
        """What is drawn besides what is there."""
        return ()

    def step(self, action: NDArray[np.float32]) -> bool:
        """Carries out one action (4,), clipped to -1 ... 1; whether the task is done. Raises WorldError past the horizon."""
        if self.steps >= HORIZON:
            raise WorldError(f"{self.task}: step {self.steps + 1} of an episode; allowed: {HORIZON}")
        self._observed, _, _, _, info = self._env.step(np.clip(action, -1.0, 1.0).astype(np.float32))
        self.steps += 1
        return bool(info["success"])

    def places(self) -> Matrix:
        """(3,) or (6,) [m]: what object and goal were placed by, each task in its own way."""
        return np.array(vars(self._env)["_last_rand_vec"], np.float64)

    def target(self) -> Matrix:
        """(3,) [m]: where the task's measure wants the object, or the hand, to be."""
        return np.array(vars(self._env)["_target_pos"], np.float64)

    def judge(self, action: NDArray[np.float32]) -> bool:
        """Whether the task is done as everything stands, see `be_as`, `action` (4,) being the last one."""
        return bool(self._env.evaluate_state(self._observed, np.asarray(action, np.float64))[1]["success"])

    def be_as(self, other: Scene, marks: bool = False) -> None:
        """Everything stands and moves as in `other`, which has the same table; with `marks` everything that is drawn without
        being there is where it is there as well."""
        for what in STANDING if marks else ():
            getattr(self.model, what)[:] = getattr(other.model, what)
        for what in MOVING:
            getattr(self.data, what)[:] = getattr(other.data, what)
        mujoco.mj_forward(self.model, self.data)
        self._observed = self._env._get_obs()  # noqa: SLF001  # there is no public way

    def expert(self) -> NDArray[np.float32]:
        """What the scripted expert, which knows all places, would do now: (4,), clipped to -1 ... 1."""
        return np.clip(self._expert.get_action(self._observed), -1.0, 1.0).astype(np.float32)

    def points(self) -> Matrix:
        """POINTS (4, 3) [m] in the world's frame; NaN where there is none."""
        found = np.stack([self._observed[4:7], self._observed[11:14], self._observed[36:39], self._observed[:3]])
        absent = ~np.any(found[:2], axis=1)
        found[:2][absent] = np.nan
        return found.astype(np.float64)

    def pixels(self) -> Matrix:
        """Where POINTS are in the picture: (4, 2), right and down [px]; NaN where there is none."""
        return pixels(self.model, self.data, self.points(), self._size)

    def close(self) -> None:
        """Gives the driver's memory back."""
        if self._pictures is not None:
            self._pictures.close()
            self._pictures = None
        self._env.close()


def _package(name: str) -> Any:
    """A module of the package `metaworld`. Raises WorldError where it is not installed."""
    try:
        return import_module(f"metaworld.{name}")
    except ModuleNotFoundError as error:
        raise WorldError(f"Meta-World needs the package {error.name!r}: pip install 'moravec[metaworld]' installs it") from error
