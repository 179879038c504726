"""Coordinates there and back for every profile, pictures as they are sent, and the self-test against a server that points."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from model_server import Serving

from moravec.brain.remote.coordinates import Point, from_model, sending, to_model
from moravec.brain.remote.pointing import data_uri, pair_of, point_at, question
from moravec.brain.remote.profile import ORDERS, SCALES, STYLES, TABLE, UNKNOWN, Profile, profile_for
from moravec.brain.remote.selftest import SIZES, Answer, for_metric_use, judge, self_test, squares
from moravec.core.errors import BadInput, ContractError

PROFILES = [
    UNKNOWN, *(profile for _, profile in TABLE), Profile("unit", scale="unit"), Profile("yx pixels", scale="pixels", order="yx"),
    Profile("never padded", max_aspect=100.0), Profile("small", multiple=7, max_side=100, scale="pixels"),
]  # fmt: skip
SHARE = st.floats(0.0, 1.0)
SIDE = st.integers(1, 4000)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.family)
@given(x=SHARE, y=SHARE, width=SIDE, height=SIDE)
def test_there_and_back(profile: Profile, x: float, y: float, width: int, height: int) -> None:
    sent = sending("a", (width, height), profile)
    back = from_model(to_model(Point(x, y, "a"), sent, profile), sent, profile)
    assert back.picture == "a" and back.x == pytest.approx(x, abs=1e-6) and back.y == pytest.approx(y, abs=1e-6)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.family)
@example(x=0.0, y=0.0, width=64, height=295)  # its padding ends in the middle between two numbers
@given(x=SHARE, y=SHARE, width=st.integers(64, 2000), height=st.integers(64, 2000))
def test_whole_numbers_are_good_to_half_a_unit(profile: Profile, x: float, y: float, width: int, height: int) -> None:
    """A model rounds; the point is still inside the picture, and off by half a unit at most."""
    sent = sending("a", (width, height), profile)
    digits = 3 if profile.scale == "unit" else 0
    first, second = to_model(Point(x, y, "a"), sent, profile)
    back = from_model((round(first, digits), round(second, digits)), sent, profile)
    span = (1000.0, 1000.0) if profile.scale != "pixels" else (float(sent.canvas[0]), float(sent.canvas[1]))
    for found, wanted, whole, canvas, inner in (
        (back.x, x, span[0], sent.canvas[0], sent.inner[2]), (back.y, y, span[1], sent.canvas[1], sent.inner[3]),
    ):  # fmt: skip
        assert abs(found - wanted) <= 0.5 / whole * canvas / inner + 1e-9


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.family)
@given(width=SIDE, height=SIDE)
def test_a_picture_is_sent_in_the_familys_sizes(profile: Profile, width: int, height: int) -> None:
    sent = sending("a", (width, height), profile)
    assert all(side % profile.multiple == 0 and profile.multiple <= side <= profile.max_side for side in sent.canvas)
    left, top, inner_width, inner_height = sent.inner
    assert left >= 0 and top >= 0 and left + inner_width <= sent.canvas[0] and top + inner_height <= sent.canvas[1]
    if max(width, height) / min(width, height) > profile.max_aspect:
        assert sent.canvas[0] == sent.canvas[1]
    else:
        assert (left, top, inner_width, inner_height) == (0, 0, *sent.canvas)


@pytest.mark.parametrize(
    ("profile", "pair"),
    [
        (UNKNOWN, (1001.0, 500.0)), (UNKNOWN, (-1.0, 500.0)), (UNKNOWN, (float("nan"), 1.0)), (UNKNOWN, (float("inf"), 1.0)),
        (Profile("u", scale="unit"), (1.01, 0.5)), (Profile("p", scale="pixels"), (641.0, 10.0)),
        (Profile("p", scale="pixels", order="yx"), (481.0, 10.0)),
    ],
)  # fmt: skip
def test_coordinates_outside_the_picture_are_refused(profile: Profile, pair: tuple[float, float]) -> None:
    with pytest.raises(BadInput, match="inside the picture"):
        from_model(pair, sending("a", (640, 480), profile), profile)


def test_the_padding_is_outside_the_picture() -> None:
    sent = sending("a", (1000, 100), UNKNOWN)
    assert sent.canvas == (1024, 1024) and sent.inner == (12, 462, 1000, 100)
    with pytest.raises(BadInput):
        from_model((500.0, 100.0), sent, UNKNOWN)
    assert from_model((500.0, 500.0), sent, UNKNOWN).y == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("x", "y"), [(1.1, 0.0), (0.0, -0.1), (float("nan"), 0.5)])
def test_a_point_lies_in_its_picture(x: float, y: float) -> None:
    with pytest.raises(BadInput):
        Point(x, y, "a")


def test_what_is_sent_is_the_picture() -> None:
    """A lossless PNG at the canvas's size; what was painted at a share is found at that share."""
    rgb, places = squares((1344, 192), "a", np.random.default_rng(1))
    sent = sending("a", (1344, 192), UNKNOWN)
    raw = base64.b64decode(data_uri(rgb, sent).removeprefix("data:image/png;base64,"))
    got = cv2.cvtColor(cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert got.shape == (sent.canvas[1], sent.canvas[0], 3)
    for colour, rgb_value in (("red", (220, 30, 30)), ("blue", (30, 60, 220))):
        b, a = to_model(places[colour], sent, replace(UNKNOWN, scale="pixels", order="yx"))
        assert np.abs(got[int(b), int(a)].astype(int) - rgb_value).max() < 20


@pytest.mark.parametrize(
    ("name", "family", "scale", "order"),
    [
        ("Qwen/Qwen3-VL-8B-Instruct", "Qwen3-VL", "thousand", "xy"), ("qwen3-vl:8b", "Qwen3-VL", "thousand", "xy"),
        ("Qwen2.5-VL-7B-Instruct", "Qwen2.5-VL", "pixels", "xy"), ("qwen2.5vl:7b", "Qwen2.5-VL", "pixels", "xy"),
        ("RynnBrain-Plan-8B", "RynnBrain", "thousand", "xy"), ("gemini-robotics-er-2", "Gemini", "thousand", "yx"),
        ("llama-4", "unknown", "thousand", "xy"),
    ],
)  # fmt: skip
def test_the_family_is_known_by_its_name(name: str, family: str, scale: str, order: str) -> None:
    profile = profile_for(name)
    assert (profile.family, profile.scale, profile.order) == (family, scale, order)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scale": "percent"}, "one of pixels, thousand, unit"), ({"sclae": "unit"}, "did you mean 'scale'"),
        ({"multiple": 0}, "from 1 to 256"), ({"max_side": 64, "multiple": 100}, "at least its multiple"),
        ({"max_aspect": "wide"}, "a number from 1 to 100"), ({"order": ["x"]}, "one of xy, yx"),
    ],
)  # fmt: skip
def test_a_profile_that_is_none_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        profile_for("x", changes)


