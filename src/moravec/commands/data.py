"""`moravec data`: makes demonstrations, checks them, describes them, and readies them for training."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from moravec.commands.options import Options, folder, needing, say, show, typed, unset, whole
from moravec.core.errors import BadInput

if TYPE_CHECKING:
    from moravec.commands.bars import Advance
    from moravec.data.demonstrations.make import Made
    from moravec.data.episode import Episode

ACTIONS = ("make", "check", "card", "cache")
MAKERS = ("metaworld", "cell")
MADE = tuple(f"make {maker}" for maker in MAKERS)
MEANT_FOR = {"tasks": MADE[:1], "episodes": MADE, "glimpses": MADE[:1], "every": ("cache",), "processes": MADE}
SHOWN = 20  # faults that are told one by one

Whole = Annotated[int, typed(whole("a number of episodes", 0, 100_000), "N")]
Every = Annotated[int, typed(whole("--every", 1, 1_000), "N")]
Processes = Annotated[int, typed(whole("--processes", 1, 256), "N")]


@dataclass(frozen=True, kw_only=True)
class Data(Options):
    """Make demonstrations, check a data set, describe it, or ready it for training.

    make metaworld: the scripted experts' demonstrations, as a LeRobotDataset v3.0 in --out. make cell: picks and
    puttings down in the work cell, by its hard-coded skills. check DIR: faults that users meet. card DIR: what is in it.
    cache DIR: pictures cut, scaled and side by side in --out, for training.
    """

    action: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="make|check|card|cache")]
    """What to do."""
    what: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="metaworld|cell|DIR")]
    """What of, or the folder of a data set."""
    tasks: Annotated[str, tyro.conf.arg(metavar="NAMES")] = "all"
    """make: tasks or tiers, separated by commas."""
    episodes: Whole = 50
    """make: whole demonstrations of each task; of the cell: errands."""
    glimpses: Whole = 0
    """make: of each task, so many beginnings of a few frames besides."""
    every: Every = 1
    """cache: one picture of so many frames is kept; actions are kept all."""
    processes: Annotated[Processes | None, unset("N")] = None
    """make: by default one for each core."""

    def execute(self) -> int:
        """Does it; 1 where a check found faults. Raises BadInput."""
        doing = {"make": self._make, "check": self._check, "card": self._card, "cache": self._cache}
        if self.action not in doing:
            raise BadInput("what to do with data", self.action, ACTIONS)
        self._check_options()
        with needing("data"):
            return doing[self.action]()

    def _check_options(self) -> None:
        """Whether every option that is not as by default means something here. Raises BadInput."""
        if self.action == "make" and self.what not in MAKERS:
            raise BadInput("what to make demonstrations of", self.what, MAKERS)
        job = f"make {self.what}" if self.action == "make" else self.action
        for name, jobs in MEANT_FOR.items():
            if job not in jobs and getattr(self, name) != getattr(Data, name):
                raise BadInput(f"--{name}", f"with {job}", f"with {' and '.join(jobs)}")

    def _make(self) -> int:
        from moravec.commands.bars import bar
        from moravec.data.demonstrations.make import make_metaworld
        from moravec.data.demonstrations.metaworld import Teaching
        from moravec.worlds.metaworld.tasks import chosen

        out = self._out("make")
        if self.what == "cell":
            return self._make_cell(out)
        teaching, tasks = Teaching(self.episodes, self.glimpses, seed=self.seed), chosen(self.tasks)
        with bar("demonstrations", len(tasks) * (self.episodes + self.glimpses)) as advance:
            made = make_metaworld(
                out, tasks, teaching, self.processes or _cores(), _provenance(self.seed),
                lambda made: advance(made.episodes, f"{made.task}, {made.frames:,} frames"),
            )  # fmt: skip
        return self._told(out, made)

    def _make_cell(self, out: Path) -> int:
        from moravec.commands.bars import bar
        from moravec.commands.delivered import delivered
        from moravec.data.demonstrations.cell import CellTeaching
        from moravec.data.demonstrations.make_cell import make_cell

        teaching = CellTeaching(delivered, self.episodes, self.seed)
        with bar("demonstrations", self.episodes) as advance:
            made = make_cell(
                out, teaching, self.processes or _cores(), _cell_provenance(self.seed),
                lambda made: advance(made.episodes, f"{made.task}, {made.frames:,} frames"),
            )  # fmt: skip
        return self._told(out, made)

    def _told(self, out: Path, made: Made) -> int:
        result = {"folder": str(out), "episodes": made.episodes, "frames": made.frames, "failed_attempts": made.failed}
        show(self, result, f"{made.episodes:,} episodes of {made.frames:,} frames in {out}; {made.failed} attempts failed")
        return 0

    def _check(self) -> int:
        from moravec.commands.bars import bar
        from moravec.data.check import check, episodes_told

        root = Path(self.what)
        if not root.is_dir():
            raise BadInput("'moravec data check'", self.what, "a folder with a LeRobotDataset v3.0")
        with bar("episodes", episodes_told(root)) as advance:
            faults = check(root, progress=lambda done, episodes: advance(done, f"of {episodes:,}"))
        for fault in faults[:SHOWN]:
            say(fault.line())
        if len(faults) > SHOWN:
            say(f"... and {len(faults) - SHOWN:,} more; --json gives them all")
        show(self, {"folder": self.what, "faults": [asdict(fault) for fault in faults]}, f"{len(faults):,} faults in {self.what}")
        return 1 if faults else 0

    def _card(self) -> int:
        from moravec.data.card import facts, markdown, write_card

        found = facts(Path(self.what))
        say(f"written to {write_card(Path(self.what))}")
        show(self, found, markdown(found))
        return 0

    def _cache(self) -> int:
        from moravec.commands.bars import bar
        from moravec.data.cache import Points, build
        from moravec.data.card import data_hash
        from moravec.data.demonstrations.metaworld import ABSENT, PIXELS, PLACES
        from moravec.data.lerobot.read import Reader
        from moravec.models.manip.robots import embodiment

        out = self._out("cache")
        with Reader(Path(self.what)) as reader:
            frames = int(reader.lengths().sum())
            with bar("frames", frames) as advance:
                points = Points(PIXELS, PLACES, ABSENT)
                view = embodiment(reader.features.robot).view
                told, source = _told(reader, advance), data_hash(reader.root)
                cache = build(told, reader.features, frames, out, view, points, source, self.every)
        result = {"folder": str(out), "frames": frames, "pictures": len(cache), "hash": cache.hash}
        show(self, result, f"{len(cache):,} pictures of {frames:,} frames in {out}, hash {cache.hash[:16]}")
        return 0

    def _out(self, action: str) -> Path:
        if self.out is None:
            raise BadInput(f"'moravec data {action}'", "no --out", "a folder for what is made")
        return folder(self.out)


def _told(episodes: Iterable[Episode], advance: Advance) -> Iterator[Episode]:
    """The same episodes, with progress told as they are taken."""
    done = 0
    for episode in episodes:
        yield episode
        done += len(episode)
        advance(done, episode.tasks[0])


def _provenance(seed: int) -> Any:
    """Where demonstrations come from, in words for their card."""
    from moravec.data.demonstrations.metaworld import Disturbance
    from moravec.data.provenance import Provenance

    how = Disturbance()
    return Provenance(
        what="Demonstrations of Meta-World's 50 table-top tasks by its scripted experts.",
        how=f"Objects and goals drawn anew for each episode. {how.share:.0%} of the episodes are disturbed (noise up to "
        f"{how.noise:g}, pushes); actions are the undisturbed expert's, clipped to what is carried out. Drawn without shadows "
        "and reflections.",
        command=shlex.join(["moravec", *sys.argv[1:]]), seed=seed, versions=_versions(), licence="MIT",
        limits=("Every picture is from one fixed camera.", "Privileged columns hold places that only a simulator knows."),
    )  # fmt: skip


def _cell_provenance(seed: int) -> Any:
    """Where the cell's demonstrations come from, in words for their card."""
    from moravec.data.demonstrations.cell import PICKS, Disturbance
    from moravec.data.provenance import Provenance

    how = Disturbance()
    return Provenance(
        what="Picks of the delivery cell, from the parcel and from the station, and puttings down on the station and into bins, "
        "by its hard-coded skills.",
        how=f"Up to {PICKS} things of each simulated delivery, under the guard. Each frame is a look of the wrist camera, cut "
        "around the target, or around where the thing is to go, with the rest of the way as waypoints. "
        f"{how.glances} looks from elsewhere come first; in {how.share:.0%} of the errands the hand is led astray on its way, "
        "never in what is written down. Only what held the right thing, or put it where it was to go, is kept.",
        command=shlex.join(["moravec", *sys.argv[1:]]), seed=seed, versions=_versions(), licence="MIT",
        limits=("The frames' times are nominal: waypoints are places, not times.",
                "Privileged columns hold where the teacher means to grasp or let go."),
    )  # fmt: skip


def _versions() -> Mapping[str, str]:
    from importlib.metadata import distributions, version

    from moravec import __version__

    known = {distribution.name for distribution in distributions()}
    return {"moravec": __version__} | {name: version(name) for name in ("metaworld", "mujoco", "numpy") if name in known}


def _cores() -> int:
    return len(os.sched_getaffinity(0))
