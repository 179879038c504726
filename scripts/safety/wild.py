"""Random sessions of an arm before a guard, each judged tick by tick. In the subset of Python that Numba compiles.

A session begins anywhere, in order or not; then some ticks of commands that are lawful, a little too much, or hostile, with
trouble of every kind among them and people who walk about; then silence until the arm rests. All that is random was drawn before,
as numbers in [0, 1): one row of dice for each tick.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

from geometry import put_arm
from judge import judge_tick, tool_speed_of
from law import Law
from notes import (
    EPS,
    LATE,
    N_BENT,
    N_CLEAR,
    N_DEPTH,
    N_DUE,
    N_HONEST,
    N_PARTS,
    N_PEOPLE,
    N_SPACE,
    OFF,
    POSITION_SLACK,
    Book,
    Notes,
    begin_notes,
    blame,
    rest_of,
)
from records import Floats, Whole

from moravec.guard.kernel.form import JOINTS, PEOPLE

DICE = 36  # for one tick: 20 for what it does, 16 for the joints
STYLES = 9
TROUBLES = 30
RUN, HOLD = 1, 3  # the stop machine's states in which commands are let through, and at rest with power
# What is kept of a session beside the judge's notes, in `Scene.num`.
NOW, SEEN_T, SEQ, STYLE, LENGTH, PERIOD, MODE, PRESSED, BLINDED, FROZEN = range(10)
HOSTILE = (math.nan, math.inf, -math.inf, 1e300, -1e12, 1e9, 4.0, -0.05, 1e-3, 5e-324)


class Batch(NamedTuple):
    """Sessions to be run, m of them: what each starts with, and its dice."""

    q: Floats  # (m, n)
    dq: Floats  # (m, n)
    planted: Floats  # (m, n) [rad/s], a speed that is there from one tick to the next; zeros for none
    ticks: Whole  # (m,) of commands
    crowd: Floats  # (m, p, 2) where people are
    walk: Floats  # (m, p, 2) [m/s]
    trouble: Floats  # (m,) how likely in a tick
    silence: Whole  # (m,) of which kind
    dice: Floats  # (m, ticks, DICE)


class Scene(Protocol):
    """One session as it goes on: where people are seen, how they walk, what is aimed at."""

    seen: Floats  # (people, 2)
    walk: Floats  # (people, 2)
    aim: Floats  # (n,) [rad/s]
    num: Floats


SCENE = {"seen": (PEOPLE, 2), "walk": (PEOPLE, 2), "aim": (JOINTS,), "num": (10,)}


def run_batch(
    law: Law, notes: Notes, book: Book, scene: Scene, batch: Batch, t: Any, fresh: Any, records: Any, longest: int
) -> None:
    """All sessions of `batch`. `records` holds one memory, one input and one answer; `fresh` those of a guard not yet begun."""
    for i in range(len(batch.ticks)):
        records[0][0] = fresh[0][0]
        records[1][0] = fresh[1][0]
        records[2][0] = fresh[2][0]
        book.at[0] += 1.0
        run_session(law, notes, book, scene, batch, i, t, records[0][0], records[1][0], records[2][0], longest)


def run_session(
    law: Law, notes: Notes, book: Book, scene: Scene, batch: Batch, i: int, t: Any, m: Any, a: Any, o: Any, longest: int
) -> None:
    """One session: its start, its commands, silence until rest; at most `longest` ticks of that."""
    num, ticks = scene.num, batch.ticks[i]
    open_scene(law, notes, scene, batch, i)
    begin_notes(law, notes, batch.q[i], batch.dq[i], 0.0)
    for k in range(ticks + longest):
        dice = batch.dice[i, min(k, ticks - 1)]
        book.at[1] = float(k)
        people_walk(law, notes, scene, dice)
        ask(law, notes, scene, a)
        if k == 0:
            for j in range(law.n):
                a.measured_dq[j] = batch.dq[i, j]
        if k < ticks:
            command(law, notes, scene, a, m.state, dice)
            if k > 0 and dice[0] < batch.trouble[i]:
                trouble(law, notes, scene, a, dice)
        else:
            be_silent(scene, a, batch.silence[i])
        decide(t, m, a, o)  # noqa: F821 - the guard's entry, put in its place when this is compiled
        judge_tick(law, notes, book, a, o, m.state)
        if k == 0 and batch.planted[i, 0] != 0.0 and m.state == RUN:
            plant(law, notes, batch.planted[i], m)
        rests = m.state == HOLD or m.state == OFF
        if rests and k < ticks and dice[1] < 0.2:
            try_reset(law, notes, scene, t, m, a, o)
        if k >= ticks and rests:
            return
        num[NOW] += law.period
    blame(book, LATE, float(longest), float(longest), m.state)


def open_scene(law: Law, notes: Notes, scene: Scene, batch: Batch, i: int) -> None:
    """The session's people and its clock."""
    for k in range(len(scene.num)):
        scene.num[k] = 0.0
    scene.num[SEEN_T] = -1e3
    for p in range(law.crowd):
        for k in range(2):
            notes.crowd[p, k], scene.walk[p, k] = batch.crowd[i, p, k], batch.walk[i, p, k]
    for j in range(law.n):
        scene.aim[j] = 0.0


