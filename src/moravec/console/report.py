"""`report.html`: one run on one page, in one file that needs no network and no script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.console.collect import Collector, Mark, Samples, Shot, StepSeen
from moravec.console.images import data_uri
from moravec.console.incident.drawings import Curve, curve
from moravec.console.near import NEAR, near_people
from moravec.console.shell import shell
from moravec.console.svg import Axis, Line, strip, timeline
from moravec.core.frames import Matrix
from moravec.guard.limits import LimitTable

MAX_BYTES = 6_000_000
MAX_LABELS = 14  # more words on one picture hide what they name
_QUALITIES = ((560, 74), (480, 62), (400, 50), (300, 40))  # width [px] and quality of the steps' pictures, best first
_SWATCHES = {
    "red": "#cc2924", "blue": "#1f5cbd", "green": "#248f4d", "yellow": "#f2c21a", "white": "#f2f2ec", "purple": "#803d9e",
}  # fmt: skip
_KINDS = {
    "failed": ("bad", "failed"),
    "replan": ("warn", "new plan"),
    "limit": ("plain", "limited"),
    "stop": ("bad", "stopped"),
    "aside": ("bad", "given up"),
    "question": ("plain", "question"),
    "fallback": ("plain", "brain"),
}


@dataclass(frozen=True, slots=True)
class ReportData:
    """What the page is made of. `result` has the fields of `result.json`; `facts` stand at the page's end."""

    result: Mapping[str, Any]
    seen: Collector
    limits: LimitTable
    before: NDArray[np.uint8] | None = None
    after: NDArray[np.uint8] | None = None
    marks: Mapping[str, str] = field(default_factory=dict)  # item -> "right", "wrong" or "untouched"
    wrong: tuple[str, ...] = ()  # what is not where the instruction wants it, in words
    trouble: str = ""  # what ended the run early, in words
    tape: str = "tape.mcap"
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def right(self) -> tuple[int, int]:
        """How many items are where the instruction wants them, and how many count."""
        counted = [mark for mark in self.marks.values() if mark != "untouched"]
        return counted.count("right"), len(counted)


def build_report(data: ReportData) -> str:
    """The page, smaller than 6 MB: pictures are made coarser until it is. Raises ContractError for a broken picture."""
    page = ""
    for width, quality in _QUALITIES:
        page = _page(data, partial(data_uri, width=width, quality=quality))
        if len(page.encode()) < MAX_BYTES:
            return page
    return _page(data, None)


_Encode = Callable[[NDArray[np.uint8]], str]


def _page(data: ReportData, encode: _Encode | None) -> str:
    title = str(data.result.get("instruction", "")).strip() or "No instruction"
    sections = (
        _turns(data),
        _before_after(data),
        _items(data),
        _timeline(data),
        _steps(data, encode),
        _trouble(data),
        _questions(data),
        _provenance(data),
    )
    return shell(_short(title, 80), _header(data, title), "".join(sections))


# ── the head ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _header(data: ReportData, title: str) -> str:
    result = data.result
    kind, words = _outcome(data)
    cycles = [float(c) for c in result.get("cycle_time_s", ())]
    guard = result.get("guard", {})
    total = sum(guard.values()) or 1
    figures = [
        ("Items right", f"{data.right[0]} <small>of {data.right[1]}</small>" if data.right[1] else "–"),
        ("Robot time", _duration(data.seen.duration)),
        ("Cycle time, median", f"{median(cycles):.1f} <small>s</small>" if cycles else "–"),
        ("New plans", str(result.get("replans", 0))),
        ("Verdicts", f"{sum(guard.values()):,}".replace(",", "\u202f")),
        ("Limited, stopped", f"{guard.get('limit', 0)}, {guard.get('stop', 0)} "
         f"<small>{100 * (total - guard.get('pass', 0)) / total:.2g} %</small>"),
    ]  # fmt: skip
    said = data.seen.answer if not result.get("refused") else ""
    said = f'<p class="soft">It says: {escape(_short(said, 320))}</p>' if said else ""
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    return (
        f'<header><div class="brand"><b>Moravec</b><span>run report</span>'
        f'<span class="chip {kind}">{"Done" if kind == "good" else "Not done"}</span></div>'
        f'<h1>“{escape(_short(title, 240))}”</h1><p class="lead">{escape(words)}</p>{said}'
        f'<dl class="figures">{cells}</dl></header>'
    )


