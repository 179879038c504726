"""`moravec memory` and `moravec run --memory` from outside."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from model_server import started

from moravec.brain.memory.learn import Heard, begin
from moravec.brain.memory.listing import entries
from moravec.brain.memory.prior import prior_of
from moravec.brain.memory.store import Memory
from moravec.brain.remember import Inventory
from moravec.cli import main
from moravec.commands.asking import from_file
from moravec.commands.clock import WallClock
from moravec.commands.remembering import remembering
from moravec.perception.detection import Detection
from moravec.runtime.job import Journal, Outcome
from moravec.skills.contract import Ask, Note
from moravec.worlds.cell.layout import workplace

SLIP = "go home"
OTHERWISE = {"readings": ["open to @parcel ; ."]}  # a server that reads something else, so that a person is asked


def asked(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> Any:
    """What `moravec memory WORDS --json` says."""
    assert main(["memory", *words, "--memory", "site.db", "--json"]) == status
    return json.loads(capsys.readouterr().out)


def ran(environment: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`moravec WORDS` as a process of its own in `folder`."""
    command = [sys.executable, "-m", "moravec.cli", *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, cwd=folder, env=environment)


@pytest.fixture(scope="module")
def slip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """A job that begins with a question."""
    pytest.importorskip("httpx", reason="the extra remote brings it")
    with started() as serving, serving(tmp_path_factory.mktemp("server"), readings={SLIP: OTHERWISE}) as server:
        yield ("run", SLIP, "--world", "toy", "--quiet", "--brain", server.url)


