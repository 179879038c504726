"""Which policy `--policy` means, and how each process of a trial opens it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from moravec.core.errors import BadInput
from moravec.models.chunks import AgeLimit, Executed, Stepper
from moravec.models.contract import Policy, join
from moravec.models.package import MANIFEST, hash_of
from moravec.models.suite import POLICIES, TRUSTED, folder_of
from moravec.trials.metaworld.baselines import BASELINES, open_baseline
from moravec.trials.metaworld.suite import robot_spec
from moravec.worlds.metaworld.scene import RATE, Scene

REMOTE = ("ws://", "wss://")


def opener(policy: str, execute: int, trust: tuple[str, ...]) -> tuple[Callable[[Scene], Stepper], dict[str, Any]]:
    """How to open `policy`, and what names it in a record. Raises BadInput for a name that is none."""
    if policy in BASELINES:
        return partial(open_baseline, policy), {"policy": policy}
    if policy.startswith(REMOTE):
        return partial(open_remote, policy, execute), {"policy": policy, "execute": execute}
    folder = folder_of(policy)
    if not (folder / MANIFEST).is_file():
        raise BadInput("--policy", policy, [*BASELINES, *POLICIES, "a folder of 'moravec export'", "ws://HOST:PORT"])
    open_folder(folder, trust)  # what is wrong with it is told before anything begins
    known = {"policy": policy, "execute": execute, "manifest": hash_of(folder / MANIFEST)}
    return partial(open_local, folder, execute, trust), known


def open_folder(folder: Path, trust: tuple[str, ...], threads: int = 1) -> Policy:
    """A model that stands in a folder. Raises BadInput, ContractError."""
    from moravec.models.manip.shipped import open_policy

    return open_policy(folder, (*TRUSTED, *trust), threads)


def open_local(folder: Path, execute: int, trust: tuple[str, ...], scene: Scene) -> Stepper:
    """In a process of a trial: one that runs there."""
    policy = open_folder(folder, trust)
    join(policy.spec, robot_spec())
    return Executed(policy, execute, first=1)  # the protocol's first picture shows goals where the last episode had them


def open_remote(uri: str, execute: int, scene: Scene) -> Stepper:
    """In a process of a trial: one behind a policy server."""
    from moravec.models.remote.client import RemotePolicy

    policy = RemotePolicy(uri, robot_spec(), clock=SceneClock(scene))
    join(policy.spec, robot_spec())
    age = AgeLimit(execute, execute / RATE)  # a server need not say how long its chunks are; here the world waits for them
    return Executed(policy, execute, age, first=1)  # the protocol's first picture shows goals where the last episode had them


class SceneClock:
    """The time [s] that dates a scene's observations."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def now(self) -> float:
        """Seconds since the episode's beginning."""
        return self._scene.steps / RATE
