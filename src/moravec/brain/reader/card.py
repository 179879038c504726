"""The card of a reader, from its manifest alone: what it reads, how well it did on sentences it never saw, where it fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moravec.models.package import Package

COLUMNS = ("sentences", "how many", "read right (95 %)", "meaning not ruled out", "without a question", "asked about when wrong")
LONGEST = "An instruction is at most 1,000 characters; each is read by itself, what was said before is joined to it afterwards."


def markdown(package: Package) -> str:
    """The card as Markdown."""
    manifest = package.manifest
    evaluation, training = manifest["evaluation"], manifest["training"]
    rows = [
        ("reads", "one sentence or a few, English or Chinese"), ("gives", "wishes, each reading with its probability"),
        ("known words", f"{len(manifest['vocabulary']):,}; others by their pieces, or pointed at"),
        ("parameters", f"{manifest['parameters']:,}"), ("difference between PyTorch and ONNX", f"{manifest['parity']:.2g}"),
    ]  # fmt: skip
    parts = [
        "# reader", "", "| | |", "|---|---|", *(f"| {name} | {words} |" for name, words in rows), "", "## Measured", "",
        *_measured(evaluation), "", "## Limitations, from the same measurements", "", *limitations(evaluation), "",
        "## How it was made", "",
        f"Its last training: {manifest['step']:,} of {training['steps']:,} steps of {training['batch']} sentences, "
        f"seed {training['seed']}, drawn from phrases {manifest['data'][:16]}, with version {manifest['version']}.", "",
        f"Signed by {package.key}.",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def limitations(evaluation: Mapping[str, Any]) -> list[str]:
    """What it gets wrong, a line for each measurement."""
    if not evaluation:
        return ["- It was never tried: nothing is known of what it can do."]
    return [*_wrong(evaluation), f"- {LONGEST}", "- Words of one kind of cell: parcels, bins, and what lies in them."]


def _wrong(evaluation: Mapping[str, Any]) -> Iterator[str]:
    for name, found in evaluation.items():
        n, wrong = found["sentences"], round(found["sentences"] * (1.0 - found["right"]))
        silent = round(wrong * (1.0 - found["wrong_asked"]))
        yield f"- {name}: {wrong} of {n} are read otherwise than meant; {silent} of these without a question."


def _measured(evaluation: Mapping[str, Any]) -> list[str]:
    if not evaluation:
        return ["Nothing."]
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for name, found in evaluation.items():
        low, high = found["right_ci95"]
        right = f"{100 * found['right']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
        rest = (_percent(found.get(key)) for key in ("covered", "single", "wrong_asked"))
        lines.append(f"| {name} | {found['sentences']} | {right} | {' | '.join(rest)} |")
    return lines


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"