def plant(law: Law, notes: Notes, speed: Floats, m: Any) -> None:
    """A motion that is there from one tick to the next, lawful or not: the guard remembers that it was let through."""
    for j in range(law.n):
        notes.step[j] = speed[j] * law.period
        m.steps[j] = notes.step[j]
        m.straight = 0  # each joint brakes on its own then, as its bounds here count on
        rest = rest_of(law, j, notes.q[j], notes.step[j])
        notes.high[j] = max(notes.high[j], rest + POSITION_SLACK + EPS)
        notes.low[j] = min(notes.low[j], rest - POSITION_SLACK - EPS)
    for at in (N_DUE, N_SPACE, N_PARTS, N_PEOPLE, N_BENT):
        notes.num[at] = 0.0


def people_walk(law: Law, notes: Notes, scene: Scene, dice: Floats) -> None:
    """Everybody walks for one tick; every few ticks they are seen, within the sensor's error."""
    num = scene.num
    for p in range(law.crowd):
        for k in range(2):
            notes.crowd[p, k] += scene.walk[p, k] * law.period
    if num[NOW] - num[SEEN_T] > law.reading_age * 0.8 * dice[2] and num[FROZEN] == 0.0:
        num[SEEN_T] = num[NOW]
        for p in range(law.crowd):
            off, turn = law.human_error * dice[3], 2.0 * math.pi * dice[4]
            scene.seen[p, 0] = notes.crowd[p, 0] + off * math.cos(turn + p)
            scene.seen[p, 1] = notes.crowd[p, 1] + off * math.sin(turn + p)


def ask(law: Law, notes: Notes, scene: Scene, a: Any) -> None:
    """An input that is in order: stay where you are, measured and seen."""
    num = scene.num
    num[SEQ] += 1.0
    a.now, a.mode, a.command_fits, a.seq = num[NOW], int(num[MODE]), 1, int(num[SEQ])
    a.t, a.made, a.expires, a.seen, a.novelty = num[NOW], num[NOW], num[NOW] + 0.1, num[NOW], 0.0
    a.grip_width, a.grip_force = law.grip[1] / 2.0, law.grip[2] / 2.0
    a.state_fits, a.state_t, a.estop = 1, num[NOW], 0
    for j in range(law.n):
        a.q[j], a.dq[j] = notes.q[j], 0.0
        a.measured_q[j], a.measured_dq[j], a.measured_tau[j] = notes.q[j], notes.step[j] / law.period, 0.0
    for k in range(6):
        a.wrench[k] = 0.0
    a.measured_grip[0], a.measured_grip[1] = a.grip_width, 0.0
    if num[PRESSED] > 0.0:
        num[PRESSED] -= 1.0
        a.estop = 1
    if num[BLINDED] > 0.0:
        a.measured_q[0] = math.nan
    a.people, a.people_t = law.crowd, num[SEEN_T]
    for p in range(law.crowd):
        a.person[2 * p], a.person[2 * p + 1] = scene.seen[p, 0], scene.seen[p, 1]


