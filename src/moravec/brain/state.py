"""The symbolic state over the fluents of `skills/manifests.py`, changed in place and undone by a log.

A planner tries thousands of steps; copying the state for each makes planning quadratic in the number of items. Here a
step costs what it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, final

from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace
from moravec.skills.symbols import Fluent, Value

NOTHING = "nothing"
GONE = "gone"
HAND = "hand"
HOLDING: Fluent = ("holding",)


@final
class SymbolicState(Mapping[Fluent, Value]):
    """A mapping from fluents to values with an undo log. It owns its fluents; `copy` gives an independent one."""

    def __init__(self, fluents: Mapping[Fluent, Value]) -> None:
        self._values: dict[Fluent, Value] = dict(fluents)
        self._log: list[tuple[Fluent, bool, Value]] = []

    def __getitem__(self, fluent: Fluent) -> Value:
        return self._values[fluent]

    def __iter__(self) -> Iterator[Fluent]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, fluent: object) -> bool:
        return fluent in self._values

    def get(self, fluent: Fluent, default: Any = None) -> Any:
        """The fluent's value, or `default`."""
        return self._values.get(fluent, default)

    def write(self, changes: Mapping[Fluent, Value]) -> None:
        """Set fluents and remember what they were."""
        values, log = self._values, self._log
        for fluent, value in changes.items():
            log.append((fluent, fluent in values, values.get(fluent)))
            values[fluent] = value

    def mark(self) -> int:
        """A point to which `undo` can return."""
        return len(self._log)

    def undo(self, mark: int) -> None:
        """Take back every write since `mark`. Raises BadInput for a mark ahead of the log."""
        if not 0 <= mark <= len(self._log):
            raise BadInput("a mark to undo to", mark, f"0 to {len(self._log)}")
        while len(self._log) > mark:
            fluent, was_there, value = self._log.pop()
            if was_there:
                self._values[fluent] = value
            else:
                del self._values[fluent]

    def copy(self) -> SymbolicState:
        """An independent state with an empty log."""
        return SymbolicState(self._values)

    def items_known(self) -> Iterator[str]:
        """The items that have a location, in the order in which they became known."""
        return (fluent[1] for fluent in self._values if fluent[0] == "location" and len(fluent) == 2)


def place_fluents(workplace: Workplace) -> dict[Fluent, Value]:
    """What is true of the places before anything was seen: all are open but the parcels."""
    fluents: dict[Fluent, Value] = {HOLDING: NOTHING}
    for place in workplace.places:
        fluents["kind", place.name] = place.kind
        fluents["open", place.name] = place.kind != "parcel"
        fluents["seen", place.name] = False
    return fluents


def state_to_json(state: Mapping[Fluent, Value]) -> list[list[Value]]:
    """Plain JSON data: [name, argument ..., value] for each fluent, sorted, so that equal states give equal text."""
    return sorted(([*fluent, value] for fluent, value in state.items()), key=lambda row: [str(x) for x in row])


def state_from_json(data: Iterable[Any]) -> SymbolicState:
    """The state that `state_to_json` wrote. Raises BadInput."""
    fluents: dict[Fluent, Value] = {}
    for row in data:
        if not isinstance(row, list | tuple) or len(row) < 2 or not all(isinstance(term, str) for term in row[:-1]):
            raise BadInput("a fluent of a recorded state", row, "[name, argument ..., value]")
        if not isinstance(row[-1], str | bool | int | float | None):
            raise BadInput("the value of a fluent", row[-1], "text, a number, true, false or null")
        fluents[tuple(row[:-1])] = row[-1]
    return SymbolicState(fluents)
