"""A workplace's own rules in a file: what is read, and what is refused in one line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from helpers_brain import CELL, STORE, FakeWorld, all_belong, delivery, run_job
from told import told_mind

from moravec.brain.agent import Agent
from moravec.brain.conduct.charter import BUILT_IN, Charter, Rule
from moravec.brain.conduct.overseer import Overseer
from moravec.brain.conduct.rules_file import charter_of
from moravec.core.errors import BadInput
from moravec.worlds.cell.layout import workplace

MANUAL = Path(__file__).parents[2] / "docs" / "rules.md"
RULE = '[rules.{}]\nsentence = "a sentence"\nformula = "{}"\n'


def test_what_a_file_states() -> None:
    text = (
        '[traits]\nfragile = ["bottle"]\n[weights]\ntool = 1\n[zones]\ngate = [0, -1, 2, 1.5]\n'
        + RULE.format("look-first", "begins open implies once done look and not somebody_in(gate)")
        + RULE.format("glass", "every item x: begins discard(x, any) implies not fragile(x)")
    )
    charter = charter_of(text, CELL)
    assert charter == Charter(
        (
            Rule("look-first", "a sentence", "begins open implies once done look and not somebody_in(gate)"),
            Rule("glass", "a sentence", "every item x: begins discard(x, any) implies not fragile(x)"),
        ),
        {"fragile": ("bottle",)}, {"tool": 1.0}, {"gate": (0.0, -1.0, 2.0, 1.5)},
    )  # fmt: skip
    assert charter.all_rules[: len(BUILT_IN)] == BUILT_IN and charter_of("", CELL) == Charter()
    Overseer(charter, CELL)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "--rules: found"),
        ("[" * 5000, "--rules: found"),
        ("[rule.x]", "a table of --rules: found 'rule'; allowed: one of rules, traits, weights, zones; did you mean 'rules'?"),
        ("rules = 3", "[rules] of --rules"),
        (RULE.format("only-what-was-asked", "true"), "that rule is built in and stays as it is"),
        (RULE.format("BIG", "true"), "a name of small letters"),
        ("[rules.x]\nformula = 'true'", "sentence and formula"),
        ("[rules.x]\nsentence = 'a\\nb'\nformula = 3", "the formula of the rule 'x'"),
        ("[rules.x]\nsentence = ''\nformula = 'true'", "the sentence of the rule 'x'"),
        (RULE.format("x", "begins stwo"), "the rule 'x', a formula at character 8, after 'begins': found 'stwo'"),
        (RULE.format("x", "every item i: category(i) = 'bottle'"), "found"),
        (RULE.format("x", "every item i: category(i) = botle"), "did you mean 'bottle'?"),
        (RULE.format("x", "begins look(parcle)"), "did you mean 'parcel'?"),
        (RULE.format("x", "somebody_in(gate)"), "a zone: any_zone"),
        ("[traits]\nfragile = ['botle']", "did you mean 'bottle'?"),
        ("[traits]\ncategory = ['bottle']", "a name that no reading has"),
        ("[traits]\nfragile = 'bottle'", "a list of categories"),
        ("[weights]\nbotle = 1", "did you mean 'bottle'?"),
        ("[weights]\nbottle = -1", "kilograms above 0"),
        ("[weights]\nbottle = nan", "kilograms above 0"),
        ("[weights]\nbottle = true", "kilograms above 0"),
        ("[zones]\ngate = [0, 0, 1]", "[x_min, y_min, x_max, y_max] in metres"),
        ("[zones]\ngate = [1, 0, 0, 1]", "[x_min, y_min, x_max, y_max] in metres"),
        ("[zones]\nany_zone = [0, 0, 1, 1]", "that one means all of them"),
        ("".join(RULE.format(f"r{i}", "true") for i in range(101)), "a table of at most 100 entries"),
    ],
)
def test_what_a_file_may_not_state(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        charter_of(text, CELL)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_the_file_that_the_manual_shows_is_read() -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", manual, re.S)
    charter = charter_of(text, workplace())
    assert len(charter.rules) >= 3 and charter.traits and charter.weights and charter.zones
    for rule in BUILT_IN:
        assert f"`{rule.name}`" in manual and rule.sentence in manual


def test_with_the_manuals_rules_a_delivery_is_stored() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.S)
    world = FakeWorld(delivery())
    overseer = Overseer(replace(charter_of(text, CELL), zones={}), CELL)
    assert run_job(STORE, world, agent=Agent({}, CELL, told_mind(), overseer=overseer)).report.success and all_belong(world)