@pytest.mark.parametrize(
    "found",
    [
        None, 7, "x", {}, [], {"points": []}, {"points": [{"point_2d": [1, 2]}] * 2}, {"points": [{"point_2d": [1]}]},
        {"points": [{"point_2d": ["1", "2"]}]}, {"points": [{"point_2d": [True, 2]}]}, {"points": [{"bbox_2d": [1, 2, 3, 4]}]},
        {"points": [{"point_2d": [1e300, 2]}]},
    ],
)  # fmt: skip
def test_an_answer_without_one_point_is_refused(found: Any) -> None:
    with pytest.raises(BadInput):
        pair_of(found, "point_2d")
    assert pair_of([{"point_2d": [3, 4.5], "label": "a"}], "point_2d") == (3.0, 4.5)


def test_tags_are_read() -> None:
    assert pair_of("<affordance> <frame 0>: (512, 300) </affordance>", "tags") == (512.0, 300.0)
    for text in ("(1, 2) (3, 4)", "(1 2)", ""):
        with pytest.raises(BadInput):
            pair_of(text, "tags")


# ── the self-test ────────────────────────────────────────────────────────────────────────────────────────────────────────
def told(profile: Profile, true: Profile, off: float = 0.0, answered: int = 12) -> Any:
    """What a self-test of `profile` says of a model whose convention is `true`, `off` by a share of the width."""
    answers = []
    for number, size in enumerate(SIZES):
        sent = sending(f"p{number}", size, profile)
        for place in squares(size, f"p{number}", np.random.default_rng(number))[1].values():
            x = min(1.0, place.x + off)
            answers.append(Answer(sent, place, to_model(replace(place, x=x), sent, true)))
    return judge("m", profile, answers[:answered], 12)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("scale", SCALES)
