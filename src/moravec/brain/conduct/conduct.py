"""What a plan is held against besides its skills' preconditions: permissions, previews and rules, with all they are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from moravec.brain.conduct.charter import Charter, recorded_rules
from moravec.brain.conduct.watch import RuleBook, View, Watch
from moravec.brain.steps import Step
from moravec.core.errors import BadInput
from moravec.skills.contract import Manifest
from moravec.skills.preview import Surroundings
from moravec.skills.symbols import Fluent, Value


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a step is refused: a condition's name, as "rule fragile-under-heavy", and the reason in words."""

    condition: str
    why: str


@final
class Conduct:
    """The charter at one moment of a job, for one plan in thought. `watch` is taken over and goes on with the plan."""

    def __init__(self, charter: Charter, around: Surroundings, watch: Watch) -> None:
        self._charter, self._around, self._watch = charter, around, watch
        self._recorded = watch.past()

    @property
    def most_steps(self) -> int:
        """Of one plan: far more than anybody needs, and few enough to come to an end."""
        return 100 + 20 * len(self._around.things)

    def begins(self, manifest: Manifest, step: Step, state: Mapping[Fluent, Value]) -> Fault | None:
        """What speaks against that `step`, whose preconditions hold in `state`, begins."""
        args = step.arguments
        category = self._around.things.get(step.item or "", {}).get("category")
        why = self._charter.permit.objection(manifest, args, state, None if category is None else str(category))
        if why:
            return Fault("permission", f"{step}: {why}")
        objection = None if manifest.preview is None else manifest.preview(args, state, self._around)
        if objection is not None:
            return Fault(objection.code, f"{step}: {objection.why}")
        rule = self._watch.begins(manifest, step, View(state, self._around, self._charter.traits))
        return None if rule is None else Fault(f"rule {rule.name}", f"{step}: {rule}")

    def done(self, manifest: Manifest, step: Step, state: Mapping[Fluent, Value]) -> Fault | None:
        """What speaks against what `step` leaves, `state` being what is believed after it."""
        self._watch.ends(manifest, step, "ok")
        rule = self._watch.settled(View(state, self._around, self._charter.traits))
        return None if rule is None else Fault(f"rule {rule.name}", f"{step}: {rule}")

    def to_json(self) -> dict[str, Any]:
        """Everything it judges by at the plan's beginning, as plain JSON data."""
        return {
            "charter": self._charter.to_json(),
            "things": {name: dict(facts) for name, facts in self._around.things.items()},
            "places": {name: dict(facts) for name, facts in self._around.places.items()},
            "past": self._recorded,
        }


def conduct_from_json(data: Any) -> Conduct:
    """The conduct that `Conduct.to_json` wrote. Raises BadInput."""
    if not isinstance(data, Mapping) or not all(isinstance(data.get(k), Mapping) for k in ("charter", "things", "places")):
        raise BadInput("the conduct of a recorded validation", type(data).__name__, "charter, things, places and past")
    around = Surroundings(_facts(data["things"]), _facts(data["places"]))
    rules, charter = recorded_rules(data["charter"])
    kinds = {name: str(facts.get("kind")) for name, facts in around.places.items()}
    book = RuleBook(rules, charter.vocabulary(kinds))
    return Conduct(charter, around, Watch.with_past(book, data.get("past")))


def _facts(data: Mapping[str, Any]) -> dict[str, dict[str, Value]]:
    for name, facts in data.items():
        if not isinstance(facts, Mapping) or not all(isinstance(v, str | bool | int | float | None) for v in facts.values()):
            raise BadInput(f"what is recorded of {name!r}", facts, "texts, numbers, true, false or null by name")
    return {str(name): dict(facts) for name, facts in data.items()}
