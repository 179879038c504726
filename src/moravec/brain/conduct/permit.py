"""What plans may do at all: which skills, at which places, with what. It only ever narrows.

A permit is given by whoever starts the robot, before anything is read; no instruction, tool or mind has a way to it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace
from moravec.skills.contract import Manifest
from moravec.skills.symbols import Fluent, Value

FIELDS = ("skills", "places", "categories")
ALWAYS = ("home",)  # the way back to rest


@dataclass(frozen=True, slots=True)
class Permit:
    """Each field holds what is permitted; None: it does not restrict."""

    skills: frozenset[str] | None = None
    places: frozenset[str] | None = None
    categories: frozenset[str] | None = None

    def narrowed(self, other: Permit) -> Permit:
        """What both permit."""
        pairs = zip(self.fields(), other.fields(), strict=True)
        return Permit(*(a if b is None else b if a is None else a & b for a, b in pairs))

    def objection(
        self, manifest: Manifest, args: Mapping[str, Value], state: Mapping[Fluent, Value], category: str | None
    ) -> str:
        """Why a call is not permitted, in words; "" where it is. `category` is what the call's item is believed to be.

        A call reaches into the places it names and, where it picks something up, into the place where that lies.
        """
        if manifest.name not in ALWAYS and self.skills is not None and manifest.name not in self.skills:
            return f"the skill {manifest.name!r} is not permitted; permitted: {_listed(self.skills)}"
        places = [str(args[p.name]) for p in manifest.parameters if p.kind == "place"]
        items = [str(args[p.name]) for p in manifest.parameters if p.kind == "item"]
        places += [str(state.get(("location", item))) for item in items if not places]
        for place in places:
            if self.places is not None and place not in self.places and place != "hand":
                return f"the place {place!r} is not permitted; permitted: {_listed(self.places)}"
        if items and self.categories is not None and category not in self.categories:
            return f"{items[0]}, a {category}, is not permitted; permitted: {_listed(self.categories)}"
        return ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data, of what restricts."""
        return {name: sorted(value) for name, value in zip(FIELDS, self.fields(), strict=True) if value is not None}

    def fields(self) -> tuple[frozenset[str] | None, ...]:
        """In the order of FIELDS."""
        return (self.skills, self.places, self.categories)


def permit_from_json(data: Any) -> Permit:
    """The permit that `Permit.to_json` wrote. Raises BadInput."""
    if not isinstance(data, Mapping) or not set(data) <= set(FIELDS) or not all(isinstance(v, list) for v in data.values()):
        raise BadInput("a recorded permit", data, f"lists of names under {', '.join(FIELDS)}")
    return Permit(**{name: frozenset(str(x) for x in value) for name, value in data.items()})


def permit_of(text: str, workplace: Workplace, skills: Collection[str]) -> Permit:
    """The permit written as `text`, "skills=look,pick places=parcel,bin_1". Raises BadInput for names that there are not."""
    allowed = {
        "skills": list(skills), "places": [place.name for place in workplace.places], "categories": workplace.categories
    }  # fmt: skip
    found: dict[str, frozenset[str]] = {}
    for part in text.split():
        name, equals, names = part.partition("=")
        if name not in FIELDS:
            raise BadInput("a field of --permit", name, FIELDS)
        if not equals:
            raise BadInput("--permit", part, f"{name}=NAME,NAME")
        if name in found:
            raise BadInput("--permit", f"{name} twice", "each field once")
        for word in (words := [w for w in names.split(",") if w]):
            if word not in allowed[name]:
                raise BadInput(f"a name in {name} of --permit", word, allowed[name])
        found[name] = frozenset(words)
    if not found:
        raise BadInput("--permit", text, "skills=…, places=… or categories=…, with names separated by commas")
    return Permit(**found)


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
