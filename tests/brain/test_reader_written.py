"""Wishes as tokens and back: nothing is lost, everything is lawful, and what is no sequence of wishes is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.brain.reader import grammar as g
from moravec.brain.reader.grammar import WISHES
from moravec.brain.reader.literal import is_marked
from moravec.brain.reader.written import read, write
from moravec.brain.wishes.wish import EVERYTHING, Amount, Condition, Size, Spot, Things, Wish
from moravec.core.errors import BadInput
from moravec.models.reader.lawful import Stack
from moravec.models.reader.text import split

SENTENCE = split("put MV-017, mv 020 from b or 12, the coffee mug, 杯子, 250 ml, two hundred mm, half a litre, 31 on shelf")
MEASURES = {"volume": (250e-6, 0.5e-3), "length": (0.2,)}


def alternatives(of: tuple[str, ...], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(of), unique=True, max_size=most).map(lambda found: tuple(sorted(found, key=of.index)))


amounts = st.one_of(
    st.sampled_from([Amount(), Amount("some"), Amount("half")]),
    st.builds(Amount, st.sampled_from(g.AMOUNTS), st.sampled_from([0, 1, 2, 20, 31])),
)


@st.composite
def sizes(draw: st.DrawFn, things: st.SearchStrategy[Things]) -> Size:
    kind, axis = draw(st.sampled_from(g.SIZES + g.BOUNDS)), draw(st.sampled_from(["volume", "length"]))
    if kind in g.BOUNDS:
        return Size(kind, axis, draw(st.sampled_from(MEASURES[axis])), draw(st.booleans()))
    return Size(kind, axis, than=draw(st.none() | things))


def spots(things: st.SearchStrategy[Things]) -> st.SearchStrategy[Spot]:
    return st.one_of(
        st.builds(Spot, st.just("bin"), st.sampled_from(["B", "12"])),
        st.builds(Spot, st.just("place"), st.sampled_from(g.PLACES)),
        st.builds(Spot, st.sampled_from(g.SPOTS)), st.builds(Spot, st.just("unknown"), st.just("shelf")),
        st.builds(lambda what: Spot("of", things=what), things),
    )  # fmt: skip


def noun_phrases(inner: st.SearchStrategy[Things]) -> st.SearchStrategy[Things]:
    return st.builds(
        Things, refers=st.sampled_from(["", *g.REFERS]), categories=alternatives(g.CATEGORIES), colours=alternatives(g.COLOURS),
        codes=alternatives(("MV-017", "MV-020")), unknown=alternatives(("coffee mug", "杯子")),
        condition=st.sampled_from([None, "damaged", "intact"]),
        coded=st.sampled_from([None, True, False]), size=st.none() | sizes(inner), at=st.none() | spots(inner), amount=amounts,
        definite=st.booleans(), exceptions=st.lists(inner, max_size=2).map(tuple),
    )  # fmt: skip


things = st.recursive(st.just(EVERYTHING), noun_phrases, max_leaves=3)
many = st.lists(things, min_size=1, max_size=2).map(tuple)
conditions = st.one_of(
    st.builds(Condition, st.sampled_from(g.HOLDS), many),
    st.builds(Condition, st.sampled_from(g.COUNTS), many, st.sampled_from([0, 3, 31])),
    st.builds(lambda holds, at: Condition(holds, at=at), st.sampled_from(["full", "empty"]), spots(things)),
)  # fmt: skip


def wish(inner: st.SearchStrategy[Wish]) -> st.SearchStrategy[Wish]:
    to, some = st.none() | spots(things), st.lists(things, max_size=2).map(tuple)
    then = st.booleans()
    return st.one_of(
        st.builds(Wish, st.just("move"), many, to, then=then),
        st.builds(Wish, st.just("swap"), many, others=some, then=then),
        st.builds(Wish, st.sampled_from(["inspect", "leave"]), many, then=then),
        st.builds(Wish, st.just("open"), to=to, then=then),
        st.builds(Wish, st.just("ask"), some, to, query=st.sampled_from(g.QUERIES), then=then),
        st.builds(Wish, st.just("name"), some, to, then=then), st.builds(Wish, st.just("refuse"), why=st.sampled_from(g.REASONS)),
        st.builds(Wish, st.sampled_from(g.ALONE), then=then),
        st.builds(
            lambda condition, do, other, then: Wish("if", condition=condition, wishes=do, otherwise=other, then=then), conditions,
            st.lists(inner, max_size=2).map(tuple), st.lists(inner, max_size=2).map(tuple), then,
        ),
    )  # fmt: skip


sentences = st.lists(st.recursive(st.just(Wish("stop")), wish, max_leaves=4), max_size=3).map(tuple)


def stack_after(tokens: tuple[str, ...]) -> Stack:
    stack: Stack = (WISHES.start,)
    for token in tokens:
        kind = next(k for k in WISHES.pointers if k in WISHES.allowed(stack)) if is_marked(token) else token
        assert kind in WISHES.allowed(stack)
        stack = WISHES.advance(stack, kind)
    return stack


@settings(max_examples=300, deadline=None)
@given(sentences)
def test_what_is_written_is_lawful_and_read_back_as_it_was(wishes: tuple[Wish, ...]) -> None:
    tokens = write(wishes, SENTENCE)
    assert stack_after(tokens) == ()
    assert read(tokens) == wishes


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (Things(codes=("MV-999",)), "put mv-017 in b"), (Things(unknown=("mug",)), "put the cup in b"),
        (Things(size=Size("below", "volume", 1e-4)), "put what is below 200 ml in b"),
        (Things(amount=Amount("exactly", 31)), "put thirty cans in b"),
    ],
)  # fmt: skip
def test_a_literal_that_the_sentence_does_not_hold_is_refused(what: Things, sentence: str) -> None:
    with pytest.raises(BadInput):
        write((Wish("move", (what,)),), split(sentence))


@pytest.mark.parametrize(
    "tokens",
    [(), ("move",), ("move", "(", ")"), ("move", "(", "code", ")", ";", "."), (";", "."), ("if", "if more", "x")],
)
def test_what_is_no_sequence_of_wishes_is_refused(tokens: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        read(tokens)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_the_grammar_allows_can_be_read(data: st.DataObject) -> None:
    """As the network would write it with no sense at all."""
    own = {"*number": "=250", "*code": "=mv-017", "*label": "=b", "*word": "=mug"}
    stack: Stack = (WISHES.start,)
    tokens: list[str] = []
    while stack and len(tokens) < 60:
        kind = data.draw(st.sampled_from(sorted(WISHES.allowed(stack))))
        tokens.append(own.get(kind, kind))
        stack = WISHES.advance(stack, kind)
    if not stack:
        try:
            read(tokens)
        except BadInput:
            assert tokens.count("=250") > 1, "digits in a row that say no number are all that may not be read"


def test_alternatives_stand_in_one_order() -> None:
    one, other = (Wish("leave", (Things(categories=names, colours=tints),)) for names, tints in
                  ((("can", "box"), ("white", "red")), (("box", "can"), ("red", "white"))))  # fmt: skip
    assert write((one,), []) == write((other,), []) and read(write((one,), [])) == (other,)
