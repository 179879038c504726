"""From a run's weights to a signed folder and a policy at work: the same answers, within bounds, and never for bad input."""

from __future__ import annotations

import itertools
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("safetensors")

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402
from helpers_manip import NET, SIZE, SPEC, TRAIN, VIEW, Toy, known_words, normal, seen  # noqa: E402

from moravec.core.errors import BadInput, ContractError  # noqa: E402
from moravec.models.aligned import METAWORLD, Alignment  # noqa: E402
from moravec.models.checkpoint import load  # noqa: E402
from moravec.models.contract import Channel, check_chunk, spec_from  # noqa: E402
from moravec.models.manip import shipped  # noqa: E402
from moravec.models.manip.export import PARITY, export, parity, rebuilt  # noqa: E402
from moravec.models.manip.net import Manip  # noqa: E402
from moravec.models.manip.normal import normal_from  # noqa: E402
from moravec.models.manip.policy import CERTAIN, ManipPolicy, Recipe, confidence  # noqa: E402
from moravec.models.manip.text import Vocabulary  # noqa: E402
from moravec.models.manip.train import Trainer  # noqa: E402
from moravec.models.package import MANIFEST, open_package, write_package  # noqa: E402

torch.set_num_threads(1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
RECIPE = Recipe(replace(SPEC, chunk=NET.chunk), VIEW, normal(), known_words())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """Weights and facts of a short training."""
    out = tmp_path_factory.mktemp("run")
    Trainer(Toy(), METAWORLD, replace(TRAIN, steps=2), out).run(lambda step, found: None)
    return load(out / "weights.safetensors")


@pytest.fixture(scope="module")
def folder(run: tuple[dict[str, Any], dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its signed package."""
    out = tmp_path_factory.mktemp("package")
    weights, facts = run
    difference = export(rebuilt(facts, weights), VIEW, out / shipped.FILE)
    assert 0.0 <= difference <= PARITY
    shipped.write(out, facts, difference, {"trial": {"pc_success": 50.0}}, KEY)
    return out


@pytest.fixture(scope="module")
def policy(folder: Path) -> ManipPolicy:
    return shipped.open_policy(folder, [PUBLIC], threads=1)


def test_the_policy_answers_as_the_network_does(run: tuple[dict[str, Any], dict[str, Any]], policy: ManipPolicy) -> None:
    weights, facts = run
    net, given = rebuilt(facts, weights), seen(3)
    assert replace(spec_from(facts["spec"]), chunk=NET.chunk) == policy.spec
    words = Vocabulary(tuple(facts["vocabulary"])).read([given.prompt])
    scales = normal_from(facts["normal"])
    mask = torch.zeros(1, 80)
    mask[0, list(METAWORLD.state)] = 1.0
    with torch.no_grad():
        out = net(
            torch.from_numpy(given.pictures["corner"][None]), torch.from_numpy(scales.state(given.state)[None]), mask,
            torch.from_numpy(words.words), torch.from_numpy(words.pieces),
        )  # fmt: skip
    chunk = policy.act(given)
    assert np.allclose(chunk.actions, np.clip(scales.back(out.actions[0].numpy()), -1.0, 1.0), atol=1e-4)
    assert chunk.confidence == pytest.approx(confidence(float(out.error)), rel=1e-3)
    assert chunk.notes["expected error"] == pytest.approx(math.exp(float(out.error)), rel=1e-3)
    assert chunk.notes["point 1 y"] == pytest.approx(float(out.sharp[0, 1, 1]), abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_answers_keep_the_contract_whatever_is_seen(policy: ManipPolicy, seed: int) -> None:
    far = np.random.default_rng(seed).normal(0.0, 10.0**seed, 4).astype(np.float32)
    chunk = policy.act(seen(seed, state=far, prompt="something " * 50))
    check_chunk(policy.spec, chunk)
    assert chunk.actions.shape == (NET.chunk, 4) and chunk.actions.dtype == np.float32
    assert 0.0 < chunk.confidence <= 1.0 and chunk.notes["seconds"] > 0.0


def test_bounds_are_kept_where_the_model_would_go_beyond(folder: Path) -> None:
    narrow = tuple(replace(channel, low=-0.01, high=0.01) for channel in SPEC.action)
    policy = ManipPolicy(folder / shipped.FILE, replace(RECIPE, spec=replace(RECIPE.spec, action=narrow)), threads=1)
    chunk = policy.act(seen())
    check_chunk(policy.spec, chunk)
    assert float(np.abs(chunk.actions).max()) == np.float32(0.01)


def test_the_same_seen_twice_gets_the_same_answer_whatever_came_between(policy: ManipPolicy) -> None:
    first = policy.act(seen(1)).actions
    for k in range(70):  # more sentences than are remembered
        policy.act(seen(2, prompt=f"reach number {k}"))
    policy.reset(5)
    assert np.array_equal(policy.act(seen(1)).actions, first)
    assert not np.array_equal(policy.act(seen(1, prompt="reach green")).actions, first)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"state": np.array([0.0, math.nan, 0.0, 0.0], np.float32)}, "hand y: found nan"),
        ({"state": np.zeros(3, np.float32)}, "shape (4,)"),
        ({"pictures": {"corner": np.zeros((SIZE, SIZE + 1, 3), np.uint8)}}, "camera corner"),
        ({"pictures": {"corner": np.zeros((2 * SIZE, 2 * SIZE, 3), np.uint8)}}, "camera corner"),
        ({"pictures": {}}, "camera corner"),
        ({"prompt": ""}, "some words"),
        ({"prompt": "x" * 10_000}, "10,000 letters"),
        ({"prompt": "打开抽屉"}, "words of the letters a to z"),
    ],
)
def test_bad_input_gets_an_error_and_no_motion(policy: ManipPolicy, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as error:
        policy.act(seen(**changes))
    assert told in str(error.value)


def test_latency_is_told_by_the_clock_that_is_given(folder: Path) -> None:
    policy = ManipPolicy(folder / shipped.FILE, RECIPE, 1, clock=itertools.count(10.0, 0.25).__next__)
    assert policy.act(seen()).notes["seconds"] == 0.25


def test_the_manifest_says_what_it_is(folder: Path, run: tuple[dict[str, Any], dict[str, Any]]) -> None:
    text = (folder / MANIFEST).read_text()
    manifest = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    facts = run[1]
    assert manifest["kind"] == "manip" and manifest["data"] == Toy().hash
    assert manifest["evaluation"] == {"trial": {"pc_success": 50.0}} and 0.0 <= manifest["parity"] <= PARITY
    assert manifest["parameters"] == facts["parameters"] and manifest["training"] == facts["config"]
    assert shipped.recipe(open_package(folder, [PUBLIC])).spec == RECIPE.spec


def test_a_package_that_was_changed_is_not_loaded(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    raw = bytearray((copy / shipped.FILE).read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / shipped.FILE).write_bytes(raw)
    with pytest.raises(BadInput, match="the file was changed"):
        shipped.open_policy(copy, [PUBLIC])
    with pytest.raises(BadInput, match="trusted"):
        shipped.open_policy(folder, ["00" * 32])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "nav"}, "its kind: found 'nav'; allowed: manip"),
        ({"spec": None}, "its manifest"),
        ({"view": {"tops": 1.0}}, "its manifest"),
        ({"vocabulary": 3}, "its manifest"),
        ({"vocabulary": ["Reach"]}, "the vocabulary"),
        ({"normal": {}}, "the model's scales"),
    ],
)
def test_a_signed_manifest_of_something_else_is_refused(folder: Path, tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    manifest = json.loads((copy / MANIFEST).read_text())
    facts = {name: value for name, value in manifest.items() if name not in ("files", "format")} | changes
    write_package(copy, [shipped.FILE], facts, KEY)
    with pytest.raises(BadInput) as error:
        shipped.open_policy(copy, [PUBLIC])
    assert told in str(error.value)


def test_a_recipe_whose_parts_do_not_fit_is_refused() -> None:
    short = replace(normal(), alignment=Alignment((7, 8, 9), METAWORLD.action), state_mean=(0.0,) * 3, state_std=(1.0,) * 3)
    more = replace(SPEC, action=(*SPEC.action, Channel("more", "1")))
    for changes in ({"normal": short}, {"spec": replace(SPEC, cameras=())}, {"spec": more}):
        with pytest.raises(ContractError, match="the model's specification: found"):
            replace(RECIPE, **changes)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x07" * 50])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    for path in (tmp_path / "x.onnx", tmp_path / "nowhere.onnx"):
        with pytest.raises(ContractError, match="allowed: "):
            ManipPolicy(path, RECIPE)


def test_a_model_file_cut_short_is_refused(folder: Path, tmp_path: Path) -> None:
    raw = (folder / shipped.FILE).read_bytes()
    for left in (len(raw) // 3, len(raw) - 1):
        (tmp_path / "x.onnx").write_bytes(raw[:left])
        with pytest.raises(ContractError, match=r"x\.onnx"):
            ManipPolicy(tmp_path / "x.onnx", RECIPE)


def test_an_onnx_file_of_something_else_is_refused(tmp_path: Path) -> None:
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    values = [helper.make_tensor_value_info(name, kind, [1]) for name in ("x", "actions")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["actions"])], "g", values[:1], values[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "x.onnx")
    with pytest.raises(ContractError, match="allowed: one that has"):
        ManipPolicy(tmp_path / "x.onnx", RECIPE)


def changed(folder: Path, path: Path, name: str, value: float) -> None:
    """The model with one weight's numbers replaced."""
    model = onnx.load(folder / shipped.FILE)
    weight = next(each for each in model.graph.initializer if each.name.endswith(name))
    array = np.full_like(onnx.numpy_helper.to_array(weight), value)
    weight.CopyFrom(onnx.numpy_helper.from_array(array, weight.name))
    onnx.save(model, path)


@pytest.mark.parametrize("bias", ["act.bias", "doubt.bias"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_an_answer_that_is_no_number_is_no_motion(folder: Path, tmp_path: Path, bias: str, value: float) -> None:
    changed(folder, tmp_path / "x.onnx", bias, value)
    with pytest.raises(ContractError, match="no number; nothing is done"):
        ManipPolicy(tmp_path / "x.onnx", RECIPE, 1).act(seen())


@pytest.mark.parametrize(("value", "least", "most"), [(1000.0, 0.0, 1e-9), (-1000.0, 1.0, 1.0)])
def test_an_error_that_is_expected_to_be_huge_or_nought_is_told(
    folder: Path, tmp_path: Path, value: float, least: float, most: float
) -> None:
    changed(folder, tmp_path / "x.onnx", "doubt.bias", value)
    chunk = ManipPolicy(tmp_path / "x.onnx", RECIPE, 1).act(seen())
    assert least <= chunk.confidence <= most and math.isfinite(chunk.notes["expected error"])


def test_confidence_falls_with_the_expected_error() -> None:
    assert confidence(-50.0) == 1.0 and confidence(math.log(CERTAIN)) == pytest.approx(1.0)
    assert confidence(math.log(2.0 * CERTAIN)) == pytest.approx(0.5)
    found = [confidence(x) for x in np.linspace(-5.0, 60.0, 30)]
    assert found == sorted(found, reverse=True) and found[-1] > 0.0


class _Served(torch.nn.Module):
    """The network as its file has it."""

    def __init__(self, net: Manip) -> None:
        super().__init__()
        self.net = net

    def forward(self, *given: Any) -> tuple[Any, ...]:
        return (self.net(*given).actions,)


@pytest.mark.parametrize("value", [0.01, math.nan])
def test_a_file_that_differs_from_the_weights_is_found(
    run: tuple[dict[str, Any], dict[str, Any]], folder: Path, tmp_path: Path, value: float
) -> None:
    served = _Served(rebuilt(run[1], run[0]))
    assert parity(served, VIEW, folder / shipped.FILE) <= PARITY
    with torch.no_grad():
        served.net.act.bias += value
    with pytest.raises(ContractError, match="differs from PyTorch by"):
        parity(served, VIEW, folder / shipped.FILE)


@pytest.mark.parametrize("broken", ["config", "vocabulary", "weights", "net"])
def test_weights_that_are_not_of_their_facts_are_refused(run: tuple[dict[str, Any], dict[str, Any]], broken: str) -> None:
    weights, facts = dict(run[0]), dict(run[1])
    if broken == "weights":
        weights.popitem()
    elif broken == "net":
        facts["config"] = {**facts["config"], "net": {**facts["config"]["net"], "hidden": 48}}
    else:
        del facts[broken]
    with pytest.raises(BadInput, match="the weights: found"):
        rebuilt(facts, weights)
