"""The networks that ship with the package, run by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import final

import onnxruntime

from moravec.core.errors import ContractError
from moravec.perception.cloud import Floats

WEIGHTS = Path(__file__).parent / "weights"


@final
class Network:
    """One network of `weights/`. One thread, so that equal pictures give equal answers and control is not starved."""

    def __init__(self, name: str) -> None:
        """Raises ContractError where the weights cannot be read."""
        path = WEIGHTS / f"{name}.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        if not path.is_file():
            raise ContractError(f"perception's weights {name!r}: no file {path.name} in the package; reinstall it")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, data: Floats) -> list[Floats]:
        """The network's outputs for a batch `data`, in the network's own order."""
        return list(self._session.run(None, {self._session.get_inputs()[0].name: data}))
