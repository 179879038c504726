"""`moravec trial cell-nominal`, `cell-harsh` and suites of people's own: whole jobs, many of them."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moravec.commands.bars import bar
from moravec.commands.measure import machine
from moravec.commands.options import folder, show
from moravec.commands.trial_against import held_against, tried
from moravec.console.trial import trial_page
from moravec.core.errors import BadInput
from moravec.runtime.provenance import versions
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.result import summary, too_few_right
from moravec.trials.jobs.run import film_of, run
from moravec.trials.jobs.suite import attempts, chosen, severities
from moravec.trials.jobs.table import write_table
from moravec.trials.jobs.verify import differences, made_by, sample
from moravec.trials.record import Book
from moravec.worlds.registry import open_world

if TYPE_CHECKING:
    from moravec.commands.trial import Trial

ELSEWHERE = ("policy", "sentences", "tasks", "drawing", "ahead", "trust")  # options that mean nothing here


def try_jobs(asked: Trial, given: Sequence[str]) -> int:
    """Makes what jobs are missing. `given` are options that mean nothing here. Raises BadInput."""
    if given:
        raise BadInput(f"--{given[0]}", f"with {asked.suite}", "with metaworld and the suites of single skills")
    suite = chosen(asked.suite)
    wanted = attempts(suite, asked.episodes, asked.seed, severities(asked.severity), tuple(filter(None, asked.only.split(","))))
    out = asked.out or Path("runs") / f"trial-{suite.name}-{asked.seed}"
    items = suite.items if asked.items is None else asked.items
    header = {"suite": suite.name, "instruction": suite.instruction, "items": items, "seed": asked.seed, **made_by(suite)}
    if asked.against is not None:  # the same delivery under many perturbations is no pair that is independent of the others
        wanted = [attempt for attempt in wanted if attempt.severity == 0]
    earlier = held_against(asked, out, header, ("instruction", "items", "seed", "suite_text"), wanted, Record)
    book = Book(folder(out), header, Record)
    makes = partial(run, book, suite, opened=open_world, items=items, executor=asked.by())
    records, compared = tried(asked, book, wanted, earlier, _word, makes)
    result = {
        **header, "says": suite.says, "command": shlex.join(["moravec", *sys.argv[1:]]), "machine": machine(),
        "versions": versions(), **summary(suite, records), **compared,
    }  # fmt: skip
    if compared and compared["against"]["n_pairs"] < compared["against"]["n_pairs_wanted"]:
        result["claims"] = []  # of a sample that was stopped when it suited
    (out / "result.json").write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    films = {record.key: film_of(out, record) for record in records if film_of(out, record).exists()}
    (out / "report.html").write_text(trial_page(result, films), encoding="utf-8")
    missing = write_table(out / "episodes.parquet", records)
    short = too_few_right(suite, records)
    said = "".join(f"; {name}: fewer than the {suite.least_right:.0%} of items right that the suite wants" for name in short)
    files = f"{out / 'result.json'}, report.html{'' if missing else ', episodes.parquet'}{missing}"
    show(asked, result, f"{_words(result)}{said}; {files}")
    return 1 if short else 0


def verify(asked: Trial) -> int:
    """Makes a sample of a trial's jobs again: 0 where they agree, 1 where they do not. Raises BadInput."""
    assert asked.verify is not None
    suite = chosen(asked.suite)
    header, picked = sample(asked.verify, suite, asked.episodes, asked.seed)
    other = [name for name, now in made_by(suite).items() if header.get(name) != now]
    found = []
    with bar("jobs", len(picked)) as advance:
        for number, (attempt, record) in enumerate(picked, start=1):
            found += differences(attempt, record, suite, open_world, header["items"])
            advance(number, attempt.key)
    said = [f"{len(picked)} jobs made again, {len({one['attempt'] for one in found})} differ"]
    said += [f"they were recorded with another {', '.join(other)}"] if other else []
    said += [f"{one['attempt']}: {one['what']}: recorded {one['recorded']!r}, now {one['now']!r}" for one in found]
    show(asked, {"made_again": [a.key for a, _ in picked], "made_by_other": other, "differences": found}, "\n".join(said))
    return 1 if found else 0


def _word(record: Record) -> str:
    """Of a job, in a line."""
    return f"{record.variation}: {record.right} of {record.items}{f', {record.cause}' if record.cause else ''}"


def _words(result: Mapping[str, Any]) -> str:
    """The result, for people."""
    low, high = result["pc_items_right_ci95"]
    said = [
        f"as drawn: {result['n_items_right']} of {result['n_items']} items right, {result['pc_items_right']:.1f} % "
        f"({low:.1f} to {high:.1f}), {result['n_jobs_right']} of {result['n_jobs']} jobs; "
        f"{result['items_per_hour']:.0f} items an hour"
    ]
    for name, of in result["variations"].items():
        kept = "" if of["retention"] is None else f", {100 * of['retention']['of_items']:.0f} % of as drawn"
        said.append(f"{name} ({of['says']}, {of['level']}): {of['n_items_right']} of {of['n_items']} items{kept}")
    if "against" in result:
        said.append(result["against"]["says"])
    return "\n".join(said)

