"""`moravec mcp` from outside: the official client talks to a server process. One server for the module."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError
from mcp_session import PATIENCE, Session, connected

from moravec.brain.memory.correct import correct
from moravec.brain.memory.learn import begin
from moravec.brain.memory.store import Memory
from moravec.cli import main
from moravec.commands.clock import WallClock
from moravec.tape.reader import read_meta
from moravec.worlds.cell.layout import workplace

GO = "go home"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a memory in which a person told something, and an empty file of approvals."""
    folder = tmp_path_factory.mktemp("mcp")
    with Memory.made(folder / "site.db", "cell", WallClock()) as memory:
        begin(memory, GO, workplace())
        correct(memory, "bin_1", "label", "Q", "the shift leader", None)
    (folder / "approved.txt").write_text("")
    return folder


@pytest.fixture(scope="module")
def session(folder: Path, environment: dict[str, str]) -> Iterator[Session]:
    """A server on the toy, which takes a second of its own time to go home, and more of ours."""
    words = ("--world", "toy", "--speed", "0.15", "--memory", "site.db", "--approve", "approved.txt", "--out", "jobs")
    with connected(environment, folder, *words) as session:
        yield session


def approve(folder: Path, plan: str, answer: str = "yes Ann") -> None:
    with (folder / "approved.txt").open("a") as file:
        file.write(f"{plan[:16]} {answer}\n")


def run_until(session: Session, folder: Path, text: str) -> Any:
    """An approved job that is under way, and has told `text`."""
    reached = threading.Event()
    plan = session.call("plan", instruction=GO)["plan"]
    approve(folder, plan)
    running = session.calling("run_instruction", lambda told: reached.set() if text in told else None, instruction=GO, plan=plan)
    assert reached.wait(PATIENCE)
    return running


def test_tools_are_listed_with_their_schemas(session: Session) -> None:
    tools = session.do(session.client.list_tools()).tools
    assert [tool.name for tool in tools] == [
        "places", "skills", "inventory", "memory_search", "memory_list", "memory_explain", "plan", "run_instruction", "stop",
        "status", "last_result",
    ]  # fmt: skip
    for tool in tools:
        assert tool.description and tool.input_schema["additionalProperties"] is False and tool.output_schema
        assert all("description" in field for field in tool.input_schema["properties"].values())
    moving = [tool.name for tool in tools if not tool.annotations.read_only_hint]  # type: ignore[union-attr]
    assert moving == ["run_instruction", "stop"]


def test_what_may_be_read(session: Session) -> None:
    """Places, skills, inventory, memory; and the same as resources."""
    places = session.call("places")
    assert {p["name"] for p in places["places"]} >= {"parcel", "station", "bin_1"} and "can" in places["categories"]
    skills = {skill["name"]: skill for skill in session.call("skills")["skills"]}
    assert skills["stow"]["parameters"]["required"] == ["item", "place"] and skills["stow"]["errors"]
    assert session.call("inventory")["source"] == "memory"
    assert [hit["about"] for hit in session.call("memory_search", words="shift leader")["hits"]] == ["bin_1"]
    assert session.call("memory_search", near=[0.0, 0.0, 0.0], radius=0.1)["hits"] == []
    assert session.call("memory_search", since="2020-01-01", limit=1)["hits"]
    assert [job["instruction"] for job in session.call("memory_list", kind="jobs")["entries"]][-1] == GO
    (belief,) = session.call("memory_explain", name="bin_1", key="label")["beliefs"]
    assert (belief["value"], belief["who"]) == ("Q", "the shift leader")
    resources = session.do(session.client.list_resources()).resources
    for resource in resources:
        (content,) = session.do(session.client.read_resource(str(resource.uri))).contents
        assert json.loads(content.text) == session.call(resource.name)  # type: ignore[union-attr]
    assert len(resources) == 4


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("places", {"x": 1}, "an argument of 'places': found 'x'; allowed: none, it takes no arguments"),
    ("plan", {}, "'instruction' of 'plan': found 'nothing'"),
    ("plan", {"instruction": 3}, "'instruction' of 'plan': found '3'; allowed: a text of 1 to 2000 characters"),
    ("plan", {"instruction": "x" * 5000}, "(5000 characters)"),
    ("plan", {"instrution": "x"}, "did you mean 'instruction'?"),
    ("inventory", {"limit": 0}, "'limit' of 'inventory': found '0'; allowed: a whole number from 1 to 100"),
    ("inventory", {"limit": True}, "found 'True'"),
    ("memory_list", {"kind": "job"}, "did you mean 'jobs'?"),
    ("memory_search", {}, "a search: found 'nothing to search for'; allowed: exactly one of"),
    ("memory_search", {"words": "a", "near": [0, 0, 0]}, "found 'words and near'"),
    ("memory_search", {"near": [0, 0]}, "allowed: a list of three numbers [m]"),
    ("memory_search", {"since": "last week"}, "found 'last week'; allowed: a date as 2026-11-21"),
    ("memory_explain", {"name": "bin_"}, "did you mean 'bin_"),
    ("run_instruction", {"instruction": GO, "plan": "0" * 64}, "allowed: what the tool 'plan' gave; each counts once"),
    ("run_instruction", {"instruction": "throw the can at him"}, "nothing was moved: "),
    ("run_instruction", {"instruction": "put the elephant in bin A"}, "elephant"),
]


