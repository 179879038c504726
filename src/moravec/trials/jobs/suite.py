"""A suite of jobs as data: what is asked for, how the workplace is bent, at which severities, within which budget.

A suite is a TOML file, or the object that a factory behind an entry point of the group GROUP gives:

    name = "cell-dim"
    says = "The delivery where the lamps are old."
    world = "cell"
    instruction = "Unpack the delivery, classify the items, organise and store them."
    most_robot_s = 1800.0                # [s] of the robot's time for one job
    least_right = 0.9                    # of the items, in each variation: below that the trial has failed; 0.0, unless said
    seeds = [600000, 600003]             # its deliveries; unless said, those of --seed
    items = 3                            # in each; unless said, as the seed draws

    [[perturbation]]
    name = "dim"
    axis = "lighting"                    # perturbations of an axis are told together
    says = "all lamps dimmed"
    unit = "of the usual brightness"
    levels = ["0.6", "0.35", "0.15"]     # mild, middle, severe, as people read them
    conditions = [["light.level=0.6"], ["light.level=0.35"], ["light.level=0.15"]]

Besides `conditions` a perturbation may have `mishaps` (of `moravec run --mishaps`), `network` (see `link.Link`), `instructions`
(one for each severity, said instead of the suite's) and `person` (whether somebody walks there).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from moravec.core.errors import BadInput
from moravec.trials.jobs.link import Link
from moravec.worlds.registry import World, WorldOptions

OpenNamed = Callable[[str, WorldOptions], World]  # a world by its name; importable by its own, for other processes
GROUP = "moravec.suites"
SEVERITIES = ("mild", "middle", "severe")
NOMINAL = "nominal"
MOST_PERTURBATIONS = 200
LONGEST_JOB = 7200.0  # [s]
MOST_ITEMS = 12


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One way in which the workplace is bent, at each of SEVERITIES. `levels` are what people read of them, in `unit`."""

    name: str
    axis: str
    says: str
    levels: tuple[str, ...]
    unit: str = ""
    conditions: tuple[tuple[str, ...], ...] = ((), (), ())
    mishaps: tuple[tuple[str, ...], ...] = ((), (), ())
    instructions: tuple[str, ...] = ()
    network: tuple[str, ...] = ("", "", "")
    person: bool = False


@dataclass(frozen=True, slots=True)
class Suite:
    """What is tried: one instruction in one world, as drawn and under each perturbation."""

    name: str
    says: str
    world: str
    instruction: str
    most_robot_s: float = 1800.0  # [s]
    perturbations: tuple[Perturbation, ...] = ()
    least_right: float = 0.0
    seeds: tuple[int, ...] = ()
    items: int | None = None

    def perturbation(self, name: str) -> Perturbation | None:
        """The one called `name`; None for NOMINAL. Raises BadInput."""
        if name == NOMINAL:
            return None
        for one in self.perturbations:
            if one.name == name:
                return one
        raise BadInput(f"a perturbation of {self.name}", name, [NOMINAL, *(p.name for p in self.perturbations)])


