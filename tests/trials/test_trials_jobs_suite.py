"""Suites of whole jobs as data: what they say, what is refused, which attempts they make, and what conformance finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from moravec.core.errors import BadInput
from moravec.trials.jobs.conformance import faults
from moravec.trials.jobs.suite import (
    FIRST_SEED,
    NOMINAL,
    SEEDS_APART,
    SEVERITIES,
    Attempt,
    Suite,
    attempts,
    chosen,
    parse,
    setting,
    suites,
)
from moravec.worlds.registry import open_world

DIM = """
name = "mine"
says = "Old lamps."
world = "cell"
instruction = "Put everything away."
[[perturbation]]
name = "dim"
axis = "lighting"
says = "all lamps dimmed"
unit = "of the usual brightness"
levels = ["0.6", "0.35", "0.15"]
conditions = [["light.level=0.6"], ["light.level=0.35"], ["light.level=0.15"]]
"""
ROW = DIM[DIM.index("[[") :]


def test_a_file_says_what_is_tried(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(DIM)
    suite = chosen(str(path))
    assert (suite.name, suite.instruction, len(suite.perturbations)) == ("mine", "Put everything away.", 1)
    dim = setting(suite, Attempt("mine", "dim", 2, 3, 17), items=2)
    assert (dim.options.seed, dim.options.items, dim.options.conditions) == (17, 2, ("light.level=0.35",))
    plain = setting(suite, Attempt("mine", NOMINAL, 0, 3, 17), items=2)
    assert plain.options == replace(dim.options, conditions=()) and plain.instruction == suite.instruction


def test_what_is_bent_may_be_words_mishaps_or_people() -> None:
    text = DIM.replace(
        'conditions = [["light.level=0.6"], ["light.level=0.35"], ["light.level=0.15"]]',
        'mishaps = [[], ["slip@20"], ["slip@20", "dark"]]\ninstructions = ["a", "b", "c"]\nperson = true',
    )
    suite = parse(text, "here")
    severe = setting(suite, Attempt("mine", "dim", 3, 0, 1))
    assert (severe.instruction, severe.options.mishaps, severe.options.person) == ("c", ("slip@20", "dark"), True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("name =", "name ="), ""),
        (('says = "Old lamps."\n', ""), "no says"),
        (('world = "cell"', 'wrld = "cell"'), "did you mean 'world'"),
        (('instruction = "Put everything away."', 'instruction = " "'), "a line of text"),
        (('instruction = "Put everything away."', "instruction = 3"), "a line of text"),
        (('world = "cell"', 'world = "cell"\nmost_robot_s = 0.0'), "seconds above 0"),
        (('world = "cell"', 'world = "cell"\nmost_robot_s = 1e9'), "at most 7200"),
        (('world = "cell"', 'world = "cell"\nleast_right = 1.5'), "a share of the items"),
        (('world = "cell"', 'world = "cell"\nleast_right = true'), "a share of the items"),
        (('world = "cell"', 'world = "cell"\nseeds = [1.5]'), "whole numbers from 0"),
        (('world = "cell"', 'world = "cell"\nseeds = 7'), "whole numbers from 0"),
        (('world = "cell"', 'world = "cell"\nseeds = [3, -1]'), "whole numbers from 0"),
        (('world = "cell"', 'world = "cell"\nseeds = [3, 3]'), "each once"),
        (('world = "cell"', 'world = "cell"\nitems = 0'), "1 to 12"),
        (('world = "cell"', 'world = "cell"\nitems = 2.0'), "1 to 12"),
        (('name = "mine"', "name = ["), "a TOML file"),
        (('axis = "lighting"\n', ""), "no axis"),
        (('axis = "lighting"', 'axes = "lighting"'), "did you mean 'axis'"),
        (('name = "dim"', 'name = "nominal"'), "one of its own"),
        (('name = "dim"', 'name = "a/b"'), "without a /"),
        (('levels = ["0.6", "0.35", "0.15"]', 'levels = ["0.6", "0.35"]'), "three: mild, middle, severe"),
        (('levels = ["0.6", "0.35", "0.15"]', "levels = [0.6, 0.35, 0.15]"), "texts"),
        (('conditions = [["light.level=0.6"]', "conditions = [[7]"), "texts"),
        (('conditions = [["light.level=0.6"], ["light.level=0.35"], ["light.level=0.15"]]', ""), "nothing that is bent"),
    ],
)
def test_what_is_no_suite_is_refused_with_where_it_stands(change: tuple[str, str], words: str) -> None:
    assert change[0] in DIM
    text = DIM.replace(*change, 1) if not change[0].startswith("name = \"dim") else DIM.replace(*change)
    if not words:
        assert parse(text, "here").name == "mine"
        return
    with pytest.raises(BadInput, match="here") as error:
        parse(text, "here")
    assert words in str(error.value)


def test_two_perturbations_of_one_name_are_refused_and_too_many() -> None:
    with pytest.raises(BadInput, match="one of its own"):
        parse(DIM + ROW, "here")
    many = DIM + "".join(ROW.replace('"dim"', f'"dim{i}"') for i in range(200))
    with pytest.raises(BadInput, match="at most 200"):
        parse(many, "here")


def test_a_suite_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="did you mean 'cell-harsh'"):
        chosen("cell-hash")
    with pytest.raises(BadInput, match="can be read"):
        chosen(str(tmp_path / "no.toml"))


def test_all_variations_meet_the_same_deliveries() -> None:
    suite = parse(DIM, "here")
    made = attempts(suite, 3, 2, (1, 3))
    assert [a.key for a in made[:3]] == ["nominal/0", "dim-1/0", "dim-3/0"] and len(made) == 9
    assert {(a.index, a.seed) for a in made} == {(i, FIRST_SEED + 2 * SEEDS_APART + i) for i in range(3)}
    assert len({a.key for a in made}) == len(made)


def test_seeds_of_two_trials_never_meet() -> None:
    suite = parse(DIM, "here")
    last, first = attempts(suite, SEEDS_APART, 0, ())[-1], attempts(suite, 1, 1, ())[0]
    assert last.seed < first.seed
    highest = attempts(suite, SEEDS_APART, 39, ())[-1].seed
    assert highest < 1_000_000, "demonstrations draw from a million on"


@pytest.mark.parametrize(
    ("episodes", "seed", "levels", "only", "words"),
    [
        (0, 0, (1,), (), "--episodes"), (SEEDS_APART + 1, 0, (1,), (), "--episodes"), (1, -1, (1,), (), "--seed"),
        (1, 40, (1,), (), "--seed"), (1, 0, (0,), (), "a severity"), (1, 0, (4,), (), "a severity"),
        (1, 0, (1,), ("dm",), "did you mean 'dim'"),
    ],
)  # fmt: skip
def test_attempts_that_cannot_be_are_refused(
    episodes: int, seed: int, levels: tuple[int, ...], only: tuple[str, ...], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        attempts(parse(DIM, "here"), episodes, seed, levels, only)


def test_only_some_perturbations() -> None:
    suite = parse(DIM + ROW.replace('"dim"', '"dimmer"'), "here")
    assert {a.perturbation for a in attempts(suite, 1, 0, (1,), ("dimmer",))} == {NOMINAL, "dimmer"}


def test_those_that_came_with_the_package_are_there_and_have_distinct_levels() -> None:
    found = suites()
    assert {"cell-nominal", "cell-harsh"} <= set(found)
    for suite in found.values():
        for bend in suite.perturbations:
            settings = {setting(suite, Attempt(suite.name, bend.name, s + 1, 0, 0)) for s in range(len(SEVERITIES))}
            assert len(settings) == len(set(bend.levels)) == len(SEVERITIES), bend.name


def test_conformance_finds_a_condition_that_is_none_and_a_world_that_is_not() -> None:
    broken = parse(DIM.replace("light.level=0.15", "light.levl=0.15"), "here")
    (fault,) = faults(broken, open_world)
    assert fault.startswith("dim-3: ") and "did you mean 'light.level'" in fault
    nowhere = Suite("x", "x", "nowhere", "x")
    assert "nominal" in faults(nowhere, open_world)[0]


def test_conformance_finds_a_severity_that_bends_nothing() -> None:
    (fault,) = faults(parse(DIM.replace("light.level=0.6", "light.level=1.0"), "here"), open_world)
    assert fault == "dim-1: light.level=1.0 is as drawn; bent: nothing"
