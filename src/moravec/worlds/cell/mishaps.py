"""What goes wrong in a cell without anybody's fault: things slip, people take and bring, a lid sticks, the light goes out.

A mishap comes at a time, or as soon afterwards as it can (a thing slips only out of a hand that holds one). What is chosen at
random comes from the seed. `moravec run --mishaps KIND[@SECONDS],...`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final, get_args

import mujoco
import numpy as np

from moravec.core.errors import BadInput
from moravec.worlds.cell import layout
from moravec.worlds.cell.items import ItemSpec
from moravec.worlds.cell.touch import fingers_of, touching

Kind: TypeAlias = Literal["slip", "taken", "added", "swapped-bins", "stuck-lid", "dark", "full-bin", "wrong-code"]
WHEN: dict[Kind, float] = {  # [s] of the robot's time, where nobody says; what is so from the beginning cannot come later
    "slip": 20.0, "taken": 45.0, "added": 45.0, "swapped-bins": 60.0, "stuck-lid": 0.0, "dark": 30.0, "full-bin": 0.0,
    "wrong-code": 0.0,
}  # fmt: skip
FROM_THE_BEGINNING: tuple[Kind, ...] = ("stuck-lid", "full-bin", "wrong-code")
DARKNESS = 5.0  # [s]
DARK_LEVEL = 0.02  # of the light that is there otherwise: a lamp in the next room
STICKS = 10.0  # [s] after the hand first pulled, a stuck lid gives way: the third try or so has it
SLIPPERY = 0.01  # friction while a thing slips
SLIPPING = 0.4  # [s]
LIFTED = 0.05  # [m] above where it lay: a thing that is carried
FAR = 0.25  # [m] of the hand, sideways, where a person reaches into the parcel
CARRIED_OFF = (-2.5, 2.0, -0.6)  # [m] where taken things end, out of the cell
DROPPED_FROM = 0.16  # [m] above the table: where an added thing is let go, over the parcel


@dataclass(frozen=True, slots=True)
class Mishap:
    """One mishap: what, and when at the earliest [s]."""

    kind: Kind
    at: float

    @staticmethod
    def parse(text: str) -> Mishap:
        """The mishap written as KIND or KIND@SECONDS. Raises BadInput."""
        name, sign, when = text.partition("@")
        kinds = get_args(Kind)
        if name not in kinds:
            raise BadInput("a mishap", text, f"KIND[@SECONDS] with one of {', '.join(kinds)}")
        kind: Kind = next(k for k in kinds if k == name)
        try:
            at = float(when) if sign else WHEN[kind]
        except ValueError as error:
            raise BadInput("when a mishap comes", when, "seconds, as taken@40") from error
        if not (np.isfinite(at) and at >= 0.0):
            raise BadInput("when a mishap comes", at, "0 s or more")
        if at > 0.0 and kind in FROM_THE_BEGINNING:
            raise BadInput("when a mishap comes", text, f"{kind}: it is so from the beginning")
        return Mishap(kind, at)


@final
class Mishaps:
    """Lets mishaps happen, step by step. `happened` tells when each came, and to what. The last of `items` is the spare one."""

    def __init__(
        self, model: mujoco.MjModel, data: mujoco.MjData, items: tuple[ItemSpec, ...], wanted: tuple[Mishap, ...],
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self._model, self._data, self._items, self._rng = model, data, items, rng
        self._waiting = sorted((m for m in wanted if m.kind not in FROM_THE_BEGINNING), key=lambda m: m.at)
        self._slipping: tuple[float, dict[int, np.ndarray]] | None = None
        self._dark_until = -np.inf
        self._tool = model.site("tool").id
        self._fingers = fingers_of(model)
        self._lid_frees = np.inf
        boxes = sum(item.category == "box" for item in items)
        there = [m.kind for m in wanted if m.kind in FROM_THE_BEGINNING and (m.kind != "wrong-code" or boxes > 1)]
        self.happened: dict[str, tuple[float, str]] = dict.fromkeys(there, (0.0, ""))

    @property
    def light(self) -> float:
        """The share of the usual light that there is now."""
        return DARK_LEVEL if float(self._data.time) < self._dark_until else 1.0

    def step(self) -> None:
        """Called before every physics step."""
        now = float(self._data.time)
        if self._slipping is not None and now >= self._slipping[0]:
            for geom, friction in self._slipping[1].items():
                self._model.geom_friction[geom] = friction
            self._slipping = None
        self._pull(now)
        for mishap in [m for m in self._waiting if m.at <= now]:
            deeds = {"slip": self._slip, "taken": self._take, "added": self._add, "swapped-bins": self._swap}
            what = deeds.get(mishap.kind, self._darken)()
            if what is not None:
                self._waiting.remove(mishap)
                self.happened[mishap.kind] = (round(now, 6), what)

    # Each lets it happen and says to what; None where it has to wait.
    def _darken(self) -> str | None:
        """No light for a while."""
        self._dark_until = float(self._data.time) + DARKNESS
        return ""

    # ── things ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _slip(self) -> str | None:
        """Out of the hand, where it holds one and carries it high."""
        for item in self._items:
            body = self._model.body(item.name).id
            if self._held(body) and self._data.xpos[body][2] > layout.PARCEL_HEIGHT + LIFTED:
                geoms = [g for g in range(self._model.ngeom) if self._model.geom_bodyid[g] == body] + sorted(self._fingers)
                kept = {g: self._model.geom_friction[g].copy() for g in geoms}
                for geom in geoms:
                    self._model.geom_friction[geom] = SLIPPERY
                self._slipping = (float(self._data.time) + SLIPPING, kept)
                return item.name
        return None

    def _take(self) -> str | None:
        """Somebody takes a thing out of the open parcel, where the hand is not."""
        there = [i for i in self._items if self._free_to_take(i)]
        if not there:
            return None
        name = there[int(self._rng.integers(len(there)))].name
        self._move(name, np.array(CARRIED_OFF))
        return name

    def _add(self) -> str | None:
        """Somebody lays the spare thing into the parcel, where the hand is not."""
        centre = np.array([*layout.PARCEL_CENTRE, DROPPED_FROM])
        if not self._lid_is_off() or np.linalg.norm((self._data.site_xpos[self._tool] - centre)[:2]) < FAR:
            return None
        self._move(self._items[-1].name, centre)
        return self._items[-1].name

    def _free_to_take(self, item: ItemSpec) -> bool:
        x, y, z = self._data.body(item.name).xpos
        inside = np.abs(np.array([x, y]) - layout.PARCEL_CENTRE) < np.array(layout.PARCEL_INNER) / 2
        away = np.linalg.norm(self._data.site_xpos[self._tool][:2] - (x, y)) > FAR
        return bool(inside.all() and 0.0 < z < layout.PARCEL_HEIGHT and away and self._lid_is_off())

    def _swap(self) -> str | None:
        """The first two bins of the lower row change places, with what is in them. Waits while the hand is over the shelf."""
        if self._data.site_xpos[self._tool][1] > layout.LOWER_ROW[0] - FAR:
            return None
        one, other = (self._model.body(place.name).id for place in layout.bin_places()[:2])
        way = self._model.body_pos[other] - self._model.body_pos[one]
        for place, shift in zip(layout.bin_places()[:2], (way, -way), strict=True):
            for item in self._items:
                x, y, z = self._data.body(item.name).xpos
                if place.contains(x, y) and place.floor - 0.01 < z < place.rim + 0.06:
                    self._move(item.name, np.array([x, y, z]) + shift)
        self._model.body_pos[[one, other]] = self._model.body_pos[[other, one]]
        return " and ".join(place.name for place in layout.bin_places()[:2])

    # ── the lid ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _pull(self, now: float) -> None:
        """A stuck lid gives way some time after the hand first took hold of it."""
        if "stuck-lid" not in self.happened:
            return
        glue = self._model.equality("lid_glue").id
        if np.isinf(self._lid_frees) and self._held(self._model.body("lid").id):
            self._lid_frees = now + STICKS
        self._data.eq_active[glue] = now < self._lid_frees

    def _lid_is_off(self) -> bool:
        return bool(np.linalg.norm(self._data.body("lid").xpos[:2] - np.array(layout.PARCEL_CENTRE)) > 0.3)

    # ── bodies ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _held(self, body: int) -> bool:
        return touching(self._model, self._data, self._fingers, body) == self._fingers

    def _move(self, name: str, position: np.ndarray) -> None:
        """A free body to `position` (3,) [m], at rest, turned as it was."""
        joint = self._model.body(name).jntadr[0]
        at, speed = int(self._model.jnt_qposadr[joint]), int(self._model.jnt_dofadr[joint])
        self._data.qpos[at : at + 3] = position
        self._data.qvel[speed : speed + 6] = 0.0


def full_bin(items: tuple[ItemSpec, ...], labels: tuple[str, ...], rule: tuple[tuple[str, str], ...]) -> str:
    """The name of the bin that is full from the beginning: one that is needed."""
    wanted = next((dict(rule)[item.category] for item in items if not item.damaged), labels[0])
    return layout.bin_places()[labels.index(wanted)].name


def wrong_codes(items: tuple[ItemSpec, ...]) -> tuple[ItemSpec, ...]:
    """The same things, all boxes with the code of one of them: a printer that stuck."""
    boxes = [item for item in items if item.category == "box"]
    code = next((item.code for item in boxes if item.code is not None), 0)
    return tuple(replace(item, code=code) if item in boxes else item for item in items)
