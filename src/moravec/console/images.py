"""Pictures as text that a page can carry inside itself."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import ContractError


def data_uri(rgb: NDArray[np.uint8], width: int, quality: int) -> str:
    """`rgb` (h, w, 3) as a WebP data URI, at most `width` [px] wide; `quality` is 1 to 100. Raises ContractError."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ContractError(f"a picture for the report: found {rgb.dtype} {rgb.shape}; allowed: uint8 (h, w, 3)")
    if rgb.shape[1] > width:
        height = max(1, round(rgb.shape[0] * width / rgb.shape[1]))
        rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
    done, data = cv2.imencode(".webp", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise ContractError(f"a picture of {rgb.shape} could not be compressed")
    return "data:image/webp;base64," + base64.b64encode(data.tobytes()).decode("ascii")
