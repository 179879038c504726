"""Drawn sentences: each says what its wishes hold, in both languages, and none is one that people wrote to try the reader."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moravec.brain.reader.compose.book import FOLDER, book, literal, plain, varied
from moravec.brain.reader.compose.clauses import Clauses
from moravec.brain.reader.compose.english import English
from moravec.brain.reader.compose.talk import draw
from moravec.brain.reader.compose.turns import Turns
from moravec.brain.reader.compose.voice import Voice
from moravec.brain.reader.grammar import COLOURS, HOLDS, QUERIES, REASONS
from moravec.brain.reader.lesson import fingerprint, held_out, lesson
from moravec.brain.reader.written import read, write
from moravec.brain.wishes.wish import Wish
from moravec.core.errors import BadInput
from moravec.models.reader.text import is_han, split

HERE = Path(__file__).parent
LANGUAGES = ("english", "chinese")
DEVELOPED_ON = {  # at least so many sentences
    "english": 190, "chinese": 99, "second_english": 260, "second_chinese": 140, "third_english": 250, "third_chinese": 160,
}  # fmt: skip
DRAWN = 1500
SHORT = 14  # tokens of at least half the sentences, each Chinese character being one
FEW = 5
BROKEN = 0.002  # share of sentences whose literals a slip may break
MANY = 6000  # phrases that are written out, alternatives counted as one
SLOT = re.compile(r"\{[a-z ]+\}|<[^>]*>")


@pytest.fixture(scope="module")
def sentences() -> list[tuple[str, tuple[Wish, ...]]]:
    return [draw(np.random.default_rng([7, number])) for number in range(DRAWN)]


def test_what_is_drawn_can_be_written_and_read_back(sentences: list[tuple[str, tuple[Wish, ...]]]) -> None:
    broken = 0
    for sentence, wishes in sentences:
        try:
            assert read(write(wishes, split(sentence))) == wishes
        except BadInput:
            broken += 1
    assert broken <= BROKEN * DRAWN


def test_every_kind_of_wish_is_drawn(sentences: list[tuple[str, tuple[Wish, ...]]]) -> None:
    wishes = [wish for _, several in sentences for wish in several]
    assert {wish.kind for wish in wishes} == {
        "move", "swap", "inspect", "open", "home", "stop", "leave", "undo", "ask", "name", "agree", "decline", "refuse", "if",
    }  # fmt: skip
    assert {wish.query for wish in wishes if wish.kind == "ask"} == set(QUERIES)
    assert {wish.why for wish in wishes if wish.kind == "refuse"} == set(REASONS)
    assert {wish.condition.holds for wish in wishes if wish.condition} >= {*HOLDS, "more", "fewer", "full", "empty"}
    assert any(wish.then for wish in wishes) and any(wish.otherwise for wish in wishes)


def test_both_languages_are_drawn(sentences: list[tuple[str, tuple[Wish, ...]]]) -> None:
    han = sum(any("\u4e00" <= char <= "\u9fff" for char in sentence) for sentence, _ in sentences)
    assert 0.3 < han / DRAWN < 0.55


def test_most_of_what_is_drawn_is_short(sentences: list[tuple[str, tuple[Wish, ...]]]) -> None:
    assert np.median([len(split(sentence)) for sentence, _ in sentences]) <= SHORT


def test_what_a_hint_says_comes_first_is_the_first_wish() -> None:
    """"The can in A, the ball in B, the ball first"."""
    found = 0
    for number in range(400):
        voice = Voice("english", np.random.default_rng(number))
        text, wishes = Turns(Clauses(voice, English(voice))).any()
        hint = re.search(r" (\w+) (?:ones? )?first$", text)
        if hint and len(wishes) == 2 and hint[1] in COLOURS:
            assert wishes[0].what[0].colours == (hint[1],) and wishes[1].then, text
            found += 1
    assert found > FEW


def test_the_same_seed_draws_the_same_and_another_something_else() -> None:
    assert held_out(3) == held_out(3) != held_out(4)
    one, other = (lesson(np.random.default_rng(5)) for _ in range(2))
    assert one == other
    assert len(fingerprint()) == 64 and fingerprint() == fingerprint()


def test_no_slot_no_mark_and_no_choice_is_left_over(sentences: list[tuple[str, tuple[Wish, ...]]]) -> None:
    assert [sentence for sentence, _ in sentences if re.search(r"[{}<>|\u2045\u2046]", sentence)] == []


def phrases() -> list[str]:
    return [phrase for language in LANGUAGES for section in book(language).sections.values() for phrase in section]


def test_there_are_many_phrases_and_their_brackets_close() -> None:
    found = phrases()
    assert len(set(found)) > MANY
    assert [p for p in found if any(p.count(one) != p.count(other) for one, other in ("()", "{}", "<>"))] == []


def test_both_languages_have_the_same_slots_to_choose_from() -> None:
    """A section that only one has is of its grammar: "every", for one."""
    english, chinese = (set(book(language).sections) for language in LANGUAGES)
    assert {"move", "store", "if", "unless", "then", "unsafe", "impossible", "not-a-job"} <= english & chinese
    assert {"ask what", "ask how many", "ask where", "cond any", "cond full"} <= english & chinese


def test_every_slot_is_filled_by_who_draws_or_by_a_section_of_its_name() -> None:
    given = {
        "what", "to", "in", "at", "from", "rule", "other", "n", "label", "name", "noun", "plain", "one", "two", "word", "measure",
        "colour", "predicate", "first", "second", "wish", "cond", "should", "leave", "wrong", "right", "injection", "order",
    }  # fmt: skip
    for language in LANGUAGES:
        sections = book(language).sections
        slots = {slot for lines in sections.values() for line in lines for slot in re.findall(r"\{([a-z ]+)\}", line)}
        assert slots - given - set(sections) == set()
        assert given & set(sections) <= {"injection", "leave"}  # whoever forgets to fill one would not notice


def test_a_section_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadInput, match="did you mean 'move'"):
        book("english").of("mvoe")


def test_choices_and_marks() -> None:
    assert varied(np.random.default_rng(0), "(a|(b|b))") in ("a", "b")
    assert plain(f"to {literal('B')}{literal('D')} bin{literal('7')}") == "to B D bin 7"


def written_by_people() -> list[str]:
    """Sentences on which the reader is developed, and those on which it is judged."""
    files = [HERE / "reader_dev" / f"{name}.jsonl" for name in DEVELOPED_ON]
    files += [HERE / "instructions" / f"{language}.jsonl" for language in LANGUAGES]
    return [json.loads(line)["text"] for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def words(text: str) -> str:
    return " ".join(token for token in split(text) if token[0].isalnum())


def whole(phrase: str) -> set[str]:
    """Every sentence that a phrase without slots is."""
    choice = re.search(r"\(([^()]*)\)", phrase)
    if SLOT.search(phrase):
        return set()
    if choice is None:
        return {words(phrase)}
    return {more for one in choice[1].split("|") for more in whole(phrase[: choice.start()] + one + phrase[choice.end() :])}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_without_a_slot_means_one_thing(language: str) -> None:
    meaning: dict[str, str] = {}
    for section in (
        "agree", "decline", "stop", "home", "undo", "open", "unpack", "tidy", "unsafe", "impossible", "not-a-job", "ask help",
        "ask why", "ask doing",
    ):  # fmt: skip
        for phrase in book(language).of(section):
            for said in whole(phrase) - {""}:
                assert meaning.setdefault(said, section) == section, said


def is_long(said: str) -> bool:
    """Nobody can help saying "yes please"."""
    return len(said.split()) > (5 if any(is_han(token) for token in said.split()) else 2)


def test_no_phrase_is_a_sentence_that_people_wrote_for_trying() -> None:
    known = {said for sentence in written_by_people() if is_long(said := words(sentence))}
    found = sum(not known.isdisjoint(whole(phrase)) for phrase in phrases())
    assert found == 0, "phrases that stand in the development set or among the instructions"


def developed_on(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / "reader_dev" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", DEVELOPED_ON)
def test_what_people_wrote_to_develop_on_is_lawful(name: str) -> None:
    entries = developed_on(name)
    assert len(entries) >= DEVELOPED_ON[name]
    for entry in entries:
        assert list(write(read(entry["wishes"]), split(entry["text"]))) == entry["wishes"], entry["text"]


def test_no_sentence_of_the_second_set_occurs_twice_or_in_the_first() -> None:
    for language in LANGUAGES:
        first, second = ([words(entry["text"]) for entry in developed_on(name)] for name in (language, f"second_{language}"))
        assert len(set(second)) == len(second)
        assert set(first).isdisjoint(second)


def test_the_phrases_are_text_that_a_person_can_read() -> None:
    for path in FOLDER.glob("*.txt"):
        assert path.read_text(encoding="utf-8").startswith("# "), path.name
