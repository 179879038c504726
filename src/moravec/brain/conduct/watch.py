"""The rules of a charter watched along what is planned or done: one monitor each, the first one broken is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from moravec.brain.conduct.charter import ANY_ZONE, FLUENTS, Rule
from moravec.brain.steps import Step
from moravec.brain.temporal.moment import Event, Moment
from moravec.brain.temporal.monitor import Monitor, Program
from moravec.brain.temporal.parse import Vocabulary, parse
from moravec.core.errors import BadInput
from moravec.skills.contract import Manifest
from moravec.skills.preview import Surroundings
from moravec.skills.symbols import Fluent, Value

_HALTED = "stopped"  # how a call ends that the guard stopped


@dataclass(frozen=True, slots=True)
class View:
    """What is believed at a moment. `occupied`: the zones in which somebody is."""

    state: Mapping[Fluent, Value]
    around: Surroundings
    traits: Mapping[str, Sequence[str]]
    occupied: frozenset[str] = frozenset()
    halted: bool = False

    def value(self, name: str, args: tuple[str, ...]) -> Value:
        """A reading of the charter's vocabulary; None for what is not known."""
        if name in FLUENTS:
            return self.state.get((name, *args))
        if name == "somebody_in":
            return bool(self.occupied) if args[0] == ANY_ZONE else args[0] in self.occupied
        if name == "halted":
            return self.halted
        if name == "label":
            return self.around.places.get(args[0], {}).get(name)
        thing = self.around.things.get(args[0], {})
        return thing.get("category") in self.traits[name] if name in self.traits else thing.get(name)

    def moment(self, event: Event | None) -> Moment:
        """The moment at which `event` happens."""
        return Moment(event, self.value, tuple(self.around.things), tuple(self.around.places))


@final
class RuleBook:
    """The rules made ready to be watched. Raises BadInput for a rule that cannot be read, with its name."""

    def __init__(self, rules: Sequence[Rule], vocabulary: Vocabulary) -> None:
        self.rules = tuple(rules)
        self.programs = tuple(_program(rule, vocabulary) for rule in rules)


@final
class Watch:
    """Has the life of one job, or of one plan in thought. A call's end is taken in with what is believed after it."""

    def __init__(self, book: RuleBook, monitors: Sequence[Monitor], ended: tuple[Event, bool] | None = None) -> None:
        self._book, self._monitors, self._ended = book, tuple(monitors), ended

    @staticmethod
    def fresh(book: RuleBook) -> Watch:
        """At the beginning of a job."""
        return Watch(book, [Monitor(program) for program in book.programs])

    @staticmethod
    def with_past(book: RuleBook, past: Any) -> Watch:
        """The one that `past` was written of. Raises BadInput."""
        bits = past.get("rules") if isinstance(past, Mapping) else None
        if not isinstance(bits, Mapping) or not all(isinstance(rows, list) for rows in bits.values()):
            raise BadInput("a recorded watch", past, "what each rule remembers")
        pairs = zip(book.rules, book.programs, strict=True)
        monitors = [Monitor.with_past(program, bits.get(rule.name, ())) for rule, program in pairs]
        ended = past.get("ended")
        return Watch(book, monitors, None if ended is None else (_event(ended), bool(ended[3])))

    def begins(self, manifest: Manifest, step: Step, view: View) -> Rule | None:
        """The rule that forbids that `step` begins now, or that what ended before it has broken."""
        return self.settled(view) or self._take(_event_of("begins", manifest, step), view)

    def ends(self, manifest: Manifest, step: Step, code: str) -> None:
        """`step` came to its end, with "ok" or a code of failure."""
        self._ended = (_event_of("done" if code == "ok" else "failed", manifest, step), code == _HALTED)

    def settled(self, view: View) -> Rule | None:
        """The rule that the last call's end has broken, `view` being what is believed after it."""
        if self._ended is None:
            return None
        (event, halted), self._ended = self._ended, None
        if halted:
            view = View(view.state, view.around, view.traits, view.occupied, True)
        return self._take(event, view)

    def imagined(self) -> Watch:
        """An independent one with the same past, for a plan in thought."""
        return Watch(self._book, [monitor.copy() for monitor in self._monitors], self._ended)

    def past(self) -> dict[str, Any]:
        """All that it remembers as plain JSON data."""
        bits = {rule.name: past for rule, m in zip(self._book.rules, self._monitors, strict=True) if (past := m.past())}
        if self._ended is None:
            return {"rules": bits}
        event, halted = self._ended
        return {"rules": bits, "ended": [event.phase, event.skill, list(event.args), halted]}

    def _take(self, event: Event, view: View) -> Rule | None:
        moment = view.moment(event)
        held = [monitor.step(moment) for monitor in self._monitors]
        return next((rule for rule, holds in zip(self._book.rules, held, strict=True) if not holds), None)


def _program(rule: Rule, vocabulary: Vocabulary) -> Program:
    try:
        return Program(parse(rule.formula, vocabulary))
    except BadInput as error:
        raise BadInput(f"the rule {rule.name!r}, {error.asked}", error.found, error.allowed) from error


def _event_of(phase: Any, manifest: Manifest, step: Step) -> Event:
    args = step.arguments
    return Event(phase, step.skill, tuple(str(args.get(p.name)) for p in manifest.parameters))


def _event(row: Any) -> Event:
    if not isinstance(row, list | tuple) or len(row) != 4 or row[0] not in ("done", "failed") or not isinstance(row[2], list):
        raise BadInput("the last call of a recorded watch", row, "[done or failed, skill, arguments, halted]")
    return Event(row[0], str(row[1]), tuple(str(arg) for arg in row[2]))