@pytest.fixture(scope="module")
def first(environment: dict[str, str], slip: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the memory of one job, in which a person answered a question for the site."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "answers.txt").write_text("home @site\n")
    done = ran(environment, folder, *slip, "--memory", "site.db", "--ask", "answers.txt", "--json")
    assert done.returncode == 0, done.stderr
    (question,) = json.loads(done.stdout)["questions"]
    assert question["answer"] == "home" and "answered_by" not in question
    assert sorted(p.name for p in folder.iterdir()) == ["answers.txt", "runs", "site.db"]
    return folder


@pytest.fixture
def remembered(first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that memory, in the folder we are in."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(first / "site.db", tmp_path / "site.db"))


def test_a_question_that_was_answered_for_the_site_is_not_asked_again(
    remembered: Path, slip: tuple[str, ...], environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The second run needs nobody, says so in its result and on its tape, and the tape replays."""
    done = ran(environment, remembered.parent, *slip, "--memory", "site.db", "--ask", "never", "--json", "--out", "second")
    assert done.returncode == 0, done.stderr
    (question,) = json.loads(done.stdout)["questions"]
    assert question["answer"] == "home" and question["answered_by"].startswith("memory: answer-")
    assert main(["replay", "second/tape.mcap"]) == 0
    assert capsys.readouterr().out.strip().endswith("diverged 0")
    jobs = asked(capsys, "list", "jobs")["entries"]
    assert [(j["instruction"], j["success"], j["questions"]) for j in jobs] == [(SLIP, True, 1)] * 2
    (answer,) = asked(capsys, "list", "answers")["entries"]
    assert (answer["answer"], answer["scope"], answer["used"]) == ("home", "site", 1)
    assert asked(capsys, "check")["faults"] == []


def test_list_show_explain_correct_search_and_forget(remembered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overview = asked(capsys, "list")
    assert overview["site"] == "cell" and overview["counts"]["jobs"] == 1 and len(overview["head"]) == 64
    told = asked(capsys, "correct", "bin_1", "label", "Q", "--who", "the shift leader")
    assert told["belief"]["provenance"] == "told"
    (belief,) = asked(capsys, "explain", "bin_1", "label")["beliefs"]
    assert (belief["value"], belief["who"], belief["evidence"][0]["kind"]) == ("Q", "the shift leader", "told")
    shown = asked(capsys, "show", "bin_1")
    assert shown["label"] == "Q" and shown["facts"][0]["name"] == told["fact"]
    assert [hit["about"] for hit in asked(capsys, "search", "shift", "leader")["hits"]] == ["bin_1"]
    assert asked(capsys, "search", "--since", "2020-01-01", "--limit", "1")["hits"][0]["about"] == "bin_1"
    assert asked(capsys, "search", "--near", "0,0,0")["hits"] == []
    assert "forgotten" not in json.dumps(asked(capsys, "list", "--since", "2020-01-01"))
    gone = asked(capsys, "forget", told["fact"], "--who", "the shift leader")
    assert len(gone["events"]) == 1
    assert "label" not in asked(capsys, "show", "bin_1")
    (answer,) = asked(capsys, "list", "answers")["entries"]
    asked(capsys, "correct", answer["name"], "scope", "once")
    assert asked(capsys, "show", answer["name"])["scope"] == "once"
    assert asked(capsys, "forget", "--before", "2100-01-01")["events"]
    overview = asked(capsys, "list")
    assert set(overview["counts"].values()) == {0} and overview["site"] == "cell"
    checked = asked(capsys, "check")
    assert checked["faults"] == [] and checked["forgotten"] == overview["events"] - 3


def test_in_words(remembered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind and every action says something to people as well."""
    for words in (["list"], *(["list", k] for k in ("jobs", "objects", "places", "facts", "skills", "answers")), ["show", "home"],
                  ["show", "bin_1"], ["explain", "bin_1"], ["search", "home"], ["check"], ["list", "--since", "2020-01-01"],
                  ["correct", "home", "note", "slow on Mondays"], ["explain", "home"], ["forget", "home"]):  # fmt: skip
        assert main(["memory", *words, "--memory", "site.db"]) == 0, words
        shown = capsys.readouterr()
        assert shown.out.strip() and not shown.err, words
    assert "100 %" not in shown.out


def test_a_changed_memory_is_told_with_exit_status_1(remembered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(remembered) as db:
        db.execute("UPDATE events SET body = replace(body, 'home', 'away') WHERE kind = 'answer'")
    db.close()
    assert any("does not hold what was written" in fault for fault in asked(capsys, "check", status=1)["faults"])


BAD = [
    (["lst"], "did you mean 'list'?"),
    (["list"], "--memory: found 'nothing'; allowed: the file of 'moravec run --memory FILE'"),
    (["list", "--memory", "none.db"], "found 'none.db'; allowed: a memory file of 'moravec run --memory FILE' (No such file"),
    (["list", "job", "--memory", "site.db"], "did you mean 'jobs'?"),
    (["show", "--memory", "site.db"], "'moravec memory show': found 'nothing'; allowed: 'moravec memory show NAME'"),
    (["show", "bin_", "--memory", "site.db"], "did you mean 'bin_"),
    (["explain", "bin_1", "colour", "--memory", "site.db"], "what is known of bin_1: found 'colour'; allowed: nothing is"),
    (["correct", "bin_1", "lable", "A", "--memory", "site.db"], "did you mean 'label'?"),
    (["correct", "bin_1", "label", "--memory", "site.db"], "'moravec memory correct NAME KEY VALUE'"),
    (["correct", "bin_1", "label", "A", "--until", "2001-01-01", "--memory", "site.db"], "a date that is to come"),
    (["forget", "--memory", "site.db"], "one of both"),
    (["forget", "bin_1", "--before", "2020-01-01", "--memory", "site.db"], "one of both"),
    (["forget", "--before", "last week", "--memory", "site.db"], "--before: found 'last week'; allowed: a date as 2026-11-21"),
    (["search", "--memory", "site.db"], "found '0 ways to search'"),
    (["search", "can", "--near", "0,0,0", "--memory", "site.db"], "found '2 ways to search'"),
    (["search", "--near", "here", "--memory", "site.db"], "--near: found 'here'; allowed: three numbers [m]"),
    (["search", "--near", "0,0,nan", "--memory", "site.db"], "finite numbers"),
    (["search", "a", "--limit", "0", "--memory", "site.db"], "--limit: found '0'; allowed: a whole number from 1 to 1000"),
]


@pytest.mark.parametrize(("words", "line"), BAD)
def test_bad_usage_is_one_clear_line(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if "site.db" in words:
        with Memory.made(tmp_path / "site.db", "cell", WallClock()) as memory:
            begin(memory, "go home", workplace())
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert main(["memory", *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1 and line in shown.err
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_run_is_refused_before_it_begins_where_its_memory_is_none(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "site.db").write_text("not a memory")
    done = ran(environment, tmp_path, "run", "go home", "--world", "toy", "--memory", "site.db")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "this is no database" in done.stderr
    assert (tmp_path / "site.db").read_text() == "not a memory"


LOOKS = ("red", 0.9, "can", 0.9, False, 0.1, None)
CAN = Detection("parcel", (0.0, 0.0, 0.0), (0.05,) * 3, 0.0, (0.002,) * 3, *LOOKS, "wrist", (0, 0, 9, 9))


def test_a_job_that_was_broken_off_is_remembered_up_to_there(tmp_path: Path) -> None:
    """With what was done and answered; a process that dies before that leaves a job without an end."""
    step = {"skill": "look", "args": {"place": "parcel"}}
    with remembering(tmp_path / "site.db", "store everything", workplace()) as dead:
        assert dead.recollection is not None
    with remembering(tmp_path / "site.db", "store everything", workplace()) as job:
        assert job.heard is not None and job.named["memory"]["events"] == 14
        job.heard.append(Heard("Which?", ("a", "b"), "b", "unsure", "site"))
        journal = Journal()
        journal.noted(1.0, Note("skill", {**step, "status": "started"}))
        journal.noted(2.0, Note("skill", {**step, "status": "succeeded", "code": "ok", "seconds": 1.0}))
        journal.noted(2.0, Note("skill", {**step, "status": "started"}))
        known = {"text": "Which?", "options": ["a", "b"], "answer": "b", "why": "unsure", "answered_by": "memory: answer-7"}
        journal.noted(2.0, Note("recalled", known))
        assert journal.questions == [known]
        assert job.recollection is not None
        inventory = Inventory(workplace())
        job.recollection.begin(inventory)
        inventory.update("parcel", [CAN], 1.5)
        job.take_in(Outcome(None, "it was interrupted"), journal)
    with Memory(tmp_path / "site.db", WallClock()) as memory:
        broken, never = entries(memory, "jobs")
        assert [(thing["what"], thing["place"]) for thing in entries(memory, "objects")] == [("red can", "parcel")]
        assert broken["questions"] == 1
        assert (broken["success"], broken["trouble"], broken["steps"], broken["failed"]) == (False, "it was interrupted", 2, 1)
        assert never["success"] is None and never["ended"] is None
        assert prior_of(memory).answers["Which?"].answer == "b"


ITEM = Ask("What is the red item on the station (item-3)?", ("can", "box"), "can", "unsure")


@pytest.mark.parametrize(
    ("line", "given", "scope"),
    [("box", "box", "once"), ("2 @site", "box", "task"), ("Box @once", "box", "once"), ("box @ever", "can", None),
     ("@site", "can", None)],
)  # fmt: skip
def test_an_answer_may_say_how_far_it_holds(tmp_path: Path, line: str, given: str, scope: str | None) -> None:
    """What is about one item of one job cannot hold for the site; without a memory a scope is no part of an answer."""
    path, heard = tmp_path / "answers.txt", list[Heard]()
    path.write_text(f"{line}\n{line}\n")
    general = replace(ITEM, text="Which?")
    answer = from_file(path, heard)
    assert [answer(ITEM), answer(general)] == [given] * 2
    assert [h.scope for h in heard] == ([] if scope is None else [scope, "site" if "@site" in line else "once"])
    assert from_file(path)(general) == (given if "@" not in line else "can")
