"""`moravec trial`: many attempts, and what may be claimed from them."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from moravec.commands.options import Options, amount, folder, one_of, show, typed, unset, whole
from moravec.core.errors import BadInput
from moravec.trials.executors.contract import EXECUTORS, PROCESSES, RAY

if TYPE_CHECKING:
    from moravec.trials.executors.contract import Executor
    from moravec.trials.metaworld.episode import Record
    from moravec.worlds.metaworld.pictures import Drawing

HARSH = "metaworld-harsh"
SUITES = ("metaworld", "metaworld-swap", HARSH, "cell-pick", "cell-place")  # of single skills; whole jobs: `trials.jobs.suite`
BENT_ONLY = ("severity", "only")
JOBS_ONLY = ("items", "verify")
METAWORLD_ONLY = ("tasks", "drawing", "ahead")
Episodes = Annotated[int, typed(whole("--episodes", 1, 10_000), "N")]
Processes = Annotated[int, typed(whole("--processes", 1, 256), "N")]
Ahead = Annotated[int, typed(whole("--ahead", 1, 1_000), "N")]


def _executor(text: str) -> str:
    """A name of an executor. Raises BadInput."""
    kind, at, address = text.partition("@")
    if kind not in EXECUTORS or (at and (kind != RAY or not address)):
        raise BadInput("--executor", text, (*EXECUTORS, "ray@HOST:PORT"))
    return text


Items = Annotated[int, typed(whole("--items", 1, 12), "N")]
By = Annotated[str, typed(_executor, "serial|processes|ray|ray@HOST:PORT")]
Margin = Annotated[float, typed(amount("--margin", 0.001, 0.5), "SHARE")]
Patience = Annotated[float, typed(amount("--patience", 0.1, 1e6), "S")]
Drawn = Annotated[str, typed(one_of("--drawing", ("plain", "protocol")), "plain|protocol")]


@dataclass(frozen=True, kw_only=True)
class Trial(Options):
    """Make many attempts and say how often they work, with intervals, and why others do not.

    metaworld: the fifty tasks. metaworld-swap: scenes in which two sentences are possible, told the one that they are not made
    for. metaworld-harsh: the fifty tasks, as drawn and where camera, robot, words, light, background, sensor or layout are not.
    cell-pick, cell-place: picks and puttings down in the work cell, each beside the hard-coded skill's. cell-nominal, cell-harsh,
    or a file of your own, see docs/trials.md: whole jobs, as drawn and where the cell is not. Seeds that no training has seen.
    What was broken off goes on in the same --out. An attempt that hangs, crashes or takes its process with it has failed, and is
    told.
    """

    suite: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SUITE")]
    """What is tried: metaworld, metaworld-swap, metaworld-harsh, cell-pick, cell-place, cell-nominal, cell-harsh, FILE.toml."""
    policy: Annotated[str, tyro.conf.arg(metavar="P")] = "manip"
    """manip, a folder of 'moravec export', ws://HOST:PORT, expert (which knows all places) or random. In the cell: manip, a
    folder, hard-coded, or teacher (whom models learn from)."""
    episodes: Episodes = 30
    """Attempts at each task; in the cell: deliveries, of whole jobs those of each variation; with --verify: jobs made again."""
    tasks: Annotated[str, tyro.conf.arg(metavar="NAMES")] = "all"
    """metaworld: tasks or tiers, separated by commas."""
    sentences: Annotated[str, tyro.conf.arg(metavar="train|held_out|FILE")] = "train"
    """Which wordings: those of training, those held out of it, or a JSON file of sentences by task."""
    drawing: Drawn = "plain"
    """metaworld: plain, as in training, or as the protocol's default renderer draws."""
    ahead: Ahead = 4
    """metaworld: actions of a chunk that are carried out before the policy is asked again."""
    trust: Annotated[str, tyro.conf.arg(metavar="KEYS")] = ""
    """Public keys of models to trust besides the project's, separated by commas."""
    severity: Annotated[str, tyro.conf.arg(metavar="LEVELS")] = "middle"
    """Whole jobs and metaworld-harsh: mild, middle, severe, several of them separated by commas, or all."""
    only: Annotated[str, tyro.conf.arg(metavar="NAMES")] = ""
    """Whole jobs and metaworld-harsh: perturbations of the suite, separated by commas; by default all."""
    items: Annotated[Items | None, unset("N")] = None
    """Whole jobs: how many items each delivery holds; by default as its seed draws."""
    against: Annotated[Path | None, unset("DIR")] = None
    """Whole jobs and metaworld: the same attempts as the trial in DIR, until one is better for certain, or they are alike
    up to --margin."""
    margin: Margin = 0.05
    """With --against: a difference of success that does not matter."""
    verify: Annotated[Path | None, unset("DIR")] = None
    """Whole jobs: make some of the jobs that DIR holds again, and compare."""
    processes: Annotated[Processes | None, unset("N")] = None
    """By default one for each core of this machine."""
    executor: By = PROCESSES
    """serial: in this process, where nothing that hangs can be ended. processes: in several of this machine. ray: on a Ray
    cluster, begun here or at HOST:PORT, with moravec[ray]. The results are the same."""
    patience: Patience = 600.0
    """Seconds until an attempt counts as hung."""

    def execute(self) -> int:
        """Makes what attempts are missing; 0 however often they succeeded, but where a suite says how often they should, 1 below
        that. Raises BadInput."""
        if self.against is None and self.margin != Trial.margin:
            raise BadInput("--margin", "without --against", "with --against DIR")
        if self.against is not None and self.verify is not None:
            raise BadInput("--against", "with --verify", "one of the two")
        if self.suite not in SUITES:
            return self._jobs()
        given = [name for name in JOBS_ONLY if getattr(self, name) != getattr(Trial, name)]
        if given:
            raise BadInput(f"--{given[0]}", f"with {self.suite}", "with whole jobs: cell-nominal, cell-harsh, FILE.toml")
        given = [name for name in BENT_ONLY if getattr(self, name) != getattr(Trial, name)]
        if given and self.suite != HARSH:
            raise BadInput(f"--{given[0]}", f"with {self.suite}", f"with whole jobs and {HARSH}")
        if (self.suite.startswith("cell-") or self.suite == HARSH) and self.against is not None:
            raise BadInput("--against", f"with {self.suite}", "with metaworld and whole jobs: here each attempt has its pair")
        if self.suite.startswith("cell-"):
            from moravec.commands.trial_cell import try_cell

            return try_cell(self, given=[name for name in METAWORLD_ONLY if getattr(self, name) != getattr(Trial, name)])
        return self._metaworld()

    def _jobs(self) -> int:
        from moravec.commands.trial_jobs import ELSEWHERE, try_jobs, verify
        from moravec.trials.jobs.suite import suites

        if not self.suite.endswith(".toml") and self.suite not in suites():
            raise BadInput("the suite", self.suite, (*SUITES, *suites(), "FILE.toml"))
        if self.verify is not None:
            return verify(self)
        return try_jobs(self, given=[name for name in ELSEWHERE if getattr(self, name) != getattr(Trial, name)])

    def by(self) -> Executor:
        """Who makes the attempts."""
        from moravec.trials.executors.contract import Budget
        from moravec.trials.executors.named import executor_of

        workers = self.processes or len(os.sched_getaffinity(0))
        return executor_of(self.executor, workers, Budget(self.patience))

    def _metaworld(self) -> int:
        from moravec.commands.policies import opener
        from moravec.commands.trial_against import held_against, tried
        from moravec.models.suite import keys
        from moravec.trials.jobs.suite import severities
        from moravec.trials.metaworld.episode import Record
        from moravec.trials.metaworld.harsh import bent_attempts, suite
        from moravec.trials.metaworld.record import Book
        from moravec.trials.metaworld.run import run
        from moravec.trials.metaworld.suite import attempts, swaps, words_of
        from moravec.worlds.metaworld.tasks import chosen

        tasks = swaps(self.tasks) if self.suite == "metaworld-swap" else chosen(self.tasks)
        wanted = attempts(tasks, self.episodes, self.seed, words_of(self.sentences))
        if self.suite == HARSH and self.sentences != Trial.sentences:
            raise BadInput("--sentences", self.sentences, f"{Trial.sentences} with {HARSH}, which says others itself")
        if self.suite == HARSH:
            only, levels = tuple(filter(None, self.only.split(","))), severities(self.severity)
            wanted = bent_attempts(tasks, self.episodes, self.seed, words_of(self.sentences), levels, only)
        open_stepper, known = opener(self.policy, self.ahead, keys(self.trust))
        out = self.out or Path("runs") / f"trial-{self.suite}-{self.seed}"
        header = {"suite": self.suite, **known, "sentences": self.sentences, "drawing": self.drawing, "seed": self.seed}
        if self.suite == HARSH:
            header["suite_text"] = sha256(repr(suite()).encode()).hexdigest()[:16]
        earlier = held_against(self, out, header, ("sentences", "drawing", "seed"), wanted, Record)
        book = Book(folder(out), header)
        drawing: Drawing = "protocol" if self.drawing == "protocol" else "plain"
        makes = partial(run, book, open_stepper=open_stepper, drawing=drawing, executor=self.by())
        records, compared = tried(self, book, wanted, earlier, _word, makes)
        return self._tell(out, records, known | compared)

    def _tell(self, out: Path, records: Sequence[Record], known: Mapping[str, Any]) -> int:
        """Writes result.json and the picture of failures, and says the means."""
        from moravec.commands.measure import machine
        from moravec.trials.metaworld.grid import grid
        from moravec.trials.metaworld.result import of_harsh, summary
        from moravec.trials.record import LINES
        from moravec.trials.shares import in_words

        found = of_harsh(records) if self.suite == HARSH else summary(records)
        result = {
            "suite": self.suite, **known, "sentences": self.sentences, "drawing": self.drawing, "seed": self.seed,
            "command": shlex.join(["moravec", *sys.argv[1:]]), "machine": machine(), **found,
        }  # fmt: skip
        (out / "result.json").write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
        pictures = grid(out, records)
        low, high = result["pc_success_ci95"]
        words = f"{result['n_success']} of {result['n_episodes']} attempts"
        words += f": {result['pc_success']:.1f} % ({low:.1f} to {high:.1f})"
        if "tier_mean" in result:
            mean, (least, most) = result["tier_mean"]["pc_success"], result["tier_mean"]["pc_success_ci95"]
            words += f"; mean of {result['tier_mean']['tiers']} tiers {mean:.1f} % ({least:.1f} to {most:.1f})"
        for name, of in result.get("axes", {}).items():
            words += f"; {name}: {of['pc_success']:.1f} %"
        words += in_words(result["troubles"], LINES) + (f"; {result['against']['says']}" if "against" in result else "")
        show(self, result, f"{words}; {out / 'result.json'}{f', failures in {pictures}' if pictures else ''}")
        return 0


def _word(record: Record) -> str:
    """Of an attempt, in a line."""
    return f"{record.task} {'ok' if record.success else record.cause}"
