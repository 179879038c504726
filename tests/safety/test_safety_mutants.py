"""The gate against mutants: how a change is named, how the list is read, and that nothing slips through, with mutmut itself."""

from __future__ import annotations

import json
from pathlib import Path

import mutants
import plants
import pytest
from mutation import Group, NotBegun, Tree, without_properties
from parts import Arguments
from pieces import Pieces
from survivors import Argued, Mutant, argued, changed, listed, row_of, wrong

from moravec.core.errors import BadInput

BEFORE = ["def f(a, b):", "    if a < b:", "        return 0.0", "    if b:", "        return 0.0", "    return 1.0"]
WHY = "both are the same number at the border"


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("at", "line", "change"),
    [
        (1, "    if a <= b:", "if a «< → <=» b:"),
        (2, "        return 1.0", "return «0 → 1».0"),
        (4, "        return 1.0", "return «0 → 1».0 (line 2 of this text)"),
        (4, "        return None", "return «0.0 → None» (line 2 of this text)"),
        (5, "    return -1.0", "return « → -»1.0"),
    ],
)
def test_a_change_is_named_by_its_line(at: int, line: str, change: str) -> None:
    after = [line if i == at else text for i, text in enumerate(BEFORE)]
    found = changed("thing.py", "f", BEFORE, after)
    assert found.change == change and found.key == ("thing.py", "f", change)


def test_a_change_of_several_lines_is_one() -> None:
    found = changed("thing.py", "f", ["x = g(", "    a,", "    b,", ")"], ["x = g(", "    None,", ")"])
    assert found.change == "«a, / b → None»,"
    assert changed("thing.py", "f", ["x = 1", "y = 2"], ["x = 1"]).change == "«y = 2 → »"


def test_a_mutant_keeps_its_name_when_lines_move() -> None:
    after = [text.replace("a < b", "a <= b") for text in BEFORE]
    assert changed("t.py", "f", BEFORE, after) == changed("t.py", "f", ["# more", *BEFORE], ["# more", *after])


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────────
ONE = Mutant("guard/kernel/a.py", "f", "if a < b:", "if a <= b:")
PIPE = Mutant("guard/b.py", "C.g", "isinstance(x, int | float) or y", "isinstance(x, int | float) and y")
HEAD = "# Mutants\n\nWords | more.\n\n| file | function | change | why it changes nothing that matters |\n|---|---|---|---|\n"


def test_the_list_gives_back_what_was_written() -> None:
    rows = argued(HEAD + row_of(ONE, WHY) + "\n" + row_of(PIPE, WHY + ", a | b") + "\n\nThe end.\n")
    assert rows == [Argued(ONE.key, WHY), Argued(PIPE.key, WHY + ", a | b")]


@pytest.mark.parametrize(
    "row",
    [
        row_of(ONE, ""),
        row_of(ONE, "equivalent"),
        "| `guard/kernel/a.py` | `f` | `if a` |",
        f"| guard/kernel/a.py | `f` | `if a` | {WHY} |",
        row_of(ONE, WHY) + "\n" + row_of(ONE, WHY + " again"),
    ],
)
def test_a_row_that_argues_nothing_is_refused(row: str) -> None:
    with pytest.raises(BadInput, match=r"docs/mutants.md, line (7|8)"):
        argued(HEAD + row)


def test_a_missing_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="argued mutants"):
        listed(tmp_path / "none.md")


def test_the_list_of_the_guard_can_be_read() -> None:
    text = mutants.LIST.read_text()
    rows = listed(mutants.LIST)
    assert len(rows) == sum(line.startswith("| `") for line in text.splitlines()) > 0
    assert all((mutants.GUARD.parent / row.key[0]).is_file() for row in rows)


