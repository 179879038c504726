"""`moravec trial` of whole jobs: made, gone on with, made again; what is refused, and the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from moravec.cli import main

SUITE = """
name = "tiny"
says = "One thing, asked for in two ways."
world = "cell"
instruction = "Open the parcel."
most_robot_s = 600.0
[[perturbation]]
name = "dim"
axis = "lighting"
says = "all lamps dimmed"
unit = "of the usual brightness"
levels = ["0.8", "0.7", "0.6"]
conditions = [["light.level=0.8"], ["light.level=0.7"], ["light.level=0.6"]]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "tiny.toml").write_text(SUITE)
    arguments = ["trial", str(folder / "tiny.toml"), "--episodes", "1", "--items", "1", "--severity", "mild", "--processes", "1"]
    assert main([*arguments, "--out", str(folder / "out"), "--json"]) == 0
    return folder


def test_a_trial_leaves_its_result_its_page_its_table_and_a_line_for_each_job(made: Path) -> None:
    result = json.loads((made / "out" / "result.json").read_text())
    lines = [json.loads(line) for line in (made / "out" / "episodes.jsonl").read_text().splitlines()]
    assert [(line["perturbation"], line["severity"], line["items"]) for line in lines] == [("nominal", 0, 1), ("dim", 1, 1)]
    assert lines[0]["seed"] == lines[1]["seed"] and lines[0]["energy_j"] > 0.0 and lines[0]["peak_force_n"] > 0.0
    assert lines[0]["in_force"] == {} and "light.level" in lines[1]["in_force"]["conditions"]
    assert result["n_items"] == 1 and result["variations"]["dim-1"]["level"] == "0.8 of the usual brightness"
    page = (made / "out" / "report.html").read_text()
    assert "tiny" in page and "all lamps dimmed" in page and "<script" not in page and "http://" not in page
    import pyarrow.parquet as pq

    table = pq.read_table(made / "out" / "episodes.parquet").to_pylist()
    assert [row["variation"] for row in table] == ["nominal", "dim-1"] and json.loads(table[0]["wrong"]) == lines[0]["wrong"]


def test_what_is_there_is_not_made_again(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (made / "out" / "episodes.jsonl").read_text()
    arguments = ["trial", str(made / "tiny.toml"), "--episodes", "1", "--items", "1", "--severity", "mild"]
    assert main([*arguments, "--out", str(made / "out")]) == 0
    assert (made / "out" / "episodes.jsonl").read_text() == before and "as drawn: " in capsys.readouterr().out
    assert main(["trial", str(made / "tiny.toml"), "--episodes", "1", "--items", "2", "--out", str(made / "out")]) == 2
    assert "another items" in capsys.readouterr().err
    header = made / "out" / "trial.json"
    before = header.read_text()
    header.write_text(before.replace(json.loads(before)["code"], "0" * 16))
    assert main([*arguments, "--out", str(made / "out")]) == 2 and "another code" in capsys.readouterr().err
    header.write_text(before)


def test_a_sample_made_again_agrees_and_a_changed_record_does_not(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = ["trial", str(made / "tiny.toml"), "--verify", str(made / "out"), "--episodes", "1", "--seed", "1"]
    header = json.loads((made / "out" / "trial.json").read_text())
    assert header["suite"] == "tiny"
    assert main(again) == 0 and "1 jobs made again, 0 differ" in capsys.readouterr().out
    lines = (made / "out" / "episodes.jsonl").read_text().splitlines()
    changed = [json.dumps(json.loads(line) | {"robot_s": 1.0}) for line in lines]
    other = made / "other"
    other.mkdir()
    (other / "trial.json").write_text(json.dumps(header))
    (other / "episodes.jsonl").write_text("\n".join(changed) + "\n")
    assert main([*again[:3], str(other), *again[4:]]) == 1
    assert "robot_s: recorded 1.0, now " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cell-hash"], "did you mean 'cell-harsh'"),
        (["cell-nominal", "--policy", "random"], "--policy"),
        (["cell-nominal", "--severity", "awful"], "--severity"),
        (["cell-harsh", "--only", "dm"], "did you mean 'dim'"),
        (["metaworld", "--only", "dim"], "--only"),
        (["cell-pick", "--severity", "mild"], "--severity"),
        (["cell-nominal", "--verify", "nowhere"], "--verify"),
        (["nowhere.toml"], "can be read"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["trial", *words]) == 2
    captured = capsys.readouterr().err.strip()
    assert said in captured and captured.count("\n") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_trial_against_another_one_is_compared_pair_by_pair(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["trial", str(made / "tiny.toml"), "--episodes", "3", "--items", "1", "--severity", "mild", "--processes", "2"]
    assert main([*arguments, "--against", str(made / "out"), "--out", str(made / "second"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["against"]
    assert found["n_pairs"] == found["n_pairs_wanted"] == 1, "as drawn, those that were made before"
    assert found["differs_in"] == [] and found["n_only_here"] == found["n_only_before"] == 0 and found["better"] == "open"
    assert found["pc_difference"] == 0.0 and found["mcnemar_p"] == 1.0
    page = (made / "second" / "report.html").read_text()
    assert "neither is certainly better after 1 pairs" in page
    assert main([*arguments, "--against", str(made / "second"), "--out", str(made / "second")]) == 2
    assert "where this trial is written" in capsys.readouterr().err
    nowhere = ["--against", str(made / "none"), "--out", str(made / "refused")]
    assert main([*arguments, *nowhere]) == 2 and not (made / "refused").exists(), "nothing is left of what was refused"
    capsys.readouterr()
    assert main([*arguments, "--margin", "0.1"]) == 2 and "without --against" in capsys.readouterr().err
    assert main(["trial", "cell-pick", "--against", str(made / "out")]) == 2
    assert "here each attempt has its pair" in capsys.readouterr().err
