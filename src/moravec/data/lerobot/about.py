"""meta/moravec.json: what the format has no place for. Other programs pass it by.

Units, frames and bounds of every channel, how the writer stores pictures, and where the data come from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from moravec.core.errors import BadInput
from moravec.data.episode import CAMERA_KEY, RESERVED, Features
from moravec.data.lerobot.layout import ABOUT, ACTION, OWN, STATE, Info, put_json, read_json
from moravec.data.lerobot.video import Encoder
from moravec.data.provenance import Provenance
from moravec.models.contract import CameraSpec, Channel

FORM = 1  # of this file


@dataclass(frozen=True, slots=True)
class About:
    """What a dataset of this writer says beyond the format. `encoder` is None where pictures are stored as PNG."""

    features: Features
    encoder: Encoder | None
    provenance: tuple[Provenance, ...]


def write_about(root: Path, about: About) -> None:
    """Put meta/moravec.json. Raises MoravecError."""
    features = about.features
    channels = {STATE: features.state, ACTION: features.action, **features.extras}
    plain = {
        "form": FORM,
        "fps": features.fps,
        "robot": features.robot,
        "channels": {key: [_channel_plain(channel) for channel in group] for key, group in channels.items()},
        "cameras": [asdict(camera) for camera in features.cameras],
        "encoder": None if about.encoder is None else asdict(about.encoder),
        "provenance": [each.to_plain() for each in about.provenance],
    }
    put_json(root, ABOUT, plain)


def read_about(root: Path) -> About | None:
    """What meta/moravec.json says; None where there is none. Raises BadInput for a broken one."""
    if not (root / ABOUT).is_file():
        return None
    plain = read_json(root, ABOUT)
    asked = f"the file {root / ABOUT}"
    try:
        if plain["form"] != FORM:
            raise BadInput(f"{asked}, form", plain["form"], str(FORM))
        channels = {key: tuple(_channel(each) for each in group) for key, group in plain["channels"].items()}
        features = Features(
            plain["fps"], channels.pop(STATE), channels.pop(ACTION),
            tuple(CameraSpec(**camera) for camera in plain["cameras"]), channels, plain["robot"],
        )  # fmt: skip
        encoder = None if plain["encoder"] is None else Encoder(**plain["encoder"])
        return About(features, encoder, tuple(Provenance.from_plain(each) for each in plain["provenance"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInput(asked, f"{type(error).__name__}: {error}", "the file as the writer left it") from error


def declared(features: Features, encoder: Encoder | None) -> dict[str, dict[str, Any]]:
    """The `features` of meta/info.json."""
    entries: dict[str, dict[str, Any]] = {}
    for key, channels in {STATE: features.state, ACTION: features.action, **features.extras}.items():
        if channels:
            names = [channel.name for channel in channels]
            entries[key] = {"dtype": "float32", "shape": [len(channels)], "names": names}
    for camera in features.cameras:
        entry: dict[str, Any] = {
            "dtype": "image" if encoder is None else "video",
            "shape": [camera.height, camera.width, 3],
            "names": ["height", "width", "channels"],
        }
        if encoder is not None:
            entry["info"] = encoder.info(camera.height, camera.width, features.fps)
        entries[CAMERA_KEY + camera.name] = entry
    return entries | {key: {"dtype": dtype, "shape": [1], "names": None} for key, dtype in OWN.items()}


def features_of(info: Info, about: About | None) -> Features:
    """Names, units and bounds of a dataset's channels; where nothing says them, the unit is empty and there is no bound.

    Columns that are no single row of numbers (texts, tables) are not among the extras.
    """
    known: Mapping[str, tuple[Channel, ...]] = {}
    if about is not None:
        known = {STATE: about.features.state, ACTION: about.features.action, **about.features.extras}
    groups: dict[str, tuple[Channel, ...]] = {STATE: (), ACTION: ()}
    for key, entry in info.features.items():
        if key not in OWN and is_numbers(entry):
            names = channel_names(key, entry)
            group = known.get(key, ())
            fits = [channel.name for channel in group] == names
            groups[key] = group if fits else tuple(Channel(name, "") for name in names)
    cameras = tuple(CameraSpec(name, *info.size(key)) for name, key in info.cameras().items())
    state, action = groups.pop(STATE), groups.pop(ACTION)
    extras = {key: group for key, group in groups.items() if key not in RESERVED}
    return Features(info.fps, state, action, cameras, extras, info.robot)


def is_numbers(entry: Mapping[str, Any]) -> bool:
    """Whether a feature is one row of numbers in every frame."""
    kinds = ("float", "int", "uint", "bool")
    return str(entry["dtype"]).startswith(kinds) and len(entry["shape"]) == 1 and entry["shape"][0] > 0


def channel_names(key: str, entry: Mapping[str, Any]) -> list[str]:
    """Names of a feature's channels, from a list, {"motors": [...]} or {name: place}; numbered where there are none."""
    width, names = int(entry["shape"][0]), entry.get("names")
    if isinstance(names, dict):
        values = list(names.values())
        if len(values) == 1 and isinstance(values[0], list):
            names = values[0]
        elif all(isinstance(place, int) for place in values):
            names = [name for name, _ in sorted(names.items(), key=lambda pair: pair[1])]
    if isinstance(names, list) and len(names) == width == len(set(map(str, names))):
        return [str(name) for name in names]
    return [f"{key}.{place}" for place in range(width)] if width > 1 else [key]


def _channel_plain(channel: Channel) -> dict[str, Any]:
    bounds = {"low": channel.low, "high": channel.high}
    return {**asdict(channel), **{side: value if math.isfinite(value) else None for side, value in bounds.items()}}


def _channel(plain: Mapping[str, Any]) -> Channel:
    low, high = plain["low"], plain["high"]
    return Channel(
        plain["name"], plain["unit"], plain["frame"], -math.inf if low is None else low, math.inf if high is None else high
    )
