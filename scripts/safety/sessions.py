"""Batches of random sessions under one limit table: how they start, drawn with NumPy; run and judged in machine code."""

from __future__ import annotations

from typing import Any, NamedTuple

import machine
import numpy as np
from law import law_of
from notes import BOOK, NOTES, S_CLEAR, S_DEPTH, S_GAP, Book, Notes
from records import Floats, record_of
from tables import LONGEST, Setting
from wild import DICE, SCENE, Batch, Scene

from moravec.guard.counted import as_record, counted
from moravec.guard.kernel.form import Answer, Asked, Memory
from moravec.guard.limits import LimitTable

TICKS = 40  # of commands, at most
TRIES = 1500  # postures looked at for lawful ones
STARTS = ("lawful, at rest", "lawful, moving", "at the ends of the range", "outside the range", "found moving",
          "found moving too fast", "anywhere")  # fmt: skip
STARTED = (0.33, 0.30, 0.06, 0.07, 0.08, 0.04, 0.12)


class Bench(NamedTuple):
    """One table before guard and judge, with all the records that a session needs."""

    law: Any
    notes: Any
    scene: Any
    table: Any
    fresh: tuple[Any, Any, Any]
    records: tuple[Any, Any, Any]
    people: int


def new_book() -> Any:
    """Nothing found yet: a record of `Book`."""
    book = record_of(Book, BOOK)
    book.at[0], book.score[S_GAP], book.score[S_CLEAR], book.score[S_DEPTH] = -1.0, 1e9, 1e9, 1e9
    return book


def bench_of(guarded: LimitTable, judged: LimitTable, people: int) -> Bench:
    """A guard that holds to `guarded` before a judge that holds it to `judged`: the same, but where a fault is planted."""
    fresh = (as_record(Memory()), as_record(Asked()), as_record(Answer()))
    records = (fresh[0].copy(), fresh[1].copy(), fresh[2].copy())
    law, notes, scene = law_of(judged, people), record_of(Notes, NOTES), record_of(Scene, SCENE)
    return Bench(law, notes, scene, as_record(counted(guarded)), fresh, records, people)


def draw_batch(rng: np.random.Generator, bench: Bench, setting: Setting, count: int) -> tuple[Batch, Floats]:
    """`count` sessions, and of which of STARTS each is."""
    law, n = bench.law, bench.law.n
    low, high, top = law.low[:n], law.high[:n], law.speed[:n]
    kind = rng.choice(len(STARTS), count, p=STARTED)
    q = rng.uniform(low, high, (count, n))
    dq, planted = np.zeros((count, n)), np.zeros((count, n))
    pool = lawful(rng, bench, setting)
    inside = (kind <= 1) | ((kind >= 4) & (rng.random(count) < 0.5))
    if len(pool):
        q = np.where(inside[:, None], pool[rng.integers(len(pool), size=count)], q)
    off = rng.exponential(1e-3, (count, n))
    ends = np.where(rng.random((count, n)) < 0.5, low + off, high - off)
    q = np.where((kind == 2)[:, None] & (rng.random((count, n)) < 0.5), ends, q)
    q = np.where((kind == 3)[:, None], q + rng.choice([0.0, 0.0, 3.0, -3.0, 1e-7, -1e-3], (count, n)), q)
    share = rng.choice([0.1, 0.3, 0.6, 1.0], (count, 1))
    speeds = rng.uniform(-1.0, 1.0, (count, n)) * (rng.random((count, n)) < 0.7) * share * top + 1e-6
    machine.functions()["tame"](law, bench.notes, q, speeds, rng.uniform(0.2, 1.0, count))
    planted[kind == 1] = speeds[kind == 1]
    dq[kind == 4] = speeds[kind == 4]
    dq[kind == 5] = rng.normal(0.0, 20.0, (count, n))[kind == 5]
    turn, far = rng.uniform(0.0, 2.0 * np.pi, (count, bench.people)), rng.uniform(0.3, 3.5, (count, bench.people))
    crowd = np.stack([far * np.cos(turn), far * np.sin(turn)], axis=-1)
    # Most come towards the arm, as fast as people are said to walk.
    turn = turn + np.pi + rng.normal(0.0, 0.4, turn.shape)
    pace = (law.human_speed * rng.choice([0.0, 0.5, 1.0, 1.0], turn.shape))[..., None]
    walk = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * pace
    batch = Batch(
        q, dq, planted, rng.integers(6, TICKS + 1, count), crowd, walk, rng.choice([0.0, 0.0, 0.03, 0.15], count),
        rng.integers(4, size=count), rng.random((count, TICKS, DICE)),
    )  # fmt: skip
    return batch, kind


def lawful(rng: np.random.Generator, bench: Bench, setting: Setting) -> Floats:
    """Postures (k, n) in which nothing touches and the tool is in its workspace: near home and anywhere."""
    law, n = bench.law, bench.law.n
    low, high = law.low[:n], law.high[:n]
    wide = rng.choice([0.1, 0.5, 1.0, 3.0], (TRIES, 1))
    tried = setting.home + wide * rng.normal(0.0, 1.0, (TRIES, n))
    # One joint in ten stands near an end of its range: the arm brakes otherwise there.
    off = rng.exponential(0.02, tried.shape)
    ends = np.where(rng.random(tried.shape) < 0.5, low + off, high - off)
    tried = np.clip(np.where(rng.random(tried.shape) < 0.1, ends, tried), low, high)
    fits = np.zeros(TRIES, np.int64)
    machine.functions()["legal"](law, bench.notes, tried, np.zeros(n), fits)
    found: Floats = tried[fits == 1]
    return found


def run_sessions(bench: Bench, batch: Batch, book: Book) -> None:
    """All of `batch`, judged into `book`."""
    machine.functions()["run_batch"](
        bench.law, bench.notes, book, bench.scene, batch, bench.table[0], bench.fresh, bench.records, 3 * LONGEST
    )
