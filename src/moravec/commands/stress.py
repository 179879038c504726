"""`moravec stress`: the mildest conditions that break a job, and how often it fails out there."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from moravec.commands.options import Options, amount, folder, show, typed, unset, whole
from moravec.commands.trial import By, Items, Patience, Processes
from moravec.core.errors import BadInput
from moravec.trials.executors.contract import PROCESSES

if TYPE_CHECKING:
    from moravec.trials.jobs.suite import Suite
    from moravec.trials.rare.stress import Case, Found

ITEMS = 2  # of each delivery: short jobs, so that many can be tried
CASES = "cases"  # the folder of seed files
Budget = Annotated[int, typed(whole("--budget", 10, 1_000_000), "N")]
Fresh = Annotated[int, typed(whole("--fresh", 0, 100), "N")]
Sample = Annotated[int, typed(whole("--sample", 0, 9_000), "N")]
Chance = Annotated[float, typed(amount("--chance", 0.001, 0.5), "SHARE")]


@dataclass(frozen=True, kw_only=True)
class Stress(Options):
    """Search for the mildest conditions under which a job fails, one perturbation or several at once.

    A point breaks the job where two deliveries that go well as drawn both fail under it. What breaks it is made as mild as it
    can be, tried in other deliveries, and written as a seed file that 'moravec trial FILE' tries again. What was broken off goes
    on in the same --out.
    """

    suite: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SUITE")] = "cell-harsh"
    """Whose perturbations are tried: cell-harsh, or FILE.toml, see docs/trials.md."""
    budget: Budget = 800
    """Jobs under perturbations that the search may take."""
    only: Annotated[str, tyro.conf.arg(metavar="NAMES")] = ""
    """Perturbations of the suite, separated by commas; by default all."""
    items: Items = ITEMS
    """Items in each delivery."""
    fresh: Fresh = 4
    """Other deliveries in which each case is tried again."""
    sample: Sample = 0
    """Deliveries, each done as drawn and bent, for how often the job fails where perturbations occur by chance; 0: not asked."""
    chance: Chance = 0.05
    """How likely each perturbation is in a job. Its severity is half normal then: mild is one sigma, severe three."""
    processes: Annotated[Processes | None, unset("N")] = None
    """By default one for each core of this machine."""
    executor: By = PROCESSES
    """serial, processes, ray or ray@HOST:PORT, as of 'moravec trial'."""
    patience: Patience = 600.0
    """Seconds until a job counts as hung."""

    def execute(self) -> int:
        """Searches; 0 whatever was found. Raises BadInput, and MoravecError where the job fails as drawn too often."""
        from moravec.commands.bars import bar
        from moravec.commands.measure import machine
        from moravec.runtime.provenance import versions
        from moravec.trials.executors.contract import Budget as Most
        from moravec.trials.executors.named import executor_of
        from moravec.trials.jobs.record import Record
        from moravec.trials.jobs.suite import chosen
        from moravec.trials.jobs.verify import made_by
        from moravec.trials.rare.judge import Judge
        from moravec.trials.rare.occurrence import Occurrence
        from moravec.trials.rare.stress import Plan, stress
        from moravec.trials.record import Book
        from moravec.worlds.registry import drawn_conditions, open_world

        suite = _searchable(chosen(self.suite), self.seed)
        names = _names(suite, self.only)
        out = folder(self.out or Path("runs") / f"stress-{suite.name}-{self.seed}")
        header = {"suite": suite.name, "items": self.items, "seed": self.seed, "stress": list(names), **made_by(suite)}
        book, drawn = Book(out, header, Record), drawn_conditions(suite.world)
        by = executor_of(self.executor, self.processes or len(os.sched_getaffinity(0)), Most(self.patience))
        plan = Plan(self.budget, self.fresh, self.sample, self.seed)
        occurrence = Occurrence(names, self.chance)
        most = self.budget + self.sample  # those of fresh deliveries come on top
        with bar("jobs at most", most) as advance:

            def told(record: Record, asked: int) -> None:
                advance(min(asked, most), _word(record))

            judge = Judge(book, suite, drawn, open_world, self.items, by, told, self.seed)
            found = stress(judge, occurrence, plan)
        result = {
            **header, "chance": self.chance, "budget": self.budget, "jobs": found.jobs, "ended": found.ended,
            "command": shlex.join(["moravec", *sys.argv[1:]]), "machine": machine(), "versions": versions(),
            "cases": [_written(out, judge.suite, drawn, case, self.items, k) for k, case in enumerate(found.cases, start=1)],
            "rate": None if found.rate is None else asdict(found.rate),
        }  # fmt: skip
        for path in (out / CASES).glob("case-*.toml"):
            if f"{CASES}/{path.name}" not in {of["file"] for of in result["cases"]}:
                path.unlink()  # of an earlier search here, with another budget
        (out / "result.json").write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
        _page(out, result, found)
        show(self, result, f"{_words(result)}; {out / 'result.json'}, report.html")
        return 0


def _searchable(suite: Suite, seed: int) -> Suite:
    """`suite`, where its deliveries may be chosen, and its perturbations told apart. Raises BadInput."""
    from moravec.trials.jobs.suite import LARGEST_SEED

    if suite.seeds or suite.items:
        raise BadInput(f"a search in {suite.name}", "seeds or items of its own", "a suite that leaves them to --seed and --items")
    if seed > LARGEST_SEED:
        raise BadInput("--seed", seed, f"0 to {LARGEST_SEED}")
    for bend in suite.perturbations:
        if set(bend.name) & set(" ="):
            raise BadInput(f"a perturbation of {suite.name}", bend.name, "a name without blanks and =")
    return suite


def _names(suite: Suite, only: str) -> tuple[str, ...]:
    """The perturbations to search among. Raises BadInput."""
    wanted = [name for name in only.split(",") if name]
    for name in wanted:
        if suite.perturbation(name) is None:
            raise BadInput("--only", name, [one.name for one in suite.perturbations])
    names = tuple(one.name for one in suite.perturbations if not wanted or one.name in wanted)
    if not names:
        raise BadInput(f"a search in {suite.name}", "no perturbations", "a suite that has some, such as cell-harsh")
    return names


def _written(out: Path, suite: Suite, drawn: Mapping[str, float], case: Case, items: int, number: int) -> dict[str, Any]:
    """The case for the result; its seed file is written."""
    from moravec.trials.rare.seedfile import seedfile
    from moravec.trials.rare.severity import bent

    name, seeds = f"case-{number:02d}", [record.seed for record in case.records]
    (out / CASES).mkdir(exist_ok=True)
    path = out / CASES / f"{name}.toml"
    path.write_text(seedfile(suite, case.point, drawn, seeds, items, name), encoding="utf-8")
    bend = bent(suite, case.point, drawn)
    return {
        "case": name, **case.plain(), "says": bend.says, "conditions": list(bend.conditions[0]), "mishaps": list(bend.mishaps[0]),
        "network": bend.network[0], "instruction": bend.instructions[0], "seeds": seeds, "file": f"{CASES}/{path.name}",
    }  # fmt: skip


def _page(out: Path, result: Mapping[str, Any], found: Found) -> None:
    from moravec.console.stress import stress_page
    from moravec.trials.jobs.run import film_of

    films = {f"case-{k:02d}": film_of(out, case.records[0]) for k, case in enumerate(found.cases, start=1)}
    there = {name: path for name, path in films.items() if path.exists()}
    (out / "report.html").write_text(stress_page(result, there), encoding="utf-8")


def _word(record: Any) -> str:
    return f"{record.perturbation}: {'goes well' if record.success else record.cause or record.died}"


def _words(result: Mapping[str, Any]) -> str:
    """The result, for people."""
    count = len(result["cases"])
    said = [f"{count} case{'' if count == 1 else 's'} in {result['jobs']} jobs; {result['ended']}"]
    for of in result["cases"]:
        levels = ", ".join(f"{name} {level:g}" for name, level in of["severities"].items())
        rough = "" if of["mildest"] else "; not made as mild as it can be"
        again = f"{rough}; fails in {of['fresh_failed']} of {of['fresh']} other deliveries" if "fresh" in of else rough
        said.append(f"{of['case']}: {levels} (mild is 1, severe 3): {of['says']}{again}: {', '.join(of['causes'])}")
    if result["rate"]:
        rate = result["rate"]
        low, high = rate["ci95"]
        said.append(f"fails in {100 * rate['share']:.2f} % of jobs ({100 * low:.2f} to {100 * high:.2f}), by {rate['jobs']} jobs")
    return "\n".join(said)
