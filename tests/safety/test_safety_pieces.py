"""Pieces of long work: kept, found again, and never taken for those of other code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from keep import packed, unpack
from pieces import Pieces, source_hash

from moravec.core.errors import BadInput


def test_a_piece_is_found_again(tmp_path: Path) -> None:
    pieces = Pieces(tmp_path / "deep" / "part", "one")
    assert pieces.get("0001") is None and list(pieces.keys()) == []
    pieces.put("0001", {"count": 3, "seconds": 0.25})
    pieces.put("0001", {"count": 4, "seconds": 0.5})
    again = Pieces(tmp_path / "deep" / "part", "one")
    assert again.get("0001") == {"count": 4, "seconds": 0.5} and list(again.keys()) == ["0001"]


def test_a_piece_of_other_code_does_not_count(tmp_path: Path) -> None:
    Pieces(tmp_path, "one").put("a", {"count": 3})
    assert Pieces(tmp_path, "two").get("a") is None and list(Pieces(tmp_path, "two").keys()) == []


@pytest.mark.parametrize("text", ["", '{"stamp": "one"', "[]", '{"stamp": "one"}', '{"stamp": "one", "record": 3}'])
def test_a_broken_piece_does_not_count(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert Pieces(tmp_path, "one").get("a") is None


def test_a_piece_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = Pieces(tmp_path, "one")
    pieces.put("a", {"count": 1})

    def broken_off(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", broken_off)
    with pytest.raises(KeyboardInterrupt):
        pieces.put("a", {"count": 2})
    assert pieces.get("a") == {"count": 1}


def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    for key in ("", "../a", "a.b", "a/b"):
        with pytest.raises(BadInput):
            Pieces(tmp_path, "one").put(key, {})


def test_the_hash_sees_every_byte_and_every_name(tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.py").write_text("x = 1\n")
    (folder / "inner" / "b.py").write_text("y = 1\n")
    seen = {source_hash(folder)}
    (folder / "notes.txt").write_text("no part of it")
    assert source_hash(folder) in seen
    (folder / "a.py").write_text("x = 2\n")
    seen.add(source_hash(folder))
    (folder / "inner" / "b.py").rename(folder / "inner" / "c.py")
    seen.add(source_hash(folder))
    seen.add(source_hash(folder, folder / "a.py"))
    assert len(seen) == 4
    for missing in (tmp_path / "none.py", tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(BadInput):
            source_hash(missing)


def test_kept_pieces_are_the_same_elsewhere(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    Pieces(here / "motions", "a stamp").put("0001", {"motions": 1000})
    Pieces(here / "kills", "a stamp").put("edge-2", {"kills": 3})
    (here / "motions.json").write_text('{"part": "motions"}')
    (here / "kills" / "other.json").write_text("[1]")
    lines = list(packed(here))
    assert len(lines) == 2 and unpack(lines, there) == 2 and unpack(lines, there) == 0
    assert Pieces(there / "motions", "a stamp").get("0001") == {"motions": 1000}
    assert Pieces(there / "kills", "a stamp").get("edge-2") == {"kills": 3}
    assert Pieces(there / "kills", "another").get("edge-2") is None, "and count with their sources only"


@pytest.mark.parametrize(
    "line", ["", "half {", "[1]", '{"part": "a"}', '{"part": "..", "key": "a", "stamp": "", "record": {}}',
             '{"part": "a", "key": "../b", "stamp": "", "record": {}}'],
)  # fmt: skip
def test_pieces_that_are_none_write_nothing(tmp_path: Path, line: str) -> None:
    good = json.dumps({"part": "a", "key": "b", "stamp": "", "record": {}})
    with pytest.raises(BadInput, match="line 2"):
        unpack([good, line], tmp_path / "there")
    assert not (tmp_path / "there").exists()
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "broken.json").write_text("{")
    with pytest.raises(BadInput, match="a piece"):
        list(packed(tmp_path))