def command(law: Law, notes: Notes, scene: Scene, a: Any, state: int, dice: Floats) -> None:
    """A set-point after the last one, in the style of the moment, and the speed it means to have."""
    num, t = scene.num, law.period
    if num[LENGTH] <= 0.0:
        num[STYLE], num[LENGTH] = math.floor(dice[5] * STYLES), 2.0 + math.floor(12.0 * dice[6])
        share = (0.05, 0.3, 0.6, 1.0)[int(4.0 * dice[7])]
        for j in range(law.n):
            scene.aim[j] = share * law.speed[j] * (2.0 * dice[20 + j] - 1.0)
    num[LENGTH] -= 1.0
    style = int(num[STYLE])
    for j in range(law.n):
        roll, before, top = dice[20 + j], notes.step[j] / t, law.speed[j]
        gain, v = law.acceleration[j] * t, before
        if style == 0:  # lawful speeding up and down
            v = min(max(before + (math.floor(3.0 * roll) - 1.0) * gain, -top), top)
        elif style == 1:  # as fast as possible towards the end of the range
            v = min(max(before + math.copysign(gain, notes.q[j]), -top), top)
        elif style == 2:  # a little too much of everything
            v = min(max(before + 1.6 * (2.0 * roll - 1.0) * gain, -1.2 * top), 1.2 * top)
        elif style == 3:  # back and forth
            v = 0.3 * (2.0 * roll - 1.0)
        elif style in (4, 5):  # one wild number, or anything at all: below
            v = before
        elif style == 6:  # lawfully to a speed, and on with it
            v = min(max(scene.aim[j], before - 0.8 * gain), before + 0.8 * gain)
        elif style == 7:  # to a speed, slightly too hard
            v = min(max(1.1 * scene.aim[j], before - 1.1 * gain), before + 1.1 * gain)
        else:  # lawfully to rest
            v = min(max(0.0, before - gain), before + gain)
        a.q[j], a.dq[j] = notes.q[j] + v * t, v
        if style == 5:
            a.q[j] = notes.q[j] + (2.0 * roll - 1.0) * 10.0 ** (9.0 * dice[8] - 6.0)
    if style == 4 and dice[8] < 0.2:
        j, value = int(dice[9] * law.n), HOSTILE[int(dice[10] * len(HOSTILE))]
        if dice[11] < 0.6:
            a.q[j] += value
        else:
            a.dq[j] += value


def trouble(law: Law, notes: Notes, scene: Scene, a: Any, dice: Floats) -> None:
    """One thing that is not in order."""
    kind, num, wild = int(dice[12] * TROUBLES), scene.num, HOSTILE[int(dice[13] * len(HOSTILE))]
    j = int(dice[14] * law.n)
    if kind == 2 or 24 <= kind <= 26:
        notes.num[N_HONEST] = 0.0  # the scanner says what is not so
    if kind <= 9:
        trouble_of_clock(law, notes, scene, a, kind, dice)
    elif kind == 10:
        a.command_fits = 0
    elif kind == 11:
        a.seq += int(40.0 * dice[15]) - 20
    elif kind == 12:
        a.state_fits = 0
    elif kind == 13:
        a.measured_q[j] = wild
    elif kind == 14:
        a.measured_q[j] += 0.3 * (2.0 * dice[15] - 1.0)
    elif kind == 15:
        a.measured_dq[j] = wild
    elif kind == 16:
        a.measured_tau[j] = 300.0 * (2.0 * dice[15] - 1.0)
    elif kind == 17:
        a.wrench[int(6.0 * dice[15])] = 2000.0 * (2.0 * dice[16] - 1.0)
    elif kind == 18:
        num[PRESSED], a.estop = math.floor(20.0 * dice[15]), 1
    elif kind == 19:
        num[BLINDED] = 1.0
    elif kind == 20:
        num[MODE] = math.floor(3.0 * dice[15])
    elif kind == 21:
        a.grip_width = wild
    elif kind == 22:
        a.novelty = wild
    elif kind == 23:
        num[FROZEN] = 1.0
    elif kind == 24:
        a.people = int(20.0 * dice[15]) - 5
    elif kind == 25 and law.crowd > 0:
        a.person[int(2.0 * dice[15])] = wild
    elif kind == 26 and law.crowd > 0:  # somebody appears at once
        notes.crowd[0, 0], notes.crowd[0, 1] = 3.0 * dice[15] - 1.5, 3.0 * dice[16] - 1.5
    elif kind == 27 and law.crowd > 0:  # somebody turns
        turn = 2.0 * math.pi * dice[15]
        scene.walk[0, 0], scene.walk[0, 1] = law.human_speed * math.cos(turn), law.human_speed * math.sin(turn)
    elif kind == 28:
        a.q[j] += wild
    else:
        a.dq[j] += wild


