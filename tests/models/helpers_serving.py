"""What the tests of serving share: a small policy, a real server process, a client as openpi's is, and servers that misbehave."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as listen

import moravec
from moravec.models.contract import CameraSpec, Channel, PolicyChunk, PolicyInput, PolicySpec, check_input
from moravec.models.remote.client import Patience, RemotePolicy
from moravec.models.serving.server import ServerEvent, ServerOptions, serve

SPEC = PolicySpec(
    state=(Channel("x", "m", "base"), Channel("y", "m", "base"), Channel("grip", "1", "", 0.0, 1.0)),
    cameras=(CameraSpec("front", 6, 8),),
    action=(Channel("dx", "m", "base", -1.0, 1.0), Channel("grip", "1", "", 0.0, 1.0)),
    rate=10.0,
    chunk=4,
)


class Wall:
    """The wall's clock."""

    def now(self) -> float:
        """Seconds."""
        return time.monotonic()


def look(prompt: str = "push the button", t: float = 0.0, x: float = 0.25) -> PolicyInput:
    """An observation that fits `SPEC`."""
    picture = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    return PolicyInput(t, np.array([x, 0.5, 1.0], dtype=np.float32), {"front": picture}, prompt)


class Obedient:
    """A policy that does to its server what the prompt says."""

    spec = SPEC

    def __init__(self) -> None:
        self.seed, self.asked = -1, 0

    def reset(self, seed: int) -> None:
        """A new episode."""
        self.seed, self.asked = seed, 0

    def act(self, seen: PolicyInput) -> PolicyChunk:
        """Row i: the state's x and i / 10, unless the prompt asks for mischief."""
        check_input(SPEC, seen)
        self.asked += 1
        actions = np.stack([np.full(4, seen.state[0]), np.arange(4) / 10], axis=1).astype(np.float32)
        word, _, number = seen.prompt.partition(" ")
        if word == "sleep":
            time.sleep(float(number))
        elif word == "spin":  # holds the interpreter, as a policy in plain Python does
            end = time.monotonic() + float(number)
            while time.monotonic() < end:
                pass
        elif word == "crash":
            raise ZeroDivisionError("the policy divides by nought\nin two lines")
        elif word == "exit":
            sys.exit(3)
        elif word == "nan":
            actions[2, 0] = np.nan
        elif word == "wide":
            actions = np.zeros((4, 7), dtype=np.float32)
        elif word == "rows":
            actions = np.zeros((int(number), 2), dtype=np.float32)
        elif word == "far":
            actions[1, 0] = 1.5
        notes = {"asked": float(self.asked), "seed": float(self.seed), "t": seen.t}
        return PolicyChunk(actions, 0.75, notes)


class Served:
    """A server process and what it told."""

    def __init__(self, options: dict[str, Any]) -> None:
        source = str(Path(moravec.__file__).parents[1])
        self.process = subprocess.Popen(
            [sys.executable, __file__, json.dumps({"port": 0, **options})],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source},
        )  # fmt: skip
        assert self.process.stdout is not None
        self.lines = self.process.stdout
        first = self.lines.readline().split("\t")
        assert first[0] == "listening", first
        self.address = first[1]
        self.port = int(self.address.rpartition(":")[2])
        self.uri = f"ws://{self.address}"

    def wait_for(self, kind: str) -> str:
        """The next event of that kind."""
        for line in self.lines:
            found, _, text = line.rstrip("\n").split("\t")
            if found == kind:
                return text
        raise AssertionError(f"the server ended without {kind}")

    def stop(self) -> int:
        """SIGTERM, and its exit status."""
        self.process.terminate()
        status = self.process.wait(10)
        self.lines.close()
        return status

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(10)
        self.lines.close()


@contextmanager
def served(**options: Any) -> Iterator[Served]:
    """A server process, for so long."""
    server = Served(options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


def plain(value: object) -> object:
    """An array or a scalar as openpi's client sends it, from the description of its codec."""
    if isinstance(value, np.ndarray):
        return {b"__ndarray__": True, b"data": value.tobytes(), b"dtype": value.dtype.str, b"shape": value.shape}
    if isinstance(value, np.generic):
        return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}
    return value


def known(found: dict[Any, Any]) -> Any:
    """What openpi's client makes of a map."""
    if b"__ndarray__" in found:
        return np.ndarray(buffer=found[b"data"], dtype=np.dtype(found[b"dtype"]), shape=found[b"shape"])
    if b"__npgeneric__" in found:
        return np.dtype(found[b"dtype"]).type(found[b"data"])
    return found


class Stock:
    """A client as openpi's: no compression, no limit, lock-step, and a text frame is an error."""

    def __init__(self, uri: str, key: str | None = None, **options: Any) -> None:
        headers = {"Authorization": f"Api-Key {key}"} if key else None
        self.ws = connect(uri, compression=None, max_size=None, additional_headers=headers, proxy=None, **options).__enter__()
        self.metadata = msgpack.unpackb(self.ws.recv(), object_hook=known)

    def infer(self, observation: dict[str, Any]) -> dict[str, Any]:
        """One request and its answer."""
        self.ws.send(msgpack.packb(observation, default=plain))
        answer = self.ws.recv()
        if isinstance(answer, str):
            raise RuntimeError(f"Error in inference server:\n{answer}")
        return msgpack.unpackb(answer, object_hook=known)

    def __enter__(self) -> Stock:
        return self

    def __exit__(self, *_: object) -> None:
        self.ws.close()


def wire(prompt: str = "push the button", **more: Any) -> dict[str, Any]:
    """An observation as openpi's clients write it."""
    seen = look(prompt)
    return {"observation/state": seen.state, "observation/front": seen.pictures["front"], "prompt": prompt, **more}


@contextmanager
def puppet(metadata: object, answer: Callable[[ServerConnection, Any], object], port: int = 0) -> Iterator[str]:
    """A server that answers a request with whatever `answer` gives: bytes and text as they are, None with nothing."""

    def talk(ws: ServerConnection) -> None:
        try:
            ws.send(metadata if isinstance(metadata, bytes | str) else msgpack.packb(metadata, default=plain))
            for message in ws:
                reply = answer(ws, msgpack.unpackb(message, object_hook=known))
                if reply is not None:
                    ws.send(reply if isinstance(reply, bytes | str) else msgpack.packb(reply, default=plain))
        except ConnectionClosed:
            pass

    with listen(talk, "127.0.0.1", port, compression=None, max_size=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


QUICK = Patience(act=0.5, connect=0.5, pause=0.05, longest=0.1)
ACTIONS = np.full((4, 2), 0.5, dtype=np.float32)
STOCK = {"actions": ACTIONS, "policy_timing": {"infer_ms": 3.0}, "server_timing": {"infer_ms": 4.0}}  # as openpi answers


def remote(uri: str, spec: PolicySpec | None = SPEC, patience: Patience = QUICK, **more: Any) -> RemotePolicy:
    """A policy behind `uri`, with little patience."""
    return RemotePolicy(uri, spec, clock=more.pop("clock", Wall()), patience=patience, **more)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def main() -> None:
    """The server process: options as JSON, one line for each event."""

    def tell(event: ServerEvent) -> None:
        sys.stdout.write("\t".join((event.kind, event.peer or event.text, event.text)) + "\n")
        sys.stdout.flush()

    serve(Obedient, ServerOptions(**json.loads(sys.argv[1])), clock=Wall(), tell=tell)


if __name__ == "__main__":
    main()
