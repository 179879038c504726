"""Pictures on the tape: colour as JPEG, depth as 16-bit PNG.

Depth is stored in steps of 0.1 mm, which is finer than any RGB-D camera of this class resolves: 0 says "no depth",
65535 says "6.5535 m or more". Source of the PNG form: PNG specification, third edition, 11.2.1 (16-bit greyscale).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import TapeError

JPEG_QUALITY = 85
DEPTH_STEPS_PER_METRE = 10_000
_FARTHEST = 65_535
_PNG_SPEED = [cv2.IMWRITE_PNG_COMPRESSION, 1]  # depth noise does not compress; spend no time on it
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]


def encode_color(rgb: NDArray[np.uint8]) -> bytes:
    """(h, w, 3) RGB as JPEG. Raises TapeError."""
    return _encode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), _JPEG)


def encode_depth(depth: NDArray[np.float32]) -> bytes:
    """(h, w) [m] as 16-bit PNG in steps of 0.1 mm; NaN, infinite and negative become 0. Raises TapeError."""
    steps = np.rint(np.where(np.isfinite(depth) & (depth > 0.0), depth, 0.0) * DEPTH_STEPS_PER_METRE)
    return _encode(".png", np.minimum(steps, _FARTHEST).astype(np.uint16), _PNG_SPEED)


def decode_color(data: bytes) -> NDArray[np.uint8]:
    """(h, w, 3) RGB. Raises TapeError."""
    rgb: NDArray[np.uint8] = np.ascontiguousarray(_decode(data, cv2.IMREAD_COLOR)[..., ::-1])
    return rgb


def decode_depth(data: bytes) -> NDArray[np.float32]:
    """(h, w) [m], NaN where there is none. Raises TapeError."""
    steps = _decode(data, cv2.IMREAD_UNCHANGED).astype(np.float32)
    depth: NDArray[np.float32] = np.where(steps > 0, steps / np.float32(DEPTH_STEPS_PER_METRE), np.float32(np.nan))
    return depth


def _encode(extension: str, pixels: NDArray[Any], options: list[int]) -> bytes:
    try:
        done, data = cv2.imencode(extension, pixels, options)
    except cv2.error as error:
        raise TapeError(f"a picture of shape {pixels.shape} cannot be compressed: {error}") from error
    if not done:
        raise TapeError(f"a picture of shape {pixels.shape} cannot be compressed as {extension}")
    return data.tobytes()


def _decode(data: bytes, mode: int) -> NDArray[Any]:
    pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), mode) if data else None
    if pixels is None:
        raise TapeError(f"a picture of {len(data)} bytes on the tape cannot be decoded")
    return pixels
