"""An ONNX file opened for work on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as onnx_errors

from moravec.core.errors import ContractError

BROKEN = (  # what the runtime raises for a file that it cannot run; they have no base of their own
    onnx_errors.Fail, onnx_errors.InvalidArgument, onnx_errors.InvalidGraph, onnx_errors.InvalidProtobuf, onnx_errors.NoModel,
    onnx_errors.NoSuchFile, onnx_errors.NotImplemented, onnx_errors.RuntimeException,
)  # fmt: skip


def open_session(file: Path, threads: int = 1) -> Any:
    """A session of `threads` threads. Raises ContractError for a file that the runtime cannot run."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except BROKEN as error:
        raise ContractError(f"the model {file}: {error}; allowed: an ONNX file of an export") from error
