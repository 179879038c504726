"""Records of numbers that machine code reads by one pointer: made from a class that lists their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]

_KINDS = {"int": "i8", "float": "f8", "Whole": "i8", "Floats": "f8"}


def record_of(form: type, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    """A record of zeros with the fields of `form`, in its order; `shapes` holds those of its arrays."""
    rows = [(name, _KINDS[kind], shapes.get(name, ())) for name, kind in form.__annotations__.items()]
    return np.zeros(1, np.dtype(rows, align=True)).view(np.recarray)[0]


def fill(record: Any, **values: Any) -> None:
    """Writes numbers, and arrays from their beginning on."""
    for name, value in values.items():
        if np.ndim(record[name]):
            made = np.asarray(value)
            record[name][tuple(slice(size) for size in made.shape)] = made
        else:
            record[name] = value
