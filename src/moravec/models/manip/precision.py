"""Whether 16 bits make a training faster here.

On a processor without units for them PyTorch emulates bfloat16: Manip's step took 11 times as long as in 32 bits (docs/manip.md).
"""

from __future__ import annotations

from pathlib import Path

UNITS = frozenset({"amx_bf16", "avx512_bf16", "bf16"})  # as Linux calls them: x86 matrix units, x86 vectors, Arm
CPUINFO = Path("/proc/cpuinfo")


def bfloat16_pays(device: str, cpuinfo: Path = CPUINFO) -> bool:
    """Whether `device` ("cpu", "cuda:0") has units for bfloat16. What a processor has nobody says but on Linux: there, no."""
    if device != "cpu":
        import torch

        return torch.cuda.is_bf16_supported(including_emulation=False)
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return not UNITS.isdisjoint(flags.partition(":")[2].split())
