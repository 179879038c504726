"""`moravec stress`, with a fault that is quickly met: a mass that the cell refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from moravec.cli import main

SUITE = """
name = "tiny"
says = "One thing."
world = "cell"
instruction = "Unpack the delivery, classify the items, organise and store them."
[[perturbation]]
name = "mass"
axis = "objects"
says = "everything weighs more than anybody thought"
unit = "of the declared"
levels = ["1.1", "1.2", "6"]
conditions = [["objects.mass=1.1"], ["objects.mass=1.2"], ["objects.mass=6"]]
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stress")
    (folder / "tiny.toml").write_text(SUITE)
    arguments = ["stress", str(folder / "tiny.toml"), "--items", "1", "--budget", "10", "--fresh", "0", "--processes", "2"]
    assert main([*arguments, "--sample", "2", "--chance", "0.5", "--out", str(folder / "out"), "--json"]) == 0
    return folder


def test_a_search_tells_its_case_and_a_rate_and_draws_them(found: Path) -> None:
    result = json.loads((found / "out" / "result.json").read_text())
    (case,) = result["cases"]
    assert 2.0 <= case["severities"]["mass"] <= 3.0 and case["says"] == "everything weighs more than anybody thought"
    assert case["causes"] == ["hardware"] and "objects.mass" in case["words"] and "objects.mass=" in case["conditions"][0]
    assert result["rate"]["jobs"] == 2 and 0.0 <= result["rate"]["ci95"][0] <= result["rate"]["ci95"][1] <= 1.0
    page = (found / "out" / "report.html").read_text()
    assert "Everything weighs more" in page and "cases/case-01.toml" in page and "<script" not in page and "http://" not in page


def test_its_seed_file_fails_until_the_fault_is_mended(found: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seedfile = found / "out" / "cases" / "case-01.toml"
    again = ["trial", str(seedfile), "--episodes", "1", "--processes", "1", "--out"]
    assert main([*again, str(found / "again")]) == 1
    assert "case-2: fewer than the 100% of items right that the suite wants" in capsys.readouterr().out
    lines = [line for line in seedfile.read_text().splitlines() if not line.startswith("conditions")]
    light = f"conditions = {[['objects.mass=1.1']] * 3}"
    (found / "mended.toml").write_text("\n".join([*lines, light]))
    assert main([*again[:1], str(found / "mended.toml"), *again[2:], str(found / "mended")]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cell-nominal"], "a suite that has some, such as cell-harsh"),
        (["cell-harsh", "--only", "dimm"], "dimm"),
        (["cell-harsh", "--budget", "0"], "--budget"),
        (["cell-harsh", "--chance", "2"], "--chance"),
        (["metaworld"], "the suite"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stress", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err and not (tmp_path / "out").exists()
