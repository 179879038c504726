"""JSON out of answers: whole values come back as they are, halves and doubles never do."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.brain.remote.repair import DEPTH, LONGEST, json_of
from moravec.core.errors import BadInput

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
LEAVES = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12)
WHOLE = st.dictionaries(TEXT, VALUES, max_size=4) | st.lists(VALUES, max_size=4)
PROSE = st.text(st.characters(codec="utf-8", exclude_characters="{}[]`<"), max_size=60)


@given(WHOLE, st.sampled_from([None, 2]), st.booleans())
def test_a_value_comes_back_as_it_is(value: Any, indent: int | None, ascii_only: bool) -> None:
    assert json_of(json.dumps(value, indent=indent, ensure_ascii=ascii_only)) == value


@given(PROSE, WHOLE, PROSE)
def test_prose_around_it_changes_nothing(before: str, value: Any, after: str) -> None:
    assert json_of(before + json.dumps(value) + after) == value


@given(TEXT.filter(lambda t: "```" not in t), WHOLE, st.sampled_from(["json", "", "JSON"]))
def test_a_fence_around_it_changes_nothing(thought: str, value: Any, tag: str) -> None:
    thought = thought.replace("<", "").replace("`", "")
    text = json.dumps(value)
    if "```" not in text:
        assert json_of(f"<think>{{{thought}</think>Sure.\n```{tag}\n{text}\n```\nThat [is] it.") == value


@given(WHOLE, st.data())
def test_what_is_cut_short_is_never_an_answer(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(BadInput):
        json_of(text[:cut])


@given(st.text(max_size=300))
def test_any_text_is_an_answer_or_bad_input(text: str) -> None:
    with contextlib.suppress(BadInput):
        found = json_of(text)
        assert isinstance(found, dict | list)
        json.dumps(found, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ('{"a": ",]", "b": ",}",}', {"a": ",]", "b": ",}"}),
        ('\ufeff {"a": 1}\n', {"a": 1}),
        ('The "answer" is {"a": "}"} .', {"a": "}"}),
        ('{"a": 1}\n\n{"a": 1}', {"a": 1}),
        ('{"a": 1}}', {"a": 1}),
        ('{"a": "```json\\n{}\\n```"}', {"a": "```json\n{}\n```"}),
        ('well {"a": 2}</think>{"a": 1}', {"a": 1}),
        ('<THINK>{"a": 2}</THINK><thinking>{"a": 3</thinking>{"a": 1}', {"a": 1}),
        ('Is [it] so?\n```JSON {"a": 1}```', {"a": 1}),
        ('{"a": "<think>no</think>"}', {"a": "<think>no</think>"}),
    ],
)
def test_what_is_repaired(text: str, value: Any) -> None:
    assert json_of(text) == value


@pytest.mark.parametrize(
    "text",
    [
        '<think> {"a": 1}', '{"a": 1} <think>', "{}" * 21,
        "", "42", "null", "no", '{"a": 1} or {"a": 2}', '{"a": 1', "{'a': 1}", '{"a": NaN}', '{"a": 1e999}',
        '{"a": 1, "a": 2}', '{"a": "\\ud800"}', '{"a": ' + "9" * 5000 + "}", "[" * (DEPTH + 1) + "]" * (DEPTH + 1), "[" * 100_000,
        '{"a": True}', '{"a": 1]', "{" + "x" * 1_000_001 + "}", '```json\n{"a": 1}\n```\n```json\n{"a": 2}\n```', '{"a"}',
    ],
)  # fmt: skip
def test_what_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        json_of(text)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("part", ["<think>", "```", "```\n   ", "{}", "[", '"{', ', ', '{"a":1,}', "\\"])
def test_no_text_takes_long(part: str) -> None:
    """Whatever a server answers is judged within its deadline; each of these took minutes or more with a careless pattern."""
    start = time.monotonic()
    with contextlib.suppress(BadInput):
        json_of(part * (LONGEST // len(part)))
    with contextlib.suppress(BadInput):
        json_of('{"a": [' + part * (LONGEST // len(part) - 10))
    assert time.monotonic() - start < 5.0
