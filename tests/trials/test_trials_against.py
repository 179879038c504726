"""A trial against one that was made before: pairs, when it ends, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moravec.core.errors import BadInput
from moravec.trials.against import Before, Pairs, paired, read_before, shared, told, until_decided
from moravec.trials.record import HEADER, LINES


@dataclass(frozen=True)
class Made:
    key: str
    seed: int
    success: bool
    prompt: str | None = None
    died: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def trial(outcomes: Sequence[bool], folder: Path = Path("before")) -> Before:
    return Before(folder, {"code": "old", "seed": 7}, {f"a/{i}": Made(f"a/{i}", i, won) for i, won in enumerate(outcomes)})


def wanted(n: int) -> list[Made]:
    return [Made(f"a/{i}", i, True) for i in range(n)]


def test_pairs_are_counted() -> None:
    here = [Made(f"a/{i}", i, won) for i, won in enumerate((True, True, True, False, False, True))]
    found = paired(here, trial((True, False, False, True, False, False, True)))
    assert found == Pairs(both=1, here=3, before=1, neither=1) and found.n == 6
    with pytest.raises(BadInput, match=r"found 'a/1 of seed 1 in before'; allowed: of seed 9, as here"):
        paired([Made("a/1", 9, True)], trial((True, True)))
    with pytest.raises(BadInput, match='allowed: of seed 1, "push it", as here'):
        paired([Made("a/1", 1, True, "push it")], trial((True, True)))


@pytest.mark.parametrize(
    ("here", "before", "better"),
    [((True,) * 400, (False,) * 400, "this"), ((False,) * 400, (True,) * 400, "before"), ((True,) * 400, (True,) * 400, "alike")],
)
def test_it_ends_as_soon_as_it_is_decided(here: Sequence[bool], before: Sequence[bool], better: str) -> None:
    asked: list[int] = []

    def make(some: Sequence[Made]) -> list[Made]:
        asked.append(len(some))
        return [Made(one.key, one.seed, here[one.seed]) for one in some]

    known = trial(before)
    made = until_decided(wanted(400), known, 0.05, 4, make)
    assert set(asked) == {4} and len(made) == sum(asked) < (20 if better != "alike" else 400)
    pairs = paired(made, known)
    assert Pairs(pairs.both, pairs.here, pairs.before, pairs.neither).decided(0.05) != "open"
    fewer = paired(made[: -asked[-1]], known)
    assert fewer.decided(0.05) == "open", "not before"
    found = told(made, known, {"code": "new", "seed": 7}, 400, 0.05)
    assert found["better"] == better and found["differs_in"] == ["code"] and found["n_pairs"] == len(made)
    assert "mcnemar_p" not in found, "a test that is only good if it was planned how many pairs there are"
    json.dumps(found)
    assert f"after {len(made)} pairs" in found["says"]


def test_what_stays_open_is_made_to_the_end_and_told_so() -> None:
    outcomes = [bool(i % 3) for i in range(10)]
    known = trial(outcomes[::-1])
    made = until_decided(wanted(10), known, 0.05, 4, lambda some: [Made(o.key, o.seed, outcomes[o.seed]) for o in some])
    found = told(made, known, {}, 10, 0.05)
    assert len(made) == 10 and found["better"] == "open" and 0.0 < found["mcnemar_p"] <= 1.0
    low, high = found["pc_difference_at_any_time95"]
    least, most = found["pc_difference_ci95"]
    assert low < least <= found["pc_difference"] <= most < high, "looking all the time costs width"
    assert "neither is certainly better" in found["says"] and "stopped" not in found["says"] and "died" not in found["says"]


def test_what_was_lost_and_that_it_was_stopped_early_is_told() -> None:
    known = trial((True,) * 30)
    made = [Made(f"a/{i}", i, False, died="hung" if i < 2 else "") for i in range(12)]
    found = told(made, known, {}, 30, 0.05)
    assert found["better"] == "before" and (found["n_lost_here"], found["n_lost_before"]) == (2, 0)
    assert "2 here and 0 there hung, crashed or died" in found["says"] and "a sample that was stopped" in found["says"]


def test_equal_ones_are_seldom_called_different_however_often_one_looks() -> None:
    """The promise is at most 5 %; 200 comparisons of up to 200 pairs that differ by luck alone."""
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(200):
        here, before = rng.random((2, 200)) < 0.7
        known = trial(before.tolist())
        made = until_decided(wanted(200), known, 0.02, 8, lambda some, here=here: [  # type: ignore[misc]
            Made(o.key, o.seed, bool(here[o.seed])) for o in some])  # fmt: skip
        wrong += paired(made, known).decided(0.02) in ("first", "second")
    assert wrong <= 10


def written(folder: Path, header: Any, lines: Sequence[Any]) -> Path:
    (folder / HEADER).write_text(header if isinstance(header, str) else json.dumps(header))
    (folder / LINES).write_text("".join((line if isinstance(line, str) else json.dumps(asdict(line))) + "\n" for line in lines))
    return folder


def test_a_trial_is_read_again(tmp_path: Path) -> None:
    written(tmp_path, {"suite": "s", "seed": 7, "code": "x"}, wanted(3))
    found = read_before(tmp_path, "s", {"seed": 7}, Made)
    assert found.header["code"] == "x" and list(found.tried) == ["a/0", "a/1", "a/2"]
    assert shared(wanted(5), found) == wanted(3)
    with pytest.raises(BadInput, match="with none of the 1 attempts'; allowed: a trial with the same attempts"):
        shared([Made("b/0", 0, True)], found)


@pytest.mark.parametrize(
    ("header", "lines", "words"),
    [
        ({"suite": "t", "seed": 7}, wanted(1), "trial with suite 't'\"; allowed: one with suite 's'"),
        ({"suite": "s", "seed": 8}, wanted(1), "a trial with seed 8'; allowed: one with seed 7"),
        ({"suite": "s"}, wanted(1), "KeyError"),
        ("{", wanted(1), "JSONDecodeError"),
        ({"suite": "s", "seed": 7}, ['{"key": "a/0", "se'], "JSONDecodeError"),
        ({"suite": "s", "seed": 7}, ['{"name": "a"}'], "TypeError"),
    ],
)
def test_what_is_no_trial_of_that_kind_is_refused(tmp_path: Path, header: Any, lines: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_before(written(tmp_path, header, lines), "s", {"seed": 7}, Made)
    with pytest.raises(BadInput, match="the folder of a trial of s"):
        read_before(tmp_path / "nowhere", "s", {"seed": 7}, Made)
