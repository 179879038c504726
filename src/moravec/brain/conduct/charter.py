"""What holds for every plan and every motion of a job, whoever thought of it: rules, and what may be done at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moravec.brain.conduct.permit import Permit, permit_from_json
from moravec.brain.temporal.parse import Vocabulary
from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace
from moravec.skills.manifests import ALL

Zone = tuple[float, float, float, float]  # x_min, y_min, x_max, y_max [m], world
TRAITS = ("fragile", "heavy")  # of which the built-in rules speak
ABOUT_ITEMS: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("category", "colour", "damaged", "code", "weight", "length", "width", "height", "origin", "target", "wanted"), ("item",)
)
FLUENTS: dict[str, tuple[str, ...]] = {
    "location": ("item",), "inspected": ("item",), "open": ("place",), "seen": ("place",), "full": ("place",),
    "kind": ("place",), "holding": (),
}  # fmt: skip
READINGS = {**FLUENTS, **ABOUT_ITEMS, "label": ("place",), "somebody_in": ("zone",)}
KINDS = ("bin", "reject", "station", "parcel", "belt", "table", "shelf", "lid_rest", "obstacle")  # of places
NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A formula that holds at every moment, and the sentence by which a person understands it."""

    name: str
    sentence: str
    formula: str

    def __str__(self) -> str:
        """As a reason reads."""
        return f"{self.sentence} (rule {self.name})"


BUILT_IN: tuple[Rule, ...] = (
    Rule(
        "only-what-was-asked",
        "nothing is picked up that the job is not about, unless it lies or lay in the way on the station",
        "every item x: begins pick(x) implies wanted(x) or kind(location(x)) = station or kind(origin(x)) = station",
    ),
    Rule(
        "only-where-it-belongs",
        "nothing is put away but where the job wants it, or back where it came from",
        "every item x: every place p: begins put(x, p) and (kind(p) = bin or kind(p) = reject) "
        "implies target(x) = p or origin(x) = p",
    ),
    Rule(
        "full-stays-full",
        "nothing is put where nothing more fits",
        "every item x: every place p: begins put(x, p) and (kind(p) = bin or kind(p) = reject) implies not full(p)",
    ),
    Rule(
        "fragile-under-heavy",
        "nothing heavy is put on something fragile",
        "every item x: every place p: begins put(x, p) and heavy(x) implies "
        "kind(p) = table or not some item y: fragile(y) and location(y) = p",
    ),
    Rule(
        "fragile-is-not-dropped",
        "what is fragile and whole is not dropped into the reject bin",
        "every item x: begins discard(x, any) and fragile(x) implies damaged(x)",
    ),
    Rule(
        "stopped-means-stopped",
        "after a motion that the guard stopped, nothing more is begun",
        "begins any implies not once halted",
    ),
    Rule(
        "zones-are-kept-clear",
        "nothing is begun while somebody is in a zone that is kept clear",
        "begins any implies not somebody_in(any_zone)",
    ),
)
ANY_ZONE = "any_zone"


@dataclass(frozen=True, slots=True)
class Charter:
    """`rules` hold besides those that are built in; none can be taken away. `traits`: trait -> categories of things that have it;
    `weights`: category -> most that one weighs [kg]; `zones`: name -> where it is, see `Zone`."""

    rules: tuple[Rule, ...] = ()
    traits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    zones: Mapping[str, Zone] = field(default_factory=dict)
    permit: Permit = field(default_factory=Permit)

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """The built-in rules, then the workplace's own."""
        return (*BUILT_IN, *self.rules)

    def vocabulary(self, places: Mapping[str, str], workplace: Workplace | None = None) -> Vocabulary:
        """The words of rules. `places`: name -> kind; with a `workplace`, what readings can never be is refused."""
        values: dict[str, tuple[str, ...]] = {}
        if workplace is not None:
            names = tuple(places)
            values = {
                "location": (*names, "hand", "gone"), "origin": names, "target": names,
                "kind": tuple(dict.fromkeys((*places.values(), *KINDS))),
                "category": workplace.categories, "colour": workplace.colours, "label": workplace.labels,
            }  # fmt: skip
        traits = dict.fromkeys((*TRAITS, *self.traits), ("item",))
        return Vocabulary(
            readings={**READINGS, "halted": (), **traits},
            skills={m.name: tuple(p.kind for p in m.parameters) for m in ALL},
            groups={"put": ("place", "stow", "discard")},
            values=values, places=tuple(places), zones=(ANY_ZONE, *self.zones),
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data: the rules with those built in, so that a tape says what held."""
        return {
            "rules": [[rule.name, rule.sentence, rule.formula] for rule in self.all_rules],
            "traits": {name: list(categories) for name, categories in sorted(self.traits.items())},
            "zones": {name: list(zone) for name, zone in sorted(self.zones.items())},
            "permit": self.permit.to_json(),
        }


def recorded_rules(data: Mapping[str, Any]) -> tuple[tuple[Rule, ...], Charter]:
    """All rules that `Charter.to_json` wrote, and a charter with traits, zones and permit. Raises BadInput."""
    rules, traits, zones = data.get("rules"), data.get("traits"), data.get("zones")
    if not isinstance(rules, list) or not all(isinstance(row, list | tuple) and len(row) == 3 for row in rules):
        raise BadInput("the rules of a recorded validation", type(rules).__name__, "a list of [name, sentence, formula]")
    if not isinstance(traits, Mapping) or not all(isinstance(value, list) for value in traits.values()):
        raise BadInput("the traits of a recorded validation", traits, "lists of categories by trait")
    if not isinstance(zones, Mapping):
        raise BadInput("the zones of a recorded validation", zones, "corners by name")
    kept = {str(name): tuple(str(c) for c in categories) for name, categories in traits.items()}
    charter = Charter(traits=kept, zones=dict(zones), permit=permit_from_json(data.get("permit")))
    return tuple(Rule(*map(str, row)) for row in rules), charter
