"""The kernel's four records in either form, behind one set of calls."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from moravec.guard.counted import as_record
from moravec.guard.kernel.form import Table, dtype_of


@final
class Lists:
    """A record as an object with lists, for the interpreted kernel."""

    def __init__(self, form: Any) -> None:
        self.record = form

    def put(self, name: str, value: float) -> None:
        """Sets one number."""
        setattr(self.record, name, value)

    def fill(self, name: str, values: NDArray[np.float64], at: int = 0) -> None:
        """Sets the first numbers of a vector, from position `at` on."""
        getattr(self.record, name)[at : at + len(values)] = values.tolist()

    def number(self, name: str) -> Any:
        """One number."""
        return getattr(self.record, name)

    def numbers(self, name: str, count: int) -> NDArray[np.float64]:
        """The first `count` numbers of a vector, as a new array."""
        return np.array(getattr(self.record, name)[:count], dtype=np.float64)


@final
class Words:
    """A record as machine words, for the compiled kernel. All fields are eight bytes wide, or rows of such."""

    def __init__(self, form: Any) -> None:
        array = as_record(form)
        self.record = array[0]
        self._floats, self._ints = array.view(np.float64), array.view(np.int64)
        dtype = dtype_of(type(form))
        assert dtype.fields is not None
        self._at = {name: dtype.fields[name][1] // 8 for name in dtype.names or ()}
        self._whole = {item.name for item in fields(form) if item.type in ("int", "Ints")}

    def put(self, name: str, value: float) -> None:
        """Sets one number."""
        words = self._ints if name in self._whole else self._floats
        words[self._at[name]] = value

    def fill(self, name: str, values: NDArray[np.float64], at: int = 0) -> None:
        """Sets the first numbers of a vector, from position `at` on."""
        first = self._at[name] + at
        self._floats[first : first + len(values)] = values

    def number(self, name: str) -> Any:
        """One number."""
        words: NDArray[Any] = self._ints if name in self._whole else self._floats
        return words[self._at[name]].item()

    def numbers(self, name: str, count: int) -> NDArray[np.float64]:
        """The first `count` numbers of a vector, as a new array."""
        first = self._at[name]
        return self._floats[first : first + count].copy()


def table_as(form: type[Lists] | type[Words], table: Table) -> Lists | Words:
    """The counted table in one of the two forms."""
    return form(table)
