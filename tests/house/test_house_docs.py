"""What the documents promise is there: files, tests, commands, fields, and code that runs."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers_house import PACKAGE, ROOT, tree

from moravec.brain.conduct.charter import Charter
from moravec.cli import COMMANDS
from moravec.commands.minds import symbolic_mind
from moravec.commands.plan import planned
from moravec.worlds.cell.layout import workplace

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|src=\"([^\"]+)\"")
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
TARGET = re.compile(r"`make (\w+)")
COMMAND = re.compile(r"moravec (run|plan|replay|incident|edge|bench|doctor|trial|data|train|serve|card|memory|mcp)\b")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def links() -> Iterator[tuple[str, str]]:
    for document in DOCUMENTS:
        for match in LINK.finditer(_read(document)):
            target = match[1] or match[2]
            if "://" not in target:
                yield document.relative_to(ROOT).as_posix(), target


@pytest.mark.parametrize(("document", "target"), sorted(set(links())))
def test_every_link_leads_somewhere(document: str, target: str) -> None:
    assert ((ROOT / document).parent / target).exists()


def test_the_readme_is_short_and_says_how_to_begin_at_once() -> None:
    lines = _read(ROOT / "README.md").splitlines()
    assert len(lines) <= 120
    assert any("make demo" in line for line in lines[:25])


def shown_commands() -> list[str]:
    """What the README says to type, without the comments."""
    found = re.findall(r"^    \.venv/bin/moravec (.+)$", _read(ROOT / "README.md"), re.M)
    return [line.split("  #")[0].strip() for line in found]


@pytest.mark.parametrize("line", shown_commands())
def test_what_the_readme_says_to_type_is_understood(line: str) -> None:
    """Every word of it but the running: the options exist, and the instruction is read without a question."""
    command, *words = shlex.split(line)
    golden = _read(ROOT / "tests" / "cli" / "golden" / f"help_{command}.txt")
    assert all(f" {word} " in golden for word in words if word.startswith("--"))
    if command not in ("run", "plan"):
        assert not words
        return
    assert words and not words[0].startswith("--"), "an instruction comes first"
    done = planned(words[0], workplace(), symbolic_mind(), Charter())
    assert (done["refused"] is not None) == (command == "plan") and done["questions"] == []


def test_the_first_line_of_safety_says_what_this_is_not() -> None:
    assert _read(ROOT / "SAFETY.md").splitlines()[0] == (
        "# This is not a certified safety function, and it does not replace one"
    )


def promised_tests() -> list[tuple[str, str]]:
    """Every test that SAFETY.md names: file, and function or ""."""
    return sorted({(match[1], match[2] or "") for match in TEST.finditer(_read(ROOT / "SAFETY.md"))})


@pytest.mark.parametrize(("file", "function"), promised_tests())
def test_every_test_of_safety_exists(file: str, function: str) -> None:
    path = ROOT / file
    assert path.is_file()
    if function:
        assert function in {node.name for node in tree(path).body if isinstance(node, ast.FunctionDef)}


def test_every_hazard_has_a_test() -> None:
    table = _read(ROOT / "SAFETY.md").split("## Hazard, mechanism, test")[1].split("## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 10
    assert [row for row in rows if not TEST.search(row)] == []


def test_every_make_target_that_is_promised_exists() -> None:
    makefile = _read(ROOT / "Makefile")
    for document in [*DOCUMENTS, ROOT / ".ci" / "run"]:
        for target in TARGET.findall(_read(document)) + re.findall(r"^\s*make (\w+)", _read(document), re.M):
            assert re.search(rf"^{target}:", makefile, re.M), f"{document.name}: make {target}"


def test_every_command_that_is_promised_exists() -> None:
    promised = {word for document in DOCUMENTS for word in COMMAND.findall(_read(document))}
    assert promised <= set(COMMANDS)
    described = set(re.findall(r"^\| `moravec (\w+)", _read(ROOT / "docs" / "command-line.md"), re.M))
    assert described == set(COMMANDS)


def test_the_readmes_code_runs_and_says_what_it_says() -> None:
    code, output = re.search(r"```python\n(.*?)```\n+```\n(.*?)```", _read(ROOT / "README.md"), re.S).groups()  # type: ignore[union-attr]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "README.md", "exec"), {})
    assert said.getvalue() == output


def test_result_json_holds_what_is_documented() -> None:
    """The produced fields, in their order, are those of docs/command-line.md."""
    section = _read(ROOT / "docs" / "command-line.md").split("## result.json")[1]
    documented = re.findall(r"^\| `(\w+)` \|", section, re.M)
    produced = [
        [key.value for key in node.keys if isinstance(key, ast.Constant)]
        for path in sorted((PACKAGE / "commands").glob("*.py"))
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Dict) and {"cycle_time_s", "versions"} <= {getattr(k, "value", None) for k in node.keys}
    ]
    assert produced == [documented]


def test_the_map_names_every_room() -> None:
    rooms = {p.name for p in PACKAGE.iterdir() if p.is_dir() and any(p.glob("*.py"))}
    named = set(re.findall(r"\(src/moravec/(\w+)\)", _read(ROOT / "README.md")))
    assert named == rooms
