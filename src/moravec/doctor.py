"""What this machine can and cannot do, and the one command that mends each."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from moravec.core.errors import WorldError
from moravec.edge.privileges import PRIORITY, locking_refused, priority_refused

if TYPE_CHECKING:
    import mujoco

    from moravec.worlds.render.backend import Renderer

Status = Literal["ok", "better", "missing"]

_PYTHON = (3, 11)
_MUJOCO = ((3, 8), (4, 0))  # from, below; 4.0 breaks Meta-World, robosuite and others
_PICTURE = (480, 640)  # [px]
_TRIALS = 5
_DISK = 1e9  # [bytes] for tapes and reports
_MEMORY = 2e9  # [bytes]; the base system stays under 1.5 GB
_CORES = 2
_BETTER_RENDERER = "apt-get install --no-install-recommends libegl1 libgl1   # or: libosmesa6"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `status`: "ok", "better" (works, could be better) or "missing" (does not work)."""

    name: str
    status: Status
    detail: str
    mend: str = ""  # the command that mends it; empty where nothing has to be done


def diagnose(folder: Path | None = None) -> list[Finding]:
    """Look at this machine; `folder` (the current one by default) is where results would be written.

    Takes about a second, draws a few pictures and changes nothing. Never raises for what a machine may lack.
    """
    return [
        _python(),
        _mujoco(),
        _renderer(),
        _onnxruntime(),
        _disk(folder if folder is not None else Path.cwd()),
        _cores(),
        _memory(),
        _realtime(),
        _locking(),
    ]


def _python() -> Finding:
    found, wanted = ".".join(map(str, sys.version_info[:3])), ".".join(map(str, _PYTHON))
    if sys.version_info[:2] >= _PYTHON:
        return Finding("python", "ok", found)
    return Finding("python", "missing", f"{found}; {wanted} or newer is needed", f"apt-get install python{wanted}")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _mujoco() -> Finding:
    (low, high), found = _MUJOCO, _version("mujoco")
    wanted = f"{low[0]}.{low[1]} or newer and below {high[0]}.{high[1]}"
    mend = f"pip install 'mujoco>={low[0]}.{low[1]},<{high[0]}'"
    if found is None:
        return Finding("mujoco", "missing", f"not installed; {wanted} is needed", mend)
    digits = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
    if low <= digits < high:
        return Finding("mujoco", "ok", found)
    return Finding("mujoco", "missing", f"{found}; {wanted} is needed", mend)


def _renderer() -> Finding:
    try:
        import mujoco

        from moravec.worlds.render.backend import open_renderer
    except ImportError as error:
        return Finding("renderer", "missing", str(error), "pip install 'mujoco<4' opencv-python-headless")
    model = mujoco.MjModel.from_xml_string(_test_scene())
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    try:
        renderer = open_renderer(model, *_PICTURE)
    except WorldError as error:
        return Finding("renderer", "missing", str(error), _BETTER_RENDERER)
    spent = _milliseconds(renderer, data)
    renderer.close()
    detail = f"{renderer.name}, {spent:.0f} ms for {_PICTURE[1]} x {_PICTURE[0]}"
    if renderer.name == "rays":
        return Finding("renderer", "better", f"{detail}; OpenGL is several times faster", _BETTER_RENDERER)
    return Finding("renderer", "ok", detail)


def _milliseconds(renderer: Renderer, data: mujoco.MjData) -> float:
    spent = []
    renderer.render(data, 0)  # the first picture pays for what is made once
    for _ in range(_TRIALS):
        start = time.perf_counter()
        renderer.render(data, 0)
        spent.append(1e3 * (time.perf_counter() - start))
    return statistics.median(spent)


def _test_scene() -> str:
    """About as many geoms as a work cell has."""
    kinds = ("box", "cylinder", "capsule", "sphere")
    things = "".join(
        f'<geom type="{kinds[i % 4]}" size=".02 .03 .03" pos="{0.1 * (i % 9) - 0.4} {0.1 * (i // 9) - 0.4} .03"/>'
        for i in range(81)
    )
    return (
        '<mujoco><worldbody><light pos="0 0 2"/><camera pos="0 0 1.2" fovy="60"/>'
        f'<geom type="plane" size="2 2 .1"/>{things}</worldbody></mujoco>'
    )


def _onnxruntime() -> Finding:
    found = _version("onnxruntime")
    if found is None:
        return Finding("onnxruntime", "missing", "not installed; the shipped models need it", "pip install onnxruntime")
    return Finding("onnxruntime", "ok", found)


def _disk(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding("disk", "missing", f"{folder} is not a folder", f"mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding("disk", "missing", f"{folder} cannot be written to", f"chmod u+wx {folder}")
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free in {folder}"
    if free < _DISK:
        return Finding("disk", "better", f"{detail}; tapes and reports may fill it", "use --out on a larger disk")
    return Finding("disk", "ok", detail)


def _cores() -> Finding:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if usable < _CORES:
        return Finding("cores", "better", f"{usable}; with {_CORES} perception runs beside control")
    return Finding("cores", "ok", str(usable))


def _memory() -> Finding:
    total = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    if total < _MEMORY:
        return Finding("memory", "better", f"{total / 1e9:.1f} GB; {_MEMORY / 1e9:.0f} GB is enough for every job")
    return Finding("memory", "ok", f"{total / 1e9:.1f} GB")


def _realtime() -> Finding:
    name, refused = "real-time priority", priority_refused()  # tried on a thread of its own, which ends at once
    if not refused:
        return Finding(name, "ok", f"granted (SCHED_FIFO {PRIORITY})")
    return Finding(
        name,
        "better",
        f"refused ({refused.lower()}); the control loop wakes about 0.05 ms later",
        f'echo "$USER - rtprio {PRIORITY}" | sudo tee /etc/security/limits.d/50-moravec.conf   # then log in again',
    )


def _locking() -> Finding:
    refused = locking_refused()  # tried without bringing any memory in, and taken back
    if not refused:
        return Finding("memory locking", "ok", "granted")
    return Finding(
        "memory locking",
        "better",
        f"refused ({refused.lower()}); the edge process may be swapped out when memory is short",
        'echo "$USER - memlock unlimited" | sudo tee /etc/security/limits.d/51-moravec.conf   # then log in again',
    )
