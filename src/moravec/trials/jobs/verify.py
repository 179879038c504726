"""Whether a recorded trial can be made again: some of its jobs, anew, compared with what was recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from moravec.core.errors import BadInput
from moravec.runtime.provenance import models_sha256, versions
from moravec.trials.jobs.attempt import tried
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.suite import Attempt, OpenNamed, Suite
from moravec.trials.record import HEADER, LINES


def sample(folder: Path, suite: Suite, count: int, seed: int) -> tuple[Mapping[str, Any], list[tuple[Attempt, Record]]]:
    """The header of the trial of `suite` in `folder` (or of a file in it), and `count` of its jobs, drawn by `seed`. Raises
    BadInput where no trial of that suite stands there."""
    folder = folder if folder.is_dir() else folder.parent
    try:
        header = json.loads((folder / HEADER).read_text())
        records = [Record(**json.loads(line)) for line in (folder / LINES).read_text().splitlines()]
        told = (header["suite"], header["instruction"])
        assert header["items"] is None or isinstance(header["items"], int)
    except (OSError, ValueError, TypeError, KeyError, AssertionError) as error:
        raise BadInput("--verify", f"{folder}: {error!r}", "the folder of a trial of whole jobs, or its result.json") from error
    if not records:
        raise BadInput("--verify", f"{folder}, without a job", "a trial with one job at least")
    if told != (suite.name, suite.instruction):
        raise BadInput("--verify", f"a trial of {told[0]}: {told[1]!r}", f"one of {suite.name}: {suite.instruction!r}")
    drawn = np.random.default_rng(seed).permutation(len(records))[:count]
    picked = [records[i] for i in sorted(int(i) for i in drawn)]
    return header, [(Attempt(r.suite, r.perturbation, r.severity, r.index, r.seed), r) for r in picked]


def made_by(suite: Suite) -> dict[str, str]:
    """What a record depends on besides its seed: hashes of the code, of the models that came with it, and of the suite."""
    models = json.dumps(models_sha256(), sort_keys=True)
    return {"code": versions()["code"], "models": _short(models), "suite_text": _short(repr(suite))}


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def differences(
    attempt: Attempt, record: Record, suite: Suite, opened: OpenNamed, items: int | None
) -> list[dict[str, Any]]:
    """What the job, made again, gives otherwise than `record`: this machine's times apart."""
    before, now = record.told(), tried(attempt, suite, opened, items)[0].told()
    names = [name for name in before if json.loads(json.dumps(before[name])) != json.loads(json.dumps(now[name]))]
    return [{"attempt": attempt.key, "what": name, "recorded": before[name], "now": now[name]} for name in names]
