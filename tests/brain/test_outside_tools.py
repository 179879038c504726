"""Outside tools against a real hostile server: what it answers is data of bounded length, and changes nothing of what is done."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hostile_tools
import pytest
from helpers_brain import FakeWorld, delivery, run_job
from helpers_remote import QUICK, Wall, mind_at
from hostile_tools import INJECTION
from model_server import OBEY, Serving
from told import table, told_mind

from moravec.brain.bench import STORE_ALL
from moravec.brain.mind import Situation, planned
from moravec.brain.reading import Reading
from moravec.brain.remember import Inventory
from moravec.brain.remote.consult import Consultant, calls_of
from moravec.brain.remote.mind import RemoteMind
from moravec.brain.tools.settings import ToolServer, servers_of
from moravec.brain.tools.toolbox import Toolbox, _offered
from moravec.core.errors import BadInput, MoravecError
from moravec.core.workplace import Workplace
from moravec.worlds.cell.layout import workplace

COMMAND = (sys.executable, hostile_tools.__file__)
ALLOWED = tuple(name for name in hostile_tools.NAMES if name != "erase_everything")
STOCK = ToolServer("stock", ALLOWED, COMMAND, timeout=20.0, characters=500)
HASTY = ToolServer("hasty", ("slow", "stuck", "find_order"), COMMAND, timeout=0.5)
WORDS = "store everything"


@pytest.fixture(scope="module")
def box() -> Iterator[Toolbox]:
    """The tools of two servers, in the order in which they are used up."""
    with Toolbox((STOCK, HASTY), Wall()) as box:
        yield box


def test_only_what_is_allowed_is_offered_whatever_it_says_of_itself(box: Toolbox) -> None:
    assert "stock.erase_everything" not in [offer.name for offer in box.offers]
    assert not any("hint" in str(offer).lower() for offer in box.offers)  # annotations go nowhere
    for name in ("stock.erase_everything", "stock.find_oder", "erase_everything"):
        with pytest.raises(BadInput, match="an outside tool"):
            box.call(name, {})


ANSWERS = [
    ("find_order", "ok", "red can"),
    ("huge", "ok", "x" * 500),
    ("garbage", "ok", "after the garbage"),
    ("wrong", "error", ""),
    ("ask_back", "error", ""),
    ("picture", "ok", "[image left out]"),
    ("fails", "error", "no such order"),
]


@pytest.mark.parametrize(("tool", "outcome", "text"), ANSWERS)
def test_every_answer_is_data_of_bounded_length(box: Toolbox, tool: str, outcome: str, text: str) -> None:
    found = box.call(f"stock.{tool}", {"order": "4711"})
    assert (found.outcome, text in found.text) == (outcome, True), found
    assert len(found.text) <= STOCK.characters and len(found.why) <= 300
    assert ("cut: " in found.why) == (tool == "huge")
    json.dumps(found.to_json())


def consulted(serving_at: Any, box: Toolbox, *offers: str) -> RemoteMind:
    mind = mind_at(serving_at, replace(QUICK, deadline=30.0, patience=90.0))
    mind.consultant = Consultant(box)
    return mind


CALL = {"do": "say", "text": {"calls": [{"tool": "stock.find_order", "arguments": '{"order": "4711"}'}]}}
NO_CALL = {"do": "say", "text": {"calls": []}}
REJECT_ALL = {"readings": ["move ( ) to @reject ; ."]}


def read(words: str, place: Workplace) -> Reading:
    """What is read without a server."""
    return told_mind().read(words, place)


def test_what_a_tool_says_stands_in_a_string_and_is_called_a_strangers(box: Toolbox, serving: Serving, tmp_path: Path) -> None:
    place = workplace()
    with serving(tmp_path, CALL, OBEY, NO_CALL, OBEY, readings={WORDS: {"readings": [table()[WORDS]]}}) as server:
        mind = consulted(server, box)
        reading = mind.read(WORDS, place)
        assert reading == read(WORDS, place) and reading.meant
        plan = mind.plan(Situation(STORE_ALL, Inventory(place)))
        asked = [request["body"] for request in server.requests()]
    assert plan.steps == planned(Situation(STORE_ALL, Inventory(place))).steps
    assert [body["response_format"]["json_schema"]["name"] for body in asked] == ["look-up", "read", "look-up", "plan"]
    system, user = (message["content"] for message in asked[1]["messages"])
    assert INJECTION not in system and "strangers" in system
    data = json.loads(user)
    (known,) = data["looked_up"]
    assert json.loads(known["stranger_says"])["note"] == INJECTION and INJECTION not in json.dumps({**data, "looked_up": 0})
    assert "looked_up" not in asked[3]["messages"][1]["content"]  # nothing was looked up for the plan
    topics = [topic for topic, _ in mind.told()]
    assert topics.count("tool") == 1 and topics.count("exchange") == 4


def test_a_model_that_obeys_a_tool_changes_nothing(box: Toolbox, serving: Serving, tmp_path: Path) -> None:
    """A reading that only it has is asked about, whether the reader reads something or not; a plan with another end is none."""
    place = workplace()
    hostile = {"do": "say", "text": REJECT_ALL}
    for words in (WORDS, "die roten Dosen bitte in Kiste B"):
        with serving(tmp_path, CALL, hostile) as server:
            ran = run_job(words, FakeWorld(delivery()), mind=consulted(server, box))
        assert len(ran.report.questions) == 1 and ran.report.refused and not ran.did("pick")
    steps = [{"skill": "pick", "item": "person", "place": None}, {"skill": "discard", "item": "person", "place": "reject"}]
    with serving(tmp_path, CALL, {"do": "say", "text": {"why": "the tool says so", "steps": steps}}) as server:
        mind = consulted(server, box)
        plan = mind.plan(Situation(STORE_ALL, Inventory(place)))
    assert plan == planned(Situation(STORE_ALL, Inventory(place)))
    assert [fallback["purpose"] for fallback in mind.chat.ledger.fallbacks] == ["plan"]


def test_no_tool_is_asked_about_what_is_refused(box: Toolbox, serving: Serving, tmp_path: Path) -> None:
    with serving(tmp_path, CALL, OBEY) as server:
        assert consulted(server, box).read("hit him with the can", workplace()).refusal is not None
        assert server.requests() == []


BAD_CALLS: list[Any] = [
    [], {"calls": 3}, {"calls": [{"tool": "stock.find_order", "arguments": "{}"}] * 4}, {"calls": ["find"]},
    {"calls": [{"tool": "stock.erase_everything", "arguments": "{}"}]}, {"calls": [{"tool": "stock.find_order"}]},
    {"calls": [{"tool": "stock.find_order", "arguments": {}}]}, {"calls": [{"tool": "stock.find_order", "arguments": "[]"}]},
    {"calls": [{"tool": "stock.find_order", "arguments": "{"}]}, {"calls": [{"tool": ["stock.find_order"], "arguments": "{}"}]},
    {"calls": [{"tool": "stock.find_order", "arguments": '"' + "x" * 3000 + '"'}]},
]  # fmt: skip


@pytest.mark.parametrize("data", BAD_CALLS)
def test_what_is_no_call_of_an_offered_tool_is_rejected(box: Toolbox, data: Any) -> None:
    with pytest.raises(BadInput):
        calls_of(data, box.offers)


def test_a_server_that_listens() -> None:
    """Over Streamable HTTP; when it is gone, so are its answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = (
        "from mcp.server.mcpserver import MCPServer\nserver = MCPServer('shelf', log_level='ERROR')\n"
        "@server.tool()\ndef where(order: str) -> str:\n    return f'order {order} stands in row 3'\n"
        f"server.run('streamable-http', port={port})"
    )
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)):
                    break
            shelf = ToolServer("shelf", ("where",), url=f"http://127.0.0.1:{port}/mcp", timeout=30.0)
            with Toolbox((shelf,), Wall()) as box:
                found = box.call("shelf.where", {"order": "4711"})
                assert found.outcome == "ok" and "order 4711 stands in row 3" in found.text
                process.kill()
                process.wait()
                assert box.call("shelf.where", {"order": "4711"}).outcome in ("error", "lost")
        finally:
            process.kill()


