"""Robots and what they share, as a TOML text:

    [robots.left]                        # the first one has in hand what is held at the beginning
    places = ["parcel", "station"]       # names or kinds; left out: all
    skills = ["look", "open", "pick", "place", "home"]   # left out: all
    [robots.right]
    places = ["station", "bin", "reject"]
    speed = 1.2                          # times as fast as what was measured; left out: 1
    [resources.middle]                   # a zone: what lies close together
    places = ["parcel", "station"]
    arms = 1                             # robots that may work there at once; left out: 1
    things = 2                           # things that may lie there at once; left out: as many as in the plan's own order

Every place that no resource is made of alone is one for one robot at a time.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from moravec.brain.schedule.site import Resource, Robot, Site, site_of
from moravec.core.errors import BadInput

ASKED = "--robots"
MOST = 50  # resources


def site_from(text: str, kinds: Mapping[str, str]) -> Site:
    """The site that `text` declares, in a workplace whose places have `kinds`. Raises BadInput."""
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(ASKED, " ".join(str(error).split()), "a TOML file") from error
    for name, table in found.items():
        if name not in ("robots", "resources"):
            raise BadInput(f"a table of {ASKED}", name, ("robots", "resources"))
        if not isinstance(table, Mapping) or len(table) > MOST:
            raise BadInput(f"[{name}] of {ASKED}", table, f"a table of at most {MOST} entries")
    robots = [_robot(name, entry, kinds) for name, entry in found.get("robots", {}).items()]
    resources = [_resource(name, entry, kinds) for name, entry in found.get("resources", {}).items()]
    return site_of(robots, kinds, resources)


def _robot(name: str, entry: Any, kinds: Mapping[str, str]) -> Robot:
    about = f"the robot {name!r}"
    fields = _fields(about, entry, ("places", "skills", "speed"))
    speed = fields.get("speed", 1.0)
    if isinstance(speed, bool) or not isinstance(speed, int | float):
        raise BadInput(f"the speed of {about}", speed, "a number above 0")
    skills = frozenset(_names(f"the skills of {about}", fields["skills"])) if "skills" in fields else None
    return Robot(name, skills, _places(about, fields["places"], kinds) if "places" in fields else None, float(speed))


def _resource(name: str, entry: Any, kinds: Mapping[str, str]) -> Resource:
    about = f"the resource {name!r}"
    fields = _fields(about, entry, ("places", "arms", "things"))
    return Resource(name, _places(about, fields.get("places", []), kinds), fields.get("arms", 1), fields.get("things"))


def _fields(about: str, entry: Any, allowed: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise BadInput(about, entry, f"a table with {', '.join(allowed)}")
    for key in entry:
        if key not in allowed:
            raise BadInput(f"what is said of {about}", key, allowed)
    return entry


def _names(about: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadInput(about, value, "a list of names")
    return value


def _places(about: str, value: Any, kinds: Mapping[str, str]) -> frozenset[str]:
    """Places by name or by kind."""
    found: set[str] = set()
    for name in _names(f"the places of {about}", value):
        named = {place for place, kind in kinds.items() if name in (place, kind)}
        if not named:
            raise BadInput(f"a place of {about}", name, {*kinds, *kinds.values()})
        found |= named
    return frozenset(found)
