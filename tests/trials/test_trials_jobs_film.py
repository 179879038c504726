"""The film strip of a failed job: pictures from around the moment that decided it."""

from __future__ import annotations

import cv2
import numpy as np

from moravec.core.frames import frozen
from moravec.core.observation import CameraFrame
from moravec.skills.contract import Note
from moravec.trials.jobs.film import AFTER, BEFORE, HEIGHT, MOST, TEXT, WIDTH, Film


def frame(t: float, grey: int) -> CameraFrame:
    rgb = np.full((480, 640, 3), grey, np.uint8)
    return CameraFrame("wrist", 1, t, rgb, np.zeros((480, 640), np.float32), frozen(np.eye(3)), frozen(np.eye(4)))


def shown(film: Film, at: float) -> list[int]:
    """The grey of each picture on the strip."""
    strip = cv2.imdecode(np.frombuffer(film.strip(at), np.uint8), cv2.IMREAD_COLOR)
    assert strip is not None and strip.shape[0] == HEIGHT + TEXT and strip.shape[1] % WIDTH == 0
    return [round(int(strip[HEIGHT // 2, k * WIDTH + WIDTH // 2, 0]) / 10) for k in range(strip.shape[1] // WIDTH)]


def test_it_shows_the_last_pictures_before_the_moment_and_the_first_after() -> None:
    film = Film()
    film.noted(0.0, Note("skill", {"skill": "pick", "args": {"item": "item-1"}, "status": "started"}))
    for number in range(1, 21):
        film.framed(frame(float(number), 10 * number))
    assert shown(film, 9.5) == list(range(10 - BEFORE, 10 + AFTER))
    assert shown(film, 0.0) == [1, 2, 3] and shown(film, 99.0) == list(range(21 - BEFORE, 21))


def test_without_a_picture_there_is_no_strip_and_old_ones_are_dropped() -> None:
    film = Film()
    assert film.strip(3.0) == b""
    for number in range(MOST + 5):
        film.framed(frame(float(number), 20))
    film.framed(frame(float(MOST + 5), 250))
    assert shown(film, 2.0) == [2] * AFTER, "the first are gone: the strip begins with what is left"