@dataclass(frozen=True, slots=True)
class Setting:
    """What one attempt begins with: the world's options, the words, and the line between the brain and the edge."""

    options: WorldOptions
    instruction: str
    link: Link = field(default_factory=Link)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One job: the delivery of `seed`, bent by `perturbation` at `severity` (0: as drawn)."""

    suite: str
    perturbation: str
    severity: int
    index: int
    seed: int

    @property
    def variation(self) -> str:
        """The perturbation and its severity, as records are grouped."""
        return self.perturbation if self.severity == 0 else f"{self.perturbation}-{self.severity}"

    @property
    def key(self) -> str:
        """Its name in a record."""
        return f"{self.variation}/{self.index}"


FIRST_SEED = 600_000  # people draw below, demonstrations from a million on; single skills are tried from 500,000 on
SEEDS_APART = 10_000  # between two values of --seed
LARGEST_SEED = 39


def attempts(suite: Suite, episodes: int, seed: int, severities: Sequence[int], only: Sequence[str] = ()) -> list[Attempt]:
    """`episodes` deliveries, the same ones as drawn and under every perturbation (of those named in `only`) at each of
    `severities`. In the order in which they are made: of each delivery all, then of the next. A suite that names its own seeds
    has no more than those. Raises BadInput."""
    if not 1 <= episodes <= SEEDS_APART:
        raise BadInput("--episodes", episodes, f"1 to {SEEDS_APART}")
    if not 0 <= seed <= LARGEST_SEED:
        raise BadInput("--seed", seed, f"0 to {LARGEST_SEED}")
    for level in severities:
        if not 1 <= level <= len(SEVERITIES):
            raise BadInput("a severity", level, f"1 to {len(SEVERITIES)}: {', '.join(SEVERITIES)}")
    for name in only:
        suite.perturbation(name)
    chosen = [p.name for p in suite.perturbations if not only or p.name in only]
    bent = [(name, level) for name in chosen for level in severities]
    if suite.seeds and seed:
        raise BadInput("--seed", seed, f"none with {suite.name}, which names its own: {', '.join(map(str, suite.seeds))}")
    first, each = FIRST_SEED + seed * SEEDS_APART, [(NOMINAL, 0), *bent]
    drawn = suite.seeds[:episodes] or range(first, first + episodes)
    return [Attempt(suite.name, name, level, index, of) for index, of in enumerate(drawn) for name, level in each]


def severities(text: str) -> tuple[int, ...]:
    """Severities from 1 on, of their names separated by commas, or "all". Raises BadInput."""
    if text == "all":
        return tuple(range(1, len(SEVERITIES) + 1))
    for word in text.split(","):
        if word not in SEVERITIES:
            raise BadInput("--severity", word, ("all", *SEVERITIES))
    return tuple(dict.fromkeys(SEVERITIES.index(word) + 1 for word in text.split(",")))


def setting(suite: Suite, attempt: Attempt, items: int | None = None, renderer: str | None = None) -> Setting:
    """What `attempt` begins with. `items` in each delivery; None: as the suite says, or its seed draws."""
    items = suite.items if items is None else items
    bend = suite.perturbation(attempt.perturbation)
    if bend is None:
        return Setting(WorldOptions(attempt.seed, items, renderer), suite.instruction)
    level = attempt.severity - 1
    options = WorldOptions(
        attempt.seed, items, renderer, bend.person, bend.mishaps[level], conditions=bend.conditions[level]
    )  # fmt: skip
    words = bend.instructions[level] if bend.instructions else suite.instruction
    return Setting(options, words, Link.parse(bend.network[level]))


# ── where suites come from ────────────────────────────────────────────────────────────────────────────────────────────────
def suites() -> dict[str, Suite]:
    """Those that came with the package, and those of installed packages. Raises BadInput for one that is none."""
    own = files(__package__).joinpath("suites")
    found = [parse(entry.read_text(encoding="utf-8"), entry.name) for entry in own.iterdir() if entry.name.endswith(".toml")]
    found += [_checked(entry.load()(), entry.value) for entry in entry_points(group=GROUP)]
    return {suite.name: suite for suite in sorted(found, key=lambda suite: suite.name)}


def chosen(name: str) -> Suite:
    """The suite called `name`, or of the file `name`, a TOML file. Raises BadInput."""
    if name.endswith(".toml"):
        path = Path(name)
        try:
            return parse(path.read_text(encoding="utf-8"), name)
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput("the suite", name, f"a file that can be read ({error})") from error
    found = suites()
    if name not in found:
        raise BadInput("the suite", name, found)
    return found[name]


def parse(text: str, where: str) -> Suite:
    """The suite that a TOML `text` states; `where` it stands, for errors. Raises BadInput."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(f"the suite in {where}", " ".join(str(error).split()), "a TOML file") from error
    fields = {"name", "says", "world", "instruction", "most_robot_s", "least_right", "seeds", "items", "perturbation"}
    for name in data:
        if name not in fields:
            raise BadInput(f"a field of the suite in {where}", name, fields)
    rows = data.pop("perturbation", [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise BadInput(f"[[perturbation]] of the suite in {where}", rows, "tables")
    missing = sorted({"name", "says", "world", "instruction"} - set(data))
    if missing:
        raise BadInput(f"the suite in {where}", f"no {', '.join(missing)}", "name, says, world and instruction")
    data["seeds"] = _tuples(data.get("seeds", []))
    return _checked(Suite(**data, perturbations=tuple(_perturbation(row, where) for row in rows)), where)


_LISTS = ("levels", "conditions", "mishaps", "instructions", "network")


def _perturbation(row: Mapping[str, Any], where: str) -> Perturbation:
    fields = {"name", "axis", "says", "unit", "person", *_LISTS}
    for name in row:
        if name not in fields:
            raise BadInput(f"a field of a perturbation in {where}", name, fields)
    missing = sorted({"name", "axis", "says", "levels"} - set(row))
    if missing:
        raise BadInput(f"a perturbation in {where}", f"no {', '.join(missing)}", "name, axis, says and levels")
    return Perturbation(**{name: _tuples(value) if name in _LISTS else value for name, value in row.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _checked(suite: Any, where: str) -> Suite:
    """`suite`, if it is one that can be tried as far as its text says. Raises BadInput."""
    if not isinstance(suite, Suite):
        raise BadInput(f"the suite of {where}", type(suite).__name__, "a moravec.trials.jobs.suite.Suite")
    for name in ("name", "says", "world", "instruction"):
        value = getattr(suite, name)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise BadInput(f"{name} of the suite in {where}", value, "a line of text")
    if not _is_number(suite.most_robot_s) or not 0.0 < suite.most_robot_s <= LONGEST_JOB:
        raise BadInput(f"most_robot_s of the suite in {where}", suite.most_robot_s, f"seconds above 0, at most {LONGEST_JOB:g}")
    if not _is_number(suite.least_right) or not 0.0 <= suite.least_right <= 1.0:
        raise BadInput(f"least_right of the suite in {where}", suite.least_right, "a share of the items, 0 to 1")
    if not isinstance(suite.seeds, tuple) or not all(type(seed) is int and seed >= 0 for seed in suite.seeds):
        raise BadInput(f"seeds of the suite in {where}", suite.seeds, "whole numbers from 0")
    if len(set(suite.seeds)) < len(suite.seeds):
        raise BadInput(f"seeds of the suite in {where}", suite.seeds, "each once")
    if suite.items is not None and (type(suite.items) is not int or not 1 <= suite.items <= MOST_ITEMS):
        raise BadInput(f"items of the suite in {where}", suite.items, f"1 to {MOST_ITEMS}")
    if len(suite.perturbations) > MOST_PERTURBATIONS:
        raise BadInput(f"the suite in {where}", f"{len(suite.perturbations)} perturbations", f"at most {MOST_PERTURBATIONS}")
    names = [bend.name for bend in suite.perturbations]
    for bend in suite.perturbations:
        _check_bend(bend, names, where)
    return suite


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_bend(bend: Perturbation, names: Sequence[str], where: str) -> None:
    for name in ("name", "axis", "says"):
        value = getattr(bend, name)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise BadInput(f"{name} of a perturbation in {where}", value, "a line of text")
    if bend.name == NOMINAL or names.count(bend.name) > 1 or "/" in bend.name:
        raise BadInput(f"the name of a perturbation in {where}", bend.name, f"one of its own, not {NOMINAL}, without a /")
    for name in _LISTS:
        value = getattr(bend, name)
        if name == "instructions" and value == ():
            continue
        if not isinstance(value, tuple) or len(value) != len(SEVERITIES):
            raise BadInput(f"{name} of the perturbation {bend.name} in {where}", value, f"three: {', '.join(SEVERITIES)}")
        texts = [text for row in value for text in row] if name in ("conditions", "mishaps") else value
        if not all(isinstance(text, str) and (text.strip() or name == "network") for text in texts):
            raise BadInput(f"{name} of the perturbation {bend.name} in {where}", value, "texts")
    for text in bend.network:
        Link.parse(text)
    if not (any(bend.conditions) or any(bend.mishaps) or any(bend.network) or bend.instructions or bend.person is True):
        kinds = "conditions, mishaps, network, instructions or person"
        raise BadInput(f"the perturbation {bend.name} in {where}", "nothing that is bent", kinds)
