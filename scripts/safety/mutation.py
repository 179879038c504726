"""A copy of the tree in which mutmut changes one thing at a time, and what it found there.

mutmut keeps a verdict for each mutant as soon as there is one; a run that was broken off goes on behind the last. It changes what
stands inside functions, but in no decorated one; so properties lose their decorator in the copy. What stands at the level of a
module is not changed: `tests/guard/test_constants.py` writes the guard's numbers down a second time.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from fnmatch import fnmatch
from pathlib import Path

from parts import ROOT, python
from survivors import Mutant, changed

from moravec.core.errors import BadInput, MoravecError

KILLED = {1, 3}  # exit statuses of pytest: tests failed; the run itself broke down
TIMEOUTS = {24, -24, 36, 152, 255}  # a loop that does not end; counted apart, and as killed
JUDGED = {0, 5, 33, *KILLED, *TIMEOUTS}  # 0: all passed; 5, 33: no test calls it
LOOK = 5.0  # [s] between two looks at what is done
GETTER = "property_"  # so the method behind a property is called
START = "import sys; from mutmut.__main__ import cli; sys.argv[0] = 'mutmut'; cli()"
GENERATE = """
from mutmut.__main__ import copy_also_copy_files, copy_src_dir, create_mutants
from mutmut.mutation.trampoline import set_mutant_under_test
set_mutant_under_test("mutant_generation")
copy_src_dir()
copy_also_copy_files()
create_mutants(2)
"""
OPTIONS = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]


def is_killed(code: int | None) -> bool:
    """Whether that exit status of the tests says that a mutant was noticed."""
    return code in KILLED or code in TIMEOUTS


class NotBegun(MoravecError):
    """mutmut did not begin: the tests fail before anything is changed, or call nothing of what is to be changed."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is changed, and which tests must notice. `keywords` chooses among them as pytest's -k does."""

    name: str
    mutate: tuple[str, ...]
    tests: tuple[str, ...]
    keywords: str = ""
    source: Path = ROOT

    @property
    def settings(self) -> str:
        """mutmut's part of pyproject.toml."""
        options = OPTIONS + (["-k", self.keywords] if self.keywords else [])
        rows = {
            "source_paths": ["src"], "only_mutate": list(self.mutate),
            "pytest_add_cli_args_test_selection": list(self.tests), "pytest_add_cli_args": options,
        }  # fmt: skip
        lists = "".join(f"{name} = {json.dumps(values)}\n" for name, values in rows.items())
        return f"\n[tool.mutmut]\n{lists}use_git_change_detection = false\ntrack_dependencies = false\n"