def _outcome(data: ReportData) -> tuple[str, str]:
    right, of = data.right
    if data.result.get("refused"):
        return "bad", f"Refused: {data.result['refused']}"
    if data.result.get("success"):
        return "good", "Every item is where the instruction wants it." if of else "The job is done."
    early = f" The run ended early: {data.trouble}." if data.trouble else ""
    if of:
        return "bad", f"{right} of {of} items are where the instruction wants them.{early}"
    return "bad", early.strip() or "The job was not done."


def _turns(data: ReportData) -> str:
    """What was said, turn by turn, and what came of it; nothing for a single instruction."""
    rows = "".join(
        f"<tr><td>{number}</td><td>“{escape(_short(str(turn['instruction']), 240))}”{_heard(turn)}</td>"
        f"<td>{escape(_short(str(turn['answer']), 320))}</td></tr>"
        for number, turn in enumerate(data.result.get("turns", ()), start=1)
    )
    head = "<thead><tr><th>Turn</th><th>What was said</th><th>What it answered</th></tr></thead>"
    table = f"<table>{head}<tbody>{rows}</tbody></table>"
    frame = '<div class="scroll" tabindex="0" role="group" aria-label="The talk">'
    return f"<section><h2>The talk</h2>{frame}{table}</div></section>" if rows else ""


def _heard(turn: Mapping[str, Any]) -> str:
    return f"<br>heard at {float(turn['heard']):.1f} s, while the job ran" if "heard" in turn else ""


# ── pictures and items ───────────────────────────────────────────────────────────────────────────────────────────────
def _before_after(data: ReportData) -> str:
    shown = [(name, rgb) for name, rgb in (("Before", data.before), ("After", data.after)) if rgb is not None]
    figures = "".join(
        f'<figure><img src="{data_uri(rgb, 960, 84)}" width="{rgb.shape[1]}" height="{rgb.shape[0]}" '
        f'alt="The whole cell, {name.lower()} the job"><figcaption>{name}</figcaption></figure>'
        for name, rgb in shown
    )
    return f'<section><h2>Before and after</h2><div class="pair">{figures}</div></section>' if shown else ""


