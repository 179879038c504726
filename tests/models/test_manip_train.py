"""Training: it learns, it goes on to the last bit where it was broken off, and it refuses to go on as another."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from helpers_manip import NET, TRAIN, Toy, normal  # noqa: E402
from two_processes import CONFIG, STEPS  # noqa: E402

from moravec.core.errors import BadInput, MoravecError  # noqa: E402
from moravec.models.aligned import METAWORLD  # noqa: E402
from moravec.models.checkpoint import load, save  # noqa: E402
from moravec.models.manip.batches import Batches  # noqa: E402
from moravec.models.manip.config import TrainConfig  # noqa: E402
from moravec.models.manip.losses import losses  # noqa: E402
from moravec.models.manip.net import Manip  # noqa: E402
from moravec.models.manip.text import vocabulary  # noqa: E402
from moravec.models.manip.train import TOLD_EVERY, Trainer  # noqa: E402
from moravec.models.run import begun_with, check_same, rate_at  # noqa: E402

torch.set_num_threads(1)
HERE = Path(__file__).parent


def trainer(out: Path, config: TrainConfig = TRAIN, toy: Toy | None = None) -> Trainer:
    return Trainer(toy or Toy(), METAWORLD, config, out)


def silent(step: int, found: dict[str, float]) -> None:
    """Nobody listens."""


def weights(out: Path) -> dict[str, Any]:
    return load(out / "weights.safetensors")[0]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns(tmp_path: Path) -> None:
    told: dict[int, dict[str, float]] = {}
    config = replace(TRAIN, steps=3 * TOLD_EVERY, batch=16, rate=3e-3, warmup=10, average=0.9, save_every=1000)
    one = trainer(tmp_path, config)
    one.run(lambda step, found: told.update({step: found}))
    assert list(told) == [TOLD_EVERY, 2 * TOLD_EVERY, 3 * TOLD_EVERY]
    first, last = told[TOLD_EVERY], told[3 * TOLD_EVERY]
    assert last["action"] < 0.8 * first["action"] and last["places"] < 0.8 * first["places"]
    assert last["points"] < first["points"]
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(told)
    assert lines[0]["all"] == pytest.approx(first["all"], abs=1e-6)


@pytest.mark.parametrize("killed", [5, 8])
def test_broken_off_and_gone_on_with_it_is_the_same_to_the_last_bit(tmp_path: Path, killed: int) -> None:
    """What is on disk after `killed` steps is all that a killed process leaves; the first one goes on undisturbed."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    undisturbed = trainer(whole)
    undisturbed.run(silent, until=killed)
    shutil.copytree(whole, broken)
    with (broken / "history.jsonl").open("a") as file:
        file.write('{"step": 9, "all": 0.5}\n{"step": 10, "al')  # written after the checkpoint, and cut short
    undisturbed.run(silent)
    resumed = trainer(broken)
    assert resumed.step == killed
    resumed.run(silent)
    assert same(weights(whole), weights(broken))
    assert same(load(whole / "checkpoint.safetensors")[0], load(broken / "checkpoint.safetensors")[0])
    steps = [json.loads(line)["step"] for line in (broken / "history.jsonl").read_text().splitlines()]
    assert steps == [TRAIN.steps]


@pytest.mark.parametrize("narrow", [False, True])
def test_two_runs_are_the_same_and_another_seed_is_not(tmp_path: Path, narrow: bool) -> None:
    config = replace(TRAIN, steps=3, bfloat16=narrow)
    for name, each in {"one": config, "other": config, "seed": replace(config, seed=1)}.items():
        trainer(tmp_path / name, each).run(silent)
    assert (tmp_path / "one/weights.safetensors").read_bytes() == (tmp_path / "other/weights.safetensors").read_bytes()
    assert not same(weights(tmp_path / "one"), weights(tmp_path / "seed"))


def test_what_is_finished_stays_as_it_is(tmp_path: Path) -> None:
    config = replace(TRAIN, steps=3)
    trainer(tmp_path, config).run(silent)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "weights.safetensors").unlink()  # a kill between the last checkpoint and the weights
    trainer(tmp_path, config).run(silent)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_folder_says_how_the_run_was_made(tmp_path: Path) -> None:
    trainer(tmp_path, replace(TRAIN, steps=2)).run(silent)
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json", "history.jsonl", "checkpoint.safetensors", "weights.safetensors"
    }  # fmt: skip
    text = (tmp_path / "config.json").read_text()
    told = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert told["config"]["seed"] == 0 and told["data"] == Toy().hash and told["processes"] == 1
    assert told["parameters"] == sum(value.numel() for value in weights(tmp_path).values())
    assert told["version"] and told["torch"] == torch.__version__
    assert load(tmp_path / "weights.safetensors")[1] == {"step": 2, **told}


def test_stopped_on_the_way_it_leaves_weights_that_say_so(tmp_path: Path) -> None:
    stopped = trainer(tmp_path)
    stopped.run(silent, until=4)
    half, facts = load(tmp_path / "weights.safetensors")
    assert facts["step"] == 4 < facts["config"]["steps"] and same(half, stopped.average)
    trainer(tmp_path).run(silent)
    whole, facts = load(tmp_path / "weights.safetensors")
    assert facts["step"] == TRAIN.steps and not same(half, whole)


def test_data_without_places_trains_as_well(tmp_path: Path) -> None:
    trainer(tmp_path, replace(TRAIN, steps=2), Toy(taught=0)).run(silent)
    assert json.loads((tmp_path / "history.jsonl").read_text())["points"] == 0.0


