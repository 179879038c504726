"""Sentences as numbers: known words by number, all words by their pieces, and what cannot be read is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import BadInput
from moravec.models.manip.text import (
    BUCKETS,
    LENGTH,
    NOTHING,
    PIECES,
    UNKNOWN,
    Vocabulary,
    piece_numbers,
    split,
    vocabulary,
)

WORDS = Vocabulary(("open", "the", "drawer"))


def test_a_vocabulary_is_ordered_by_use_and_then_by_the_alphabet() -> None:
    found = vocabulary(["Open the drawer", "open THE door!", "the end"])
    assert found.known == ("the", "open", "door", "drawer", "end")
    assert found.size == 7
    assert vocabulary(["end the", "drawer open the", "door open the"]).known == found.known


def test_known_words_have_their_numbers_whatever_their_case_and_marks() -> None:
    tokens = WORDS.read(["Open, the DRAWER!", "drawer"])
    assert tokens.words.shape == (2, LENGTH) and tokens.pieces.shape == (2, LENGTH, PIECES)
    assert tokens.words[0, :4].tolist() == [2, 3, 4, NOTHING]
    assert tokens.words[1, :2].tolist() == [4, NOTHING]
    assert np.array_equal(tokens.pieces[0, 2], tokens.pieces[1, 0])
    assert not tokens.pieces[0, 3:].any()


def test_unknown_and_misspelt_words_are_told_apart_by_their_pieces() -> None:
    tokens = WORDS.read(["drawer drawr zebra"])
    assert tokens.words[0, :3].tolist() == [4, UNKNOWN, UNKNOWN]
    right, misspelt, other = (set(row[row > 0].tolist()) for row in tokens.pieces[0, :3])
    assert len(right & misspelt) >= 3 > len(right & other), "different pieces may share a number, by chance"


def test_words_beyond_the_last_that_is_read_do_not_matter() -> None:
    words = ["the"] * LENGTH
    one, other = WORDS.read([" ".join([*words, "drawer"])]), WORDS.read([" ".join([*words, "open", "open"])])
    assert np.array_equal(one.words, other.words) and np.all(one.words == 3)


def test_pieces_are_golden_and_the_longer_ones_come_first() -> None:
    """Weights depend on them: they may never change."""
    assert piece_numbers("ab") == [1906, 1278, 1245]
    assert len(piece_numbers("a")) == 1
    assert len(piece_numbers("drawer")) == 4 + 5 + 6
    assert np.count_nonzero(WORDS.read(["drawer"]).pieces) == PIECES


@given(st.text("abcdefgh0123", min_size=1, max_size=30))
def test_numbers_of_pieces_are_in_range(word: str) -> None:
    assert all(1 <= number < BUCKETS for number in piece_numbers(word))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    if split(text):
        tokens = WORDS.read([text])
        assert tokens.words.min() >= 0 and tokens.words.max() < WORDS.size and tokens.words[0, 0] > 0
    else:
        with pytest.raises(BadInput, match="words of the letters a to z"):
            WORDS.read(["open", text])


@pytest.mark.parametrize("text", ["", "?!", "打开抽屉", "відкрий", "αβγ"])
def test_what_has_no_word_that_is_read_is_refused(text: str) -> None:
    """A policy would act all the same, and nobody would know on what."""
    with pytest.raises(BadInput, match="the instruction"):
        WORDS.read([text])


@pytest.mark.parametrize(
    ("known", "told"), [(("Open",), "Open"), (("a b",), "a b"), (("",), "''"), (("a", "b", "a"), "a word twice")]
)
def test_a_vocabulary_that_is_none_is_refused(known: tuple[str, ...], told: str) -> None:
    with pytest.raises(BadInput, match="small letters and digits") as error:
        Vocabulary(known)
    assert told in str(error.value)
