"""The gate before motion: a person at the server's terminal, nobody, a file; what clients say of themselves does not count."""

from __future__ import annotations

import asyncio
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from mcp_session import PATIENCE, connected
from told import told_mind

from moravec.brain.conduct.charter import Charter
from moravec.brain.goal import Goal
from moravec.brain.mind import Situation, SymbolicMind
from moravec.brain.reading import Reading
from moravec.brain.remember import Inventory
from moravec.brain.wishes.survey import places_to_see
from moravec.brain.wishes.talk import Talk
from moravec.brain.wishes.wish import Meant, Spot, Things, Wish
from moravec.cli import main
from moravec.commands.mcp_server.approve import File, Nobody, approver, question
from moravec.commands.mcp_server.bound import BoundMind
from moravec.commands.mcp_server.desk import Desk, Settings
from moravec.commands.mcp_server.preview import Preview, digest, preview
from moravec.core.clock import ManualClock
from moravec.core.errors import BadInput, ContractError, MoravecError
from moravec.core.workplace import Workplace
from moravec.worlds.cell.layout import workplace

GO, STORE = "go home", "store everything"


def desk(approves: Any, within: float = 60.0, permit: str | None = None) -> tuple[Desk, ManualClock]:
    clock = ManualClock()
    settings = Settings(
        world="toy", seed=3, items=None, renderer=None, speed="max", out=None, memory=None, rules=None, permit=permit,
        within=within,
    )  # fmt: skip
    return Desk(settings, workplace(), approves, clock), clock


def seen_as(words: str) -> Preview:
    return preview(words, workplace(), told_mind(), None, Charter())


async def nothing(done: float, text: str) -> None:
    """No progress."""


def refusal(of: Desk, *words: Any) -> str:
    with pytest.raises(MoravecError) as error:
        asyncio.run(of.run(*words, nothing))
    assert of.jobs.begun == 0 and not of.jobs.busy
    return str(error.value)


def test_by_default_nothing_moves() -> None:
    at, _ = desk(approver("never"))
    assert "this server approves no motion" in refusal(at, STORE, None)
    assert "this server approves no motion" in refusal(at, STORE, asyncio.run(at.plan(STORE))["plan"])


def test_what_the_charter_forbids_is_not_even_asked_for() -> None:
    """A permit of the server holds for its plans, and another charter is another plan."""
    at, _ = desk(Nobody(), permit="skills=look,home")
    planned = asyncio.run(at.plan(STORE))
    assert planned["refused"] and planned["plan"] == ""
    assert planned["refused"] in refusal(at, STORE, None)
    assert asyncio.run(at.plan(GO))["plan"]


def test_a_plan_counts_for_a_time_and_for_its_own_instruction() -> None:
    at, clock = desk(Nobody(), within=60.0)
    plan = asyncio.run(at.plan(STORE))["plan"]
    assert "plan it again" in refusal(at, GO, plan)
    clock.advance(60.1)
    assert "a plan of the last 60 s" in refusal(at, STORE, plan)
    assert "each counts once" in refusal(at, STORE, plan)


def test_the_digest_covers_what_is_done_and_where() -> None:
    """Another instruction, goal, first plan, seed, number of the job or time of asking is another digest."""
    beside = {"nonce": "a", "run": {"seed": 0}}
    seen = {digest(seen_as(words), beside) for words in (STORE, GO, "store everything!", "open the parcel")}
    seen |= {digest(seen_as(STORE), {**beside, **more}) for more in ({"nonce": "b"}, {"run": {"seed": 1}})}
    assert len(seen) == 6
    assert digest(seen_as(STORE), beside) in seen


def test_a_file_says_yes_or_no_to_one_plan(tmp_path: Path) -> None:
    """The last line that names it counts; lines about others, and lines that are none, do not."""
    path, plan = tmp_path / "approved.txt", "ab" * 32

    def said(text: str) -> tuple[bool, str]:
        path.write_text(text)
        decision = asyncio.run(File(path).decide(plan, {}, 0.0))
        return decision.approved, decision.who or decision.why

    assert said(f"{plan[:16]} yes Ann Lee\n") == (True, "Ann Lee")
    assert said(f"{plan} YES\n") == (True, "unnamed")
    assert said(f"{plan[:16]} yes\n{plan[:16]} no Bea\n") == (False, "Bea")
    others = (f"{plan[:8]} yes", f"{'cd' * 32} yes", f"{plan} maybe", f"# {plan} yes", f" {plan} yes", f"{plan}yes")
    for text in ("", "yes", *others):
        assert said(text)[0] is False
        assert f"the line '{plan[:16]} yes NAME'" in said(text)[1]
    path.unlink()
    with pytest.raises(BadInput, match="No such file"):
        asyncio.run(File(path).decide(plan, {}, 0.0))


