"""One client's conversation: what is said to a request. No sockets; all of it runs in the worker's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np

from moravec.core.clock import Clock
from moravec.core.errors import BadInput, ContractError
from moravec.models.contract import Policy, PolicySpec, check_chunk
from moravec.models.serving.codec import Limits, pack, unpack
from moravec.models.serving.wire import OURS, RESET_DONE, seen_from_wire

ENDPOINTS = ("infer", "reset")
SEEDS = 1 << 63


@final
class Session:
    """Answers requests from a policy of its own, so that no client can reset or confuse another's episode."""

    def __init__(self, make: Callable[[], Policy], spec: PolicySpec, clock: Clock, limits: Limits) -> None:
        self._make = make
        self._spec = spec
        self._clock = clock
        self._limits = limits
        self._opened = clock.now()
        self._policy: Policy | None = None
        self.last_seconds: float | None = None  # from the last request to its answer sent, as the server measured it

    def answer(self, message: bytes, came: float) -> bytes | str:
        """The frame that answers `message`, which came at `came` [s]. Raises BadInput for a request that cannot be
        answered, ContractError where the policy breaks its own contract, and whatever the policy raises."""
        began = self._clock.now()
        request = unpack(message, self._limits)
        if not isinstance(request, dict):
            raise BadInput("a request", type(request).__name__, "a map")
        endpoint = request.get("endpoint", "infer")
        if not isinstance(endpoint, str) or endpoint not in ENDPOINTS:
            raise BadInput("the endpoint", str(endpoint)[:40], ENDPOINTS)
        ours = request.get(OURS)
        if isinstance(ours, Mapping) and "reset" in ours:
            seed = _seed(ours["reset"])
            self._policy_now().reset(seed)
            return pack({OURS: {"reset": seed}})
        if endpoint == "reset":
            self._policy_now().reset(_seed(request.get("seed", 0)))
            return RESET_DONE
        return self._infer(request, came, began)

    def close(self) -> None:
        """Lets go of the policy; one that can be closed is closed."""
        policy, self._policy = self._policy, None
        close = getattr(policy, "close", None)
        if callable(close):
            close()

    def _infer(self, request: Mapping[Any, Any], came: float, began: float) -> bytes:
        seen = seen_from_wire(self._spec, request, now=began - self._opened)
        policy = self._policy_now()
        asked = self._clock.now()
        chunk = policy.act(seen)
        answered = self._clock.now()
        check_chunk(self._spec, chunk)
        server = {"infer_ms": 1e3 * (self._clock.now() - began), "wait_ms": 1e3 * (began - came)}
        if self.last_seconds is not None:
            server["prev_total_ms"] = 1e3 * self.last_seconds
        return pack(
            {
                "actions": np.asarray(chunk.actions, dtype=np.float32),
                "confidence": float(chunk.confidence),
                "policy_timing": {"infer_ms": 1e3 * (answered - asked)},
                "server_timing": server,
                "notes": {str(key): float(value) for key, value in chunk.notes.items()},
            }
        )

    def _policy_now(self) -> Policy:
        """The policy of this client, made when it is first needed: who only knocks costs nothing."""
        if self._policy is None:
            policy = self._make()
            if policy.spec != self._spec:
                raise ContractError("the policy's specification: found another than that of the server; allowed: the same")
            policy.reset(0)
            self._policy = policy
        return self._policy


def _seed(found: object) -> int:
    if type(found) is not int or not 0 <= found < SEEDS:
        raise BadInput("the seed", str(found)[:40], f"a whole number from 0 to {SEEDS - 1}")
    return found
