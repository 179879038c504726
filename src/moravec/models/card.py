"""A model's card, from its manifest alone: what it takes and gives, what it was measured to do, and where it fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moravec.models.manip.normal import normal_from
from moravec.models.manip.robots import aligned_as
from moravec.models.package import Package

WEAK = 80.0  # per cent; below, a task is named among the limitations
STRAYED = "not what was asked"  # a cause of failure, as trials name it
CELL = "cell-"  # how the names of suites in the work cell begin; there an answer is timed without drawing
DROP = 1.0  # points; a smaller difference between two trials is not spoken of
COLUMNS = (
    "trial", "episodes", "mean of tiers", "mean of episodes", "hard-coded skill", "difference of the pairs, points", "command",
)  # fmt: skip


def markdown(package: Package) -> str:
    """The card as Markdown."""
    manifest = package.manifest
    parts = [
        f"# {manifest['kind']}", "", *_inputs(manifest), "", "## Measured", "", *_measured(manifest["evaluation"]), "",
        "## Limitations, from the same measurements", "", *limitations(manifest["evaluation"]), "", *_made(package),
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def limitations(evaluation: Mapping[str, Any]) -> list[str]:
    """What the trials say it cannot do, a line each; of a model that was never tried, just that."""
    if not evaluation:
        return ["- It was never tried: nothing is known of what it can do."]
    weak = [line for name in _references(evaluation).values() for line in _weak(name, evaluation[name])]
    return [*weak, *_drops(evaluation), "- One camera, one arm, one table: nothing else was tried."]


def _references(evaluation: Mapping[str, Any]) -> dict[str, str]:
    """Of each suite the trial that others are compared with: as in training, where there is one."""
    found: dict[str, str] = {}
    for name, trial in evaluation.items():
        as_trained = trial.get("sentences") == "train" and trial.get("drawing", "plain") == "plain"
        if as_trained or trial.get("suite", "") not in found:
            found[trial.get("suite", "")] = name
    return found


def _weak(name: str, trial: Mapping[str, Any]) -> Iterator[str]:
    causes = ", ".join(f"{cause} ({count})" for cause, count in trial.get("causes", {}).items())
    if causes:
        yield f"- {name}: why attempts failed: {causes}."
    weak = {task: share for task, share in trial.get("per_task", {}).items() if share["pc_success"] < WEAK}
    for task, share in sorted(weak.items(), key=lambda item: float(item[1]["pc_success"])):
        yield f"- {name}: {task}: {_share(share)}."
    if not weak:
        yield f"- {name}: no task is below {WEAK:g} %."


def _drops(evaluation: Mapping[str, Any]) -> Iterator[str]:
    references = _references(evaluation)
    for name, trial in evaluation.items():
        reference = references[trial.get("suite", "")]
        drop = _mean(evaluation[reference]) - _mean(trial)
        if drop >= DROP:
            yield f"- {name}: {drop:.1f} points less than {reference}."
    for name, trial in evaluation.items():
        if strayed := trial.get("causes", {}).get(STRAYED, 0):
            yield f"- {name}: {strayed:,} of {trial['n_episodes']:,} attempts did what the scene is usually for instead."


def _inputs(manifest: Mapping[str, Any]) -> list[str]:
    spec = manifest["spec"]
    cameras = ", ".join(f"{c['name']} {c['height']}x{c['width']}" for c in spec["cameras"])
    rows = [
        ("pictures", cameras), ("state", _channels(spec["state"])), ("words", "an instruction in English"),
        ("actions", f"{spec['chunk']} ahead, {spec['rate']:g} a second: {_channels(spec['action'])}"),
        ("parameters", f"{manifest['parameters']:,}"), ("difference between PyTorch and ONNX", f"{manifest['parity']:.2g}"),
    ]  # fmt: skip
    return ["| | |", "|---|---|", *(f"| {name} | {words} |" for name, words in rows)]


def _measured(evaluation: Mapping[str, Any]) -> list[str]:
    if not evaluation:
        return ["Nothing."]
    rows = [_row(name, trial) for name, trial in evaluation.items()]
    first = next(iter(evaluation.values()))
    rows += [_row(f"– {tier}", share) for tier, share in first.get("per_tier", {}).items()]
    columns = [column for column in COLUMNS if any(row[column] for row in rows)]
    lines = [f"| {' | '.join(cells)} |" for cells in (columns, *([row[column] for column in columns] for row in rows))]
    lines.insert(1, "|---" * len(columns) + "|")
    machine, took = first.get("machine", "?"), first.get("act_ms", {})
    if took.get("n"):
        what = "the model alone" if first.get("suite", "").startswith(CELL) else "drawing included"
        lines += ["", f"One answer: {took['p50']:.1f} ms (p50), {took['p95']:.1f} ms (p95), {what}; {machine}."]
    return lines


def _row(name: str, trial: Mapping[str, Any]) -> dict[str, str]:
    """A line of the table, by COLUMNS; empty where a trial has none."""
    tiers, program, command = trial.get("tier_mean"), trial.get("hard_coded"), trial.get("command")
    cells = (
        name, f"{trial['n_episodes']:,}", _share(tiers) if tiers else "", _share(trial), _share(program) if program else "",
        _difference(trial) if "pc_difference" in trial else "", f"`{command}`" if command else "",
    )  # fmt: skip
    return dict(zip(COLUMNS, cells, strict=True))


def _made(package: Package) -> list[str]:
    manifest = package.manifest
    training, known = manifest["training"], aligned_as(normal_from(manifest["normal"]).alignment)
    taught = f"Losses of places used {known.places} in training; at" if known else "At"
    return [
        "## How it was made", "",
        f"{manifest['step']:,} of {training['steps']:,} steps of {training['batch']} frames, seed {training['seed']}, on data "
        f"{manifest['data'][:16]}, from nothing, with version {manifest['version']}. {taught} work it has pictures, "
        "state and words alone.", "",
        f"Signed by {package.key}.",
    ]  # fmt: skip


def _channels(channels: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{c['name']} [{c['unit']}]" for c in channels)


def _share(share: Mapping[str, Any]) -> str:
    low, high = share["pc_success_ci95"]
    return f"{share['pc_success']:.1f} % ({low:.1f} to {high:.1f})"


def _difference(trial: Mapping[str, Any]) -> str:
    low, high = trial["pc_difference_ci95"]
    return f"{trial['pc_difference']:+.1f} ({low:+.1f} to {high:+.1f})"


def _mean(trial: Mapping[str, Any]) -> float:
    return float(trial.get("tier_mean", trial)["pc_success"])
