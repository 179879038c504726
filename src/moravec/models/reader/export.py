"""Weights to two files that run without PyTorch, and the proof that both say the same."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from moravec.core.errors import BadInput, ContractError
from moravec.models.reader.config import NetConfig
from moravec.models.reader.net import Read, Reader
from moravec.models.reader.network import READ_FILE, READ_OUT, WRITE_FILE, WRITE_OUT, Network
from moravec.models.reader.text import BUCKETS, PIECES

OPSET = 17
PARITY = 0.02  # of scores, the largest difference that is let through; weights of 16 bits make 0.01
LARGE = 1024  # weights that are worth storing in 16 bits
TRIED = 12  # random sentences
LENGTHS = (1, 3, 17, 60)  # tokens of them


class _Reads(nn.Module):
    def __init__(self, net: Reader) -> None:
        super().__init__()
        self.net = net

    def forward(self, words: Tensor, pieces: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        found = self.net.read(words, pieces)
        return found.memory, found.cross, found.keys


class _Writes(nn.Module):
    def __init__(self, net: Reader) -> None:
        super().__init__()
        self.net = net

    def forward(self, memory: Tensor, cross: Tensor, keys: Tensor, previous: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        padding = torch.zeros_like(memory[:, :, 0])
        return self.net.write(Read(memory, cross, keys, padding), previous, past, past.shape[4])


def rebuilt(facts: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Reader:
    """The network that a run's facts describe, with its weights, in the mode of work. Raises BadInput for other weights."""
    try:
        net = Reader(NetConfig(**facts["config"]["net"]), len(facts["vocabulary"]) + 2, len(facts["tokens"]))
        net.load_state_dict(dict(weights))
    except (KeyError, TypeError, RuntimeError) as error:
        raise BadInput("the reader's weights", str(error).splitlines()[0], "those that its training wrote") from error
    return net.eval()


def export(net: Reader, folder: Path) -> float:
    """Writes READ_FILE and WRITE_FILE and returns the largest difference of scores from PyTorch over TRIED random sentences.

    Raises ContractError where that is more than PARITY.
    """
    folder.mkdir(parents=True, exist_ok=True)
    net = net.float().eval()
    words, pieces = (torch.from_numpy(part)[None] for part in drawn(net.word.num_embeddings, 0, 5))
    with torch.no_grad():
        memory, cross, keys, _ = net.read(words, pieces)
        layers, _, _, heads, _, depth = cross.shape
        past = torch.zeros(layers, 2, 2, heads, 3, depth)
    previous = torch.tensor([[0], [net.tokens + 2]])
    sentence = {0: "one", 1: "places"}
    axes = {"words": sentence, "pieces": sentence, "memory": {1: "places"}, "keys": {1: "places"}, "cross": {4: "places"}}
    _write(_Reads(net), (words, pieces), folder / READ_FILE, ("words", "pieces"), READ_OUT, axes)
    axes = {"memory": {1: "places"}, "keys": {1: "places"}, "cross": {4: "places"}, "previous": {0: "readings"}}
    axes |= {"past": {2: "readings", 4: "begun"}, "scores": {0: "readings", 2: "all"}, "present": {2: "readings", 4: "written"}}
    given = (memory, cross, keys, previous, past)
    _write(_Writes(net), given, folder / WRITE_FILE, (*READ_OUT, "previous", "past"), WRITE_OUT, axes)
    return parity(net, folder)


def parity(net: Reader, folder: Path) -> float:
    """The largest difference of scores between PyTorch writing at once and the files writing one by one. Raises ContractError."""
    network = Network(folder / READ_FILE, folder / WRITE_FILE)
    worst = [_difference(net, network, seed, LENGTHS[seed % len(LENGTHS)]) for seed in range(TRIED)]
    most = float(np.max(worst))  # unlike max(), this does not lose what is no number
    if not most <= PARITY:
        raise ContractError(f"the exported reader differs from PyTorch by {most:.3g}; allowed: {PARITY:g} of its scores")
    return most


def drawn(words: int, seed: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A random sentence of `n` tokens: words and pieces."""
    rng = np.random.default_rng(seed)
    pieces = rng.integers(1, BUCKETS, (n, PIECES))
    pieces[rng.random(pieces.shape) < 0.5] = 0
    return rng.integers(1, words, n), pieces


def _difference(net: Reader, network: Network, seed: int, n: int) -> float:
    words, pieces = drawn(net.word.num_embeddings, seed, n)
    rng = np.random.default_rng(seed)
    previous = [net.tokens, *(int(k) for k in rng.integers(0, net.tokens, 6)), net.tokens + n]
    with torch.no_grad():
        read = net.read(torch.from_numpy(words)[None], torch.from_numpy(pieces)[None])
        wanted = net.write(read, torch.tensor([previous]), None, 0)[0][0].numpy()
    writing = network.read(words, pieces)
    found = [writing.write([token] * 2, [0, 0])[1] for token in previous]
    return float(np.abs(np.array(found) - wanted).max())


def _halve(graph: onnx.GraphProto) -> None:
    """Stores large weights in 16 bits; they are widened once, when the file is opened."""
    for weight in [w for w in graph.initializer if w.data_type == onnx.TensorProto.FLOAT and np.prod(w.dims) >= LARGE]:
        half = onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(weight).astype(np.float16), f"{weight.name}.half")
        graph.initializer.remove(weight)
        graph.initializer.append(half)
        graph.node.insert(0, onnx.helper.make_node("Cast", [half.name], [weight.name], to=onnx.TensorProto.FLOAT))


def _write(
    part: nn.Module, given: tuple[Tensor, ...], path: Path, names: Sequence[str], out: Sequence[str], axes: dict[str, Any]
) -> None:
    buffer = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of this way to export, and of sizes that are read from tensors
        torch.onnx.export(
            part, given, buffer, input_names=list(names), output_names=list(out), opset_version=OPSET, dynamo=False,
            dynamic_axes=axes,
        )  # fmt: skip
    model = onnx.load_from_string(buffer.getvalue())
    _halve(model.graph)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
