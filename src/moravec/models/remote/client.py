"""A policy behind a WebSocket, in the protocol of openpi: Moravec's own server, openpi's, vLLM-Omni's or
RoboArena's."""

from __future__ import annotations

import math
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, final

from moravec.core.clock import Clock
from moravec.core.errors import BadInput, ContractError
from moravec.models.contract import PolicyChunk, PolicyInput, PolicySpec, check_chunk, check_input, join
from moravec.models.errors import PolicyError, PolicyFailed, PolicyGone, PolicyLate
from moravec.models.remote.link import Link, check_uri
from moravec.models.serving.codec import LIMITS, Limits, pack, unpack
from moravec.models.serving.wire import (
    NAMES,
    OURS,
    RESET_DONE,
    WireNames,
    check_names,
    chunk_from_wire,
    observation,
    spec_from_wire,
)

ROBOARENA = "needs_session_id"  # the field of its metadata by which its servers are known
LONGEST_TEXT = 500  # letters of a server's error that are passed on


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for [s].

    `act`: from an observation to its chunk, a new connection included. `connect`: for the first connection and for a
    new episode, all tries together. Between tries `pause`, then twice as long each time, up to `longest`.
    """

    act: float = 1.0
    connect: float = 10.0
    pause: float = 0.1
    longest: float = 2.0

    def __post_init__(self) -> None:
        for name in ("act", "connect", "pause", "longest"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise BadInput(f"the patience for {name}", getattr(self, name), "seconds, more than 0")


PATIENCE = Patience()


@final
class RemotePolicy:
    """A policy on another machine, as if it were here. For one thread; connects when it is made.

    `spec` is what the robot offers; without it, what the server declares, and a server that declares nothing (openpi's
    own) cannot be used. `clock` is the one that dates the observations, a simulated one included: a chunk's notes tell
    `age_s`, from its observation to its arrival, `round_trip_s`, and the connections so far, `lines`. `wait` sleeps
    between tries.

    A line that is lost is made anew at the next observation: its episode goes on with the same seed, but a policy that
    remembers has forgotten. While no server can be reached, `act` raises PolicyGone at once; a try is made after each
    pause. Raises ContractError where the server's specification or its answer does not fit, and never tries to repair
    either.
    """

    def __init__(
        self,
        uri: str,
        spec: PolicySpec | None = None,
        *,
        clock: Clock,
        patience: Patience = PATIENCE,
        names: WireNames = NAMES,
        api_key: str | None = None,
        limits: Limits = LIMITS,
        tls: ssl.SSLContext | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.shown = check_uri(uri)
        self.metadata: Mapping[Any, Any] = {}
        self.lines = 0  # connections made so far
        self._uri, self._api_key, self._tls = uri, api_key, tls
        self._clock, self._wait, self._patience = clock, wait, patience
        self._names, self._limits = names, limits
        self._robot: PolicySpec | None = spec
        self._theirs: PolicySpec | None = None
        self._session = secrets.token_hex(8)
        self._seed: int | None = None
        self._link: Link | None = None
        self._pause, self._next_try = patience.pause, -math.inf
        self._spec: PolicySpec | None = spec
        self._connect_patiently()

    @property
    def spec(self) -> PolicySpec:
        """What the server declares, else what the robot offers."""
        if self._spec is None:  # no connection without one: `_greet`
            raise ContractError(f"the server at {self.shown} declares no specification; allowed: one given with the address")
        return self._spec

    def reset(self, seed: int) -> None:
        """A new episode: the server's policy forgets the last one, where its protocol can say so. Waits for a server
        that is away, as on connecting."""
        self._seed = seed
        if self._link is not None:
            try:
                self._say_reset(self._link, self._patience.connect)
            except (PolicyGone, PolicyLate):
                self._drop()
            except (PolicyFailed, ContractError):
                self._drop()
                raise
        self._connect_patiently()

    def act(self, seen: PolicyInput) -> PolicyChunk:
        """The server's chunk for `seen`. Raises PolicyLate past `patience.act`, PolicyGone without a server,
        PolicyFailed with the server's own words, ContractError for an answer that does not fit, BadInput for such an
        observation."""
        check_input(self.spec, seen)
        asked = self._clock.now()
        answer = self._ask(pack(self._request(seen)), asked + self._patience.act)
        arrived = self._clock.now()
        chunk = chunk_from_wire(self.spec, self._read(answer), self._names)
        check_chunk(self.spec, chunk)
        own = {"age_s": arrived - seen.t, "round_trip_s": arrived - asked, "lines": float(self.lines)}
        return PolicyChunk(chunk.actions, chunk.confidence, {**chunk.notes, **own})

    def close(self) -> None:
        """Says goodbye to the server."""
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _request(self, seen: PolicyInput) -> dict[str, Any]:
        request = observation(self.spec, seen, self._names)
        if self._theirs is not None:
            request[OURS] = {"t": float(seen.t)}
        elif ROBOARENA in self.metadata:
            request |= {"endpoint": "infer", "session_id": self._session}
        return request

    def _ask(self, frame: bytes, end: float) -> bytes | str:
        """Sends the request; over a new line, once, where the old one turns out to be lost."""
        link, self._link = self._link, None
        if link is not None:
            try:
                answer = link.exchange(frame, end - self._clock.now())
            except PolicyGone:  # a server that was started anew since the last observation
                self._next_try = -math.inf
            else:
                self._link = link
                return answer
        link = self._connect(end)
        answer = link.exchange(frame, end - self._clock.now())
        self._link = link
        return answer

    def _read(self, answer: bytes | str) -> Any:
        """What the server says. A text is an error, after which openpi's servers close the line: it is dropped."""
        if isinstance(answer, str):
            self._drop()
            lines = [line.strip() for line in answer.splitlines() if line.strip()] or ["nothing"]
            raise PolicyFailed(f"the server at {self.shown} says: {lines[-1][:LONGEST_TEXT]}")
        try:
            return unpack(answer, self._limits)
        except BadInput as error:
            self._drop()
            raise ContractError(f"the server at {self.shown}: {error}") from error

    def _drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.cut()

    def _connect_patiently(self) -> None:
        """Tries until there is a line or patience ends."""
        begin, waited, tries = self._clock.now(), 0.0, 0
        while self._link is None:
            pause = min(self._patience.pause * 2.0**tries, self._patience.longest)
            tries += 1
            self._next_try = -math.inf
            try:
                self._link = self._connect(begin + self._patience.connect)
            except (PolicyGone, PolicyLate) as error:
                # A simulated clock may stand still meanwhile: what was slept counts as well.
                if max(waited, self._clock.now() - begin) + pause >= self._patience.connect:
                    raise PolicyGone(f"{error}; tried {tries} times in {self._patience.connect:g} s") from error
                self._wait(pause)
                waited += pause

    def _connect(self, end: float) -> Link:
        """One try. Raises PolicyGone at once while it is too early for another."""
        early = self._next_try - self._clock.now()
        if early > 0.0:
            raise PolicyGone(f"no policy server at {self.shown}; the next try is in {early:.1f} s")
        try:
            link = Link(
                self._uri, max(1e-3, end - self._clock.now()), clock=self._clock, api_key=self._api_key,
                message_bytes=self._limits.message_bytes, tls=self._tls,
            )  # fmt: skip
            self._greet(link, end)
        except PolicyError:
            self._next_try = self._clock.now() + self._pause
            self._pause = min(2.0 * self._pause, self._patience.longest)
            raise
        self._pause, self._next_try = self._patience.pause, -math.inf
        self.lines += 1
        return link

    def _greet(self, link: Link, end: float) -> None:
        """Hears what the server says of itself, and goes on with the episode."""
        try:
            found = self._read(link.hello)
            if not isinstance(found, Mapping):
                raise ContractError(f"the server at {self.shown} says {type(found).__name__} of itself; allowed: a map")
            self._settle(found)
            if self._seed is not None:
                self._say_reset(link, end - self._clock.now())
        except (PolicyError, ContractError):
            link.cut()
            raise

    def _settle(self, found: Mapping[Any, Any]) -> None:
        """Takes the server's specification, or refuses it."""
        theirs = spec_from_wire(found[OURS]) if OURS in found else None
        if self._theirs is not None and theirs != self._theirs:
            raise ContractError(f"the server at {self.shown} serves another policy than before; allowed: the same")
        if theirs is not None and self._robot is not None:
            join(theirs, self._robot)
        spec = theirs or self._robot
        if spec is None:
            raise ContractError(
                f"the server at {self.shown} declares no specification (found {', '.join(map(str, found)) or 'nothing'}); "
                "allowed: one that does, or a specification given with the address"
            )
        check_names(spec, self._names)
        self.metadata, self._theirs, self._spec = found, theirs, spec

    def _say_reset(self, link: Link, seconds: float) -> None:
        """Tells the server of a new episode, where its protocol has words for it."""
        if self._theirs is not None:
            answer = self._read(link.exchange(pack({OURS: {"reset": self._seed}}), seconds))
            said = answer.get(OURS) if isinstance(answer, Mapping) else None
            seed = said.get("reset") if isinstance(said, Mapping) else None
            if type(seed) is not int or seed != self._seed:
                raise ContractError(f"the server at {self.shown}: found no answer to a new episode's seed; allowed: the seed")
        elif ROBOARENA in self.metadata:
            answer = link.exchange(pack({"endpoint": "reset", "session_id": self._session}), seconds)
            if answer != RESET_DONE:
                self._read(answer)
