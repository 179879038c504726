"""What keeps the house readable: small files and functions, no blind excepts, no prints, nothing left for later."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers_house import calls, name, sources, text_of, tracked, tree

FILES = sources("src", "tests", "scripts")
LIBRARY = sources("src")
MAX_FILE = 400  # lines
MAX_FUNCTION = 60  # lines
PRINTERS = ("src/moravec/cli.py", "src/moravec/commands/", "src/moravec/console/")
# A future carries whatever was raised to the one who waits for it; a trial counts whatever a policy raises.
CARRIERS = {"src/moravec/runtime/pace.py": 1, "src/moravec/trials/executors/bench.py": 1,
            "src/moravec/trials/jobs/link.py": 1}
# Spelled in parts, so that this file does not find itself.
LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
PLACES = re.compile(
    r"(?<![\w.}])/(?:work|farm|root|home|Users|opt|mnt)/"
    + r"|py" + r"pi\.(?:org|io)|python" + r"hosted|registry\.np" + r"mjs|deb\.deb" + r"ian|snapshot\.deb" + r"ian"
    + r"|hugging" + r"face\.co/.*\?token|local" + r"host:\d{4}/simple"
)  # fmt: skip


def test_files_are_short() -> None:
    long = {name(p): n for p in FILES if (n := len(p.read_text(encoding="utf-8").splitlines())) > MAX_FILE}
    assert long == {}


def test_functions_are_short() -> None:
    long = {}
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > MAX_FUNCTION:
                    long[f"{name(path)}:{node.name}"] = lines
    assert long == {}


def blind_excepts(module: ast.Module) -> Iterator[int]:
    """Lines of handlers that catch everything."""
    for node in ast.walk(module):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(kind is None or getattr(kind, "id", "") in ("Exception", "BaseException") for kind in caught):
                yield node.lineno


def test_nothing_is_caught_blindly() -> None:
    found = {name(p): n for p in LIBRARY if (n := len(list(blind_excepts(tree(p)))))}
    assert found == CARRIERS


@pytest.mark.parametrize("line", ["except:", "except Exception:", "except (ValueError, BaseException) as e:"])
def test_a_blind_except_is_seen(line: str) -> None:
    assert list(blind_excepts(ast.parse(f"try:\n    f()\n{line}\n    pass"))) == [3]


def test_the_library_does_not_print() -> None:
    printing = {name(p) for p in LIBRARY for call in calls(p) if getattr(call.func, "id", "") in ("print", "input")}
    assert {p for p in printing if not p.startswith(PRINTERS)} == set()


def test_nothing_is_left_for_later() -> None:
    assert list(_matches(LATER, FILES)) == []


def test_no_machine_and_no_registry_is_named() -> None:
    assert list(_matches(PLACES, tracked())) == []


@pytest.mark.parametrize("text", ["see /ro" + "ot/x", "'/wor" + "k/main'", "https://py" + "pi.org/simple", "/ho" + "me/ann/x"])
def test_a_machine_path_is_seen(text: str) -> None:
    assert PLACES.search(text)


def _matches(pattern: re.Pattern[str], files: list[Path]) -> Iterator[str]:
    for path in files:
        for number, line in enumerate((text_of(path) or "").splitlines(), start=1):
            if pattern.search(line):
                yield f"{name(path)}:{number}: {line.strip()[:100]}"
