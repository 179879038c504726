"""What a dataset is, in words and in numbers: a card made of facts that the dataset itself holds."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moravec.core.errors import BadInput
from moravec.data.lerobot.layout import ACTION, PART, STATE, put, put_json
from moravec.data.lerobot.read import Reader
from moravec.models.contract import Channel

PAGE, FACTS = "README.md", "meta/card.json"
_LISTED = 60  # tasks at most that the page lists
_READ = 1 << 20  # bytes at a time


def data_hash(root: str | Path) -> str:
    """SHA-256, in hex, of the names and bytes of all files under data, meta and videos, the card itself left out.

    Two datasets with one hash hold the same bytes under the same names. Raises BadInput where there is no dataset.
    """
    root = Path(root)
    digest = hashlib.sha256()
    for path in _files(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        of_file = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_READ):
                of_file.update(block)
        digest.update(of_file.digest())
    return digest.hexdigest()


def facts(root: str | Path) -> dict[str, Any]:
    """The card as JSON data. Raises BadInput where the dataset cannot be opened."""
    root = Path(root)
    with Reader(root) as reader:
        info, features, about = reader.info, reader.features, reader.about
        ends = reader.successes()
        lengths = reader.lengths()
        return {
            "format": f"LeRobotDataset {info.version}",
            "robot": features.robot,
            "episodes": info.episodes,
            "frames": info.frames,
            "fps": info.fps,
            "seconds": round(info.frames / info.fps, 3),
            "frames_per_episode": {
                "min": int(lengths.min()) if len(lengths) else 0,
                "mean": round(float(lengths.mean()), 2) if len(lengths) else 0.0,
                "max": int(lengths.max()) if len(lengths) else 0,
            },
            "outcomes": {"success": ends.count(True), "failure": ends.count(False), "unknown": ends.count(None)},
            "tasks": list(reader.tasks[: info.tasks]),
            "channels": {key: [_channel(channel) for channel in group] for key, group in _groups(reader).items()},
            "cameras": [_camera(reader, name) for name in info.cameras()],
            "bytes": sum(path.stat().st_size for path in _files(root)),
            "sha256": data_hash(root),
            "provenance": [each.to_plain() for each in about.provenance] if about is not None else [],
        }


def markdown(card: Mapping[str, Any]) -> str:
    """The card as a page. `card` is what `facts` gives."""
    made: Sequence[Mapping[str, Any]] = card["provenance"]
    title = made[0]["what"] if made else "A robot dataset"
    lines = [*_front(card), f"# {title}", ""]
    length, ends = card["frames_per_episode"], card["outcomes"]
    known = ends["success"] + ends["failure"]
    robot, minutes = f", robot {card['robot']}" if card["robot"] else "", card["seconds"] / 60
    lines += [
        f"{card['episodes']:,} episodes, {card['frames']:,} frames at {card['fps']:g} a second ({minutes:,.1f} minutes)"
        f"{robot}. An episode has {length['min']} to {length['max']} frames, "
        f"{length['mean']:g} on average. "
        + (f"{ends['success']:,} of {known:,} ended in success" if known else "How they ended is not recorded")
        + (f"; {ends['unknown']:,} are not labelled." if known and ends["unknown"] else "."),
        "",
        f"Format: {card['format']}, {card['bytes'] / 1e6:,.1f} MB. SHA-256 of the files: `{card['sha256']}`.",
        "",
    ]
    lines += ["## How it was made", ""]
    for each in made:
        lines += _made(each)
    lines += [] if made else ["Nobody wrote it down.", ""]
    lines += _tasks(card["tasks"])
    for key, channels in card["channels"].items():
        lines += _channels(key, channels)
    lines += _cameras(card["cameras"])
    limits = list(dict.fromkeys(limit for each in made for limit in each["limits"]))
    lines += ["## Known limits", "", *([f"- {limit}" for limit in limits] or ["None are written down."]), ""]
    return "\n".join(lines)


def write_card(root: str | Path) -> Path:
    """Put the card into the dataset, as README.md and meta/card.json; the page's path. Raises BadInput, MoravecError."""
    root = Path(root)
    card = facts(root)
    put_json(root, FACTS, card)
    put(root, PAGE, markdown(card).encode())
    return root / PAGE


