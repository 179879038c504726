"""`--brain URL` through the command line, against a real server process: plan, run, replay, doctor, recordings, keys."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hostile_tools
import pytest

pytest.importorskip("httpx", reason="the extra remote brings it")
from model_server import OBEY, Serving, started
from told import table

from moravec.cli import main
from moravec.tape.reader import read_meta

Shell = Callable[..., subprocess.CompletedProcess[str]]
WORDS = "unpack the delivery and store everything"
QUICK = "[limits]\npause = 0.01\ndeadline = 5\n"


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """A server process of this module."""
    with started() as serving:
        yield serving


READINGS = {words: {"readings": [table()[words]]} for words in (WORDS, "go home")}


Capture = pytest.CaptureFixture[str]


def test_a_plan_by_a_server(serving: Serving, moravec: Shell, tmp_path: Path) -> None:
    """The symbolic mind's goal and acts, and what was asked of the server; recorded, and planned again without it."""

    def plan(words: str, *more: str) -> subprocess.CompletedProcess[str]:
        return moravec("plan", words, "--world", "toy", "--json", *more)

    with serving(tmp_path, readings=READINGS) as server:
        done = plan(WORDS, "--brain", server.url, "--brain-record", "a.jsonl")
        asked = server.requests()
    assert done.returncode == 0, done.stderr
    result, own = json.loads(done.stdout), json.loads(plan(WORDS).stdout)
    acts = [[step for step in plan["steps"] if step["skill"] != "look"] for plan in (result, own)]
    assert result["goal"] == own["goal"] and acts[0] == acts[1] and "brain" not in own
    brain = result["brain"]
    assert brain["mind"] == f"{server.url}/v1" and brain["model"] == "toy-model" and brain["fallbacks"] == []
    assert [e["purpose"] for e in brain["exchanges"]] == ["read", "plan"] and brain["calls"] == len(asked) == 2
    again = json.loads(plan(WORDS, "--brain", "a.jsonl").stdout)
    assert again["steps"] == result["steps"] and again["brain"]["seconds"] == pytest.approx(brain["seconds"], abs=0.1)
    assert [e["outcome"] for e in again["brain"]["exchanges"]] == ["ok", "ok"] and again["brain"]["tokens_in"] == 200
    other = plan("store the cans", "--brain", "a.jsonl")
    assert other.returncode == 2 and other.stderr.count("\n") == 1
    assert other.stderr.startswith("moravec: a.jsonl holds no answer to this request")


def replayed(capsys: Capture, tape: Path) -> str:
    """`moravec replay`, in this process."""
    assert main(["replay", str(tape)]) == 0
    return capsys.readouterr().out.strip()


def test_a_run_by_a_server_replays_without_it(serving: Serving, moravec: Shell, tmp_path: Path, capsys: Capture) -> None:
    """result.json and the tape hold every exchange; replay needs no server."""
    with serving(tmp_path, {"do": "drop"}, OBEY, readings=READINGS) as server:
        (tmp_path / "s.toml").write_text(QUICK)
        words = ("run", "go home", "--world", "toy", "--out", "o", "--brain", server.url, "--brain-settings", "s.toml")
        done = moravec(*words)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "o" / "result.json").read_text())
    assert result["success"] is True
    assert [e["outcome"] for e in result["brain"]["exchanges"]] == ["lost", "ok", "ok"]
    assert result["brain"]["model"] == "toy-model"
    assert "3 calls" in done.stdout and "took over 0 times" in done.stdout
    assert replayed(capsys, tmp_path / "o" / "tape.mcap").endswith("diverged 0")


def test_outside_tools_are_on_the_tape_and_in_the_result(
    serving: Serving, moravec: Shell, tmp_path: Path, capsys: Capture
) -> None:
    """What they said, and the digest of what each claims to be; nothing else of the run is otherwise, and it replays without."""
    command = f"command = [{sys.executable!r}, {hostile_tools.__file__!r}]"
    (tmp_path / "t.toml").write_text(f"[[server]]\nname = 'stock'\n{command}\ntools = ['find_order']\ntimeout = 30\n")
    call = {"calls": [{"tool": "stock.find_order", "arguments": "{}"}]}
    turns = ({"do": "say", "text": call}, OBEY, {"do": "say", "text": {"calls": []}}, OBEY)
    with serving(tmp_path, *turns, readings=READINGS) as server:
        done = moravec("run", "go home", "--world", "toy", "--out", "o", "--brain", server.url, "--tools", "t.toml")
    assert done.returncode == 0, done.stderr
    tools = json.loads((tmp_path / "o" / "result.json").read_text())["brain"]["tools"]
    (said,) = tools["answers"]
    assert said["outcome"] == "ok" and hostile_tools.INJECTION in json.loads(said["text"])["note"] and tools["dropped"] == {}
    tape = tmp_path / "o" / "tape.mcap"
    assert read_meta(tape)["config"]["tools"] == tools["tools"] and len(tools["tools"]["stock.find_order"]) == 64
    assert replayed(capsys, tape).endswith("diverged 0")