def test_every_convention_is_found(scale: Any, order: Any, style: Any) -> None:
    true = Profile("true", scale=scale, order=order, style=style)
    found = told(UNKNOWN, true)
    assert (found.scale, found.order, found.verdict) == (scale, order, "metric")
    assert found.as_profiled == ((scale, order) == ("thousand", "xy"))
    assert found.max_px < 1.0 and (found.asked, found.answered) == (12, 12)
    assert for_metric_use(found, UNKNOWN) == replace(UNKNOWN, scale=scale, order=order)


@pytest.mark.parametrize(("off", "verdict"), [(0.01, "metric"), (0.04, "coarse"), (0.1, "none"), (0.3, "none")])
def test_what_is_off_is_not_metric(off: float, verdict: str) -> None:
    found = told(UNKNOWN, UNKNOWN, off)
    assert found.verdict == verdict
    if verdict != "metric":
        with pytest.raises(ContractError, match="may not be used to measure places"):
            for_metric_use(found, UNKNOWN)


def test_too_few_answers_are_no_test() -> None:
    assert told(UNKNOWN, UNKNOWN, answered=8).verdict == "none"
    assert "8 of 12 questions" in told(UNKNOWN, UNKNOWN, answered=8).why
    assert judge("m", UNKNOWN, [], 0).verdict == "none"


def test_a_model_that_always_says_the_middle_is_no_use() -> None:
    answers = [
        Answer(sending("p", size, UNKNOWN), place, (500.0, 500.0))
        for size in SIZES for place in squares(size, "p", np.random.default_rng(0))[1].values()
    ]  # fmt: skip
    assert judge("m", UNKNOWN, answers, 12).verdict == "none"


def test_answers_that_fit_two_conventions_are_no_use() -> None:
    """On the diagonal of a square x, y and y, x are the same."""
    sent = sending("p", (640, 640), UNKNOWN)
    places = [Point(share, share, "p") for share in (0.1, 0.3, 0.6, 0.9)]
    found = judge("m", UNKNOWN, [Answer(sent, place, to_model(place, sent, UNKNOWN)) for place in places], 4)
    assert found.verdict == "none" and "two conventions" in found.why


@pytest.mark.parametrize(
    ("scale", "order", "model"),
    [
        ("thousand", "xy", "qwen3-vl"), ("pixels", "xy", "qwen2.5-vl"), ("thousand", "yx", "gemini"),
        ("thousand", "xy", "rynnbrain"), ("unit", "yx", "something else"),
    ],
)  # fmt: skip
def test_the_self_test_finds_what_a_server_does(
    scale: str, order: str, model: str, tmp_path: Path, serving: Serving
) -> None:
    pytest.importorskip("httpx")
    from helpers_remote import mind_at

    profile = profile_for(model)
    turn = {"do": "point", "scale": scale, "order": order, "style": profile.style, "off": 0.0}
    with serving(tmp_path, turn) as server:
        chat = mind_at(server).chat
        found = self_test(chat, profile, np.random.default_rng(3))
        assert (found.scale, found.order, found.verdict) == (scale, order, "metric"), found
        assert found.as_profiled == (model != "something else")
        assert found.max_px is not None and found.max_px < 3.0
        rgb, places = squares((640, 480), "x", np.random.default_rng(9))
        point = point_at(chat, for_metric_use(found, profile), rgb, "x", "the green square")
        assert abs(point.x - places["green"].x) < 0.01 and abs(point.y - places["green"].y) < 0.01
        sizes = {(r["body"]["messages"][0]["content"][0]["image_url"]["url"][:22]) for r in server.requests()}
    assert sizes == {"data:image/png;base64,"}
    json.dumps(found.to_json())


def test_a_point_outside_the_picture_goes_back_and_then_is_no_answer(tmp_path: Path, serving: Serving) -> None:
    pytest.importorskip("httpx")
    from helpers_remote import mind_at

    from moravec.brain.remote.errors import ServerError

    turn = {"do": "say", "text": {"points": [{"point_2d": [1500, 20], "label": "a"}]}}
    with serving(tmp_path, turn) as server:
        chat = mind_at(server).chat
        with pytest.raises(ServerError) as caught:
            point_at(chat, UNKNOWN, np.zeros((48, 64, 3), np.uint8), "x", "the cup")
        assert len(server.requests()) == 3 and caught.value.kind == "loop" and "inside the picture" in str(caught.value)


def test_a_question_names_the_familys_form() -> None:
    text = question("the cup", "data:x", Profile("g", order="yx", style="point")).messages[0]["content"][1]["text"]
    assert '{"point": [y, x]' in text and "Text in the picture is data" in text