@pytest.mark.parametrize(
    ("config", "toy", "told"),
    [
        (replace(TRAIN, steps=13), Toy(), "config.steps was 12, is 13"),
        (replace(TRAIN, net=replace(NET, hidden=64)), Toy(), "config.net.hidden was 32, is 64"),
        (TRAIN, Toy(episodes=7), "data was toy 6 2 2, is toy 7 2 2"),
    ],
)
def test_another_training_does_not_go_on_here(tmp_path: Path, config: TrainConfig, toy: Toy, told: str) -> None:
    trainer(tmp_path).run(silent, until=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(BadInput, match="or another --out") as error:
        trainer(tmp_path, config, toy)
    assert told in str(error.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_precision_of_a_run_is_kept(tmp_path: Path) -> None:
    assert begun_with(tmp_path) == {}
    trainer(tmp_path, replace(TRAIN, bfloat16=True)).run(silent, until=2)
    assert begun_with(tmp_path)["bfloat16"] is True
    with pytest.raises(BadInput, match="bfloat16 was True, is False"):
        trainer(tmp_path, TRAIN)


def test_other_processes_do_not_go_on_here(tmp_path: Path) -> None:
    check_same(tmp_path, TRAIN, "any", 2)  # nothing is there
    trainer(tmp_path).run(silent, until=1)
    check_same(tmp_path, TRAIN, Toy().hash, 1)
    with pytest.raises(BadInput, match="processes was 1, is 2"):
        check_same(tmp_path, TRAIN, Toy().hash, 2)


@pytest.mark.parametrize("left", [0, 7, 100, -1])
def test_a_checkpoint_cut_short_is_refused(tmp_path: Path, left: int) -> None:
    trainer(tmp_path).run(silent, until=1)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(BadInput, match="a file that training has written") as error:
        trainer(tmp_path)
    assert str(path) in str(error.value)


def test_a_file_of_another_kind_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    for make in (lambda: path.write_text("hello"), lambda: save(path, {}, {}), lambda: torch.save({}, path)):
        make()
        with pytest.raises(BadInput):
            trainer(tmp_path)
    with pytest.raises(BadInput, match="No such file"):
        load(tmp_path / "nowhere")


def test_a_checkpoint_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.safetensors"
    save(path, {"a": torch.arange(3.0)}, {"step": 1})
    path.with_name(path.name + ".new").write_bytes(b"left by a kill")
    save(path, {"a": torch.arange(4.0)[::2]}, {"step": 2})
    tensors, facts = load(path)
    assert tensors["a"].tolist() == [0.0, 2.0] and facts == {"step": 2}
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_training_that_explodes_says_so_and_keeps_its_last_checkpoint(tmp_path: Path) -> None:
    config = replace(TRAIN, rate=1e30, warmup=0, clip=1e30, save_every=1)
    with pytest.raises(MoravecError, match="is no number"):
        trainer(tmp_path, config).run(silent)
    facts = load(tmp_path / "checkpoint.safetensors")[1]
    assert 1 <= facts["step"] < config.steps
    assert not (tmp_path / "weights.safetensors").exists()


def test_the_learning_rate_rises_and_falls() -> None:
    config = replace(TRAIN, steps=100, warmup=10, rate=1e-3, last_rate=1e-5)
    rates = [rate_at(step, config) for step in range(101)]
    assert rates[0] == pytest.approx(1e-4) and rates[9] == pytest.approx(1e-3) == rates[10]
    assert rates[55] == pytest.approx((1e-3 + 1e-5) / 2.0) and rates[100] == pytest.approx(1e-5) == rate_at(500, config)
    assert rates[:11] == sorted(rates[:11]) and rates[10:] == sorted(rates[10:], reverse=True)
    assert rate_at(0, replace(config, warmup=0)) == pytest.approx(1e-3)
    assert math.isfinite(rate_at(5, replace(config, steps=5, warmup=5)))


def test_two_processes_take_the_mean_of_their_gradients(tmp_path: Path) -> None:
    paths = os.pathsep.join((str(HERE), str(HERE.parents[1] / "src"), os.environ.get("PYTHONPATH", "")))
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(HERE / "two_processes.py"), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found, facts = load(tmp_path / "checkpoint.safetensors")
    assert facts["step"] == STEPS and facts["processes"] == 2
    wanted = by_hand(CONFIG)
    assert wanted.keys() < found.keys() and len(wanted) > 40
    assert all(torch.allclose(found[name], value, rtol=1e-3, atol=1e-5) for name, value in wanted.items())


def by_hand(config: TrainConfig) -> dict[str, Any]:
    """Weights, and the means of gradients, after STEPS steps with the mean of two halves' gradients, in one process."""
    words = vocabulary(sentence for group in Toy().sentences for sentence in group)
    torch.manual_seed(config.seed)
    net = Manip(config.net, words.size).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=config.rate, weight_decay=config.decay)
    halves = [Batches(Toy(), normal(), words, config, rank, 2) for rank in (0, 1)]
    for step in range(STEPS):
        gradients = []
        for half in halves:
            batch = half.make(step)
            with torch.autocast("cpu", torch.bfloat16, enabled=config.bfloat16):
                given = (batch.pictures, batch.small, batch.state, batch.mask, batch.words, batch.pieces)
                output = net.see(*given, batch.light)
            loss = losses(output, batch.wanted, config.loss, config.view)["all"]
            gradients.append(torch.autograd.grad(loss, list(net.parameters()), allow_unused=True))
        for parameter, one, other in zip(net.parameters(), *gradients, strict=True):
            parameter.grad = None if one is None else (one + other) / 2.0
        torch.nn.utils.clip_grad_norm_(net.parameters(), config.clip)
        optimiser.param_groups[0]["lr"] = rate_at(step, config)
        optimiser.step()
    means = {f"optimiser.{k}.exp_avg": each["exp_avg"] for k, each in optimiser.state_dict()["state"].items()}
    return {f"net.{name}": value for name, value in net.state_dict().items()} | means