def _items(data: ReportData) -> str:
    final: Mapping[str, Mapping[str, Any]] = data.result.get("final", {})
    if not final:
        return ""
    rows = "".join(_item_row(name, item, data.marks.get(name, "")) for name, item in final.items())
    return (
        "<section><h2>The items</h2><p class=\"note\">As the simulator's ground truth has it at the end, not as the robot "
        'believes.</p><div class="scroll" tabindex="0" role="group" aria-label="The items"><table><thead><tr><th>Item</th>'
        "<th>What it is</th><th>Condition</th><th>Where it is</th><th>Storing rule says</th><th>As asked</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _item_row(name: str, item: Mapping[str, Any], mark: str) -> str:
    kind = {"right": "good", "wrong": "bad"}.get(mark, "plain")
    chip = f'<span class="chip {kind}">{escape(mark)}</span>' if mark else ""
    cells = (
        escape(name.replace("_", " ")),
        f"{_swatch(str(item['colour']))}{escape(str(item['colour']))} {escape(str(item['category']))}",
        "damaged" if item["damaged"] else '<span class="soft">intact</span>',
        escape(_place(str(item["location"]))),
        escape(_place(str(item["belongs"]))),
        chip,
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _swatch(colour: str) -> str:
    return f'<span class="swatch" style="background:{_SWATCHES.get(colour, "#888888")}"></span>'


def _place(name: str) -> str:
    return f"bin {name}" if len(name) == 1 else name


def _steps(data: ReportData, encode: _Encode | None) -> str:
    shown = [(i, s) for i, s in enumerate(data.seen.steps, start=1) if s.shot is not None]
    if not shown or encode is None:
        return ""
    figures = "".join(_step_figure(i, step, step.shot, encode) for i, step in shown if step.shot is not None)
    return (
        '<section><h2>What it saw, step by step</h2><p class="note">The picture each step acted on, with what perception '
        f'found drawn on it. An orange frame means damaged.</p><ol class="steps">{figures}</ol></section>'
    )


def _step_figure(number: int, step: StepSeen, shot: Shot, encode: _Encode) -> str:
    height, width = shot.rgb.shape[:2]

    def label(mark: Mark) -> str:
        if len(shot.marks) > MAX_LABELS:
            return ""
        x = min(mark.box[0] + 2, width - 9.5 * len(mark.label))
        return f'<text x="{max(x, 4):.0f}" y="{max(mark.box[1] - 7, 18):.0f}">{escape(mark.label)}</text>'

    marks = "".join(
        f'<g class="mark{" damaged" if m.damaged else ""}">'
        f'<rect class="shade" x="{m.box[0]:.0f}" y="{m.box[1]:.0f}" width="{m.box[2] - m.box[0]:.0f}" '
        f'height="{m.box[3] - m.box[1]:.0f}" rx="4"/>'
        f'<rect x="{m.box[0]:.0f}" y="{m.box[1]:.0f}" width="{m.box[2] - m.box[0]:.0f}" height="{m.box[3] - m.box[1]:.0f}" '
        f'rx="4"/>{label(m)}</g>'
        for m in shot.marks
    )
    seconds = "" if step.end is None else f", {step.end - step.start:.1f} s"
    status = "" if step.status == "succeeded" else f' <span class="chip bad">{escape(step.code or step.status)}</span>'
    words = ", ".join(m.label for m in shot.marks) or "nothing marked"
    return (
        f'<li><figure><svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(shot.camera)} camera: {escape(words)}">'
        f'<image href="{encode(shot.rgb)}" width="{width}" height="{height}"/>{marks}</svg><figcaption><b>{number}. '
        f"{escape(step.skill)}</b> {escape(', '.join(step.args.values()))}{status}<br>"
        f'<span class="time">{escape(shot.camera)}, at {shot.t:.1f} s{seconds}</span></figcaption></figure></li>'
    )


# ── over time ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _timeline(data: ReportData) -> str:
    samples, limits = data.seen.samples(), data.limits
    axis = Axis(float(samples.t[0]), float(samples.t[-1]))
    speed = _share(samples.dq, limits.velocity)
    torque = _share(samples.tau, limits.torque)
    force = limits.grip_force_max
    strips = (
        ("Joint speed, the fastest joint", _peak(100 * speed.max(), "%"), speed, None, 100.0, "%"),
        ("Joint torque, the most loaded joint", _peak(100 * torque.max(), "%"), torque, None, 100.0, "%"),
        ("Force of one finger, and of the tool on its surroundings (grey)",
         _peak(float(samples.grip_force.max()), "N") + f", tool {samples.push.max():.0f} N",
         samples.grip_force / force, samples.push / force, force, "N"),
    )  # fmt: skip
    drawn = ""
    for title, peak, share, second, limit, unit in strips:
        lines = [Line(share * limit, "first", filled=True)]
        lines += [Line(second * limit, "second")] if second is not None else []
        drawn += f'<h3>{title} <span class="soft">{peak}</span></h3>'
        top = 1.15 if second is None else max(1.15, 1.05 * float(second.max()))
        drawn += strip(samples.t, lines, axis, top * limit, limit, unit, f"{title}: {peak}; limit {limit:g} {unit}")
    drawn += _nearness(samples, limits, axis)
    steps = timeline(data.seen.steps, data.seen.events, axis) if data.seen.steps else '<p class="note">No step was begun.</p>'
    return (
        '<section><h2>What it did</h2><p class="note">The robot’s time in seconds. Red dashes are the limits that the guard '
        "holds; yellow dashes are new plans. Hold the pointer over a bar for its words.</p>"
        f'<div class="panel"><h3>Steps</h3>{steps}{drawn}</div>{_cycles(data.result.get("cycle_time_s", ()))}</section>'
    )


def _nearness(samples: Samples, limits: LimitTable, axis: Axis) -> str:
    """How far the nearest person was, and how far they had to be; nothing where nobody came near."""
    near = near_people(samples, limits)
    if near is None:
        return ""
    told = f"least {near.least:.2f} m, least room {near.room:.2f} m"
    lines = [Curve(np.minimum(near.apart, NEAR), "first", low=True), Curve(np.minimum(near.needed, NEAR), "bound")]
    drawn = curve(samples.t, lines, axis, None, "m", f"Distance of the nearest person and protective distance; {told}", [])
    return (
        "<h3>Nearest person; red: protective distance while the arm moves "
        f'<span class="soft">{told}</span></h3>{drawn}'
    )


def _share(values: Matrix, limits: Sequence[float]) -> Matrix:
    """(m,) the largest |value| / limit over the joints."""
    bounds = np.asarray(limits[: values.shape[1]] if len(limits) >= values.shape[1] else [np.inf] * values.shape[1])
    share: Matrix = np.max(np.abs(values) / bounds, axis=1)
    return share


def _peak(value: float, unit: str) -> str:
    return f"peak {value:.0f} {unit}"


def _cycles(cycles: Sequence[float]) -> str:
    if not cycles:
        return ""
    ordered = sorted(float(c) for c in cycles)
    words = f"{len(ordered)} items, {ordered[0]:.1f} to {ordered[-1]:.1f} s, median {median(ordered):.1f} s"
    top = ordered[-1] or 1.0
    slot = min(910 / len(cycles), 52.0)
    bars = "".join(
        f'<g class="bar"><title>{float(c):.1f} s</title><rect x="{76 + i * slot:.1f}" y="{64 - 56 * float(c) / top:.1f}" '
        f'width="{0.8 * slot:.1f}" height="{56 * float(c) / top:.1f}" rx="2"/></g>'
        for i, c in enumerate(cycles)
    )
    return (
        f'<div class="panel"><h3>Cycle time of each item <span class="soft">{words}</span></h3><div class="scroll" tabindex="0" '
        f'role="group" aria-label="Cycle times"><svg viewBox="0 0 1000 70" role="img" aria-label="Cycle times: {words}">{bars}'
        '<text class="label" x="66" y="18" text-anchor="end">'
        f'{top:.1f} s</text><text class="label" x="66" y="66" text-anchor="end">0</text></svg></div></div>'
    )


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _trouble(data: ReportData) -> str:
    events = [e for e in data.seen.events if e.kind in ("failed", "replan", "limit", "stop", "aside")]
    early = f'<p><span class="chip bad">ended early</span> {escape(data.trouble)}</p>' if data.trouble else ""
    if data.wrong:
        early += "<p>At the end:</p><ul>" + "".join(f"<li>{escape(text)}</li>" for text in data.wrong) + "</ul>"
    if not events:
        body = early or '<p class="note">Nothing: no step failed, and the guard let every command through as it was.</p>'
    else:
        body = early + '<ol class="events">' + "".join(
            f'<li><time>{e.t:.1f} s</time><span class="chip {_KINDS[e.kind][0]}">{_KINDS[e.kind][1]}</span>'
            f"<span>{escape(e.text)}</span></li>"
            for e in events
        ) + "</ol>"  # fmt: skip
    return f"<section><h2>What went wrong, and how it was mended</h2>{body}</section>"


def _questions(data: ReportData) -> str:
    questions = data.seen.questions
    if not questions:
        return ""
    rows = "".join(
        f"<tr><td>{escape(str(q.get('text', '')))}<br><span class=\"soft\">{escape(str(q.get('why', '')))}</span>"
        f"{_shown(q)}</td><td>{_options(q)}</td><td>{escape(str(q.get('answer', '–')))}</td></tr>"
        for q in questions
    )
    head = "<thead><tr><th>It asked</th><th>Options</th><th>Answer</th></tr></thead>"
    return f"<section><h2>Questions</h2><table>{head}<tbody>{rows}</tbody></table></section>"


def _options(question: Mapping[str, Any]) -> str:
    """Its options, with how likely each was meant where that was known."""
    options = [str(option) for option in question.get("options") or ()]
    scores = list(question.get("scores") or ()) or [0.0] * len(options)
    known = zip(options, scores, strict=False)
    return "<br>".join(f"{escape(option)}{f' <small>{100 * score:.0f} %</small>' if score else ''}" for option, score in known)


def _shown(question: Mapping[str, Any]) -> str:
    """The pictures of what it was about."""
    pictures = question.get("pictures") or ()
    return "".join(f'<br><img src="{data_uri(rgb, 120, 74)}" alt="{escape(item)}"> {escape(item)}' for item, rgb in pictures)


def _provenance(data: ReportData) -> str:
    facts = {"seed": str(data.result.get("seed", "")), **data.facts}
    facts |= {str(name): str(value) for name, value in dict(data.result.get("versions", {})).items()}
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return (
        "<section><h2>Make it again</h2><p class=\"note\">The tape holds every observation, plan, command and verdict. "
        f"This recomputes each decision bit for bit:</p><pre>moravec replay {escape(data.tape)}</pre>"
        f'<dl class="facts">{rows}</dl></section>'
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} <small>min</small> {rest} <small>s</small>" if minutes else f"{seconds:.1f} <small>s</small>"


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