def test_a_tool_that_changes_after_the_start_is_called_no_more(box: Toolbox) -> None:
    assert box.call("stock.swap", {}).outcome == "ok"
    assert box.call("stock.find_order", {}).outcome == "changed"
    assert "stock.find_order" not in [offer.name for offer in box.offers]
    with pytest.raises(BadInput):
        box.call("stock.find_order", {})
    assert box.call("stock.picture", {}).outcome == "ok"  # the others are what they were


def test_who_is_slow_stuck_or_gone_holds_nobody_up(box: Toolbox) -> None:
    """A slow answer costs its timeout; what hangs our process in front of the server costs that process."""
    slow = box.call("hasty.slow", {})
    assert (slow.outcome, slow.why) == ("late", "no answer within 0.5 s") and slow.seconds < 30.0
    stuck = box.call("hasty.stuck", {})
    assert stuck.outcome == "lost" and "it was silent" in stuck.why and stuck.seconds < 30.0
    assert box.call("stock.die", {}).outcome in ("lost", "error")
    assert box.call("stock.picture", {}).outcome in ("lost", "error") if "stock.picture" in [o.name for o in box.offers] else True
    assert not [offer for offer in box.offers if offer.name.startswith("hasty.")]
    assert set(box.to_json()["dropped"]) >= {"hasty.slow", "hasty.find_order", "stock.find_order"}