def test_a_run_goes_on_when_the_server_is_no_use(
    serving: Serving, moravec: Shell, tmp_path: Path, capsys: Capture
) -> None:
    with serving(tmp_path, {"do": "say", "text": "hello"}) as server:
        done = moravec("run", "go home", "--world", "toy", "--out", "o", "--brain", server.url)
    assert done.returncode == 0, done.stderr
    assert "the symbolic mind takes over (read): 3 calls in a row failed alike" in done.stderr
    brain = json.loads((tmp_path / "o" / "result.json").read_text())["brain"]
    assert [f["purpose"] for f in brain["fallbacks"]] == ["read", "plan"] and brain["calls"] == 3
    assert replayed(capsys, tmp_path / "o" / "tape.mcap").endswith("diverged 0")


def test_the_key_is_in_no_file_and_no_line(serving: Serving, moravec: Shell, tmp_path: Path) -> None:
    key = "sk-very-secret-4711"
    (tmp_path / "k").write_text(f"{key}\n")
    (tmp_path / "log").mkdir()
    with serving(tmp_path / "log", {"do": "echo_key"}) as server:
        words = ("--world", "toy", "--brain", server.url, "--brain-key", "k", "--brain-record", "a.jsonl")
        done = moravec("run", "go home", *words, "--out", "o", "--json")
        assert server.requests()[0]["headers"]["Authorization"] == f"Bearer {key}"
    assert done.returncode == 0, done.stderr
    files = [p for p in tmp_path.rglob("*") if p.is_file() and p.name not in ("k", "requests.jsonl")]
    assert {"tape.mcap", "a.jsonl", "result.json"} <= {p.name for p in files}
    assert not [p for p in files if key.encode() in p.read_bytes()]
    assert key not in done.stdout + done.stderr and "HTTP 401" in done.stderr


def test_without_a_server_nothing_of_it_is_loaded(moravec: Shell) -> None:
    """The default needs neither the extra nor the room of remote minds."""
    code = (
        "import sys; from moravec.cli import main; main(['run', 'go home', '--world', 'toy', '--out', 'o', '--quiet']); "
        "sys.exit(str([m for m in sys.modules if m.startswith(('httpx', 'moravec.brain.remote'))]))"
    )
    done = moravec(program=("-c", code))
    assert done.stderr.splitlines()[-1] == "[]", done.stderr


def test_which_model(serving: Serving, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(tmp_path, models=("a", "b")) as server:
        assert main(["plan", "go home", "--brain", server.url]) == 2
        assert "--brain-model: found 'none, and the server offers several'; allowed: one of a, b" in capsys.readouterr().err


def test_no_server_and_no_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["plan", "go home", "--brain", "http://127.0.0.1:9"]) == 1
    line = capsys.readouterr().err
    assert line.startswith("moravec: no server at http://127.0.0.1:9/v1: ") and line.count("\n") == 1
    monkeypatch.delitem(sys.modules, "moravec.brain.remote.http", raising=False)
    monkeypatch.setitem(sys.modules, "httpx", None)
    assert main(["plan", "go home", "--brain", "http://127.0.0.1:9"]) == 1
    assert "pip install 'moravec[remote]' installs it" in capsys.readouterr().err


POINTING = {"do": "point", "scale": "thousand", "order": "xy", "style": "point_2d", "off": 0.0}


@pytest.mark.parametrize(
    ("change", "status", "detail"),
    [
        ({}, "ok", "metric: at most"),
        ({"order": "yx"}, "better", "otherwise than the profile 'unknown' says"),
        ({"off": 0.04}, "better", "not to be used to measure places"),
        ({"do": "obey"}, "better", "0 of 12 questions were answered"),
    ],
)
def test_doctor_says_whether_its_pointing_can_be_trusted(
    change: dict[str, Any], status: str, detail: str, serving: Serving, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "put the red cans in bin A"
    readings = {words: {"readings": ["move ( can red the ) to bin =a ; ."]}}
    with serving(tmp_path, {**POINTING, **change}, readings=readings) as server:
        main(["doctor", "--json", "--brain", server.url])
    told = json.loads(capsys.readouterr().out)
    findings = {finding["name"]: finding for finding in told["findings"]}
    assert findings["brain"]["status"] == "ok" and "takes a JSON schema" in findings["brain"]["detail"]
    assert findings["brain pointing"]["status"] == status and detail in findings["brain pointing"]["detail"]
    assert told["brain"]["model"] == "toy-model" and told["brain"]["ledger"]["calls"] >= 1


def test_doctor_says_that_nobody_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--brain", "http://127.0.0.1:9"]) == 1
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["brain"]["status"] == "missing" and "no server at" in findings["brain"]["detail"]
