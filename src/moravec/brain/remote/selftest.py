"""Whether a model's pointing can be relied on: coloured squares at known places, and how far off the answers are.

It finds the scale and the order of the coordinates by itself, whatever the profile says, and says what the model may be used
for: "metric" (within 2 % of the picture's long side, everywhere), "coarse" (within 6 %: to choose between things that the
cameras have told apart) or "none".
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from moravec.brain.remote.chat import Chat
from moravec.brain.remote.coordinates import Point, Sent, from_model, sending
from moravec.brain.remote.errors import ServerError
from moravec.brain.remote.pointing import data_uri, pair_of, question
from moravec.brain.remote.profile import ORDERS, SCALES, Profile
from moravec.core.errors import BadInput, ContractError

Verdict = Literal["metric", "coarse", "none"]
METRIC = 0.02  # of the long side; project's choice
COARSE = 0.06
CLEARER = 3.0  # times the error of the best convention that the next one must have, and at least MARGIN
MARGIN = 0.02  # of the long side
ANSWERED = 0.75  # of the questions, at least
SIZES = ((672, 448), (448, 672), (1344, 192))  # width, height [px]: landscape, portrait, and one that is padded
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 30, 30), "green": (30, 170, 40), "blue": (30, 60, 220), "yellow": (240, 220, 30),
}  # fmt: skip
GREY = 190
SQUARE = 0.09  # its side as a share of the short side of the picture, halved


@dataclass(frozen=True, slots=True)
class Answer:
    """One square: where it is, and the pair of numbers that the model gave for it."""

    sent: Sent
    truth: Point
    pair: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Grounding:
    """What a self-test found. Errors are in pixels of the picture; `worst` is the largest as a share of its long side."""

    model: str
    verdict: Verdict
    why: str
    scale: str
    order: str
    as_profiled: bool  # whether scale and order are those of the profile
    median_px: float | None
    max_px: float | None
    worst: float | None
    asked: int
    answered: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Fit:
    profile: Profile
    errors: tuple[float, ...]  # [px]
    shares: tuple[float, ...]  # of the long side


def self_test(chat: Chat, profile: Profile, rng: np.random.Generator) -> Grounding:
    """Asks for every square of every picture, one at a time, and judges the answers. Raises CassetteError only."""
    answers: list[Answer] = []
    asked, trouble = 0, ""
    for number, size in enumerate(SIZES):
        sent = sending(f"selftest-{number}", size, profile)
        rgb, places = squares(size, f"selftest-{number}", rng)
        uri = data_uri(rgb, sent)
        for colour, truth in places.items():
            asked += 1
            try:
                pair = chat.ask(question(f"the {colour} square", uri, profile), lambda found: pair_of(found, profile.style))
            except ServerError as error:
                trouble = str(error)
            else:
                answers.append(Answer(sent, truth, pair))
    return judge(chat.model, profile, answers, asked, trouble)


def squares(size: tuple[int, int], picture: str, rng: np.random.Generator) -> tuple[NDArray[np.uint8], dict[str, Point]]:
    """A grey picture of `size` (width, height) [px] as (h, w, 3) with one square of each colour, apart from each other; and
    where their centres are."""
    width, height = size
    rgb = np.full((height, width, 3), GREY, dtype=np.uint8)
    half = round(SQUARE * min(size))
    columns, rows = rng.permutation(4), rng.permutation(4)  # no two share one
    places: dict[str, Point] = {}
    for (colour, paint), column, row in zip(COLOURS.items(), columns, rows, strict=True):
        x = round(width * (column + rng.uniform(0.42, 0.58)) / 4)
        y = round(height * (row + rng.uniform(0.42, 0.58)) / 4)
        rgb[y - half : y + half, x - half : x + half] = paint
        places[colour] = Point(x / width, y / height, picture)
    return rgb, places


def judge(model: str, profile: Profile, answers: Sequence[Answer], asked: int, trouble: str = "") -> Grounding:
    """What the answers say of the model. Pure. `trouble`: why the last of the missing answers is missing."""
    if len(answers) < ANSWERED * asked or not answers:
        why = f"{len(answers)} of {asked} questions were answered" + (f"; {trouble}" if trouble else "")
        return Grounding(model, "none", why, profile.scale, profile.order, False, None, None, None, asked, len(answers))
    fits = sorted((_fit(answers, replace(profile, scale=s, order=o)) for s in SCALES for o in ORDERS), key=_typical)
    best, second = fits[0], fits[1]
    same = (best.profile.scale, best.profile.order) == (profile.scale, profile.order)
    worst, typical = max(best.shares), _typical(best)
    verdict: Verdict = "metric" if worst <= METRIC else "coarse" if worst <= COARSE else "none"
    why = f"at most {100 * worst:.1f} % of the long side off" if worst < 10.0 else "some points lie outside the picture"
    if _typical(second) < max(CLEARER * typical, MARGIN):
        verdict, why = "none", "the answers fit two conventions about equally well"
    elif verdict == "none":
        why += f"; allowed: {100 * METRIC:.0f} % for metric use, {100 * COARSE:.0f} % to choose between things"
    shown = [None if worst >= 10.0 else round(value, 2) for value in (statistics.median(best.errors), max(best.errors))]
    return Grounding(
        model, verdict, why, best.profile.scale, best.profile.order, same, shown[0], shown[1],
        None if worst >= 10.0 else round(worst, 5), asked, len(answers),
    )  # fmt: skip


def for_metric_use(grounding: Grounding, profile: Profile) -> Profile:
    """The profile with the scale and the order that were found, to be used where a place is measured.

    Raises ContractError for a model that may not be: its pointing was never tested well enough.
    """
    if grounding.verdict != "metric":
        raise ContractError(
            f"the model {grounding.model!r} may not be used to measure places: {grounding.why}; allowed: a self-test with at "
            f"most {100 * METRIC:.0f} % of the long side off"
        )
    return replace(profile, scale=_of(grounding.scale, SCALES), order=_of(grounding.order, ORDERS))


def _fit(answers: Sequence[Answer], profile: Profile) -> _Fit:
    errors, shares = [], []
    for answer in answers:
        try:
            found = from_model(answer.pair, answer.sent, profile)
        except BadInput:
            errors.append(1e6)
            shares.append(1e3)
            continue
        width, height = answer.sent.size
        error = float(np.hypot((found.x - answer.truth.x) * width, (found.y - answer.truth.y) * height))
        errors.append(error)
        shares.append(error / max(width, height))
    return _Fit(profile, tuple(errors), tuple(shares))


def _typical(fit: _Fit) -> float:
    return statistics.median(fit.shares)


def _of(value: str, allowed: Sequence[Any]) -> Any:
    """`value`, which is one of `allowed`. Raises BadInput."""
    if value not in allowed:
        raise BadInput("what a self-test found", value, allowed)
    return value
