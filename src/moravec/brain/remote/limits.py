"""What a remote mind may spend, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from moravec.core.errors import BadInput

T = TypeVar("T", bound="CallLimits | Prices")

_RANGES: dict[str, tuple[float, float]] = {
    "deadline": (0.01, 3600.0), "patience": (0.01, 3600.0), "seconds": (0.01, 1e6), "calls": (1, 100_000), "tokens": (1, 1e9),
    "cost": (0.0, 1e9),
    "tries": (1, 20), "retries": (0, 20), "repeats": (2, 100), "pause": (0.0, 600.0), "longest_pause": (0.0, 600.0),
    "answer_bytes": (1000, 1e8), "answer_tokens": (16, 1e6), "tokens_in": (0.0, 1e6), "tokens_out": (0.0, 1e6),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds on asking a server; at each of them the symbolic mind takes over. All are the project's choice.

    `deadline` [s] holds for one call from the first byte to the last, `patience` [s] for one question with all its calls
    and pauses. `seconds` of calls, `calls`, `tokens` and `cost` are what one job may spend. Raises BadInput.
    """

    deadline: float = 30.0
    patience: float = 90.0
    seconds: float = 600.0
    calls: int = 60
    tokens: int = 400_000
    cost: float = 1.0  # in the currency of the prices
    tries: int = 3  # answers to one question, the first included
    retries: int = 2  # calls that may fail on their way, for one question
    repeats: int = 3  # identical failing calls in a row, after which the server is asked no more in this job
    pause: float = 0.5  # [s] before a call that failed is made again; doubles
    longest_pause: float = 20.0  # [s]; a server that asks for more is not waited for
    answer_bytes: int = 1_000_000
    answer_tokens: int = 4096

    def __post_init__(self) -> None:
        _check(asdict(self), {"calls", "tokens", "tries", "retries", "repeats", "answer_bytes", "answer_tokens"})


@dataclass(frozen=True, slots=True)
class Prices:
    """Per million tokens, in any one currency; 0 where a server costs nothing. Raises BadInput."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0

    def __post_init__(self) -> None:
        _check(asdict(self), set())

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """What one exchange costs."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1e6


def of_mapping(kind: type[T], data: Mapping[str, Any]) -> T:
    """The limits or prices that a settings file gives; what it leaves out keeps its default. Raises BadInput."""
    known = asdict(kind())
    for name in data:
        if name not in known:
            raise BadInput("a setting of the remote mind", name, known)
    return kind(**data)


def _check(values: Mapping[str, Any], whole: set[str]) -> None:
    for name, value in values.items():
        low, high = _RANGES[name]
        number = isinstance(value, int) if name in whole else isinstance(value, int | float)
        if not number or isinstance(value, bool) or not low <= value <= high:
            what = "a whole number" if name in whole else "a number"
            raise BadInput(f"the remote mind's {name!r}", value, f"{what} from {low:g} to {high:g}")
