"""What the cameras saw around the moment that decided a failure, as one strip of pictures."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, final

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.skills.contract import Note

WIDTH, HEIGHT = 240, 180  # [px] of one picture
TEXT = 18  # [px] under it
BEFORE, AFTER = 5, 3  # pictures before the moment and after it
MOST = 400  # pictures that are kept of a job, the newest
QUALITY = 78  # of JPEG
FOLDER = "films"


@dataclass(frozen=True, slots=True)
class Shot:
    """One small picture: rgb (HEIGHT, WIDTH, 3), when it was taken [s], and during what."""

    t: float
    words: str
    rgb: NDArray[np.uint8]


@final
class Film:
    """A watcher that keeps small pictures, and what was being done when each was taken."""

    def __init__(self) -> None:
        self._shots: deque[Shot] = deque(maxlen=MOST)
        self._doing = ""

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """Nothing."""

    def framed(self, frame: CameraFrame) -> None:
        """One more picture."""
        small = cv2.resize(frame.rgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.uint8)
        self._shots.append(Shot(frame.t, self._doing, small))

    def noted(self, t: float, note: Note) -> None:
        """What begins."""
        payload: dict[str, Any] = dict(note.payload)
        if note.topic == "skill" and payload.get("status") == "started":
            self._doing = " ".join([str(payload["skill"]), *map(str, dict(payload["args"]).values())])

    def strip(self, decided_at: float) -> bytes:
        """The pictures around `decided_at` [s] side by side, each with its time and what was being done, as JPEG; empty where no
        camera saw anything."""
        shots = sorted(self._shots, key=lambda shot: shot.t)
        before = [shot for shot in shots if shot.t <= decided_at][-BEFORE:]
        after = [shot for shot in shots if shot.t > decided_at][:AFTER]
        tiles = [_tile(shot, late=False) for shot in before] + [_tile(shot, late=True) for shot in after]
        if not tiles:
            return b""
        done, data = cv2.imencode(".jpg", np.hstack(tiles)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        return data.tobytes() if done else b""


def _tile(shot: Shot, late: bool) -> NDArray[np.uint8]:
    """One picture with its words; those after the moment have a dark line over them."""
    words = np.full((TEXT, WIDTH, 3), 255, np.uint8)
    cv2.putText(words, f"{shot.t:.1f} s {shot.words}"[:38], (3, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (40, 40, 40), 1, cv2.LINE_AA)
    picture = shot.rgb.copy()
    if late:
        picture[:3] = (179, 56, 44)
    return np.vstack([picture, words])