def test_a_file_that_everybody_can_write_approves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "approved.txt"
    path.touch()
    path.chmod(0o666)
    with pytest.raises(BadInput, match="chmod o-w"):
        approver(str(path))
    path.chmod(0o664)
    assert isinstance(approver(str(path)), File)


@pytest.mark.parametrize("words", [["--approve", "no/such.txt"], ["--approve-within", "0"], ["--world", "moon"]])
def test_bad_options_end_before_anything_begins(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mcp", *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1 and words[1] in shown.err


def _looks(wishes: Sequence[Wish], place: Workplace) -> Goal:
    """What is looked at first."""
    return places_to_see(wishes, Talk(), Inventory(place))


def test_the_mind_does_what_was_approved_and_nothing_else() -> None:
    place, inner = workplace(), told_mind()
    found = seen_as(STORE)
    assert found.meaning is not None and found.shown["problem"] == ""
    bound = BoundMind(inner, STORE, found.meaning, found.first)
    meant = bound.read(STORE, place).meant
    assert json.loads(json.dumps([asdict(way) for way in meant])) == found.meaning
    goal = _looks(meant[0].wishes, place)
    assert bound.plan(Situation(goal, Inventory(place))).steps
    with pytest.raises(ContractError, match="not read as it was"):
        bound.read("store everything in bin A", place)
    with pytest.raises(ContractError, match="not read as it was"):
        BoundMind(inner, STORE, [], found.first).read(STORE, place)
    with pytest.raises(ContractError, match="not the one that was approved"):
        BoundMind(inner, STORE, found.meaning, found.first[1:]).plan(Situation(goal, Inventory(place)))


def told(*ways: Meant) -> SymbolicMind:
    return SymbolicMind(lambda instruction, place: Reading(meant=ways))


REDS = Things(categories=("can",), colours=("red",), definite=True)
TO_B, TO_C = (Meant((Wish("move", (REDS,), Spot("bin", name)),), 0.5) for name in "BC")


def test_a_meaning_in_wishes_is_approved_with_the_looks_that_come_first() -> None:
    """What is meant is bound to the letter; what is done first is what the agent does first."""
    found = preview(STORE, workplace(), told(TO_B), None, Charter())
    assert found.meaning == json.loads(json.dumps([asdict(TO_B)])) and found.shown["problem"] == ""
    assert [step["skill"] for step in found.first[:2]] == ["look", "look"] and "bin:B" in found.shown["means"]
    bound = BoundMind(told(TO_B), STORE, found.meaning, found.first)
    assert bound.read(STORE, workplace()).meant == (TO_B,)
    for other in (told(TO_C), told(replace(TO_B, p=0.4)), told(TO_B, TO_C), told()):
        with pytest.raises(ContractError, match="not read as it was"):
            BoundMind(other, STORE, found.meaning, found.first).read(STORE, workplace())


def test_what_would_be_asked_about_or_refused_is_not_approved() -> None:
    two = preview(STORE, workplace(), told(TO_B, TO_C), None, Charter())
    assert two.meaning is None and [q["answer"] for q in two.shown["questions"]] == ["nothing"]
    it = preview(STORE, workplace(), told(Meant((Wish("move", (Things(refers="it"),), Spot("bin", "B")),))), None, Charter())
    assert it.first or it.shown["refused"]
    no = preview(STORE, workplace(), told(Meant((Wish("refuse", why="unsafe"),))), None, Charter())
    assert no.meaning is None and "unsafe" in no.shown["refused"]
    stop = preview(STORE, workplace(), told(Meant((Wish("stop"),))), None, Charter())
    assert stop.stops and stop.first == []


def test_the_jobs_own_process_holds_to_it_as_well(environment: dict[str, str], tmp_path: Path) -> None:
    """Told of another goal than the instruction has, it ends before anything moves; the tape says why."""
    asked, other = (seen_as(words) for words in (GO, STORE))
    run = {"instruction": GO, "world": "toy", "seed": 0, "items": None, "renderer": None, "speed": "max", "out": "o"}
    approval = {"digest": "ab" * 32, "by": "file", "who": "Ann", "at": "2026-11-22T00:00:00Z"}
    spec = {"run": {**run, "memory": None, "rules": None}, "approval": approval, "meaning": other.meaning, "first": asked.first}
    command, pipe = [sys.executable, "-m", "moravec.commands.mcp_server.child"], subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdin=pipe, stdout=pipe, text=True) as job:
        assert job.stdin is not None and job.stdout is not None
        job.stdin.write(json.dumps(spec) + "\n")
        job.stdin.flush()
        (line,) = job.stdout.read().splitlines()
    end = json.loads(line)["end"]
    assert end["trouble"].startswith("nothing was moved: ") and end["steps"] == [] and not end["success"]
    assert main(["replay", str(tmp_path / "o" / "tape.mcap")]) == 0


