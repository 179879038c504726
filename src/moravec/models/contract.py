"""What any policy declares and keeps: what it sees, is told and answers. Checked when policy and robot are joined."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput, ContractError

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]

LONGEST_PROMPT = 1_000  # letters of an instruction that a policy is asked to read


@dataclass(frozen=True, slots=True)
class Channel:
    """One number of a state or an action: its name, its unit ("m", "rad", "1" ...), the frame it is given in, and its bounds."""

    name: str
    unit: str
    frame: str = ""
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One picture: (height, width, 3), uint8, RGB, the first row on top."""

    name: str
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """What a policy needs and gives, or what a robot offers and takes.

    `rate` [Hz] is how often an action is carried out; `chunk` is how many actions one answer holds (for a robot: 1).
    """

    state: tuple[Channel, ...]
    cameras: tuple[CameraSpec, ...]
    action: tuple[Channel, ...]
    rate: float
    chunk: int = 1
    language: bool = True


@dataclass(frozen=True, slots=True)
class PolicyInput:
    """One observation: `t` [s], `state` (s,) in the order of the specification, `pictures` by camera, and the instruction."""

    t: float
    state: Floats
    pictures: Mapping[str, Picture]
    prompt: str


@dataclass(frozen=True, slots=True)
class PolicyChunk:
    """Actions ahead, one for each step of `1 / rate`: `actions` (chunk, a). `confidence` is from 0 to 1; NaN: it does not say."""

    actions: Floats
    confidence: float = math.nan
    notes: Mapping[str, float] = field(default_factory=dict)  # what a policy tells of itself, seconds for example


class Policy(Protocol):
    """Anything that turns observations into chunks of actions."""

    @property
    def spec(self) -> PolicySpec:
        """What it needs and gives."""
        ...

    def reset(self, seed: int) -> None:
        """A new episode begins: forgets the last one. Whatever is random in it is drawn from `seed`."""
        ...

    def act(self, seen: PolicyInput) -> PolicyChunk:
        """What to do from here on. Raises BadInput for an observation that does not fit `spec`."""
        ...


def join(policy: PolicySpec, robot: PolicySpec) -> None:
    """Whether `policy` can move `robot`. Raises ContractError that names everything that does not fit."""
    wrong = [
        *_channels("state", policy.state, robot.state),
        *_cameras(policy.cameras, robot.cameras),
        *_channels("action", policy.action, robot.action),
    ]
    if not math.isclose(policy.rate, robot.rate, rel_tol=1e-6):
        wrong.append(f"rate: the policy asks for {policy.rate:g} Hz; the robot has {robot.rate:g} Hz")
    if wrong:
        raise ContractError("policy and robot do not fit: " + "; ".join(wrong))


def check_input(spec: PolicySpec, seen: PolicyInput) -> None:
    """Whether an observation is what `spec` declares, finite and in words that can be read. Raises BadInput."""
    state = np.asarray(seen.state)
    if state.shape != (len(spec.state),):
        raise BadInput("the policy's state", state.shape, f"shape ({len(spec.state)},): {_names(spec.state)}")
    if not np.all(np.isfinite(state)):
        index = int(np.flatnonzero(~np.isfinite(state))[0])
        raise BadInput(f"the policy's state, {spec.state[index].name}", float(state[index]), "a finite number")
    for camera in spec.cameras:
        if camera.name not in seen.pictures:
            raise BadInput(f"the policy's camera {camera.name}", ", ".join(seen.pictures) or "no picture", [camera.name])
        picture = seen.pictures[camera.name]
        wanted = (camera.height, camera.width, 3)
        if picture.shape != wanted or picture.dtype != np.uint8:
            raise BadInput(f"the policy's camera {camera.name}", f"{picture.shape} {picture.dtype}", f"{wanted} uint8")
    if spec.language:
        check_prompt(seen.prompt)


def check_prompt(prompt: str) -> None:
    """Whether `prompt` is an instruction: some words, not too many. Raises BadInput."""
    if not isinstance(prompt, str) or not any(letter.isalnum() for letter in prompt):
        raise BadInput("the instruction", prompt if isinstance(prompt, str) else type(prompt).__name__, "some words")
    if len(prompt) > LONGEST_PROMPT:
        raise BadInput("the instruction", f"{len(prompt):,} letters", f"at most {LONGEST_PROMPT:,}")


def check_chunk(spec: PolicySpec, chunk: PolicyChunk) -> None:
    """Whether an answer is what `spec` declares: its shape, finite, within the bounds of its channels. Raises ContractError."""
    actions, width = np.asarray(chunk.actions), len(spec.action)
    if actions.ndim != 2 or actions.shape[1] != width or len(actions) < 1:
        raise ContractError(f"the policy's actions: found shape {actions.shape}; allowed: (1 or more, {width})")
    if not np.all(np.isfinite(actions)):
        row, column = (int(i[0]) for i in np.nonzero(~np.isfinite(actions)))
        name = spec.action[column].name
        raise ContractError(f"the policy's action {row}, {name}: found {actions[row, column]}; allowed: finite")
    for column, channel in enumerate(spec.action):
        least, most = actions[:, column].min(), actions[:, column].max()  # compared in the actions' own precision
        if least < channel.low or most > channel.high:
            raise ContractError(
                f"the policy's action {channel.name}: found {least:g} to {most:g}; allowed: {channel.low:g} to {channel.high:g}"
                f" {channel.unit}"
            )


def plain_spec(spec: PolicySpec) -> dict[str, Any]:
    """For JSON, which has no infinity: such a bound is left out."""

    def finite(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in pairs if not (isinstance(value, float) and math.isinf(value))}

    return asdict(spec, dict_factory=finite)


def spec_from(plain: Mapping[str, Any]) -> PolicySpec:
    """What `plain_spec` gave. Raises KeyError, TypeError for anything else."""
    channels = {
        what: tuple(Channel(**{name: value for name, value in channel.items() if value is not None}) for channel in plain[what])
        for what in ("state", "action")
    }
    cameras = tuple(CameraSpec(**camera) for camera in plain["cameras"])
    return PolicySpec(channels["state"], cameras, channels["action"], plain["rate"], plain["chunk"], plain["language"])


def _names(channels: Iterable[Channel]) -> str:
    return ", ".join(channel.name for channel in channels)


def _channels(what: str, asked: tuple[Channel, ...], has: tuple[Channel, ...]) -> list[str]:
    """What does not fit between what a policy asks for and what a robot has."""
    if len(asked) != len(has):
        return [f"{what}: the policy has {len(asked)} ({_names(asked)}); the robot has {len(has)} ({_names(has)})"]
    wrong = []
    for place, (mine, theirs) in enumerate(zip(asked, has, strict=True)):
        for kind in ("name", "unit", "frame"):
            one, other = getattr(mine, kind), getattr(theirs, kind)
            if one != other:
                wrong.append(f"{what}[{place}] {kind}: the policy says {one!r}; the robot says {other!r}")
    return wrong


def _cameras(asked: tuple[CameraSpec, ...], has: tuple[CameraSpec, ...]) -> list[str]:
    there = {camera.name: camera for camera in has}
    wrong = []
    for camera in asked:
        found = there.get(camera.name)
        if found is None:
            near = difflib.get_close_matches(camera.name, there, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            wrong.append(f"camera {camera.name!r}: the robot has {', '.join(there) or 'none'}{hint}")
        elif (found.height, found.width) != (camera.height, camera.width):
            wrong.append(
                f"camera {camera.name!r}: the policy sees {camera.height}x{camera.width}; "
                f"the robot's is {found.height}x{found.width}"
            )
    return wrong
