"""Where bfloat16 is trained in: what a processor says of itself, and what a run was begun with."""

from __future__ import annotations

from pathlib import Path

import pytest

from moravec.models.manip.precision import bfloat16_pays


@pytest.mark.parametrize(
    ("text", "pays"),
    [
        ("model name\t: Xeon\nflags\t\t: fpu sse2 avx512_bf16 amx_bf16\n", True),
        ("flags\t\t: fpu avx512_bf16\n", True),
        ("Features\t: fp asimd bf16\n", True),
        ("flags\t\t: fpu sse2 avx2 avx512_vnni\n", False),
        ("model name\t: with bf16 in its name\nflags\t: fpu\n", False),
        ("", False),
    ],
)
def test_the_processors_own_flags_say_it(text: str, pays: bool, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert bfloat16_pays("cpu", tmp_path / "cpuinfo") is pays


def test_where_nobody_says_it_there_is_none(tmp_path: Path) -> None:
    assert bfloat16_pays("cpu", tmp_path / "none") is False
