"""A model server in a process of its own: it speaks the protocol, and behaves or misbehaves as its script says.

Run as a program it listens on a free port and prints it; it is given a script with PUT. A script holds "models", "turns" (what
it does with each POST in order; the last one lasts) and "readings" (instruction -> answer).
"""

from __future__ import annotations

import base64
import json
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

COLOURS = {"red": (220, 30, 30), "green": (30, 170, 40), "blue": (30, 60, 220), "yellow": (240, 220, 30)}
OBEY: dict[str, Any] = {"do": "obey"}


@dataclass(frozen=True)
class Server:
    """A running one."""

    url: str
    log: Path

    def requests(self) -> list[dict[str, Any]]:
        """Every POST so far: {"path", "headers", "body"}."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


Serving = Callable[..., AbstractContextManager[Server]]


@contextmanager
def started() -> Iterator[Serving]:
    """A process, and what gives it a new script: `serving(folder, *turns, models=, readings=)`, which logs into `folder`."""
    with subprocess.Popen([sys.executable, "-I", __file__], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"

        @contextmanager
        def serving(
            folder: Path, *turns: Mapping[str, Any], models: Sequence[str] = ("toy-model",), **more: Any
        ) -> Iterator[Server]:
            log = folder / "requests.jsonl"
            log.write_text("")
            script = {"models": models, "turns": turns or [OBEY], "readings": {}, "log": str(log), **more}
            with urllib.request.urlopen(urllib.request.Request(f"{url}/script", json.dumps(script).encode(), method="PUT")):
                yield Server(url, log)

        try:
            yield serving
        finally:
            process.kill()


# ── the process ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def obedient(data: Mapping[str, Any], readings: Mapping[str, Any]) -> Any:
    """What a good model answers to the questions of `brain.remote.prompt`."""
    if "instruction" in data:
        return readings[data["instruction"]]
    wanted, kinds = data["wanted"], {name: kind for name, kind, _ in data["places"]}
    here = {item["id"]: item["location"] for item in data["items"]}
    steps: list[tuple[str, str | None, str | None]] = []
    left = list(wanted["open"])
    for place in wanted["find_out"]:
        if place in left and ("look", None, place) in steps:
            left.remove(place)
            steps.append(("open", None, place))
        steps.append(("look", None, place))
    station = next((name for name, kind in kinds.items() if kind == "station"), None)
    for item, end in wanted["items_end_in"].items():
        hand = here[item] == "hand"
        if item in wanted["inspected"]:
            if here[item] != station:
                steps += [] if hand else [("pick", item, None)]
                steps.append(("place", item, station))
            steps.append(("inspect", item, None))
            hand = False
        if end != station:
            steps += [] if hand else [("pick", item, None)]
            steps.append(({"bin": "stow", "reject": "discard"}.get(kinds[end], "place"), item, end))
    steps += [("home", None, None)] if wanted["last_step"] else []
    return {"why": "as wanted", "steps": [dict(zip(("skill", "item", "place"), step, strict=True)) for step in steps]}


def pointed(parts: list[Any], scale: str, order: str, style: str, off: float) -> str:
    """The centre of the square that is asked for, found in the picture; `off` is added, as a share of the width."""
    import cv2
    import numpy as np

    uri, text = parts[0]["image_url"]["url"], parts[1]["text"]
    raw = np.frombuffer(base64.b64decode(uri.split(",")[1]), np.uint8)
    picture = cv2.cvtColor(cv2.imdecode(raw, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    colour = re.search(r"the (\w+) square", text)[1]  # type: ignore[index]
    ys, xs = np.nonzero(np.abs(picture.astype(int) - COLOURS[colour]).sum(axis=2) < 30)
    height, width = picture.shape[:2]
    x, y = (xs.min() + xs.max() + 1) / 2 / width + off, (ys.min() + ys.max() + 1) / 2 / height
    x, y = {"unit": (x, y), "thousand": (x * 1000, y * 1000), "pixels": (x * width, y * height)}[scale]
    pair = [round(v, 3 if scale == "unit" else 0) for v in ((x, y) if order == "xy" else (y, x))]
    if style == "tags":
        return f"<affordance> <frame 1>: ({pair[0]}, {pair[1]}) </affordance>"
    return json.dumps({"points": [{style: pair, "label": colour}]})


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    script: Mapping[str, Any] = MappingProxyType({})
    lock = threading.Lock()
    count = 0

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on standard error."""

    def do_PUT(self) -> None:
        """A new script."""
        with Handler.lock:
            Handler.script, Handler.count = json.loads(self.rfile.read(int(self.headers["Content-Length"]))), 0
        self._json({})

    def do_GET(self) -> None:
        """The models."""
        self._json({"object": "list", "data": [{"id": name, "object": "model"} for name in self.script["models"]]})

    def do_POST(self) -> None:
        """The next turn of the script."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with Handler.lock:
            turn = self.script["turns"][min(Handler.count, len(self.script["turns"]) - 1)]
            Handler.count += 1
            with Path(self.script["log"]).open("a") as log:
                log.write(json.dumps({"path": self.path, "headers": dict(self.headers), "body": body}) + "\n")
        if turn.get("no_schema") and "response_format" in body:
            self._send(400, "application/json", b'{"error": {"message": "response_format is not supported"}}')
            return
        with suppress(ConnectionError):
            getattr(self, "do_" + turn["do"])(turn, body)

    def do_obey(self, turn: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        answer = obedient(json.loads(body["messages"][1]["content"]), self.script["readings"])
        self._say(turn.get("before", "") + json.dumps(answer) + turn.get("after", ""))

    def do_say(self, turn: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        self._say(turn["text"] if isinstance(turn["text"], str) else json.dumps(turn["text"]), turn.get("finish", "stop"))

    def do_point(self, turn: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        if isinstance(body["messages"][-1]["content"], str):
            self.do_obey(turn, body)
        else:
            self._say(pointed(body["messages"][-1]["content"], *(turn[key] for key in ("scale", "order", "style", "off"))))

    def do_reply(self, turn: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        kind = turn.get("type", "application/json")
        self._send(turn.get("status", 200), kind, turn.get("body", "").encode(), turn.get("headers"))

    def do_echo_key(self, turn: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        self._send(401, "application/json", json.dumps({"error": f"wrong: {self.headers['Authorization']}"}).encode())

    def do_drop(self, turn: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        self._end(b"")

    def do_half(self, turn: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        self._end(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"choices": [{"mess')

    def do_slow(self, turn: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        time.sleep(turn["seconds"])
        self.do_obey(turn, body)

    def do_drip(self, turn: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + (b"" if turn["where"] == "head" else b"\r\n")
        self.wfile.write(head)
        for _ in range(400):
            self.wfile.write(b"X-Drip: 1\r\n" if turn["where"] == "head" else b" ")
            self.wfile.flush()
            time.sleep(0.05)

    def do_big(self, turn: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        self._send(200, "application/json", b'{"choices": "' + b"x" * turn["bytes"] + b'"}')

    def _say(self, text: str, finish: str = "stop") -> None:
        self._json({
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        })  # fmt: skip

    def _json(self, value: Any) -> None:
        self._send(200, "application/json; charset=utf-8", json.dumps(value).encode())

    def _send(self, status: int, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _end(self, last: bytes) -> None:
        self.wfile.write(last)
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