def trouble_of_clock(law: Law, notes: Notes, scene: Scene, a: Any, kind: int, dice: Floats) -> None:
    """A time that is wrong, or a tick that comes early, late, or before the last one. The arm's own time is then another, so
    that people who walk are no longer judged by it."""
    num, jump = scene.num, 0.0
    old = (0.0, 0.01, 0.03, 0.5, 200.0, -0.01, math.nan, math.inf)[int(8.0 * dice[15])]
    if kind == 0:
        a.t -= old
    elif kind == 1:
        a.state_t -= old
    elif kind == 2:
        a.people_t -= old
    elif kind == 3:
        a.made -= old
    elif kind == 4:
        a.seen -= old
    elif kind == 5:
        a.expires -= old
    elif kind == 6:
        a.now = HOSTILE[int(dice[16] * len(HOSTILE))]
    else:
        jump = (-1.0, -0.6, -0.2, 0.7, 4.0, 8.0, 30.0, 300.0, -100.0)[int(9.0 * dice[16])] * law.period
    if kind >= 6:
        notes.num[N_HONEST] = 0.0
        num[NOW] += jump
        if kind > 6:
            a.now = num[NOW]
            a.t, a.made, a.expires, a.seen, a.state_t = a.now, a.now, a.now + 0.1, a.now, a.now


def be_silent(scene: Scene, a: Any, kind: int) -> None:
    """No command any more, or the last one for ever, or old ones; measured, or not."""
    if kind == 0 or kind == 3:
        a.command_fits = 0
    elif kind == 1:
        a.seq = int(scene.num[SEQ]) - 1
        scene.num[SEQ] -= 1.0
    else:
        a.t -= 1.0
    if kind == 3:
        a.state_fits = 0


def try_reset(law: Law, notes: Notes, scene: Scene, t: Any, m: Any, a: Any, o: Any) -> None:
    """An operator's reset, half a second later: where it is granted, a session begins anew at the measured posture."""
    scene.num[NOW] += 0.6
    a.now = scene.num[NOW]
    if reset(t, m, a, o) == 0:  # noqa: F821 - the guard's entry, put in its place when this is compiled
        honest = notes.num[N_HONEST]
        begin_notes(law, notes, a.measured_q, a.measured_dq, a.now)
        notes.num[N_HONEST] = honest
        for j in range(law.n):
            notes.step[j] = 0.0
    notes.num[N_HONEST] = 0.0


def legal(law: Law, notes: Notes, postures: Floats, still: Floats, fits: Whole) -> None:
    """Into `fits` (m,): 1 for the postures (m, n) in which nothing touches and the tool is in its workspace.

    `still` (n,) are zeros.
    """
    for i in range(len(postures)):
        begin_notes(law, notes, postures[i], still, 0.0)
        fits[i] = 1 if notes.num[N_CLEAR] >= 0.0 and notes.num[N_DEPTH] >= 0.0 else 0


def tame(law: Law, notes: Notes, postures: Floats, speeds: Floats, share: Floats) -> None:
    """Scales `speeds` (m, n) [rad/s] down where the tool would be faster than that `share` (m,) of its limit."""
    for i in range(len(postures)):
        for j in range(law.n):
            notes.new_step[j] = postures[i, j] - speeds[i, j] * law.period
        put_arm(law, notes.new_step, notes.tool, notes.points, notes.axes)
        put_arm(law, postures[i], notes.new_tool, notes.new_points, notes.axes)
        most = share[i] * law.tool_speed
        speed = tool_speed_of(law, notes)
        if speed > most:
            for j in range(law.n):
                speeds[i, j] *= most / speed
