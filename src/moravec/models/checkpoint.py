"""A training's state on disk: tensors in safetensors, numbers and words in its header. Written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from moravec.core.errors import BadInput


def save(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Writes beside and renames: whoever is killed leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    whole = {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
    save_file(whole, beside, {"facts": json.dumps(facts, sort_keys=True)})
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(path)


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors by name, and the facts. Raises BadInput for a file that cannot be read as such."""
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}, _facts(file)  # noqa: SIM118


def facts_of(path: Path) -> dict[str, Any]:
    """The facts alone. Raises BadInput for a file that cannot be read as such."""
    with _opened(path) as file:
        return _facts(file)


def tensors_of(net: nn.Module, average: Mapping[str, Tensor], optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Everything that a training goes on from."""
    out = {f"net.{name}": value for name, value in net.state_dict().items()}
    out |= {f"average.{name}": value for name, value in average.items()}
    for number, state in optimiser.state_dict()["state"].items():
        out |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
    return out


def restore(tensors: Mapping[str, Tensor], net: nn.Module, average: dict[str, Tensor], optimiser: torch.optim.Optimizer) -> None:
    """Puts back what `tensors_of` took, in place and as it lay in memory. Raises BadInput where it is of another network."""
    part = {kind: _under(tensors, kind) for kind in ("net", "average", "optimiser")}
    try:
        net.load_state_dict(part["net"])
        for name, value in average.items():
            value.copy_(part["average"][name])
    except (KeyError, RuntimeError) as error:
        raise BadInput("the checkpoint", str(error).splitlines()[0], "one of the same network") from error
    parameters = [parameter.detach() for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in part["optimiser"].items():
        number, what = name.split(".", 1)
        like = parameters[int(number)]
        state.setdefault(int(number), {})[what] = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, "pt") as file:
            yield file
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise BadInput(f"the weights {path}", f"{type(error).__name__}: {error}", "a file that training has written") from error


def _facts(file: Any) -> dict[str, Any]:
    return dict(json.loads((file.metadata() or {})["facts"]))


def _under(tensors: Mapping[str, Tensor], kind: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{kind}."): value for name, value in tensors.items() if name.startswith(f"{kind}.")}
