"""Writes the black box.

Records are collected and handed to the operating system as one sealed chunk, twice a second of the injected clock and
whenever a chunk is full. A thread of the writer sees to that, also while nobody writes, so a killed process loses less
than the last second. Recording a tick is packing it and appending it to a list: compressing, hashing and writing wait
for the seal.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

from moravec.core.clock import Clock
from moravec.core.command import ActionChunk, Command
from moravec.core.errors import TapeError
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.tape import layout
from moravec.tape.camera import calibration, camera_transform
from moravec.tape.cdr import pack_joints, pack_picture, pack_tick
from moravec.tape.file import HashedFile, uninterrupted
from moravec.tape.misfit import neutral_state
from moravec.tape.pictures import encode_color, encode_depth
from moravec.tape.plain import decode, encode, plain
from moravec.tape.records import Joints, Picture, Tick
from moravec.tape.schemas import CHUNK, CONTROL, GUARD, JOINTS, LOG, META, TRANSFORMS, VALIDATION, form_of
from moravec.tape.stamps import nanoseconds, stamp

SEAL_INTERVAL = 0.5  # [s] after which the writer's own thread seals
SEAL_OVERDUE = 0.75  # [s] after which whoever writes has to; less than the second that a killed process may lose
_CHUNK_BYTES = 1 << 20
_LOG_LEVELS = {"debug": 1, "info": 2, "warning": 3, "error": 4, "fatal": 5}


@final
class TapeWriter:
    """Appends to one new tape. A context manager: leaving it finishes the tape, whatever ended the block.

    `clock` paces the seals and is the wall clock in a real run; times of records are given with them, in seconds of the
    robot's clock, which stands at `start` now. `meta` is JSON data about what runs; `replay` needs its "guard_limits".
    With `joint_names`, every `joint_every`-th tick is also written to /joint_states for viewers. Safe to call from
    several threads. Raises TapeError where the file exists (unless `replace`), cannot be written, or the disk is full;
    after such an error every further call raises it again, and what was sealed stays readable.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        clock: Clock,
        meta: Mapping[str, Any],
        *,
        start: float = 0.0,
        joint_names: Sequence[str] = (),
        joint_every: int = 10,
        replace: bool = False,
    ) -> None:
        self.path = Path(path)
        self._clock = clock
        self._joint_names = tuple(joint_names)
        self._joint_every = joint_every
        self._ticks = 0
        self._pending: list[layout.Pending] = []
        self._pending_bytes = 0
        self._last_time = 0  # [ns]
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self._contents = layout.Contents()
        self._lock = threading.RLock()
        self._sealing = False
        self._closed = False
        self._failure: TapeError | None = None
        first = encode(meta)  # a meta that cannot be written must not leave a file behind
        self._file = HashedFile(self.path, replace)
        self._sealed_at = clock.now()
        self._append(META, start, first)
        with uninterrupted(), self._lock:
            try:
                self._put_sealed(layout.opening())
                self._seal()
            except TapeError:
                self._file.close(sync=False)
                raise
        self._stop = threading.Event()
        self._prodder = threading.Thread(target=self._prod, name="tape", daemon=True)
        self._prodder.start()

    # ── recording ────────────────────────────────────────────────────────────────────────────────────────────────────
    def write_tick(self, now: float, state: RobotState, asked: Command, approved: Approved) -> None:
        """One control tick; `now` [s] is the guard's clock. The cheap path; takes misfits as well. Raises TapeError."""
        self._append(CONTROL, now, pack_tick(Tick(now, state, asked, approved)))
        self._ticks += 1
        if self._joint_names and self._ticks % self._joint_every == 1 % self._joint_every:
            self.write_joints(state)

    def write_joints(self, state: RobotState) -> None:
        """The joints of `state` for viewers, under the names given at the start. Raises TapeError."""
        joints = Joints(state.t, self._joint_names, state.q, state.dq, state.tau)
        self._append(JOINTS, state.t, pack_joints(joints))

    def write_frame(self, frame: CameraFrame) -> None:
        """One RGB-D picture, with its camera's intrinsics and pose. Raises TapeError."""
        topic = f"/camera/{frame.camera}"
        for kind, form, data in (
            ("color", "jpeg", encode_color(frame.rgb)),
            ("depth", "png", encode_depth(frame.depth)),
        ):
            picture = Picture(frame.camera, "color" if kind == "color" else "depth", frame.t, form, data)
            self._append(f"{topic}/{kind}", frame.t, pack_picture(picture))
        self.write(f"{topic}/calibration", frame.t, calibration(frame))
        self.write(TRANSFORMS, frame.t, camera_transform(frame))

    def write_chunk(self, t: float, chunk: ActionChunk) -> None:
        """One action chunk, exactly, as given at `t` [s]. Raises TapeError."""
        self.write(CHUNK, t, {"source": chunk.source, "times": chunk.times, "q": chunk.q, "dq": chunk.dq})

    def write_validation(self, t: float, plan: Any, state: Mapping[tuple[str, ...], Any], result: Any) -> None:
        """A plan, the symbolic state it was checked in, and the validator's answer, each as JSON data.

        `replay` calls the validator again on the first two. Raises TapeError.
        """
        facts = [{"fluent": list(fluent), "value": plain(value)} for fluent, value in sorted(state.items())]
        self.write(VALIDATION, t, {"plan": plan, "state": facts, "result": result})

    def write_reset(self, now: float, state: RobotState, verdict: Verdict) -> None:
        """An operator's reset of the guard and its answer; `now` [s] is the guard's clock. Raises TapeError."""
        measured, misfits = neutral_state(state)
        answer = {"now": now, "state": measured, "misfits": misfits, "verdict": verdict}
        self.write(GUARD, now, {"event": "reset", **answer})

    def write_tighten(self, t: float, who: str, limits_json: str | None) -> None:
        """A tightening that the guard took at `t` [s], at the wish of `who`, before the next tick.

        `limits_json` is the table that holds from now on, as its `to_json` gives it; None: the one of /meta again.
        Raises TapeError.
        """
        limits = None
        if limits_json is not None:
            limits = decode(_text("limits_json", limits_json).encode("utf-8", "backslashreplace"))
        self.write(GUARD, t, {"event": "tighten", "who": _text("who", who), "limits": limits})

    def write_mode(self, t: float, mode: str, why: str) -> None:
        """That the guard was put into `mode` at `t` [s], before the next tick, and `why`. Raises TapeError."""
        self.write(GUARD, t, {"event": "mode", "mode": _text("mode", mode), "why": _text("why", why)})

    def write_log(self, t: float, level: str, name: str, message: str) -> None:
        """A line for people. `level` is debug, info, warning, error or fatal. Raises TapeError."""
        if level not in _LOG_LEVELS:
            raise TapeError(f"log level {level!r}; allowed: one of {', '.join(_LOG_LEVELS)}")
        line = {"level": _LOG_LEVELS[level], "message": message, "name": name, "file": "", "line": 0}
        self.write(LOG, t, {"timestamp": stamp(t), **line})

    def write(self, topic: str, t: float, payload: Mapping[str, Any]) -> None:
        """A JSON record on one of the tape's topics; `t` [s] is kept exactly. Raises TapeError, ContractError."""
        if form_of(topic).message_encoding != "json":
            raise TapeError(f"topic {topic!r} does not carry JSON; use the method that is made for it")
        self._append(topic, t, encode({**payload, "t": t}))

    # ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def flush(self) -> None:
        """Seal what is pending and hand it to the operating system now. Raises TapeError."""
        with uninterrupted(), self._lock:
            self._seal()

    def close(self) -> None:
        """Finish the tape; a second call does nothing. Raises TapeError when the end cannot be written."""
        with uninterrupted(), self._lock:
            if self._closed:
                return
            self._closed = True
            self._stop.set()
            whole = False
            try:
                self._seal()
                self._file.append(layout.ending(self._contents, self._file.size, self._file.crc))
                whole = True
            finally:
                self._file.close(sync=whole)
        self._prodder.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except TapeError as failure:
            if error is None:
                raise
            if error is not failure:
                error.add_note(str(failure))  # what ended the block matters more

    @property
    def sha256(self) -> str:
        """SHA-256 of all bytes written so far, in hex. Kept elsewhere, it proves the whole tape."""
        return self._file.sha256

    def _append(self, topic: str, t: float, data: bytes) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise TapeError(f"tape {self.path}: it is closed; nothing can be added to a finished tape")
        channel = self._channels.get(topic)
        if channel is None:
            channel = self._register(topic)
        # A time that is no number is recorded in the message itself; the index takes the last good one.
        time = self._last_time = nanoseconds(t, self._last_time)
        # `list.append` is one step: no interrupt and no other thread sees half a record.
        self._pending.append(layout.Pending(channel, time, data))
        self._pending_bytes += len(data)
        if self._pending_bytes > _CHUNK_BYTES or self._clock.now() - self._sealed_at >= SEAL_OVERDUE:
            self.flush()

    def _register(self, topic: str) -> int:
        with uninterrupted(), self._lock:
            if topic in self._channels:
                return self._channels[topic]
            form = form_of(topic)
            if form.schema_name not in self._schemas:
                schema = layout.schema_record(len(self._schemas) + 1, form)
                self._pending.append(layout.Pending(0, 0, layout.serialised(schema)))
                self._contents.schemas.append(schema)
                self._schemas[form.schema_name] = schema.id
            number = len(self._channels) + 1
            channel = layout.channel_record(number, topic, form, self._schemas[form.schema_name])
            self._pending.append(layout.Pending(0, 0, layout.serialised(channel)))
            self._contents.channels.append(channel)
            self._channels[topic] = number
            return number

    def _seal(self) -> None:
        """One chunk of everything pending. Called with the lock held and interrupts put off."""
        if self._failure is not None:
            raise self._failure
        if self._sealing:  # a signal handler that records, in the middle of a seal
            return
        self._sealing = True
        try:
            self._sealed_at = self._clock.now()
            batch = self._pending[:]
            if not batch:
                return
            group = layout.group_of(batch, self._file.size, self._contents.messages)
            self._contents.add(group)
            self._put_sealed(group.data)
            del self._pending[: len(batch)]
            self._pending_bytes = sum(len(item.data) for item in self._pending)
        finally:
            self._sealing = False

    def _put_sealed(self, data: bytes) -> None:
        try:
            self._contents.seals.append(self._file.append_sealed(data))
        except TapeError as error:
            self._failure = error
            raise

    def _prod(self) -> None:
        """Seals in time while nobody writes. A failure waits for the next call."""
        while not self._stop.wait(SEAL_INTERVAL / 4):
            with self._lock:
                if self._closed or self._failure is not None:
                    return
                if self._clock.now() - self._sealed_at >= SEAL_INTERVAL:
                    try:
                        self._seal()
                    except TapeError:
                        return


def _text(name: str, value: object) -> str:
    if type(value) is not str:  # what replay could not read again must not get onto the tape
        raise TapeError(f"{name}: found a {type(value).__name__}; allowed: a string")
    return value
