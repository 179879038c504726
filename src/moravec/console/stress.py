"""`report.html` of `moravec stress`: what breaks the job, the likeliest first, how far it had to go, and what the cameras saw."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from moravec.console.shell import shell
from moravec.console.svg import RIGHT, WIDTH, drawing

MOST = 3.0  # severe
LADDER = ((0, "as drawn"), (1, "mild"), (2, "middle"), (3, "severe"))
NAMES = 300  # [user units] for the names of perturbations
ROW = 28
CSS = """
svg .far { fill: var(--bad); }
svg .name { fill: var(--ink); font-size: 13px; }
.film img { display: block; height: 198px; width: auto; max-width: none; border-radius: 6px; }
.film { margin-top: 14px; } .case { margin-top: 34px; }
"""


def stress_page(result: Mapping[str, Any], films: Mapping[str, Path]) -> str:
    """The page of a `result.json` of `moravec stress`; everything on it is made of that, and of the JPEG `films` of cases."""
    cases = "".join(_case(of, films) for of in result["cases"])
    nothing = "<p class=note>Nothing that was tried broke the job.</p>"
    sections = f"<section><h2>What breaks the job</h2>{cases or nothing}</section>{_limits(result)}{_again(result)}"
    return shell(f"{result['suite']}: stress", _header(result), sections, CSS)


def _header(result: Mapping[str, Any]) -> str:
    figures = [
        ("Cases", f"{len(result['cases'])}"), ("Jobs tried", f"{result['jobs']} <small>of {result['budget']}</small>"),
        ("Perturbations", f"{len(result['stress'])}"), ("Fails out there", _rate(result["rate"])),
    ]  # fmt: skip
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    return (
        '<header><div class="brand"><b>Moravec</b><span>stress</span></div>'
        f'<h1>{escape(result["suite"])}</h1><p class="lead">The mildest conditions found that break the job, the likeliest '
        f'first. The search ended because {escape(result["ended"])}.</p><dl class="figures">{cells}</dl></header>'
    )


def _rate(rate: Mapping[str, Any] | None) -> str:
    if rate is None:
        return "not asked"
    low, high = rate["ci95"]
    return f"{100 * rate['share']:.2f} % <small>({100 * low:.2f} to {100 * high:.2f})</small>"


def _case(of: Mapping[str, Any], films: Mapping[str, Path]) -> str:
    rough = "" if of["mildest"] else " The search ended before it was made as mild as it can be."
    again = "" if "fresh" not in of else f" It fails in {of['fresh_failed']} of {of['fresh']} other deliveries."
    exact = [*of["conditions"], *of["mishaps"], of["network"]]
    words = f"{', '.join(of['causes'])}: {of['words']}"
    return (
        f"<div class=case><h3>{escape(of['says'][:1].upper() + of['says'][1:])}</h3>{_ladder(of['severities'])}"
        f"<p>{escape(words)}.{escape(again)}{rough}</p><p class=soft><code>{escape(' '.join(filter(None, exact)))}</code><br>"
        f"Again: <code>moravec trial {escape(of['file'])}</code></p>{_film(of, films)}</div>"
    )


def _ladder(severities: Mapping[str, float]) -> str:
    """How far each perturbation had to go."""
    height = ROW * len(severities) + 30
    parts = []
    for level, name in LADDER:
        x = _x(level)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="2" x2="{x:.1f}" y2="{height - 26}"/>')
        anchor = {0: "start", 3: "end"}.get(level, "middle")
        parts.append(f'<text class="label" x="{x:.1f}" y="{height - 8}" text-anchor="{anchor}">{name}</text>')
    for row, (name, far) in enumerate(severities.items()):
        y = 2 + ROW * row
        parts.append(f'<text class="name" x="{NAMES - 16}" y="{y + 18}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<g><title>{escape(name)}: {far:g}</title><rect class="far" x="{_x(0.0):.1f}" y="{y + 6}" '
                     f'width="{_x(far) - _x(0.0):.1f}" height="14" rx="4"/></g>')  # fmt: skip
    return drawing(height, "How far each perturbation goes", parts)


def _x(level: float) -> float:
    return NAMES + (WIDTH - NAMES - RIGHT - 20) * level / MOST


def _film(of: Mapping[str, Any], films: Mapping[str, Path]) -> str:
    """What the cameras saw of the case's first delivery."""
    if of["case"] not in films:
        return ""
    data = base64.b64encode(films[of["case"]].read_bytes()).decode("ascii")
    words = f"{of['case']}, delivery {of['seeds'][0]}"
    return (
        f'<figure class="film"><div class="scroll" tabindex="0" role="group" aria-label="{escape(words)}">'
        f'<img src="data:image/jpeg;base64,{data}" alt="{escape(words)}"></div><figcaption>{escape(words)}</figcaption></figure>'
    )


def _limits(result: Mapping[str, Any]) -> str:
    chance = f"{100 * result['chance']:g} %"
    said = (
        "Everything was simulated; what is not among the perturbations was not looked for.",
        "A case is a point at which two deliveries that go well as drawn both fail; other deliveries may not.",
        f"The order, and the failure rate, assume that each perturbation is in force in {chance} of jobs, independent of the "
        "others, and half normal then: mild is one sigma, severe three. Nobody has measured that.",
        "Where more is not always worse, a still milder point may break the job too.",
    )
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in said)
    return f'<section><h2>What this does not show</h2><ul class="plain">{items}</ul></section>'


def _again(result: Mapping[str, Any]) -> str:
    facts = {"seed": result["seed"], "machine": result["machine"], **result["versions"]}
    rows = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>" for name, value in facts.items())
    return f'<section><h2>Make it again</h2><pre>{escape(result["command"])}</pre><dl class="facts">{rows}</dl></section>'