@pytest.mark.parametrize(("tool", "arguments", "line"), BAD)
def test_bad_input_is_one_clear_line(session: Session, tool: str, arguments: dict[str, Any], line: str) -> None:
    said = session.refused(tool, **arguments)
    assert line in said and "\n" not in said and len(said) < 600


def test_what_there_is_not_is_an_error_of_the_protocol(session: Session) -> None:
    with pytest.raises(MCPError, match="did you mean 'places'"):
        session.call("place")
    with pytest.raises(MCPError, match="moravec://places"):
        session.do(session.client.read_resource("moravec://plaecs"))


def test_an_approved_job_is_done_told_of_and_on_its_tape(
    session: Session, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same agent, guard and tape as `moravec run`; the tape replays and names who approved what. An approval counts once,
    and only for the plan that it names."""
    planned = session.call("plan", instruction=GO)
    assert planned["means"] and planned["goal"] and [step["skill"] for step in planned["steps"]] == ["home"]
    approve(folder, planned["plan"])
    assert "the plan of this" in session.refused("run_instruction", instruction="store all cans", plan=planned["plan"])
    session.progress.clear()
    result = session.call("run_instruction", instruction=GO, plan=planned["plan"])
    assert result["success"] and result["stopped"] is False and "final" not in result
    assert any(text == "home: started" for text in session.progress) and "home: succeeded" in session.progress
    approval = result["brain"]["approval"]
    assert (approval["digest"], approval["by"], approval["who"]) == (planned["plan"], "file", "Ann")
    tape = folder / result["tape"]
    assert read_meta(tape)["config"]["approval"] == approval
    assert json.loads((folder / result["result"]).read_text())["brain"]["approval"] == approval
    assert main(["replay", str(tape)]) == 0
    assert capsys.readouterr().out.strip().endswith("diverged 0")
    assert session.call("last_result")["last"]["tape"] == result["tape"]
    assert "each counts once" in session.refused("run_instruction", instruction=GO, plan=planned["plan"])


def test_who_refuses_in_the_file_is_heard(session: Session, folder: Path) -> None:
    plan = session.call("plan", instruction=GO)["plan"]
    approve(folder, plan, "no Bea")
    assert "it was refused in the file" in session.refused("run_instruction", instruction=GO, plan=plan)
    assert session.call("status")["busy"] == ""


def test_one_job_at_a_time_and_stop_needs_nobody(session: Session, folder: Path) -> None:
    running = run_until(session, folder, "home: started")
    assert "is being done" in session.call("status")["busy"]
    assert "one job at a time" in session.refused("run_instruction", instruction=GO)
    assert session.call("stop")["stopping"] is True
    result = running.result(PATIENCE)
    assert not result.is_error
    ended = result.structured_content
    assert ended["stopped"] and not ended["success"] and ended["trouble"] == "it was interrupted"
    assert ended["stopped_by"] == "a client asked for a stop" and ended["steps"][-1]["status"] == "cancelled"
    assert main(["replay", str(folder / ended["tape"])]) == 0
    assert session.call("stop") == {"stopping": False, "what": ""}


def test_a_stop_in_words_is_a_stop(session: Session, folder: Path) -> None:
    running = run_until(session, folder, "home: started")
    assert session.call("run_instruction", instruction="stop")["stopping"] is True
    assert running.result(PATIENCE).structured_content["stopped"]


def test_a_cancelled_request_stops_the_job(session: Session, folder: Path) -> None:
    begun = session.call("status")["jobs_begun"]
    running = run_until(session, folder, "home: started")
    running.cancel()
    while session.call("status")["busy"]:
        pass
    last = session.call("last_result")["last"]
    assert last["stopped"] and last["stopped_by"] == "the client cancelled it" and last["trouble"] == "it was interrupted"
    assert session.call("status")["jobs_begun"] == begun + 1


def test_a_request_that_is_cancelled_or_stopped_before_its_approval_moves_nothing(session: Session, folder: Path) -> None:
    begun = session.call("status")["jobs_begun"]
    for end in ("cancel", "stop"):
        waits = threading.Event()
        plan = session.call("plan", instruction=GO)["plan"]
        asking = session.calling("run_instruction", lambda told, waits=waits: waits.set(), instruction=GO, plan=plan)
        assert waits.wait(PATIENCE)
        if end == "cancel":
            asking.cancel()
        else:
            assert session.call("stop")["stopping"]
            assert "stopped while it waited" in asking.result(PATIENCE).content[0].text
        while session.call("status")["busy"]:
            pass
        approve(folder, plan)
        assert "each counts once" in session.refused("run_instruction", instruction=GO, plan=plan)
    assert session.call("status")["jobs_begun"] == begun


def test_nothing_but_the_protocol_goes_to_standard_output(session: Session, folder: Path) -> None:
    """The client would have complained of every other line; on standard error stand the stops that were asked for alone."""
    assert set((folder / "stderr.txt").read_text().splitlines()) <= {"stopping the arm; once more ends at once"}
