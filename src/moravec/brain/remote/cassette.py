"""Recorded exchanges: a file of JSON lines, so that tests and repeated runs need no server.

The first line says what the file is and which model was asked; each other one holds the hash of a request, what came back (a
reply, or how it failed) and after how long. No header of a request is ever written, and so no key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final, get_args

from moravec.brain.remote.errors import CassetteError, Kind, ServerError
from moravec.brain.remote.wire import Reply, Transport
from moravec.core.clock import Clock, ManualClock

FORMAT = "moravec brain cassette"
VERSION = 1
SUFFIX = ".jsonl"
LARGEST = 500_000_000  # bytes
_KINDS: tuple[str, ...] = get_args(Kind)


def request_hash(path: str, body: Mapping[str, Any] | None) -> str:
    """SHA-256 of what is asked; the server's address and the key are no part of it."""
    text = json.dumps([path, body], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came back for one request: a reply, or a failure. `seconds` is how long that took."""

    seconds: float
    reply: Reply | None
    failure: tuple[str, str, float | None] | None = None  # kind, message, retry_after [s]


@final
class Recording:
    """A transport that writes down what `inner` carries; nothing carried, no file is left. Raises CassetteError for a file that
    exists or cannot be written."""

    def __init__(self, inner: Transport, path: Path, model: str, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._path = path
        try:
            self._file = path.open("x", encoding="utf-8")
        except FileExistsError as error:
            raise CassetteError(f"{path} is there already; a recording is written over nothing") from error
        except OSError as error:
            raise CassetteError(f"{path}: no recording can be written: {error.strerror}") from error
        self._write({"format": FORMAT, "version": VERSION, "model": model})
        self._empty = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if self._empty:
            self._path.unlink(missing_ok=True)

    def send(self, path: str, body: Mapping[str, Any] | None, deadline: float) -> Reply:
        """As `inner` does."""
        line: dict[str, Any] = {"request": request_hash(path, body), "path": path}
        start = self._clock.now()
        try:
            reply = self._inner.send(path, body, deadline)
        except ServerError as error:
            self._write({**line, "seconds": self._clock.now() - start, "failure": [error.kind, str(error), error.retry_after]})
            raise
        self._write({**line, "seconds": self._clock.now() - start, "reply": _reply_to_json(reply)})
        return reply

    def _write(self, line: Mapping[str, Any]) -> None:
        self._empty = False
        try:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        except OSError as error:
            raise CassetteError(f"{self._path}: the recording cannot be written: {error.strerror}") from error


@final
class Replaying:
    """A transport that answers from a recording; the same request asked again gets the next answer to it, then the last one.

    `clock` goes on as it did then, without anybody waiting, so that a limit in time is reached where it was reached then.
    Raises CassetteError for a file that is none, and for a request that it does not hold.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.clock = ManualClock()
        self.model, self._answers = _load(path)
        self._given: dict[str, int] = defaultdict(int)

    def send(self, path: str, body: Mapping[str, Any] | None, deadline: float) -> Reply:
        """The recorded reply. Raises the recorded ServerError as well."""
        key = request_hash(path, body)
        answers = self._answers.get(key)
        if not answers:
            raise CassetteError(
                f"{self._path} holds no answer to this request to {path} (hash {key[:12]}); "
                "the job, the model or Moravec changed since it was recorded"
            )
        at = min(self._given[key], len(answers) - 1)
        self._given[key] += 1
        found = answers[at]
        self.clock.advance(found.seconds)
        if found.reply is not None:
            return found.reply
        assert found.failure is not None  # `_line` makes one of the two
        kind, message, retry_after = found.failure
        raise ServerError(kind, message, retry_after)  # type: ignore[arg-type]  # `_line` checked it


def _load(path: Path) -> tuple[str, dict[str, list[Recorded]]]:
    try:
        if path.stat().st_size > LARGEST:
            raise CassetteError(f"{path} is no recording of a brain: it has more than {LARGEST} bytes")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CassetteError(f"{path} is no recording of a brain: {why}") from error
    try:
        rows = [json.loads(line) for line in lines]
    except (ValueError, RecursionError) as error:
        raise CassetteError(f"{path} is no recording of a brain, or was cut off: a line is not JSON") from error
    head = rows[0] if rows and isinstance(rows[0], dict) else {}
    if head.get("format") != FORMAT or head.get("version") != VERSION or not isinstance(head.get("model"), str):
        raise CassetteError(f"{path} is no recording of a brain; allowed: one of --brain-record, version {VERSION}")
    answers: dict[str, list[Recorded]] = defaultdict(list)
    for number, row in enumerate(rows[1:], start=2):
        try:
            key, found = _line(row)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError, binascii.Error) as error:
            raise CassetteError(f"{path}: line {number} is no recorded exchange") from error
        answers[key].append(found)
    return str(head["model"]), dict(answers)


def _line(row: Any) -> tuple[str, Recorded]:
    """Raises AttributeError, KeyError, OverflowError, TypeError, ValueError for a row that is none."""
    request, seconds = str(row["request"]), _seconds(row["seconds"])
    if "failure" in row:
        kind, message, after = row["failure"]
        if kind not in _KINDS:
            raise ValueError(kind)
        return request, Recorded(seconds, None, (kind, str(message), None if after is None else _seconds(after)))
    return request, Recorded(seconds, _reply_from_json(row["reply"]))


def _seconds(value: Any) -> float:
    if not math.isfinite(seconds := float(value)) or seconds < 0.0:
        raise ValueError(value)
    return seconds


def _reply_to_json(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = {"status": reply.status, "content_type": reply.content_type, "retry_after": reply.retry_after}
    try:
        return {**found, "text": reply.body.decode("utf-8")}
    except UnicodeDecodeError:
        return {**found, "base64": base64.b64encode(reply.body).decode()}


def _reply_from_json(data: Any) -> Reply:
    body = data["text"].encode() if "text" in data else base64.b64decode(data["base64"], validate=True)
    after = data["retry_after"]
    return Reply(int(data["status"]), str(data["content_type"]), body, None if after is None else _seconds(after))
