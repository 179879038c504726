"""What was asked of a server, what came of it, and what it cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, final

from moravec.brain.remote.limits import CallLimits

LONGEST_WHY = 300  # characters of a reason that are kept


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call. `outcome` is "ok" or why there is no answer from it: a `ServerError`'s kind. What was sent with a call that
    ended on its way is counted as well: services charge for it."""

    purpose: str
    seconds: float  # of wall time
    tokens_in: int
    tokens_out: int
    cost: float
    outcome: str
    why: str = ""
    counted: bool = True  # the tokens are the server's own count, not an estimate


@dataclass(frozen=True, slots=True)
class Totals:
    """The sum of a job's exchanges."""

    calls: int = 0
    seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0


@final
class Ledger:
    """The exchanges of one job, in order."""

    def __init__(self) -> None:
        self._entries: list[Exchange] = []
        self._fallbacks: list[dict[str, str]] = []

    @property
    def entries(self) -> tuple[Exchange, ...]:
        """All of them."""
        return tuple(self._entries)

    @property
    def fallbacks(self) -> tuple[dict[str, str], ...]:
        """Every time the symbolic mind answered instead: purpose, kind of the error, why."""
        return tuple(dict(entry) for entry in self._fallbacks)

    def add(self, exchange: Exchange) -> None:
        """Take in one exchange."""
        self._entries.append(exchange)

    def fell_back(self, purpose: str, kind: str, why: str) -> None:
        """The symbolic mind answered instead, because of an error of `kind`."""
        self._fallbacks.append({"purpose": purpose, "kind": kind, "why": why[:LONGEST_WHY]})

    @property
    def totals(self) -> Totals:
        """What was spent so far."""
        rows = self._entries
        return Totals(
            len(rows), round(sum(e.seconds for e in rows), 6), sum(e.tokens_in for e in rows),
            sum(e.tokens_out for e in rows), round(sum(e.cost for e in rows), 9),
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data: totals, exchanges, and every time the symbolic mind took over."""
        return {
            **asdict(self.totals),
            "exchanges": [asdict(entry) for entry in self._entries],
            "fallbacks": list(self.fallbacks),
        }


def over_budget(spent: Totals, limits: CallLimits) -> str:
    """Which limit of a job is reached, in words; "" while none is."""
    tokens = spent.tokens_in + spent.tokens_out
    if spent.calls >= limits.calls:
        return f"{spent.calls} calls were made; allowed in one job: {limits.calls}"
    if spent.seconds >= limits.seconds:
        return f"calls took {spent.seconds:.1f} s; allowed in one job: {limits.seconds:g} s"
    if tokens >= limits.tokens:
        return f"{tokens} tokens were spent; allowed in one job: {limits.tokens}"
    if spent.cost > 0.0 and spent.cost >= limits.cost:
        return f"{spent.cost:g} was spent; allowed in one job: {limits.cost:g}"
    return ""
