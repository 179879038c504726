"""CRC-32 as in zlib and Ethernet (reflected polynomial 0xEDB88320), in the subset that is compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def _row(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xEDB88320 if byte & 1 else 0)
    return byte


ROWS = np.array([_row(byte) for byte in range(256)], dtype=np.int64)
ROWS.setflags(write=False)


def crc32(raw: Bytes, start: int, end: int, before: int) -> int:
    """The CRC-32 of raw[start:end], going on from `before`, which is 0 at the beginning."""
    crc = before ^ 0xFFFFFFFF
    for i in range(start, end):
        crc = ROWS[(crc ^ np.int64(raw[i])) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF
