"""Pieces of long work, kept so that a run which was broken off goes on where it was, and no piece of other code is taken for new.

    pieces = Pieces(out / "motions", source_hash(Path("src/moravec/guard"), Path(__file__)))
    record = pieces.get("0007")  # None: not done yet, or done with other code
    pieces.put("0007", {"motions": 1000})
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moravec.core.errors import BadInput


def source_hash(*paths: Path) -> str:
    """SHA-256 over names and bytes of Python files; of a folder, over all those in it. Raises BadInput where there are none."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise BadInput("sources to take the hash of", str(path), "a file, or a folder with Python files in it")
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            digest.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


class Pieces:
    """Records of finished pieces of work, one JSON file each in `folder`; only those with the same `stamp` count.

    The stamp is the hash of what was tested, with whatever else the results depend on.
    """

    def __init__(self, folder: Path, stamp: str) -> None:
        self._folder, self._stamp = folder, stamp
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> dict[str, Any] | None:
        """The record of the piece called `key`; None where there is none, or one of other code, or a broken one."""
        try:
            found = json.loads(self._path(key).read_text())
        except (FileNotFoundError, ValueError):
            return None
        if not isinstance(found, dict) or found.get("stamp") != self._stamp or not isinstance(found.get("record"), dict):
            return None
        return dict(found["record"])

    def put(self, key: str, record: dict[str, Any]) -> None:
        """Keeps `record` under `key`: whole or not at all, whenever the process ends."""
        path = self._path(key)
        made = path.with_name(f"{path.name}.{os.getpid()}.new")
        with made.open("w") as file:
            file.write(json.dumps({"stamp": self._stamp, "record": record}))
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)

    def keys(self) -> Iterator[str]:
        """The pieces that are done, in order."""
        for path in sorted(self._folder.glob("*.json")):
            if self.get(path.stem) is not None:
                yield path.stem

    def _path(self, key: str) -> Path:
        if not key or not all(c.isalnum() or c in "-_" for c in key):
            raise BadInput("the name of a piece", key, "letters, digits, - and _")
        return self._folder / f"{key}.json"
