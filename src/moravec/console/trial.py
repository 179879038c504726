"""`report.html` of a trial of whole jobs: how reliable it is, what is left where the workplace is not as drawn, and why."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from moravec.console.shell import shell
from moravec.console.svg import RIGHT, WIDTH, drawing

NO_FILMS: Mapping[str, Path] = {}
ROW = 30
NAMES = 300  # [user units] for the names of variations
CSS = """
svg .whisker { stroke: var(--accent); stroke-width: 2; }
svg .dot { fill: var(--accent); }
svg .usual { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 4; }
svg .name { fill: var(--ink); font-size: 13px; }
.film { margin-top: 22px; } .film img { display: block; height: 198px; width: auto; max-width: none; border-radius: 6px; }
ul.plain { padding-left: 1.2em; max-width: 72ch; } ul.plain li { margin: 6px 0; }
"""


def trial_page(result: Mapping[str, Any], films: Mapping[str, Path] = NO_FILMS) -> str:
    """The page of a `result.json` of `moravec trial`; everything on it is made of that, and of the JPEG `films` of attempts."""
    sections = (_variations(result), _failures(result, films), _claims(result), _limits(result), _again(result))
    return shell(f"{result['suite']}: trial", _header(result), "".join(sections), CSS)


# ── the head ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _header(result: Mapping[str, Any]) -> str:
    (low, high), (least, most) = result["pc_items_right_ci95"], result["pc_items_right_by_job_ci95"]
    cycle, mtbf = result["cycle_s"], result["mtbf_s"]
    figures = [
        ("Items right", f"{result['pc_items_right']:.1f} <small>% of {result['n_items']}</small>"),
        ("Jobs right in all things", f"{result['n_jobs_right']} <small>of {result['n_jobs']}</small>"),
        ("Items an hour", f"{result['items_per_hour']:.0f}"),
        ("Cycle, median and p95", f"{cycle['p50']:.1f}, {cycle['p95']:.1f} <small>s</small>" if cycle["n"] else "–"),
        ("Recovered", f"{result['recovered']} <small>of {result['failures']} failed steps</small>"),
        ("Between failures", f"{mtbf:.0f} <small>s</small>" if mtbf else "no failure"),
        ("Stops, false ones", f"{sum(result['stops'].values())}, {result['false_stops']}"),
        ("Effectiveness (OEE)", f"{100 * result['oee']:.0f} <small>%</small>"),
    ]
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    return (
        '<header><div class="brand"><b>Moravec</b><span>trial</span></div>'
        f"<h1>{escape(result['suite'])}</h1><p class=\"lead\">{escape(result['says'])}</p>"
        f"<p class=\"soft\">“{escape(result['instruction'])}” As drawn, {result['n_items_right']} of {result['n_items']} items "
        f"were right: between {low:.1f} and {high:.1f} % (95 %, Wilson; {least:.1f} to {most:.1f} where the items of a job are "
        f"taken to fail together).</p>{_against(result)}"
        f'<dl class="figures">{cells}</dl></header>'
    )


def _against(result: Mapping[str, Any]) -> str:
    """What a comparison with another trial says; "" without one."""
    if "against" not in result:
        return ""
    says = result["against"]["says"]
    return f"<p>{escape(says[:1].upper() + says[1:])}.</p>"


# ── what is left under each perturbation ─────────────────────────────────────────────────────────────────────────────
def _variations(result: Mapping[str, Any]) -> str:
    bent: Mapping[str, Any] = result["variations"]
    if not bent:
        return ""
    ordered = sorted(bent.items(), key=lambda one: (one[1]["pc_items_right"], one[0]))
    head = (
        "<thead><tr><th>What is bent</th><th>How far</th><th class=number>Items right</th><th class=number>Left of as drawn</th>"
        "<th class=number>Items an hour</th><th>Mostly</th></tr></thead>"
    )
    rows = "".join(_row(name, of) for name, of in ordered)
    return (
        f"<section><h2>Where the workplace is not as drawn</h2>{_forest(result, ordered)}"
        f'<div class="scroll" tabindex="0" role="group" aria-label="Variations"><table>{head}<tbody>{rows}</tbody></table></div>'
        "</section>"
    )


def _row(name: str, of: Mapping[str, Any]) -> str:
    low, high = of["pc_items_right_ci95"]
    kept = of["retention"]
    left = "–"
    if kept is not None:
        left = f"{100 * kept['of_items']:.0f} % <small>({100 * kept['ci95'][0]:.0f} to {100 * kept['ci95'][1]:.0f})</small>"
    cause, counted = next(iter(of["causes"]), "–"), f"{low:.0f} to {high:.0f}; {of['n_items_right']} of {of['n_items']}"
    return (
        f"<tr><td>{escape(of['says'])}<br><span class=soft>{escape(name)}, {escape(of['axis'])}</span></td>"
        f"<td>{escape(of['severity'])}: {escape(of['level'])}</td>"
        f"<td class=number>{of['pc_items_right']:.1f} % <small>({counted})</small></td>"
        f"<td class=number>{left}</td><td class=number>{of['items_per_hour']:.0f}</td><td>{escape(cause)}</td></tr>"
    )


def _forest(result: Mapping[str, Any], ordered: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Shares of items right with their intervals, the worst at the top, the jobs as drawn as a line."""
    rows = [*ordered, ("as drawn", result)]
    height = ROW * len(rows) + 34
    parts = []
    for share in range(0, 101, 20):
        x = _x(share)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="4" x2="{x:.1f}" y2="{height - 26}"/>')
        parts.append(f'<text class="label" x="{x:.1f}" y="{height - 8}" text-anchor="middle">{share} %</text>')
    usual = _x(result["pc_items_right"])
    parts.append(f'<line class="usual" x1="{usual:.1f}" y1="4" x2="{usual:.1f}" y2="{height - 26}"/>')
    for number, (name, of) in enumerate(rows):
        y, (low, high) = 4 + ROW * (number + 0.5), of["pc_items_right_ci95"]
        title = f"{name}: {of['pc_items_right']:.1f} %, {low:.1f} to {high:.1f}"
        whisker = f'class="whisker" x1="{_x(low):.1f}" y1="{y:.1f}" x2="{_x(high):.1f}" y2="{y:.1f}"'
        parts.append(f'<text class="name" x="{NAMES - 16}" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        parts.append(f"<g><title>{escape(title)}</title><line {whisker}/>")
        parts.append(f'<circle class="dot" cx="{_x(of["pc_items_right"]):.1f}" cy="{y:.1f}" r="5"/></g>')
    drawn = drawing(height, "Items right in each variation", parts)
    return f'<div class="panel"><h3>Items right <span class="soft">with intervals of 95 %</span></h3>{drawn}</div>'


def _x(share: float) -> float:
    return NAMES + (WIDTH - NAMES - RIGHT - 20) * share / 100.0


# ── why, and what may be said ────────────────────────────────────────────────────────────────────────────────────────
def _failures(result: Mapping[str, Any], films: Mapping[str, Path]) -> str:
    if not result["failures_like"]:
        return "<section><h2>Why jobs failed</h2><p class=note>None did.</p></section>"
    rows = "".join(
        f"<tr><td>{escape(one['cause'])}<br><span class=soft>{escape(one['means'])}</span></td>"
        f"<td class=number>{one['jobs']}</td><td>{escape(one['words'])}</td>"
        f"<td>{escape(one['first']['attempt'])}<br><span class=soft>seed {one['first']['seed']}, "
        f"at {one['first']['decided_at']:.1f} s</span></td></tr>"
        for one in result["failures_like"]
    )
    head = "<thead><tr><th>Cause</th><th class=number>Jobs</th><th>What was said</th><th>The first</th></tr></thead>"
    note = "<p class=note>Failures that are alike stand together, the commonest first.</p>"
    shown = "".join(_film(one, films[key]) for one in result["failures_like"] if (key := one["first"]["attempt"]) in films)
    return f"<section><h2>Why jobs failed</h2>{note}<table>{head}<tbody>{rows}</tbody></table>{shown}</section>"


def _film(one: Mapping[str, Any], path: Path) -> str:
    """What the cameras saw of the first of like failures."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    words = f"{one['cause']}: {one['first']['attempt']}, decided at {one['first']['decided_at']:.1f} s. {one['words']}"
    return (
        f'<figure class="film"><div class="scroll" tabindex="0" role="group" aria-label="{escape(words)}">'
        f'<img src="data:image/jpeg;base64,{data}" alt="{escape(words)}"></div><figcaption>{escape(words)}</figcaption></figure>'
    )


def _claims(result: Mapping[str, Any]) -> str:
    chips = {True: '<span class="chip good">carried</span>', False: '<span class="chip plain">not carried</span>'}
    rows = "".join(
        f"<tr><td>at least {100 * one['jobs_right_at_least']:g} % of jobs are right in all things</td>"
        f"<td>{chips[one['carried']]}</td><td class=number>{one['more_jobs'] or '–'}</td></tr>"
        for one in result["claims"]
    )
    if not rows:
        return ""
    head = "<thead><tr><th>Claim (95 %, exact, one-sided)</th><th></th><th class=number>faultless jobs missing</th></tr></thead>"
    return f"<section><h2>What may be claimed of jobs as drawn</h2><table>{head}<tbody>{rows}</tbody></table></section>"


def _limits(result: Mapping[str, Any]) -> str:
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in result["limitations"])
    return f'<section><h2>What this does not show</h2><ul class="plain">{said}</ul></section>'


def _again(result: Mapping[str, Any]) -> str:
    facts = {"seed": result["seed"], "machine": result["machine"], **result["versions"]}
    rows = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>" for name, value in facts.items())
    return (
        f"<section><h2>Make it again</h2><pre>{escape(result['command'])}</pre><p class=note>A sample of its jobs, made again "
        f"and compared with the record:</p><pre>moravec trial {escape(result['suite'])} --verify FOLDER</pre>"
        f'<dl class="facts">{rows}</dl></section>'
    )
