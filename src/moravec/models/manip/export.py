"""Weights to a file that runs without PyTorch, and the proof that both say the same."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from moravec.core.errors import BadInput, ContractError
from moravec.models.aligned import WIDTH
from moravec.models.manip.config import NetConfig, View
from moravec.models.manip.net import Manip
from moravec.models.manip.policy import INPUTS
from moravec.models.manip.policy import OUTPUTS as USED
from moravec.models.manip.text import BUCKETS, LENGTH, PIECES

OUTPUTS = (*USED, "places")
OPSET = 17
PARITY = 1e-3  # of normalised actions, the largest difference that is let through
TRIED = 16  # random inputs


class _Served(nn.Module):
    """The network with the outputs that somebody uses at work, as a plain tuple."""

    def __init__(self, net: Manip) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor, state: Tensor, mask: Tensor, words: Tensor, pieces: Tensor) -> tuple[Tensor, ...]:
        found = self.net(picture, state, mask, words, pieces)
        points = torch.cat([found.sharp, found.points[:, found.sharp.shape[1] :]], 1)
        return found.actions, found.error, points, found.places


def rebuilt(facts: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Manip:
    """The network that a run's facts describe, with its weights, in the mode of work. Raises BadInput for other weights."""
    try:
        net = Manip(NetConfig(**facts["config"]["net"]), len(facts["vocabulary"]) + 2)
        net.load_state_dict(dict(weights))
    except (KeyError, TypeError, RuntimeError) as error:
        raise BadInput("the weights", str(error).splitlines()[0], "those that 'moravec train manip' wrote") from error
    return net.eval()


def export(net: Manip, view: View, path: Path) -> float:
    """Writes `path` and returns the largest difference from PyTorch that TRIED random inputs found.

    Raises ContractError where that is more than PARITY.
    """
    net = net.float().eval()
    served, first = _Served(net), _tensors(drawn(view, net.reader.word.num_embeddings, 0))
    buffer = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of this way to export; the new one needs another package
        torch.onnx.export(
            served, first, buffer, input_names=list(INPUTS), output_names=list(OUTPUTS), opset_version=OPSET, dynamo=False,
            dynamic_axes={name: {0: "batch"} for name in (*INPUTS, *OUTPUTS)},
        )  # fmt: skip
    model = onnx.load_from_string(buffer.getvalue())
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return parity(served, view, path)


def parity(served: nn.Module, view: View, path: Path) -> float:
    """The largest difference of normalised actions between PyTorch and the file. Raises ContractError above PARITY."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    words = next(p for name, p in served.named_parameters() if name.endswith("reader.word.weight")).shape[0]
    worst: list[float] = []
    for seed in range(TRIED):
        inputs = drawn(view, words, seed)
        with torch.no_grad():
            wanted = served(*_tensors(inputs))[0].numpy()
        found = session.run(["actions"], inputs)[0]
        worst.append(float(np.abs(found - wanted).max()))
    most = float(np.max(worst))  # unlike max(), this does not lose what is no number
    if not most <= PARITY:
        raise ContractError(f"the exported model differs from PyTorch by {most:.3g}; allowed: {PARITY:g} of normalised actions")
    return most


def drawn(view: View, words: int, seed: int) -> dict[str, NDArray[Any]]:
    """A random input of every kind."""
    rng = np.random.default_rng(seed)
    b = 1 + seed % 3
    length = int(rng.integers(1, LENGTH + 1))
    read = np.zeros((b, LENGTH), np.int64)
    pieces = np.zeros((b, LENGTH, PIECES), np.int64)
    read[:, :length] = rng.integers(1, words, (b, length))
    pieces[:, :length] = rng.integers(1, BUCKETS, (b, length, PIECES))
    return {
        "picture": rng.integers(0, 256, (b, view.height, view.width, 3), np.uint8),
        "state": rng.normal(size=(b, WIDTH)).astype(np.float32),
        "mask": (rng.random((b, WIDTH)) < 0.2).astype(np.float32), "words": read, "pieces": pieces,
    }  # fmt: skip


def _tensors(inputs: Mapping[str, NDArray[Any]]) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(inputs[name]) for name in INPUTS)