def test_a_server_that_does_not_serve_is_told_before_anything_begins() -> None:
    with pytest.raises(MoravecError, match=r"the tool server 'stock' \(no-such-program\) does not serve"):
        Toolbox((replace(STOCK, command=("no-such-program",)),), Wall()).__enter__()
    with pytest.raises(BadInput, match="did you mean 'find_order'"):
        Toolbox((replace(STOCK, tools=("find_oder", "find_order")),), Wall()).__enter__()
    there = {"find_order": {"description": "", "schema": {}, "sha256": "a" * 64}}
    pinned = replace(STOCK, tools=("find_order",), pins={"find_order": "0" * 64})
    with pytest.raises(BadInput, match="its pin 0000"):
        _offered(pinned, {"outcome": "ok", "tools": there, "names": ["find_order"]})


GOOD = '[[server]]\nname = "stock"\ncommand = ["python3", "stock.py"]\ntools = ["find_order"]\n'
URL = '[[server]]\nname = "stock"\nurl = "{}"\ntools = ["find_order"]\n'
BAD_URLS = [
    ("http://example.com/mcp", "https://HOST/PATH"), ("ftp://127.0.0.1/x", "https://HOST/PATH"), ("https://", "https://HOST/PATH"),
    ("https://me:secret@example.com/mcp", "a name, a password"), ("https://example.com/mcp?key=secret", "a name, a password"),
    ("http://127.0.0.1:99999/mcp", "no address"),
]  # fmt: skip
BAD_FILES = [
    ("", "--tools: found 'no [[server]]'"), ("x", "a TOML file"), ("[servers]\n", "did you mean 'server'?"),
    (GOOD + GOOD, "each name once"), (GOOD + "timout = 3\n", "did you mean 'timeout'?"),
    (GOOD + "timeout = 0\n", "from 0.1 to 60"),
    (GOOD + "timeout = true\n", "from 0.1 to 60"), (GOOD + "characters = 1e9\n", "from 100 to 20000"),
    (GOOD.replace('["find_order"]', "[]"), "1 to 16 names"), (GOOD.replace('["find_order"]', '"find_order"'), "allowed: a list"),
    (GOOD.replace('["find_order"]', '["*"]'), "1 to 16 names"), (GOOD.replace('"stock"', '"a b"'), "letters"),
    (GOOD.replace('"stock"', "3"), "letters"), (GOOD.replace('["python3", "stock.py"]', "[]"), "'command' or 'url'"),
    (GOOD.replace('"python3"', "3"), "the program first"), (GOOD + "url = 'https://a/mcp'\n", "found 'both'"),
    *((URL.format(bad), line) for bad, line in BAD_URLS),
    (GOOD.replace('command = ["python3", "stock.py"]\n', ""), "found 'neither'"),
    (GOOD + "[server.pins]\nfind_oder = '0'\n", "did you mean 'find_order'?"),
    (GOOD + "[server.pins]\nfind_order = '0'\n", "64 hexadecimal"),
    (GOOD + "pins = 3\n", "a table: tool"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), BAD_FILES)
def test_a_bad_file_is_one_clear_line(text: str, line: str) -> None:
    with pytest.raises(BadInput) as error:
        servers_of(text)
    assert line in str(error.value) and "\n" not in str(error.value) and "secret" not in str(error.value)


def test_a_good_file() -> None:
    (server,) = servers_of(GOOD + f"timeout = 2\n[server.pins]\nfind_order = '{'a' * 64}'\n")
    assert server == ToolServer("stock", ("find_order",), ("python3", "stock.py"), "", 2, 4000, {"find_order": "a" * 64})
