"""Recordings, bounds in time and money, settings, addresses and keys of a remote mind."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from moravec.brain.remote.cassette import Recording, Replaying, request_hash
from moravec.brain.remote.chat import Chat, Question
from moravec.brain.remote.errors import CassetteError, ServerError
from moravec.brain.remote.ledger import Totals, over_budget
from moravec.brain.remote.limits import CallLimits, Prices
from moravec.brain.remote.profile import UNKNOWN, Profile
from moravec.brain.remote.settings import Settings, model_of, settings_of
from moravec.brain.remote.wire import Reply, check_key, check_url, said
from moravec.core.clock import ManualClock
from moravec.core.errors import BadInput


class Scripted:
    """A transport that gives what it is told to."""

    def __init__(self, *turns: Reply | ServerError) -> None:
        self.turns = list(turns)
        self.deadlines: list[float] = []

    def send(self, path: str, body: Mapping[str, Any] | None, deadline: float) -> Reply:
        self.deadlines.append(deadline)
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if isinstance(turn, ServerError):
            raise turn
        return turn


def reply(text: str, status: int = 200, after: float | None = None) -> Reply:
    body = {"choices": [{"message": {"content": text}}]}
    return Reply(status, "application/json", json.dumps(body).encode(), after)


HEAD = b'{"format": "moravec brain cassette", "version": 1, "model": "m"}\n'
ASK = Question("test", (said("user", "hello"),), {"type": "object"})


def chat(transport: Any, clock: ManualClock | None = None, limits: CallLimits | None = None) -> Chat:
    clock = clock or ManualClock()
    return Chat(transport, "m", "http://s/v1", clock, clock.advance, limits)


# ── recordings ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_recording_answers_as_the_server_did(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lost = ServerError("busy", "later", 0.1)
    turns = (lost, reply('{"a": 1}'), Reply(200, "application/json", b"\xff\xfe"), reply('{"a": 2}'))
    with Recording(Scripted(*turns), path, "m", ManualClock()) as recording:
        live = chat(recording)
        first = live.ask(ASK, lambda data: data["a"])
        with pytest.raises(ServerError, match="not JSON"):
            live.ask(Question("other", ASK.messages, ASK.schema), lambda data: data)
    replaying = Replaying(path)
    again = chat(replaying)
    assert replaying.model == "m" and again.ask(ASK, lambda data: data["a"]) == first == 1
    with pytest.raises(ServerError, match="not JSON"):
        again.ask(Question("other", ASK.messages, ASK.schema), lambda data: data)
    plain = [(e.purpose, e.outcome, e.why) for e in live.ledger.entries]
    assert plain == [(e.purpose, e.outcome, e.why) for e in again.ledger.entries]
    assert [e[1] for e in plain] == ["busy", "ok", "garbled"]


def test_what_was_not_recorded_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Recording(Scripted(reply("{}")), path, "m", ManualClock()) as recording:
        chat(recording).ask(ASK, lambda data: data)
    with pytest.raises(CassetteError, match="holds no answer to this request") as caught:
        chat(Replaying(path)).ask(Question("test", (said("user", "else"),), ASK.schema), lambda data: data)
    assert caught.value.exit_status == 2 and not isinstance(caught.value, ServerError)


def test_a_recording_holds_no_header_and_is_written_over_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Recording(Scripted(reply("{}")), path, "m", ManualClock()) as recording:
        chat(recording).ask(ASK, lambda data: data)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [sorted(row) for row in rows] == [["format", "model", "version"], ["path", "reply", "request", "seconds"]]
    with pytest.raises(CassetteError, match="is there already"):
        Recording(Scripted(), path, "m", ManualClock())
    with pytest.raises(CassetteError, match="no recording can be written"):
        Recording(Scripted(), tmp_path / "no" / "b.jsonl", "m", ManualClock())
    with Recording(Scripted(), tmp_path / "c.jsonl", "m", ManualClock()):
        pass
    assert not (tmp_path / "c.jsonl").exists()  # nothing was asked


def test_limits_in_time_are_reached_where_they_were(tmp_path: Path) -> None:
    """A question that ran out of patience then does so again, at once, and asks for nothing that was never recorded."""
    clock, path = ManualClock(), tmp_path / "a.jsonl"

    class Slow:
        def send(self, path: str, body: Any, deadline: float) -> Reply:
            clock.advance(4.0)
            return reply("no JSON")

    limits = CallLimits(patience=7.0, tries=9, repeats=9)
    ends, ledgers = [], []
    with Recording(Slow(), path, "m", clock) as recording:
        live = chat(recording, clock, limits)
        with pytest.raises(ServerError) as caught:
            live.ask(ASK, lambda data: data)
        ends.append(str(caught.value))
        ledgers.append(live.ledger.to_json())
    replaying = Replaying(path)
    again = chat(replaying, replaying.clock, limits)
    with pytest.raises(ServerError) as caught:
        again.ask(ASK, lambda data: data)
    assert [*ends, *ledgers] == [str(caught.value), again.ledger.to_json()] and "within 7 s" in ends[0]


SAID = b'1, "reply": {"status": %s, "content_type": "", %s, "retry_after": null}'
ROWS = [
    b'1, "failure": ["x", "", null]', b'1, "failure": ["busy", "", NaN]', b'1, "failure": ["busy", "", 1%s]' % (b"0" * 400),
    b'-1, "failure": ["busy", "", null]', b'null, "failure": ["busy", "", 1]', b'1, "failure": 7', b'1, "reply": 7',
    SAID % (b"200", b'"text": 5'), SAID % (b"200", b'"base64": "!"'), SAID % (b"Infinity", b'"text": ""'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "version 1"), (b"{}\n", "version 1"), (b"\xff\xfe", "not UTF-8"), (b'{"format": "moravec brain', "cut off"),
        (b'{"format": "moravec brain cassette", "version": 2, "model": "m"}\n', "version 1"),
        (HEAD + b'{"request": "a"}\n', "line 2"), (HEAD + b"7\n", "line 2"),
        *((HEAD + b'{"request": "a", "seconds": %s}\n' % row, "line 2") for row in ROWS),
    ],
)  # fmt: skip
def test_a_file_that_is_no_recording_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(CassetteError, match=words):
        Replaying(path)
    with pytest.raises(CassetteError, match="No such file"):
        Replaying(tmp_path / "b.jsonl")


def test_the_hash_is_of_what_is_asked() -> None:
    assert request_hash("/a", {"x": 1, "y": [2]}) == request_hash("/a", {"y": [2], "x": 1})
    asked: list[tuple[str, Any]] = [("/a", {"x": 1}), ("/b", {"x": 1}), ("/a", {"x": 2}), ("/a", None)]
    assert len({request_hash(path, body) for path, body in asked}) == 4


# ── bounds in time ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_pauses_double_and_a_servers_own_wish_counts() -> None:
    clock = ManualClock()
    busy = ServerError("busy", "later", 3.0)
    limits = CallLimits(pause=1.0, retries=2, repeats=9)
    with pytest.raises(ServerError, match="later"):
        chat(Scripted(ServerError("lost", "a"), busy, ServerError("late", "later")), clock, limits).ask(ASK, lambda data: data)
    assert clock.now() == 1.0 + 3.0
    with pytest.raises(ServerError) as caught:
        chat(Scripted(ServerError("busy", "half a minute", 30.0)), clock, limits).ask(ASK, lambda data: data)
    assert caught.value.kind == "busy" and clock.now() == 4.0  # it is not waited for


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_call_is_made_again_so_often_and_no_more(retries: int) -> None:
    talk = chat(Scripted(ServerError("lost", "gone")), limits=CallLimits(retries=retries, repeats=9))
    with pytest.raises(ServerError, match="gone"):
        talk.ask(ASK, lambda data: data)
    assert len(talk.ledger.entries) == 1 + retries


def test_patience_ends_whatever_is_tried() -> None:
    class Slow:
        def send(self, path: str, body: Any, deadline: float) -> Reply:
            clock.advance(deadline)
            return reply(f"no {clock.now()}")

    clock = ManualClock()
    limits = CallLimits(deadline=4.0, patience=10.0, tries=9)
    with pytest.raises(ServerError, match="within 10 s, all tries together"):
        chat(Slow(), clock, limits).ask(ASK, lambda data: data)
    assert clock.now() == 10.0


def test_a_cut_off_answer_is_rejected() -> None:
    body = {"choices": [{"message": {"content": '{"a": 1}'}, "finish_reason": "length"}]}
    transport = Scripted(Reply(200, "application/json", json.dumps(body).encode()))
    with pytest.raises(ServerError, match="cut off"):
        chat(transport).ask(ASK, lambda data: data)


def test_what_a_server_does_not_count_is_estimated() -> None:
    talk = chat(Scripted(reply('{"a": 1}')))
    talk.ask(ASK, lambda data: data)
    (entry,) = talk.ledger.entries
    assert not entry.counted and entry.tokens_in > 0 and entry.tokens_out > 0
    picture = f"data:image/png;base64,{'A' * 1_000_000}"
    talk.ask(Question("point", (said("user", "hello", (picture,)),), None), lambda data: data)
    assert 1000 < talk.ledger.entries[1].tokens_in < 3000  # by what a model sees, not by how it is written


@pytest.mark.parametrize(
    ("spent", "limits", "over"),
    [
        (Totals(), CallLimits(), False),
        (Totals(calls=59), CallLimits(calls=60), False), (Totals(calls=60), CallLimits(calls=60), True),
        (Totals(1, 9.0), CallLimits(seconds=10.0), False), (Totals(1, 10.0), CallLimits(seconds=10.0), True),
        (Totals(1, 0.0, 5, 4), CallLimits(tokens=10), False), (Totals(1, 0.0, 5, 5), CallLimits(tokens=10), True),
        (Totals(cost=0.0), CallLimits(cost=0.0), False), (Totals(cost=0.1), CallLimits(cost=0.0), True),
    ],
)  # fmt: skip
def test_budgets(spent: Totals, limits: CallLimits, over: bool) -> None:
    assert bool(over_budget(spent, limits)) is over


# ── settings, addresses, keys ────────────────────────────────────────────────────────────────────────────────────────────
def test_settings_are_read() -> None:
    text = '[limits]\ndeadline = 5\ncalls = 3\n[prices]\ntokens_in = 0.5\n[profile]\nscale = "unit"\n'
    found = settings_of(text)
    assert found.limits == CallLimits(deadline=5, calls=3) and found.prices == Prices(0.5, 0.0)
    assert found.profile("qwen3-vl").scale == "unit" and settings_of("") == Settings()


def test_the_settings_in_the_docs_are_the_defaults() -> None:
    document = (Path(__file__).parents[2] / "docs" / "brain.md").read_text()
    text, _robots = re.findall(r"```toml\n(.*?)```", document, re.DOTALL)
    found = settings_of(text)
    assert (found.limits, found.prices, found.profile("x")) == (CallLimits(), Prices(), UNKNOWN)
    named = [line.split("=")[0].strip() for line in text.splitlines() if "=" in line]
    wanted = [field.name for kind in (CallLimits, Prices, Profile) for field in fields(kind) if field.name != "family"]
    assert sorted(named) == sorted(wanted)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits", "a TOML file"), ("limits = 3", "a table"), ("[limit]\na = 1", "did you mean 'limits'"),
        ("[limits]\ndeadlin = 1", "did you mean 'deadline'"), ("[limits]\ndeadline = 0", "from 0.01 to 3600"),
        ("[limits]\ndeadline = nan", "from 0.01 to 3600"), ("[limits]\ncalls = 1.5", "a whole number"),
        ("[limits]\ncalls = true", "a whole number"), ("[prices]\ntokens_in = -1", "from 0"),
        ("a = " + "[" * 20_000, "a TOML file"), ("[limits]\nseconds = 0", "from 0.01"), ("[profile]\nfamily = 5", "a name"),
        ("[profile]\nmax_aspect = true", "a number from 1 to 100"),
        ("[profile]\nscale = 'x'", "one of pixels"), ("[profile]\nsclae = 'unit'", "did you mean 'scale'"),
    ],
)  # fmt: skip
def test_settings_that_are_none_are_refused(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        settings_of(text)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"), ("http://h:1/v1/", "http://h:1/v1"),
        ("https://h/compatible-mode/v1", "https://h/compatible-mode/v1"), ("http://[::1]:9", "http://[::1]:9/v1"),
        ("http://h/v1/chat/completions", "http://h/v1"),
    ],
)  # fmt: skip
def test_addresses(url: str, base: str) -> None:
    assert check_url(url) == base and check_url(base) == base


@pytest.mark.parametrize(
    "url", ["ftp://h", "http://", "h:80", "http://h:x", "http://u:p@h", "http://h/?key=s", "http://h/#a", "http://h/ x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_url(url)
    assert ":p@" not in str(caught.value)


def test_a_key_does_not_go_in_clear_to_another_machine() -> None:
    check_key("http://127.0.0.1:1/v1", "k")
    check_key("https://far/v1", "k")
    check_key("http://far/v1", None)
    far = "https://far/v1"
    for base, key in (("http://far/v1", "secret"), (far, "two\nlines"), (far, ""), (far, "é")):
        with pytest.raises(BadInput) as caught:
            check_key(base, key)
        assert "secret" not in str(caught.value) and "two" not in str(caught.value)


def test_the_model_is_the_one_that_is_offered() -> None:
    def offers(*names: str) -> Scripted:
        return Scripted(Reply(200, "application/json", json.dumps({"data": [{"id": name} for name in names]}).encode()))

    assert model_of(offers("a"), "s", 1.0) == "a"
    with pytest.raises(BadInput, match="one of a, b"):
        model_of(offers("a", "b"), "s", 1.0)
    with pytest.raises(ServerError, match="lists no model"):
        model_of(offers(), "s", 1.0)
