"""The flywheel from an empty folder to a trial, by the command line alone; and what it says when it is used wrongly."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moravec.cli import main

Capture = pytest.CaptureFixture[str]


def told(capsys: Capture, *words: object) -> dict[str, Any]:
    """What a command that succeeds says with --json."""
    status = main([*map(str, words), "--json"])
    shown = capsys.readouterr()
    assert status == 0, shown.err
    found = json.loads(shown.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert isinstance(found, dict)
    return found


def refused(capsys: Capture, *words: object, status: int = 2) -> str:
    """The one line of a command that fails."""
    assert main([*map(str, words)]) == status
    shown = capsys.readouterr()
    lines = [line for line in shown.err.splitlines() if line.startswith("moravec: ")]
    assert shown.out == "" and len(lines) == 1 and "Traceback" not in shown.err
    return lines[0]


@pytest.fixture(scope="module", autouse=True)
def _one_core() -> Iterator[None]:
    """On a busy machine, threads that work together wait for each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda pid: {0})
        yield


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything is made, once."""
    for name in ("metaworld", "pyarrow", "av", "torch", "safetensors", "onnx"):
        pytest.importorskip(name)
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def made(shop: Path) -> Path:
    """Demonstrations."""
    words = ["data", "make", "metaworld", "--tasks", "reach", "--episodes", "1", "--glimpses", "2", "--processes", "1"]
    assert main([*words, "--out", str(shop / "demonstrations")]) == 0
    return shop / "demonstrations"


@pytest.fixture(scope="module")
def cached(shop: Path, made: Path) -> Path:
    """Their cache."""
    assert main(["data", "cache", str(made), "--out", str(shop / "cache")]) == 0
    return shop / "cache"


def train(data: Path, out: Path, *more: object) -> list[str]:
    return [str(w) for w in ("train", "manip", "--data", data, "--out", out, "--batch", 4, "--processes", 1, *more)]


@pytest.fixture(scope="module")
def trained(shop: Path, cached: Path) -> Path:
    """A run of two steps."""
    assert main(train(cached, shop / "run", "--steps", 2)) == 0
    return shop / "run"


@pytest.fixture(scope="module")
def exported(shop: Path, trained: Path) -> Path:
    """The model, with what it was measured to do."""
    result = shop / "result.json"
    result.write_text(json.dumps({"suite": "metaworld", "sentences": "train", "drawing": "plain", "pc_success": 12.5}))
    words = ["export", str(trained), "--key", str(shop / "signing.key"), "--evaluation", str(result)]
    assert main([*words, "--out", str(shop / "model")]) == 0
    return shop / "model"


def public(folder: Path) -> str:
    return str(json.loads((folder / "manifest.sig").read_text())["key"])


def test_demonstrations_are_made_once_checked_and_described(made: Path, capsys: Capture) -> None:
    words = ("data", "make", "metaworld", "--tasks", "reach", "--episodes", 1, "--glimpses", 2, "--processes", 1)
    assert told(capsys, *words, "--out", made)["episodes"] == 3
    assert told(capsys, "data", "check", made)["faults"] == []
    card = told(capsys, "data", "card", made)
    assert card["episodes"] == 3 and (made / "README.md").exists()


def test_a_dataset_with_a_fault_is_told_by_the_exit_status(made: Path, tmp_path: Path, capsys: Capture) -> None:
    broken = Path(shutil.copytree(made, tmp_path / "broken"))
    next(broken.rglob("*.mp4")).unlink()
    assert main(["data", "check", str(broken)]) == 1
    assert "faults in" in capsys.readouterr().out


def test_the_cache_is_the_demonstrations(made: Path, cached: Path, tmp_path: Path, capsys: Capture) -> None:
    from moravec.data.cache import Cache
    from moravec.data.lerobot.read import Reader

    with Reader(made) as reader:
        state = np.concatenate([episode.state for episode in reader])
        lengths = reader.lengths()
    cache = Cache(cached)
    assert np.array_equal(cache.take(np.arange(len(cache)), 1).state, state)
    points = cache.take(np.cumsum(lengths) - 1, 1).points
    assert np.all(np.abs(points[:, 3]) < 1.0), "the hand is in the cut picture"
    assert told(capsys, "data", "cache", made, "--out", tmp_path / "again")["hash"] == cache.hash


def test_a_run_holds_everything_and_goes_on(cached: Path, trained: Path, capsys: Capture) -> None:
    assert {"config.json", "history.jsonl", "losses.svg", "weights.safetensors"} <= {path.name for path in trained.iterdir()}
    before = (trained / "weights.safetensors").read_bytes()
    found = told(capsys, *train(cached, trained, "--steps", 2))
    assert found["steps"] == found["step"] == 2 and found["all"] > 0.0
    assert (trained / "weights.safetensors").read_bytes() == before


def test_a_training_is_stopped_on_its_way_and_goes_on(cached: Path, shop: Path, tmp_path: Path, capsys: Capture) -> None:
    words = train(cached, tmp_path / "run", "--steps", 3)
    found = told(capsys, *words, "--until", 1)
    assert (found["step"], found["steps"]) == (1, 3)
    told(capsys, "export", tmp_path / "run", "--key", shop / "signing.key", "--out", tmp_path / "half")
    assert json.loads((tmp_path / "half/manifest.json").read_text())["step"] == 1
    assert told(capsys, *words)["step"] == 3


def test_another_training_does_not_go_on_in_the_same_folder(cached: Path, trained: Path, capsys: Capture) -> None:
    line = refused(capsys, *train(cached, trained, "--steps", 3))
    assert "config.steps was 2, is 3" in line and "another --out" in line
    several = [*train(cached, trained, "--steps", 2)[:-4], "--processes", "2", "--steps", "2"]
    assert "processes was 1, is 2" in refused(capsys, *several)


def test_what_would_fail_in_every_process_is_told_once_before_them(cached: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ["train", "manip", "--out", str(tmp_path / "run"), "--processes", "2", "--steps", "1"]
    line = refused(capsys, *words, "--data", cached, "--batch", 3)
    assert "--batch: found 3; allowed: a multiple of the 2 processes" in line
    assert "that 'moravec data cache' made" in refused(capsys, *words, "--data", tmp_path)


def test_a_model_is_signed_and_tried(exported: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ("trial", "metaworld", "--policy", exported, "--tasks", "reach", "--episodes", 1, "--processes", 1, "--ahead", 10)
    line = refused(capsys, *words, "--out", tmp_path / "trial")
    assert "one that is trusted here: --trust KEY" in line and not (tmp_path / "trial").exists()
    found = told(capsys, *words, "--trust", public(exported), "--out", tmp_path / "trial")
    assert {"n_episodes", "n_success", "pc_success", "pc_success_ci95"} <= found.keys()
    assert found["n_episodes"] == 1 and found["policy"] == str(exported) and found["execute"] == 10
    assert found["act_ms"]["n"] == (1 if found["n_success"] else 51), "one action of the first chunk, ten of each other"
    assert json.loads((tmp_path / "trial" / "result.json").read_text()) == found
    again = told(capsys, *words, "--trust", public(exported), "--out", tmp_path / "trial")
    assert {**again, "command": ""} == {**found, "command": ""}, "what is recorded is not made again"


def test_an_evaluation_stands_in_the_manifest(trained: Path, exported: Path, shop: Path, tmp_path: Path, capsys: Capture) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    assert [trial["pc_success"] for trial in manifest["evaluation"].values()] == [12.5]
    words = ("export", trained, "--key", shop / "signing.key", "--out", tmp_path / "x", "--evaluation", tmp_path / "result.json")
    for text in ("[]", "{", '{"suite": "metaworld"}'):
        (tmp_path / "result.json").write_text(text)
        assert "a result.json of 'moravec trial'" in refused(capsys, *words)
    assert not (tmp_path / "x").exists()


def test_a_trial_of_baselines_needs_no_model(shop: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ("trial", "metaworld", "--policy", "expert", "--tasks", "reach,button-press", "--episodes", 1, "--processes", 1)
    found = told(capsys, *words, "--out", tmp_path / "trial")
    assert found["pc_success"] == 100.0 and found["tier_mean"]["tiers"] == 1
    line = refused(capsys, *words, "--out", tmp_path / "trial", "--drawing", "protocol")
    assert "another drawing" in line


def test_launched_in_two_processes_it_trains_and_says_one_result(
    cached: Path, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real launcher; whatever words this process was started with."""
    monkeypatch.setattr(sys, "argv", ["something", "else"])
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2] / "src"))
    words = ["train", "manip", "--data", str(cached), "--out", str(tmp_path), "--batch", "4", "--steps", "1", "--processes", "2"]
    assert main([*words, "--json"]) == 0
    shown = capfd.readouterr()
    assert json.loads(shown.out)["steps"] == 1 and shown.err.count("steps: 1 of 1") == 1
    assert json.loads((tmp_path / "config.json").read_text())["processes"] == 2


