"""A trial against one that was made before: the same attempts, pair by pair, only until it is decided which is better."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from moravec.core.errors import BadInput
from moravec.trials.executors.contract import LOST
from moravec.trials.record import HEADER, LINES, W
from moravec.trials.statistics.pairs import difference_of_pairs, mcnemar
from moravec.trials.statistics.sequential import ALPHA, Decision, decided, difference_so_far


class Tried(Protocol):
    """What became of an attempt, wherever it was made."""

    @property
    def key(self) -> str:
        """The attempt's name, the same in both trials."""
        ...

    @property
    def seed(self) -> int:
        """What it was drawn from."""
        ...

    @property
    def success(self) -> bool:
        """Whether it succeeded."""
        ...

    def plain(self) -> Mapping[str, Any]:
        """As it was written down."""
        ...


T = TypeVar("T", bound=Tried)


@dataclass(frozen=True, slots=True)
class Pairs:
    """How many attempts succeeded in both trials, only in this one, only in the one before, in neither."""

    both: int = 0
    here: int = 0
    before: int = 0
    neither: int = 0

    @property
    def n(self) -> int:
        """How many there are."""
        return self.both + self.here + self.before + self.neither

    def decided(self, margin: float) -> Decision:
        """"first" for this trial, "second" for the one before; see `sequential.decided`."""
        return decided(self.here, self.before, self.both + self.neither, margin)


@dataclass(frozen=True, slots=True)
class Before:
    """A trial that was made before: its header, and its attempts by name."""

    folder: Path
    header: Mapping[str, Any]
    tried: Mapping[str, Tried]


def read_before(folder: Path, suite: str, same: Mapping[str, Any], make: Callable[..., Tried]) -> Before:
    """The trial of `suite` in `folder`. Raises BadInput where there is none, or one that had another of `same`, by name."""
    try:
        header = json.loads((folder / HEADER).read_text())
        records = [make(**json.loads(line)) for line in (folder / LINES).read_text().splitlines()]
        told = {"suite": header["suite"]} | {name: header[name] for name in same}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadInput("--against", f"{folder}: {error!r}", f"the folder of a trial of {suite}") from error
    for name, wanted in ({"suite": suite} | dict(same)).items():
        if told[name] != wanted:
            raise BadInput("--against", f"a trial with {name} {told[name]!r}", f"one with {name} {wanted!r}")
    return Before(folder, header, {record.key: record for record in records})


def shared(wanted: Sequence[W], before: Before) -> list[W]:
    """Those of `wanted` that were tried before. Raises BadInput where none was."""
    found = [attempt for attempt in wanted if attempt.key in before.tried]
    if not found:
        raise BadInput("--against", f"{before.folder}, with none of the {len(wanted)} attempts", "a trial with the same attempts")
    return found


def until_decided(
    wanted: Sequence[W], before: Before, margin: float, batch: int, make: Callable[[Sequence[W]], Sequence[T]]
) -> list[T]:
    """Makes `wanted`, `batch` at a time, until one trial is better or both are alike up to `margin`; what was made, in order.

    Raises BadInput where an attempt of the same name was another one, and what `make` raises.
    """
    made: list[T] = []
    while len(made) < len(wanted):
        made += make(wanted[len(made) : len(made) + batch])
        if paired(made, before).decided(margin) != "open":
            break
    return made


def paired(made: Sequence[Tried], before: Before) -> Pairs:
    """What became of the same attempts. Raises BadInput where one of the same name was drawn from another seed."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for record in made:
        other = before.tried[record.key]
        there, here = _drawn(other), _drawn(record)
        if there != here:
            raise BadInput("--against", f"{record.key} of {there} in {before.folder}", f"of {here}, as here")
        counts[record.success, other.success] += 1
    return Pairs(*counts.values())


def _drawn(record: Tried) -> str:
    """What else it was drawn from than its name says."""
    words = record.plain().get("prompt")
    return f"seed {record.seed}" + ("" if words is None else f', "{words}"')


def lost(records: Iterable[Tried]) -> int:
    """How many hung, crashed or died: failures, but not of a kind that says which is better."""
    return sum(record.plain().get("died") in LOST or record.plain().get("cause") in LOST for record in records)


def told(made: Sequence[Tried], before: Before, header: Mapping[str, Any], wanted: int, margin: float) -> dict[str, Any]:
    """For the result: the interval that holds however often one looked, and where all attempts were made, the usual ones too."""
    pairs = paired(made, before)
    low, high = difference_so_far(pairs.here, pairs.before, pairs.both + pairs.neither)
    found: dict[str, Any] = {
        "trial": str(before.folder), "differs_in": sorted(n for n in header if before.header.get(n) != header[n]),
        "n_pairs": pairs.n, "n_pairs_wanted": wanted, "n_both": pairs.both, "n_only_here": pairs.here,
        "n_only_before": pairs.before, "n_neither": pairs.neither, "margin": margin,
        "n_lost_here": lost(made), "n_lost_before": lost(before.tried[record.key] for record in made),
        "pc_difference": 100.0 * (pairs.here - pairs.before) / max(1, pairs.n),
        "pc_difference_at_any_time95": [100.0 * low, 100.0 * high],
        "better": {"first": "this", "second": "before", "alike": "alike", "open": "open"}[pairs.decided(margin)],
    }  # fmt: skip
    if pairs.n == wanted:
        _, least, most = difference_of_pairs(pairs.both, pairs.here, pairs.before, pairs.neither)
        found |= {"pc_difference_ci95": [100.0 * least, 100.0 * most], "mcnemar_p": mcnemar(pairs.here, pairs.before)}
    return found | {"says": _in_words(found)}


def _in_words(found: Mapping[str, Any]) -> str:
    """The comparison, for people."""
    low, high = found["pc_difference_at_any_time95"]
    says = {
        "this": "this one is better", "before": "the one before is better",
        "alike": f"they are alike up to {100 * found['margin']:g} points", "open": "neither is certainly better",
    }  # fmt: skip
    words = (
        f"against {found['trial']}: {says[found['better']]} after {found['n_pairs']} pairs; {found['n_only_here']} succeeded "
        f"only here and {found['n_only_before']} only there, {found['pc_difference']:+.1f} points ({low:+.1f} to {high:+.1f}, "
        f"{100 * (1 - ALPHA):g} % at every look)"
    )
    if found["n_lost_here"] or found["n_lost_before"]:
        words += f"; of the failures {found['n_lost_here']} here and {found['n_lost_before']} there hung, crashed or died"
    if found["n_pairs"] < found["n_pairs_wanted"]:
        words += "; it ended when that was decided, so its own shares are of a sample that was stopped and carry no claim"
    return words