class Tree:
    """The copy of `group.source` in `folder`."""

    def __init__(self, folder: Path, group: Group) -> None:
        self.folder, self.group = folder, group

    def make(self) -> None:
        """Copies sources, the tests' folders and settings; what was there before goes."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
        for name in ("src", *sorted({"/".join(test.split("/")[:2]) for test in self.group.tests})):
            shutil.copytree(self.group.source / name, self.folder / name, ignore=ignored)
        for path in self._mutated():
            original = self.folder / path.relative_to(self.folder / "mutants")
            original.write_text(without_properties(original.read_text()))
        settings = (self.group.source / "pyproject.toml").read_text() + self.group.settings
        (self.folder / "pyproject.toml").write_text(settings)

    def generate(self) -> None:
        """Writes every mutant down; after a run that was broken off, again what is half written. Verdicts that are none go."""
        for path in self._mutated():
            meta, spans = _beside(path)
            try:
                found, _ = json.loads(meta.read_text()), json.loads(spans.read_text())
            except (FileNotFoundError, ValueError):
                for half in (path, meta, spans):
                    half.unlink(missing_ok=True)
                continue
            codes = found["exit_code_by_key"]
            found["exit_code_by_key"] = {name: code if code in JUDGED else None for name, code in codes.items()}
            meta.write_text(json.dumps(found))
        self._mutmut(GENERATE, [], lambda: None)

    def run(self, names: Sequence[str], tell: Callable[[], None]) -> None:
        """Tries all that has no verdict yet, or only `names`; calls `tell` now and then. Raises NotBegun."""
        workers = str(len(os.sched_getaffinity(0)))
        self._mutmut(START, ["run", "--max-children", workers, *names], tell)

    def codes(self) -> dict[str, int | None]:
        """Every mutant's name, and the exit status of the tests; None where they did not run yet."""
        found: dict[str, int | None] = {}
        for path in self._mutated():
            try:
                found.update(json.loads(_beside(path)[0].read_text())["exit_code_by_key"])
            except (FileNotFoundError, ValueError):
                continue  # being written now
        return found

    def mutants(self) -> Iterator[tuple[str, Mutant, int | None]]:
        """Every mutant: its name, what it is, and the exit status of the tests."""
        for path in self._mutated():
            file = "/".join(path.relative_to(self.folder / "mutants" / "src").parts[1:])
            meta, spans = _beside(path)
            at, lines = json.loads(spans.read_text())["spans"], path.read_text().splitlines()
            for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
                own = name.rpartition(".")[2]
                mangled = own.partition("__mutmut_")[0]
                before = _function(lines, at[f"{mangled}__mutmut_orig"], mangled)
                after = _function(lines, at[own], mangled)
                function = mangled[2:].replace("ǁ", ".").replace(GETTER, "")
                yield name, changed(file, function, before, after), code

    def _mutated(self) -> list[Path]:
        """Where the files with mutants in them are, or will be."""
        found = []
        for path in sorted((self.folder / "src").rglob("*.py")):
            name = path.relative_to(self.folder).as_posix()
            if any(fnmatch(name, pattern) for pattern in self.group.mutate):
                found.append(self.folder / "mutants" / name)
        return found

    def _mutmut(self, script: str, words: Sequence[str], tell: Callable[[], None]) -> None:
        start, log = time.monotonic(), self.folder / "mutmut.log"
        # CI: hypothesis then tries the same examples each time.
        env = {**os.environ, "CI": "1", "PYTHONPATH": "", "MUTANT_UNDER_TEST": ""}
        with log.open("w") as out, (self.folder / "lock").open("w") as lock:
            try:
                flock(lock, LOCK_EX | LOCK_NB)
            except BlockingIOError as error:
                raise BadInput("the folder to work in", str(self.folder), "one that no other run works in") from error
            keeps = (lock.fileno(),)  # until the last of mutmut's processes ends
            command = python("-c", script, *words)
            done = subprocess.Popen(command, cwd=self.folder, env=env, stdout=out, stderr=subprocess.STDOUT, pass_fds=keeps)
            try:
                while done.poll() is None:
                    time.sleep(min(LOOK, 0.05 + (time.monotonic() - start) / 10))
                    tell()
            finally:
                done.terminate()
                done.wait()
        if done.returncode != 0:
            raise NotBegun("\n".join(log.read_text(errors="replace").replace("\r", "\n").splitlines()[-30:]))


def without_properties(text: str) -> str:
    """The same module, whose properties are made of plain methods."""
    lines, found = text.splitlines(), []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and [ast.unparse(one) for one in node.decorator_list] == ["property"]:
            found.append(node)
    for node in sorted(found, key=lambda node: -node.lineno):
        indent = " " * node.col_offset
        lines.insert(node.end_lineno or node.lineno, f"{indent}{node.name} = property({GETTER}{node.name})")
        lines[node.lineno - 1] = lines[node.lineno - 1].replace(f"def {node.name}(", f"def {GETTER}{node.name}(")
        del lines[node.decorator_list[0].lineno - 1]
    return "\n".join(lines) + "\n"


def _beside(path: Path) -> tuple[Path, Path]:
    """Where mutmut keeps the verdicts on the mutants in `path`, and their lines."""
    return path.with_name(path.name + ".meta"), path.with_name(path.name + ".spans")


def _function(lines: list[str], span: Sequence[int], mangled: str) -> list[str]:
    """The lines of one function, in which it has its own name whichever mutant it is."""
    name = mangled[2:].rpartition("ǁ")[2]
    return [re.sub(rf"{mangled}__mutmut_(?:orig|\d+)", name, line) for line in lines[span[0] - 1 : span[1]]]
