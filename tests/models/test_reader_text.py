"""A sentence as numbers: what is one token, what may be pointed at, which number tokens say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.core.errors import BadInput, ContractError
from moravec.models.reader.lawful import Lawful
from moravec.models.reader.text import (
    BUCKETS,
    POINTED,
    UNKNOWN,
    Vocabulary,
    coded,
    joined,
    number_of,
    piece_numbers,
    seen,
    split,
    vocabulary,
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Put MV-017, please!", ["put", "mv-017", ",", "please", "."]),
        ("把ＭＶ０１７放到Ｂ箱。", ["把", "mv017", "放", "到", "b", "箱", "."]),
        ("20cm, 1.5 l and 250ml", ["20", "cm", ",", "1.5", "l", "and", "250", "ml"]),
        ("the “other” one’s", ["the", '"', "other", '"', "one's"]),
        ("10 cm³", ["10", "cm3"]),
        ("a\x00b\u200bc", ["a", "b", "c"]),
        ("", []),
        ("🦾 ---", []),
    ],
)
def test_what_is_one_token(text: str, wanted: list[str]) -> None:
    assert split(text) == wanted


def test_case_and_width_change_nothing() -> None:
    assert split("PUT THE RED CAN IN B") == split("put the red can in b") == split("ｐｕｔ　ｔｈｅ　ｒｅｄ　ｃａｎ　ｉｎ　ｂ")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_becomes_tokens_and_numbers(text: str) -> None:
    tokens = split(text)
    here = seen(tokens)
    words, pieces = coded(tokens, {"put": 2})
    assert here.pointable.shape == (len(tokens), len(POINTED)) and (here.first <= np.arange(len(tokens))).all()
    assert words.shape == (len(tokens),) and pieces.min(initial=0) >= 0 and pieces.max(initial=0) < BUCKETS
    assert split(joined(tokens)) == tokens or not text.isascii()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("250", 250.0), ("1.5", 1.5), ("1,5", 1.5), ("1,000", 1000.0), ("two hundred", 200.0), ("two hundred twenty five", 225.0),
        ("half", 0.5), ("half a", None), ("two dozen", 24.0), ("三", 3.0), ("十二", 12.0), ("二十五", 25.0), ("两百", 200.0),
        ("一百零五", 105.0), ("半", 0.5), ("can", None), ("罐", None),
    ],
)  # fmt: skip
def test_numbers(text: str, wanted: float | None) -> None:
    assert number_of(split(text)) == wanted


def test_what_may_be_pointed_at() -> None:
    tokens = split("put mv-017 and cardboard in b , 20")
    rows = zip(tokens, seen(tokens).pointable, strict=True)
    allowed = {token: {name for name, ok in zip(POINTED, row, strict=True) if ok} for token, row in rows}
    assert allowed["mv-017"] == {"code", "label", "word"} and allowed["b"] >= {"label", "word"}
    assert allowed["cardboard"] == {"word"} and allowed[","] == set() and "number" in allowed["20"]


def test_a_slip_stays_near_the_word() -> None:
    meant, slipped, other = (set(piece_numbers(word)) for word in ("yellow", "yelow", "bottle"))
    assert len(meant & slipped) > 3 > len(meant & other)


def test_the_vocabulary_holds_what_is_frequent_and_no_digits() -> None:
    made = vocabulary(["put 250 in b"] * 3 + ["rare words"])
    assert set(made.known) == {"put", "in", "b"} and made.size == 5
    assert coded(["rare"], made.numbers())[0].tolist() == [UNKNOWN]


def test_a_vocabulary_with_a_word_twice_is_refused() -> None:
    with pytest.raises(BadInput):
        Vocabulary(("put", "put"))


def test_a_grammar_that_needs_more_foresight_is_refused() -> None:
    with pytest.raises(ContractError):
        Lawful("s", {"s": (("a", "b"), ("a", "c"))})
    with pytest.raises(ContractError):
        Lawful("s", {"s": (("s", "a"), ())})


def test_a_grammar_says_what_may_follow() -> None:
    lawful = Lawful("s", {"s": (("(", "s", ")"), ("x?",)), "x?": (("x",), ())})
    assert lawful.allowed(("s",)) == {"(", "x"} and set(lawful.tokens) == {"(", ")", "x"}
    stack = lawful.advance(lawful.advance(("s",), "("), ")")
    assert stack == () and lawful.allowed(stack) == frozenset()
    with pytest.raises(BadInput):
        lawful.advance(("s",), ")")
    with pytest.raises(BadInput):
        lawful.advance((), "x")


def test_what_goes_on_stands_right_behind() -> None:
    here = seen(split("mv 017 or mv 018 and 019"))
    places = here.places(POINTED.index("code"), "mv")
    assert [token for token, ok in zip(here.tokens, places, strict=True) if ok] == ["017", "018"]
    assert not here.places(-1).any()
