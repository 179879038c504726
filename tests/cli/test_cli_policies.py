"""Which policy `--policy` means, and that a server's chunks are carried out as far as was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from websockets.sync.server import ServerConnection, serve

from moravec.commands.policies import opener
from moravec.core.errors import BadInput
from moravec.models.chunks import Why
from moravec.models.contract import PolicyInput
from moravec.models.serving.codec import pack, unpack
from moravec.trials.metaworld.suite import CAMERA, SIZES
from moravec.worlds.metaworld.scene import RATE

SIZE = SIZES["plain"]
CHUNK = 12


class Still:
    """As much of a scene as a policy's clock needs."""

    steps = 0


@contextmanager
def openpi(asked: list[dict[str, Any]]) -> Iterator[str]:
    """A server as openpi's is, which says nothing of its actions; every one of a chunk tells its place in it."""

    def answer(line: ServerConnection) -> None:
        line.send(pack({"policy": "toy"}))
        for message in line:
            asked.append(unpack(message))
            line.send(pack({"actions": np.tile(np.arange(CHUNK, dtype=np.float32)[:, None] / CHUNK, (1, 4))}))

    with serve(answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        host, port = server.socket.getsockname()[:2]
        yield f"ws://{host}:{port}"
        server.shutdown()
        thread.join()


def test_a_servers_chunks_are_carried_out_as_far_as_was_asked() -> None:
    """However little it says of itself: the first action of the first chunk, and then `--ahead` of each."""
    asked: list[dict[str, Any]] = []
    with openpi(asked) as uri:
        open_stepper, known = opener(uri, 8, ())
        assert known == {"policy": uri, "execute": 8}
        stepper = open_stepper(Still())  # type: ignore[arg-type]
        stepper.reset(0)
        picture = np.zeros((SIZE, SIZE, 3), np.uint8)
        places = []
        for k in range(20):
            step = stepper.next(PolicyInput(k / RATE, np.zeros(4, np.float32), {CAMERA: picture}, "push it"))
            assert step.why == Why.ACT and step.action is not None
            places.append(round(float(step.action[0]) * CHUNK))
        del stepper
    assert places == [0, *range(8), *range(8), 0, 1, 2]
    assert len(asked) == 4 and asked[0]["prompt"] == "push it" and asked[0][f"observation/{CAMERA}"].shape == (SIZE, SIZE, 3)


def test_baselines_are_known_by_name() -> None:
    for name in ("expert", "random"):
        assert opener(name, 4, ())[1] == {"policy": name}


@pytest.mark.parametrize(("name", "near"), [("exprt", "expert"), ("mnaip", "manip"), ("/nowhere", None), ("", None)])
def test_a_policy_that_is_none_is_refused(name: str, near: str | None) -> None:
    with pytest.raises(BadInput, match="--policy: found") as error:
        opener(name, 4, ())
    assert near is None or f"did you mean {near!r}" in str(error.value)
    assert "ws://HOST:PORT" in str(error.value)
