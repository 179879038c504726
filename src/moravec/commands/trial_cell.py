"""`moravec trial cell-pick` and `cell-place`: learned skills beside the hard-coded ones, in the same deliveries."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moravec.commands.bars import attempts_bar
from moravec.commands.delivered import delivered
from moravec.commands.measure import machine
from moravec.commands.options import folder, show
from moravec.commands.picking import opened
from moravec.core.errors import BadInput
from moravec.models.suite import keys
from moravec.skills.learned.pilot import Pilot
from moravec.skills.learned.teacher import Teacher
from moravec.trials.cell.attempt import Record
from moravec.trials.cell.result import summary
from moravec.trials.cell.run import OpenPilot, run
from moravec.trials.cell.suite import POLICY, PROGRAM, attempts
from moravec.trials.record import LINES, Book
from moravec.trials.shares import in_words

if TYPE_CHECKING:
    from moravec.commands.trial import Trial

WORDS = ("train", "held_out")
SHIPPED, TEACHER = "manip", "teacher"


def try_cell(asked: Trial, given: Sequence[str]) -> int:
    """Makes what attempts are missing. `given` are options that mean nothing here. Raises BadInput."""
    if given:
        raise BadInput(f"--{given[0]}", f"with {asked.suite}", "with metaworld and metaworld-swap")
    if asked.sentences not in WORDS:
        raise BadInput("--sentences", asked.sentences, WORDS)
    if asked.policy == PROGRAM and asked.sentences != WORDS[0]:
        raise BadInput("--sentences", f"{asked.sentences} with --policy {PROGRAM}", f"{WORDS[0]}: it is told no words")
    open_pilot, known = _leader(asked.policy, keys(asked.trust))
    wanted = attempts(asked.suite, asked.episodes, asked.seed, asked.policy == PROGRAM)
    out = folder(asked.out or Path("runs") / f"trial-{asked.suite}-{asked.seed}")
    header = {"suite": asked.suite, **known, "sentences": asked.sentences, "seed": asked.seed}
    book = Book(out, header, Record)
    with attempts_bar(book, wanted, _word) as told:
        records = run(book, wanted, delivered, open_pilot, asked.sentences == "held_out", asked.by(), told)
    result = {**header, "command": shlex.join(["moravec", *sys.argv[1:]]), "machine": machine(), **summary(records)}
    (out / "result.json").write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    show(asked, result, f"{_words(result)}; {out / 'result.json'}")
    return 0


def _leader(policy: str, trust: tuple[str, ...]) -> tuple[OpenPilot, dict[str, Any]]:
    """How to open `policy`, and what names it in a record. Raises BadInput for a name that is none."""
    if policy == PROGRAM:
        return _nobody, {"policy": policy}
    if policy == TEACHER:
        return Teacher, {"policy": policy}
    model = None if policy == SHIPPED else Path(policy)
    _, manifest = opened(f"--policy {policy}", "hard-coded, teacher, --policy DIR", model, trust)  # told before anything begins
    return partial(_model, model, trust), {"policy": policy, "manifest": manifest}


def _nobody() -> None:
    """The program leads itself."""


@lru_cache(1)
def _model(model: Path | None, trust: tuple[str, ...]) -> Pilot:
    """The one of this process."""
    pilot, _ = opened("--policy", "--policy DIR", model, trust)
    return pilot


def _word(record: Record) -> str:
    """Of an attempt, in a line."""
    return f"{record.by}, {record.where}: {'ok' if record.success else record.cause}"


def _words(result: Mapping[str, Any]) -> str:
    """The result, for people."""
    said = [f"{POLICY if 'pairs' in result else PROGRAM}: {_share(result)}"]
    if "pairs" in result:
        low, high = result["pc_difference_ci95"]
        said.append(f"{PROGRAM}: {_share(result['hard_coded'])}")
        said.append(f"difference {result['pc_difference']:+.1f} points ({low:+.1f} to {high:+.1f}) in the same deliveries")
    if result["n_not_tried"]:
        said.append(f"{result['n_not_tried']} deliveries gave no attempt (errors stand in {LINES})")
    return "; ".join(said)


def _share(share: Mapping[str, Any]) -> str:
    low, high = share["pc_success_ci95"]
    words = f"{share['n_success']} of {share['n_episodes']}, {share['pc_success']:.1f} % ({low:.1f} to {high:.1f})"
    return words + in_words(share["troubles"], LINES)
