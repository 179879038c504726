"""Mailboxes: nothing half-written is ever read, whoever died in the middle of it."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from typing import Any

import numpy as np
from helpers_edge import HOME, ME, RUN, Sim, limits

from moravec.edge.client import post, read
from moravec.edge.form import CODE_NAMES, HEAD, LOCK, OK, TORN, CommandBox, StateBox, box_words, words_of
from moravec.edge.layout import AT_COMMAND, AT_STATE, AT_TICKS, Memory, Terms, look, make, publish
from moravec.edge.mailbox import FETCHED, UNCHANGED, UNREADABLE, fetch
from moravec.guard.kernel.form import dtype_of

WORDS = 12


class Restless:
    """Words in which somebody writes after each `every` reads."""

    def __init__(self, every: int) -> None:
        self.words, self.reads, self.every = np.zeros(WORDS, np.int64), 0, every

    def __getitem__(self, i: int) -> Any:
        self.reads += 1
        if self.reads % self.every == 0:
            self.words += 2
        return self.words[i]


def test_what_is_written_while_it_is_read_is_not_used() -> None:
    for every in range(1, 60):
        into = np.zeros(WORDS, np.int64)
        memory = Restless(every)
        found = fetch(memory, 0, -2, into)  # type: ignore[arg-type]
        assert found in (FETCHED, UNREADABLE)
        assert found != FETCHED or len(set(into.tolist())) == 1, every


def test_an_open_mailbox_is_not_read_and_an_old_one_not_again() -> None:
    words, into = np.arange(WORDS), np.zeros(WORDS, np.int64)
    words[LOCK] = 7
    assert fetch(words, 0, 0, into) == UNREADABLE and not into.any()
    words[LOCK] = 8
    assert fetch(words, 0, 8, into) == UNCHANGED and not into.any()
    assert fetch(words, 0, 6, into) == FETCHED and into.tolist() == words.tolist()


def test_who_dies_while_writing_is_followed_by_one_who_can(sim: Sim) -> None:
    sim.say(HOME)
    sim.tick()
    sim.memory.whole[AT_COMMAND + LOCK] += 1  # began to write, and died
    for _ in range(3):
        assert sim.tick()["code"] == TORN
    sim.say(HOME)
    assert sim.memory.whole[AT_COMMAND + LOCK] % 2 == 0
    assert sim.tick()["code"] == OK and sim.state == RUN


def hammer(path: Path, seconds: float) -> None:
    """Writes records whose every field is their number, as fast as it can."""
    memory, payload, number = look(path), np.zeros(1, dtype_of(StateBox)), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        number += 1
        payload.view(np.int64)[:] = number
        post(memory, AT_STATE, payload, number, ME, number)


def test_two_processes_share_a_mailbox_and_nothing_is_torn(tmp_path: Path) -> None:
    table, path = limits(), tmp_path / "robot"
    memory = make(path, Terms(table.sha256(), 0.002, 3), 1, 0, 100)
    publish(path)
    writer = multiprocessing.get_context("spawn").Process(target=hammer, args=(path, 1.0))
    writer.start()
    seen, into = set[int](), np.zeros(box_words(StateBox), np.int64)
    while writer.is_alive() or not seen:
        if (record := read(memory, AT_STATE, StateBox)) is not None:
            values = set(np.atleast_1d(np.array([record])).view(np.int64).tolist())
            assert len(values) == 1
            seen |= values
        if fetch(memory.whole, AT_STATE, 0, into) == FETCHED:
            assert len(set(into[HEAD:].tolist())) == 1
    writer.join()
    assert writer.exitcode == 0 and len(seen) > 3


def test_a_reader_finds_nothing_where_nothing_whole_stands(tmp_path: Path) -> None:
    table, path = limits(), tmp_path / "robot"
    memory: Memory = make(path, Terms(table.sha256(), 0.002, 3), 1, 0, 100)
    assert read(memory, AT_COMMAND, CommandBox) is None
    payload = np.zeros(1, dtype_of(CommandBox))
    post(memory, AT_COMMAND, payload, 1, ME, 5)
    assert read(memory, AT_COMMAND, CommandBox) is not None
    memory.whole[AT_COMMAND + HEAD + 3] ^= 1
    assert read(memory, AT_COMMAND, CommandBox) is None
    assert memory.whole[AT_TICKS] == 0 and words_of(CommandBox) > 40 and len(CODE_NAMES) == 10