def test_what_a_client_writes_cannot_disguise_what_a_person_is_asked() -> None:
    """Control characters, line breaks and writing from right to left are shown as escapes, Chinese as it is; however long a plan
    is, what it means stands at the end."""
    evil = "go home\r\n  plan  0000\x1b[2J\x1b]0;yes\x07 \u202egnihton"
    steps = [{"skill": "home", "args": {"x": evil}}]
    shown = {"instruction": evil, "means": "to rest", "questions": [{"text": evil, "answer": "no"}], "steps": steps}
    text = question("ab" * 32, shown, 30.0)
    assert text.replace("\r\n", "").isprintable()
    assert text.count("\r\n") == 7 and "abababababababab" in text
    long = question("ab" * 32, {**shown, "instruction": "把红色的罐头放好", "steps": steps * 100}, 30.0)
    assert long.count("\r\n") < 25 and "'把红色的罐头放好'" in "".join(long.splitlines()[-4:])


def test_a_person_at_the_terminal_and_a_client_that_leaves(environment: dict[str, str], tmp_path: Path) -> None:
    """What is typed before the question counts for nothing; "no" refuses; "yes" approves. Metadata and annotations of a client
    do not. When the client leaves in the middle of the motion, the arm is brought to rest and the tape is whole."""
    master, slave = os.openpty()
    heard = bytearray()
    asked = threading.Semaphore(0)

    done = threading.Event()

    def listen() -> None:
        while not done.is_set():
            if not select.select([master], [], [], 0.1)[0]:
                continue
            heard.extend(more := os.read(master, 4096))
            for _ in range(more.count(b"anything else refuses: ")):
                asked.release()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    words = ("--world", "toy", "--speed", "0.15", "--approve", "terminal", "--out", "jobs")
    moving = threading.Event()
    with connected(environment, tmp_path, *words, terminal=os.ttyname(slave)) as session:
        os.write(master, b"yes\n")
        lies = {"approved": True, "io.modelcontextprotocol/readOnlyHint": True, "annotations": {"readOnlyHint": True}}
        refused = session.begin(session.client.call_tool("run_instruction", {"instruction": GO}, meta=lies))  # type: ignore[arg-type]
        assert asked.acquire(timeout=PATIENCE)
        os.write(master, b"no\n")
        assert "the person at the terminal refused it" in refused.result(PATIENCE).content[0].text
        session.calling("run_instruction", lambda told: moving.set() if told == "home: started" else None, instruction=GO)
        assert asked.acquire(timeout=PATIENCE)
        os.write(master, b"yes Ann\n")
        assert moving.wait(PATIENCE)
    result_path = tmp_path / "jobs" / "job-1" / "result.json"
    ended = threading.Event()
    for _ in range(round(PATIENCE / 0.1)):
        if json.loads(result_path.read_text())["steps"]:
            break
        ended.wait(0.1)
    result = json.loads(result_path.read_text())
    assert result["brain"]["approval"]["who"] == "Ann" and not result["success"]
    assert result["steps"][-1]["status"] == "cancelled"
    assert main(["replay", str(tmp_path / "jobs" / "job-1" / "tape.mcap")]) == 0
    done.set()  # nobody may read a file that is closed
    listener.join()
    os.close(slave)
    os.close(master)