BAD = [
    (["data", "mke", "metaworld"], "what to do with data: found 'mke'"),
    (["data", "make", "metawrld", "--out", "x"], "did you mean 'metaworld'"),
    (["data", "make", "metaworld"], "no --out"),
    (["data", "make", "metaworld", "--tasks", "raech", "--out", "OUT"], "did you mean 'reach-v3'"),
    (["data", "make", "metaworld", "--seed", "51", "--out", "OUT"], "evaluation draws above"),
    (["data", "make", "metaworld", "--episodes", "-1", "--out", "OUT"], "a number of episodes: found '-1'"),
    (["data", "check", "NOWHERE"], "a folder with a LeRobotDataset v3.0"),
    (["data", "card", "NOWHERE"], "NOWHERE"),
    (["data", "cache", "NOWHERE", "--out", "OUT"], "NOWHERE"),
    (["data", "make", "cell", "--tasks", "reach"], "--tasks: found 'with make cell'; allowed: with make metaworld"),
    (["data", "make", "cell", "--glimpses", "2"], "--glimpses: found 'with make cell'"),
    (["data", "make", "cell", "--every", "2"], "--every: found 'with make cell'; allowed: with cache"),
    (["data", "make", "metaworld", "--every", "2"], "--every: found 'with make metaworld'; allowed: with cache"),
    (["data", "check", "NOWHERE", "--tasks", "reach"], "--tasks: found 'with check'"),
    (["data", "check", "NOWHERE", "--glimpses", "1"], "--glimpses: found 'with check'"),
    (["data", "card", "NOWHERE", "--episodes", "3"], "--episodes: found 'with card'; allowed: with make metaworld and make cell"),
    (["data", "card", "NOWHERE", "--every", "2"], "--every: found 'with card'"),
    (["data", "cache", "NOWHERE", "--episodes", "3", "--out", "OUT"], "--episodes: found 'with cache'"),
    (["data", "cache", "NOWHERE", "--processes", "1", "--out", "OUT"], "--processes: found 'with cache'"),
    (["train", "mnaip"], "did you mean 'manip'"),
    (["train", "manip"], "no --data or no --out"),
    (["train", "manip", "--data", "NOWHERE", "--out", "OUT"], "that 'moravec data cache' made"),
    (["train", "manip", "--data", "NOWHERE", "--out", "OUT", "--processes", "1"], "that 'moravec data cache' made"),
    (["train", "manip", "--steps", "0"], "--steps: found '0'"),
    (["export", "NOWHERE"], "no --out"),
    (["export", "NOWHERE", "--out", "OUT"], "weights.safetensors"),
    (["trial", "metawrld"], "did you mean 'metaworld'"),
    (["trial", "metaworld", "--tasks", "esay"], "did you mean 'easy'"),
    (["trial", "metaworld", "--policy", "exprt"], "did you mean 'expert'"),
    (["trial", "metaworld", "--policy", "NOWHERE"], "--policy: found"),
    (["trial", "metaworld", "--policy", "expert", "--sentences", "NOWHERE"], "the sentences: found"),
    (["trial", "metaworld", "--policy", "expert", "--drawing", "plian"], "did you mean 'plain'"),
    (["trial", "metaworld", "--episodes", "0"], "--episodes: found '0'"),
    (["trial", "metaworld", "--executor", "rya"], "did you mean 'ray'"),
    (["trial", "metaworld", "--patience", "nan"], "--patience: found 'nan'"),
]


@pytest.mark.parametrize(("words", "line"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_bad_usage_is_one_clear_line(words: list[str], line: str, tmp_path: Path, capsys: Capture) -> None:
    if words[0] in ("data", "train", "export"):
        for name in ("metaworld", "pyarrow", "av", "torch", "safetensors", "onnx"):
            pytest.importorskip(name)
    names = {"NOWHERE": str(tmp_path / "NOWHERE"), "OUT": str(tmp_path / "out")}
    assert line in refused(capsys, *(names.get(word, word) for word in words))
    assert not any(path.suffix in (".safetensors", ".onnx", ".npy") for path in tmp_path.rglob("*"))


def test_what_an_extra_brings_is_named_where_it_is_missing(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget: Callable[[str], None] = lambda name: monkeypatch.setitem(sys.modules, name, None)  # noqa: E731
    forget("torch")
    line = refused(capsys, "train", "manip", "--data", tmp_path, "--out", tmp_path, status=1)
    assert "pip install 'moravec[train]' installs it" in line