def _files(root: Path) -> list[Path]:
    """Every file that is part of the data, in the order of the names."""
    found = [path for folder in ("data", "meta", "videos") for path in (root / folder).rglob("*") if path.is_file()]
    kept = [path for path in found if path != root / FACTS and not path.name.endswith(PART)]
    if not kept:
        raise BadInput(f"the dataset {root}", "no file under data, meta or videos", "a folder with a LeRobotDataset v3.0")
    return sorted(kept, key=lambda path: path.relative_to(root).as_posix())


def _groups(reader: Reader) -> dict[str, tuple[Channel, ...]]:
    features = reader.features
    groups = {STATE: features.state, ACTION: features.action, **features.extras}
    return {key: channels for key, channels in groups.items() if channels}


def _channel(channel: Channel) -> dict[str, Any]:
    low, high = (bound if math.isfinite(bound) else None for bound in (channel.low, channel.high))
    return {"name": channel.name, "unit": channel.unit, "frame": channel.frame, "low": low, "high": high}


def _camera(reader: Reader, name: str) -> dict[str, Any]:
    key = reader.info.cameras()[name]
    entry = reader.info.features[key]
    height, width = reader.info.size(key)
    told = entry.get("info") or {}
    codec = told.get("video.codec") if entry["dtype"] == "video" else "png"
    return {"name": name, "height": height, "width": width, "codec": codec, "crf": told.get("video.crf")}


def _front(card: Mapping[str, Any]) -> list[str]:
    """What dataset hubs read."""
    licences = list(dict.fromkeys(each["licence"] for each in card["provenance"] if each["licence"]))
    lines = ["---", f"license: {licences[0].lower()}"] if len(licences) == 1 else ["---"]
    lines += ["task_categories: [robotics]", "tags: [LeRobot]", "configs:"]
    return [*lines, "  - config_name: default", "    data_files: data/*/*.parquet", "---", ""]


def _made(each: Mapping[str, Any]) -> list[str]:
    lines = [each["how"], ""] if each["how"] else []
    lines += ["```", each["command"], "```", ""] if each["command"] else []
    versions = ", ".join(f"{name} {version}" for name, version in sorted(each["versions"].items()))
    rows = [("Seed", each["seed"]), ("Versions", versions), ("Licence", each["licence"])]
    return [*lines, *(f"- {name}: {value}" for name, value in rows if value not in (None, "")), ""]


def _tasks(tasks: Sequence[str]) -> list[str]:
    lines = [f"## Tasks ({len(tasks)} sentences)", "", *(f"- {_text(task)}" for task in tasks[:_LISTED])]
    return [*lines, *([f"- and {len(tasks) - _LISTED} more"] if len(tasks) > _LISTED else []), ""]


def _channels(key: str, channels: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [f"## `{key}` ({len(channels)})", "", "| # | name | unit | frame | bounds |", "|---|---|---|---|---|"]
    for place, channel in enumerate(channels):
        low, high = channel["low"], channel["high"]
        bounds = "" if low is None and high is None else f"{_bound(low, '-∞')} to {_bound(high, '∞')}"
        cells = [_text(str(channel[what])) for what in ("name", "unit", "frame")]
        lines.append(f"| {place} | {' | '.join(cells)} | {bounds} |")
    return [*lines, ""]


def _cameras(cameras: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [f"## Cameras ({len(cameras)})", ""]
    for camera in cameras:
        quality = f", crf {camera['crf']}" if camera["crf"] is not None else ""
        lines.append(f"- `{camera['name']}`: {camera['height']} x {camera['width']}, {camera['codec'] or 'video'}{quality}")
    return [*lines, ""]


def _bound(value: float | None, none: str) -> str:
    return none if value is None else f"{value:g}"


def _text(words: str) -> str:
    """Words that do not break a table or a list."""
    return " ".join(words.split()).replace("|", "\\|")
