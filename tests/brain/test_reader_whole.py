"""Whole sentences that training sees: lawful, also with other names in them, and none that measures the reader."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from moravec.brain.reader.compose import whole as module
from moravec.brain.reader.compose.book import plain
from moravec.brain.reader.compose.voice import Voice
from moravec.brain.reader.compose.whole import HAN, Whole, exchanged, wholes
from moravec.brain.reader.grammar import CATEGORIES, COLOURS
from moravec.brain.reader.written import check, line_of, read, tokens_in, write
from moravec.core.errors import BadInput
from moravec.models.reader.text import split

HERE = Path(__file__).parent
LANGUAGES = ("english", "chinese")
WORDS = (*(rf"\b{name}(?:es|s)?\b" for name in (*CATEGORIES, *COLOURS)), *HAN.values(), r"(?<![a-z])[a-f](?![a-z])")
NAMES = re.compile("|".join(WORDS))


def shape(text: str) -> str:
    """A sentence without what is exchanged."""
    return re.sub(r"\W+", "", NAMES.sub("x", text.lower()))


def given(text: str, line: str) -> Whole:
    return Whole(text, read(tokens_in(line)))


def drawn(one: Whole, seed: int, language: str = "english") -> tuple[str, str]:
    """The sentence and its line of tokens."""
    text, wishes = exchanged(Voice(language, np.random.default_rng(seed)), one)
    tokens = write(wishes, split(plain(text)))
    check(tokens)
    return plain(text), line_of(tokens)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_of_them_stay_lawful_with_other_names(language: str) -> None:
    found = wholes(language)
    assert len(found) > 1000
    changed = sum(drawn(one, seed, language)[0] != plain(one.text) for seed, one in enumerate(found))
    assert changed > 0.5 * len(found)  # short replies speak of nothing that has another name


@pytest.mark.parametrize("language", LANGUAGES)
def test_none_is_a_sentence_that_measures(language: str) -> None:
    files = [HERE / "instructions" / f"{language}.jsonl"]
    files += [HERE / "reader_dev" / f"{which}_{language}.jsonl" for which in ("second", "third")]
    measures = {shape(json.loads(line)["text"]) for path in files for line in path.read_text(encoding="utf-8").splitlines()}
    assert sum(shape(one.text) in measures for one in wholes(language)) == 0, "some stand among those that measure"


def test_names_are_exchanged_alike_in_words_and_reading() -> None:
    one = given("can you put the red can in B, not the red box?", "move ( can red exactly #1 the ) to bin =b ; .")
    texts = set[str]()
    for seed in range(40):
        text, line = drawn(one, seed)
        found = re.fullmatch(r"move \( (\w+) (\w+) exactly #1 the \) to bin =(\w) ; \.", line)
        assert found is not None and text.startswith("can you put the ")
        assert f" in {found[3].upper()}, not the " in text
        texts.add(text)
        if f" {found[2]} {found[1]} in " in text:  # else a synonym of it
            assert text.startswith(f"can you put the {found[2]} {found[1]} in ")
    assert len(texts) > 30


def test_colours_as_nouns_stay_as_many() -> None:
    one = given("the reds into B please", "move ( red the ) to bin =b ; .")
    found = [drawn(one, seed) for seed in range(30)]
    assert all(re.fullmatch(r"move \( (\w+) the \) to bin =\w ; \.", line)[1] + "s " in text for text, line in found)  # type: ignore[index]


def test_where_all_is_in_capitals_nobody_knows_a_label_from_a_word() -> None:
    one = given("PUT A CAN IN B", "move ( can exactly #1 ) to bin =b ; .")
    assert {text.upper()[-5:] for text, _ in (drawn(one, seed) for seed in range(20))} == {" IN B"}


def test_what_is_said_by_another_name_stays() -> None:
    one = given("The carton goes to bin B.", "move ( box exactly #1 the ) to bin =b ; .")
    assert all("carton" in text and "move ( box " in line for text, line in (drawn(one, seed) for seed in range(20)))


def test_the_article_is_no_bin() -> None:
    one = given("A red can goes in A.", "move ( can red exactly #1 ) to bin =a ; .")
    assert all(text.startswith("A ") and text.endswith(" in A.") for text, _ in (drawn(one, seed) for seed in range(20)))


def test_a_code_is_another_one() -> None:
    one = given("scan MV-017", "inspect ( code =mv-017 exactly #1 the ) ; .")
    assert len({drawn(one, seed) for seed in range(20)}) > 15


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("put the can in B", "line 2"),
        ("put the can in B => move ( can the", "a lawful sequence"),
        ("put the can in B => move ( can exactly #1 the ) to bin =z ; .", "a label"),
        ("put the can in B => move ( red can ) to bin =b ; .", "a lawful sequence"),
    ],
)
def test_a_line_that_is_none_is_refused(line: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "whole_english.txt").write_text(f"# about it\n{line}\n")
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    with pytest.raises(BadInput, match=why):
        wholes.__wrapped__("english")
