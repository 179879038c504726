"""The house as data: its rooms, its files, what each file imports. Everything is read, nothing is imported."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "moravec"

# Each room may import only from itself and from the rooms before it.
ROOMS = (
    "core", "guard", "tape", "edge", "robots", "worlds", "perception", "models", "skills", "brain", "runtime", "data",
    "trials", "fleet", "console", "cli",
)  # fmt: skip
ALIASES = {"commands": "cli", "doctor": "cli"}  # what stands behind the command line


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def sources(*folders: str) -> list[Path]:
    """Every Python file under the folders of the repository."""
    return sorted(p for folder in folders for p in (ROOT / folder).rglob("*.py") if "__pycache__" not in p.parts)


def name(path: Path) -> str:
    """A file's path in the repository."""
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str | None:
    """The room of a file of the package; None for its front door, __init__.py."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return None if first == "__init__" else ALIASES.get(first, first)


def room_of_module(module: str) -> str | None:
    """The room of a module by its dotted name; None for the package itself and for what is not ours."""
    parts = module.split(".")
    return ALIASES.get(parts[1], parts[1]) if parts[0] == "moravec" and len(parts) > 1 else None


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a file imports, wherever the import stands, `if TYPE_CHECKING` included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:  # relative: spell it out
                base = path.relative_to(PACKAGE.parent).parts[: -node.level]
                module = ".".join((*base, *([module] if module else [])))
            yield node.lineno, module
            # `from moravec import guard` names a room in its list
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names if module == "moravec")


def calls(path: Path) -> Iterator[ast.Call]:
    """Every call in a file."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def tracked() -> list[Path]:
    """Every file that belongs to the repository; without git, every file that looks as if it did."""
    git = shutil.which("git")
    command = [git, "ls-files", "-z"] if git and (ROOT / ".git").exists() else ["true"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if listed:
        found = [ROOT / line for line in listed.split("\0") if line]
    else:
        folders = ("src", "tests", "scripts", "docs", ".ci")
        found = [p for folder in folders for p in (ROOT / folder).rglob("*") if "__pycache__" not in p.parts]
        found += ROOT.glob("*")
    return sorted(p for p in found if p.is_file())


def text_of(path: Path) -> str | None:
    """A file's text; None for what is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
