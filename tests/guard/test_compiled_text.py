"""What becomes machine code, in which order, and under which name it is kept. Nothing here is compiled."""

from __future__ import annotations

import hashlib
import inspect
import platform
import shutil
from importlib.metadata import version
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest

from moravec.guard import compiled as compiled_module
from moravec.guard.compiled import INTERPRETED, MODULES, cache_folder, functions, text_hash
from moravec.guard.kernel import codes, decide


def test_functions_come_after_those_they_call() -> None:
    order = [f.__name__ for f in functions()]
    assert len(order) == len(set(order)) and {"decide", "reset", "place", "sweep", "lesser"} <= set(order)
    for f in functions():
        called = set(f.__code__.co_names) & set(order) - {f.__name__}
        assert all(order.index(name) < order.index(f.__name__) for name in called), f.__name__
    written = {
        name
        for module in MODULES
        for name, f in vars(module).items()
        if inspect.isfunction(f) and f.__module__ == module.__name__
    }
    assert set(order) == written


def _one() -> None:
    _other()
    _third()


def _other() -> None:
    _other()  # itself is no reason to wait


def _third() -> None:
    _other()
    _unknown()  # type: ignore[name-defined]  # noqa: F821


def test_who_is_called_comes_first_and_all_others_where_they_stand() -> None:
    def order(*found: FunctionType) -> list[str]:
        return [f.__name__ for f in compiled_module._callees_first(list(found))]

    assert order(_one, _other, _third) == ["_other", "_third", "_one"]
    assert order(_other, _third, _one) == ["_other", "_third", "_one"]
    assert order(_third, _one, _other) == ["_other", "_third", "_one"]
    assert order(_one, _third) == ["_third", "_one"] and order() == []
    assert compiled_module._callees_first([_one, _other])[0] is _other


def test_functions_stand_in_the_order_of_the_text() -> None:
    """Where nothing else decides; a module's own functions alone, and not what it took from others."""
    order = [f.__name__ for f in functions()]
    assert order.index("lesser") < order.index("larger") < order.index("worst") < order.index("below")
    assert order.index("check_each") < order.index("place") < order.index("whole") < order.index("decide")
    assert all(f.__module__.startswith("moravec.guard.kernel.") for f in functions())
    assert INTERPRETED.decide is decide.decide and INTERPRETED.reset is decide.reset


def test_an_edit_of_the_text_is_never_met_by_old_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = text_hash()
    copy = tmp_path / "kernel"
    shutil.copytree(Path(inspect.getfile(codes)).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(compiled_module, "files", lambda package: {"moravec.guard.kernel": copy}[package])
    assert text_hash() == real, "the same text, the same hash"
    monkeypatch.setattr(compiled_module, "version", lambda package: {"numba": "1", "llvmlite": "1"}[package])
    other = text_hash()
    assert other != real, "another compiler"
    (copy / "notes.txt").write_text("no part of it")
    assert text_hash() == other
    for path in sorted(copy.glob("*.py")):
        text = path.read_text()
        path.write_text(text + "\n")
        assert text_hash() != other, path.name
        path.write_text(text)
    (copy / "stops.py").rename(copy / "stopz.py")
    assert text_hash() != other
    assert cache_folder().name == f"guard-{text_hash()[:16]}" and cache_folder().parent.name == "moravec"


def test_the_hash_is_that_of_names_and_bytes_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("b.py", "y = 2"), ("a.py", "x = 1"), ("c.txt", "no part of it")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(compiled_module, "files", lambda package: tmp_path)
    beside = "|".join((version("numba"), version("llvmlite"), np.__version__, platform.processor()))
    told = b"a.py\0x = 1\0b.py\0y = 2\0" + beside.encode()
    assert text_hash() == hashlib.sha256(told).hexdigest()


def test_each_text_has_its_own_folder_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / ".cache" / "moravec" / f"guard-{text_hash()[:16]}"


def test_a_folder_that_cannot_be_written_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "one" / "two"
    assert compiled_module._writable(deep) and deep.is_dir() and compiled_module._writable(deep)
    (tmp_path / "file").write_text("")
    assert not compiled_module._writable(tmp_path / "file" / "two"), "a file stands in the way"
    asked: list[tuple[Path, int]] = []
    monkeypatch.setattr(compiled_module.os, "access", lambda path, how: bool(asked.append((path, how))))
    assert not compiled_module._writable(deep), "made, but not to be written in"
    assert asked == [(deep, compiled_module.os.W_OK)]