def test_the_gate_opens_for_what_is_argued_alone() -> None:
    row = Argued(ONE.key, WHY)
    assert wrong([ONE], [ONE, PIPE], [row]) == []
    assert wrong([], [ONE, PIPE], []) == []
    assert wrong([ONE], [ONE, PIPE], []) == [f"survives, and nobody argued why: {row_of(ONE)}"]
    assert wrong([], [ONE, PIPE], [row]) == ["is listed, but is killed: guard/kernel/a.py | f | if a «< → <=» b:"]
    assert wrong([], [PIPE], [row]) == ["is listed, but is no mutant any more: guard/kernel/a.py | f | if a «< → <=» b:"]
    assert wrong([], [PIPE], [row], whole=False) == [], "it was not drawn"


# ── with mutmut, on two made-up functions ────────────────────────────────────────────────────────────────────────────
SUMS = '''"""Made up."""

from dataclasses import dataclass


def most(a: float, b: float) -> float:
    return a if a > b else b


def half(a: float) -> float:
    return a / 2.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two numbers."""

    a: float
    b: float

    @property
    def sum(self) -> float:
        """Of both."""
        return self.a + self.b
'''
TESTS = """from thing.sums import Pair, half, most


def test_most():
    assert (most(1.0, 2.0), most(2.0, 1.0)) == (2.0, 2.0)


def test_half():
    assert half(3.0) == 1.5


def test_sum():
    assert Pair(1.0, 2.0).sum == 3.0
"""
EQUAL = ("sums.py", "most", "return a if a «> → >=» b else b")


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Group:
    """A tree with two functions, both tested; one of their mutants can be told by nothing."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # nothing here needs them, and mutmut starts sooner
    source = tmp_path / "source"
    for path, text in (
        ("src/thing/__init__.py", ""),
        ("src/thing/sums.py", SUMS),
        ("tests/thing/test_sums.py", TESTS),
        ("pyproject.toml", ""),
    ):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    return Group("thing", mutate=("src/thing/*",), tests=("tests/thing",), source=source)


def test_the_gate_on_two_functions(group: Group, tmp_path: Path) -> None:
    rows = [Argued(EQUAL, WHY)]
    tree, pieces = Tree(tmp_path / "tree", group), Pieces(tmp_path / "pieces", "one")
    drawn, _ = mutants.try_all(tree, 2, 3, pieces)
    assert len(drawn.tried) == 2 < drawn.known and mutants.judged([drawn], rows) in ([], [_killed(EQUAL)])
    first = {name: code for name, code in tree.codes().items() if code is not None}
    tally, _ = mutants.try_all(tree, mutants.ALL, 3, pieces)
    assert len(tally.tried) == tally.known == 6 and first.items() <= tree.codes().items()
    assert [m.key for m in tally.survivors] == [EQUAL] and mutants.judged([tally], rows) == []
    assert mutants.judged([tally], [])[0].startswith("survives, and nobody argued why: | `sums.py` | `most` |")
    # What was broken off in the middle of writing is written and tried again, and nothing else.
    meta = tree.folder / "mutants" / "src" / "thing" / "sums.py.meta"
    found = json.loads(meta.read_text())
    interrupted = sorted(found["exit_code_by_key"])[0]
    found["exit_code_by_key"][interrupted] = 2
    meta.write_text(json.dumps(found))
    again, _ = mutants.try_all(tree, mutants.ALL, 3, pieces)
    assert (again.survivors, again.files) == (tally.survivors, tally.files)
    assert tree.codes()[interrupted] != 2


def _killed(key: tuple[str, str, str]) -> str:
    return f"is listed, but is killed: {' | '.join(key)}"


def test_a_function_without_its_test_and_tests_that_fail_are_noticed(group: Group, tmp_path: Path) -> None:
    tests = group.source / "tests" / "thing" / "test_sums.py"
    tests.write_text(TESTS.replace("half(3.0) == 1.5", "half").replace("sum == 3.0", "sum"))
    tree = Tree(tmp_path / "tree", group)
    tally, _ = mutants.try_all(tree, mutants.ALL, 0, Pieces(tmp_path / "pieces", "one"))
    assert {m.function for m in tally.survivors} == {"half", "most", "Pair.sum"}
    tests.write_text(TESTS.replace("1.5", "2.5"))
    with pytest.raises(NotBegun, match=r"assert 1\.5 == 2\.5"):
        mutants.try_all(tree, mutants.ALL, 0, Pieces(tmp_path / "pieces", "two"))


def test_what_is_half_written_is_written_again(group: Group, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree", group)
    tree.make()
    tree.generate()
    names = set(tree.codes())
    path = tree.folder / "mutants" / "src" / "thing" / "sums.py"
    whole = path.read_text()
    for broken in (path.with_name("sums.py.meta"), path.with_name("sums.py.spans")):
        broken.write_text("{")
        path.write_text(whole[:100])
        tree.generate()
        assert path.read_text() == whole and set(tree.codes()) == names


def test_properties_are_made_of_methods_that_can_be_changed() -> None:
    text = without_properties(SUMS)
    assert "    def property_sum(self) -> float:\n" in text and "@property" not in text
    assert text.endswith("        return self.a + self.b\n    sum = property(property_sum)\n")
    assert without_properties(TESTS) == TESTS


# ── the guard's own ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_file_of_the_guard_is_in_one_group() -> None:
    for path in mutants.GUARD.rglob("*.py"):
        name = f"src/moravec/{path.relative_to(mutants.GUARD.parent).as_posix()}"
        trees = [Tree(mutants.ROOT, group) for group in mutants.GROUPS]
        assert sum(mutants.ROOT / "mutants" / name in tree._mutated() for tree in trees) == 1, name
    for group in mutants.GROUPS:
        assert all((mutants.ROOT / test).exists() for test in group.tests)


def test_every_plant_fits_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (mutants.ROOT / plants.STOPS.mutate[0]).read_text()
    tests = (mutants.ROOT / plants.STOPS.tests[0]).read_text()
    for plant in plants.PLANTS:
        assert plant.was == "" or text.count(plant.was) == 1, plant.name
        assert f"def {plant.without}" in tests, plant.name
    assert plants.KILLED.was in text


def test_what_a_plant_must_lead_to_is_told_apart() -> None:
    untested = next(plant for plant in plants.PLANTS if plant.name == "untested")
    assert untested.expected is not None
    assert untested.expected(["survives: | `stops.py` | `category_of` |"])
    assert not untested.expected([]) and not untested.expected(["survives: | `stops.py` | `fault_of` |"])
    assert not untested.expected(["the tests fail"])


def test_a_gate_that_notices_nothing_fails_the_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "planted", lambda plant, folder: "the gate does not notice")
    monkeypatch.setattr(mutants, "try_all", lambda *given: (mutants.Tally(1, [ONE]), 0.0))
    given = Arguments(mutants.ALL, 0, tmp_path)
    outcome = mutants.mutants(mutants.GROUPS[:1], plants.PLANTS[:1], [], given)
    assert not outcome.passed
    assert outcome.figures["wrong"] == ["planted: nothing, and the gate stays open: the gate does not notice"]
    monkeypatch.setattr(mutants, "planted", lambda plant, folder: "")
    assert mutants.mutants(mutants.GROUPS[:1], plants.PLANTS[:1], [], Arguments(mutants.ALL, 0, tmp_path / "new")).passed


def test_a_guard_that_changes_meanwhile_fails_the_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = iter(["one", "two"])
    monkeypatch.setattr(mutants, "_stamp", lambda: next(stamps))
    monkeypatch.setattr(mutants, "try_all", lambda *given: (mutants.Tally(1, [ONE]), 0.0))
    outcome = mutants.mutants(mutants.GROUPS[:1], (), [], Arguments(mutants.ALL, 0, tmp_path))
    assert not outcome.passed and "changed while this ran" in outcome.figures["wrong"][0]
