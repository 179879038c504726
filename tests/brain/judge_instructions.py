"""Judges how instructions are understood: plays their talks in a cell of symbols and compares the ends with what is wanted.

What comes after reading is the real thing: talk, goals, planner, validator, executive. `judge(entries, scenes, mind)` takes the
form that instructions/README.md describes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from symbolic_world import Cell, Player, Turn, named, place_named

from moravec.brain.mind import Mind
from moravec.core.wilson import wilson

Want: TypeAlias = Mapping[str, Any]
Entry: TypeAlias = Mapping[str, Any]
MOST_ANSWERS = 60  # ways to answer the questions of one entry
DEEPEST = 3  # questions in a row
REASONS = {
    "unsafe": ("unsafe", "harm-people", "safety-limits", "own-instructions", "rough-handling"),
    "impossible": ("no-skill", "contradiction"),
    "unknown": ("unknown-thing", "unknown-place"),
    "not-a-job": ("not-a-job", "too-long"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one entry. `asked`: a question came before anything had moved. `reason`: where a refusal was wanted and
    given, whether it gave the reason that was wanted."""

    id: str
    tags: tuple[str, ...]
    right: bool
    asked: bool
    reason: bool | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """One way through an entry: the turn, and the cell before and after it."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    turn: Turn
    cell: Cell
    player: Player


def judge(
    entries: Sequence[Entry], scenes: Mapping[str, Any], mind: Mind, only: Callable[[Entry], bool] = lambda entry: True
) -> list[Verdict]:
    """A verdict on each entry that `only` lets pass. The entries of their talks are looked up among all."""
    by_id = {entry["id"]: entry for entry in entries}
    return [verdict_on(entry, by_id, scenes, mind) for entry in entries if only(entry)]


def verdict_on(entry: Entry, by_id: Mapping[str, Entry], scenes: Mapping[str, Any], mind: Mind) -> Verdict:
    """Plays one entry and compares."""
    played = play(entry, by_id, scenes, mind, ())
    asked = bool(played.turn.asked) and dict(played.turn.asked[0].at) == dict(played.before)
    want, tags = entry["want"], tuple(entry["tags"])
    if "ask" in want:
        missing = _not_reached(entry, by_id, scenes, mind, played) if asked else "nothing was asked"
        return Verdict(entry["id"], tags, not missing, asked, None, missing)
    if played.turn.asked:
        return Verdict(entry["id"], tags, False, asked, None, f"asked: {played.turn.asked[0].ask.text}")
    wrong = difference(want, played)
    reason = _reason(want, played) if "refuse" in want and not wrong else None
    return Verdict(entry["id"], tags, not wrong, asked, reason, wrong)


def play(
    entry: Entry, by_id: Mapping[str, Entry], scenes: Mapping[str, Any], mind: Mind, answers: Sequence[int]
) -> Played:
    """One talk up to `entry`, whose questions get `answers`. What earlier turns were to leave behind is made so."""
    player = Player(Cell.of(scenes[entry["scene"]]), mind)
    for earlier in (by_id[name] for name in entry["before"]):
        start = player.cell.locations()
        player.say(earlier["text"])
        _make_so(player, start | earlier["want"].get("final", {}))
    before = player.cell.locations()
    turn = player.say(entry["text"], answers)
    return Played(before, player.cell.locations(), turn, player.cell, player)


def _make_so(player: Player, wanted: Mapping[str, str]) -> None:
    """Puts everything where it is `wanted`, and tells the agent: what went wrong before is no part of what is judged now."""
    items = player.agent.inventory.items
    known = {named(player.cell, player.agent, item): item for item in items}
    for name, location in wanted.items():
        if player.cell.locations()[name] != location:
            place = place_named(location)
            player.cell.move(name, place)
            if name in known:
                items[known[name]] = replace(items[known[name]], location=place, origin=place)


def _not_reached(
    entry: Entry, by_id: Mapping[str, Entry], scenes: Mapping[str, Any], mind: Mind, first: Played
) -> str:
    """Which wanted outcome no answer leads to; "" where each is led to by some."""
    left = [want for want in entry["want"]["ask"] if difference(want, first)]
    waiting: list[tuple[int, ...]] = [(n,) for n in range(len(first.turn.asked[0].ask.options))]
    for _ in range(MOST_ANSWERS):
        if not left or not waiting:
            break
        answers = waiting.pop(0)
        played = play(entry, by_id, scenes, mind, answers)
        left = [want for want in left if difference(want, played)]
        if len(played.turn.asked) > len(answers) and len(answers) < DEEPEST:
            options = len(played.turn.asked[len(answers)].ask.options)
            waiting += [(*answers, n) for n in range(options)]
    return f"no answer leads to {left[0]}" if left else ""


def difference(want: Want, played: Played) -> str:
    """What is otherwise than wanted; "" for nothing."""
    report, moved = played.turn.report, {n: p for n, p in played.after.items() if p != played.before[n]}
    if "final" in want:
        if moved != dict(want["final"]):
            return f"moved {moved}; refused {report.refused}"
        if report.refused is not None and want["final"]:
            return f"refused {report.refused}"
        return _out_of_order(want.get("order", ()), played)
    if "any" in want:
        return _other_than_any(want["any"], moved)
    if moved:
        return f"moved {moved}"
    if "refuse" in want:
        return "" if report.refused is not None else f"not refused: {report.answer}"
    if report.refused is not None:
        return f"refused {report.refused}"
    if "answer" in want:
        found = [_by_names(answer, played) for answer in report.answers]
        return "" if found == [_sorted(want["answer"])] else f"answered {found}"
    if "inspect" in want:
        return "" if set(want["inspect"]) == set(played.cell.seen_closely) else f"inspected {played.cell.seen_closely}"
    if "open" in want:
        return "the lid is on" if played.cell.closed else ""
    if "home" in want:
        return "" if played.cell.at_rest else "it is not at rest"
    stopped = any(clause["kind"] == "stop" for clause in report.goal) and played.cell.calls == 0
    return "" if stopped else f"it did {played.cell.calls} things"


def _other_than_any(wanted: Mapping[str, Any], moved: Mapping[str, str]) -> str:
    there = [name for name in moved if name in wanted["of"] and moved[name] == wanted["to"]]
    return "" if len(there) == wanted["count"] == len(moved) else f"moved {dict(moved)}"


def _out_of_order(pairs: Sequence[Sequence[str]], played: Played) -> str:
    arrived = {name: n for n, (name, where) in enumerate(played.cell.put) if where == played.after[name]}
    late = [(a, b) for a, b in pairs if arrived.get(a, -1) > arrived.get(b, len(arrived) + 10**6)]
    return f"out of order: {late}" if late else ""


def _by_names(answer: Mapping[str, Any], played: Played) -> dict[str, Any]:
    value = answer["value"]
    if answer["kind"] == "items":
        value = [named(played.cell, played.player.agent, item) for item in value]
    return _sorted({"kind": answer["kind"], "value": value})


def _sorted(answer: Mapping[str, Any]) -> dict[str, Any]:
    value = answer["value"]
    return {"kind": answer["kind"], "value": sorted(value) if isinstance(value, list) else value}


def _reason(want: Want, played: Played) -> bool:
    """Whether a refusal names the kind of reason that was wanted."""
    rules = [note.payload["rule"] for note in played.turn.notes if note.topic == "refused"]
    return any(rule in REASONS[want["refuse"]] for rule in rules)


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────
def table(verdicts: Sequence[Verdict]) -> str:
    """Right by tag with Wilson's 95 % interval, and of those that went wrong how many had asked first."""
    tags = Counter(tag for verdict in verdicts for tag in verdict.tags)
    lines = [f"{'':20}{'right':>12}{'share':>9}  95 %"]
    for tag in ("all", *sorted(tags)):
        mine = [v for v in verdicts if tag == "all" or tag in v.tags]
        right = sum(v.right for v in mine)
        low, high = wilson(right, len(mine))
        share = right / len(mine) if mine else 0.0
        lines.append(f"{tag:20}{right:>6} of {len(mine):<3}{100 * share:>7.1f} %  {100 * low:.1f} to {100 * high:.1f}")
    wrong = [v for v in verdicts if not v.right]
    lines.append(f"of {len(wrong)} that went wrong {sum(v.asked for v in wrong)} had asked first")
    reasons = [v.reason for v in verdicts if v.reason is not None]
    lines.append(f"of {len(reasons)} right refusals {sum(reasons)} gave the reason that was wanted")
    return "\n".join(lines)
