"""A policy behind a WebSocket, in the protocol of openpi. A client that stalls, lies or sends garbage hurts only
itself.

The event loop never waits for the policy: it runs in one thread beside it, so that pings and other clients are answered
while it thinks. Each connection has one request under way, a policy of its own, and a limit on everything: the size of
a message, what is in it, how long it may take to come, to be answered and to be read.
"""

from __future__ import annotations

import asyncio
import hmac
import http
import logging
import signal
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from moravec.core.clock import Clock
from moravec.core.errors import BadInput, MoravecError
from moravec.models.contract import Policy, PolicySpec
from moravec.models.serving.codec import LIMITS, Limits, pack
from moravec.models.serving.session import Session
from moravec.models.serving.wire import check_key, check_names, metadata
from moravec.models.worker import Worker

FAILED, TRY_LATER = 1011, 1013  # WebSocket close codes (RFC 6455, and its registry)
LONGEST_TEXT = 2_000  # letters of an error
CLOSING = 2.0  # s for a client to answer a goodbye


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where to listen, for whom, and how much a client may ask for.

    `port` 0: any that is free. `api_key`: what a client must show as `Authorization: Api-Key KEY`; None: nothing.
    Seconds: `answer` from a request to its answer, waiting for its turn included; `idle` from an answer to the next
    whole request; `send` for a client to take an answer; `keepalive` between pings, and for their answer. `waiting`:
    requests of all clients together that are not answered yet. `metadata`: what else to say on connecting. `tls`: for
    wss://.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    api_key: str | None = None
    limits: Limits = LIMITS
    connections: int = 16
    waiting: int = 16
    answer: float = 60.0
    idle: float = 600.0
    send: float = 10.0
    keepalive: float = 20.0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise BadInput("the server's port", self.port, "0 to 65535")
        check_key(self.api_key)
        for name in ("connections", "waiting", "answer", "idle", "send", "keepalive"):
            if not getattr(self, name) > 0:
                raise BadInput(f"the server's {name}", getattr(self, name), "more than 0")


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """What an operator may want to read: `kind` is "listening", "joined", "left", "refused" (the client's fault),
    "failed" (the policy's) or "stopped"; `peer` is an address. `error` is what the policy raised."""

    kind: str
    peer: str
    text: str = ""
    error: BaseException | None = None


Tell = Callable[[ServerEvent], None]
OPTIONS = ServerOptions()


def _silent(event: ServerEvent) -> None:
    """Nobody listens."""


def serve(factory: Callable[[], Policy], options: ServerOptions = OPTIONS, *, clock: Clock, tell: Tell = _silent) -> None:
    """Serves until SIGINT or SIGTERM; returns when all connections are closed.

    `factory` makes one policy for each client (they may share weights); it and the policies run in one thread, never
    two at once. `clock` measures durations. `tell` hears "listening" with the address first. Raises BadInput where the
    address cannot be had, ContractError where the specification cannot be served.
    """

    async def main() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop.set)
        await PolicyServer(factory, options, clock=clock, tell=tell).run(stop)

    asyncio.run(main())


class _End(Exception):
    """The conversation ends: with `text` and a close code, or, with no code, by cutting the line."""

    def __init__(self, kind: str, text: str, code: int = FAILED, error: BaseException | None = None) -> None:
        super().__init__(text)
        self.kind, self.code, self.error = kind, code, error
        self.text = text[:LONGEST_TEXT].encode(errors="replace").decode()  # half a letter cannot be sent


class _Left(Exception):
    """The client went while its request was under way."""


@final
class PolicyServer:
    """The server as a coroutine, for a loop that exists already."""

    def __init__(
        self, factory: Callable[[], Policy], options: ServerOptions = OPTIONS, *, clock: Clock, tell: Tell = _silent
    ) -> None:
        self._factory = factory
        self._options = options
        self._clock = clock
        self._tell = tell
        self._open: set[str] = set()
        self._waiting = 0
        self._overdue = 0  # requests whose deadline has passed, and that the policy still works on

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop` is set."""
        self._worker = Worker()
        try:
            await self._serve(stop)
        finally:
            self._worker.close()

    async def _serve(self, stop: asyncio.Event) -> None:
        options = self._options
        first = await asyncio.wrap_future(self._worker.do(self._factory))
        self._spare: Policy | None = first
        self._spec: PolicySpec = first.spec
        check_names(self._spec)
        self._hello = pack(metadata(self._spec, options.metadata))
        logger = logging.Logger("moravec.serving")
        logger.addHandler(_ToOperator(self._tell))
        try:
            server: Server = await listen(
                self._client, options.host, options.port, ssl=options.tls, process_request=self._at_the_door,
                origins=[None],  # browsers name their origin, robots do not: no web page may reach a policy of this machine
                compression=None, max_size=options.limits.message_bytes, max_queue=2, logger=logger, close_timeout=CLOSING,
                ping_interval=options.keepalive, ping_timeout=options.keepalive,
            )  # fmt: skip
        except OSError as error:
            where, why = f"{options.host}:{options.port}", error.strerror or str(error)
            raise BadInput("the server's address", f"{where} ({why})", "an address of this machine, a free port") from error
        async with server:
            here = _address(next(iter(server.sockets)).getsockname())
            self._tell(ServerEvent("listening", here))
            await stop.wait()
        self._tell(ServerEvent("stopped", here))

    def _make(self) -> Policy:
        """A policy for one client: the one that gave the specification, or a new one. In the worker's thread."""
        spare, self._spare = self._spare, None
        return spare if spare is not None else self._factory()

    def _at_the_door(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answers what is no WebSocket, and who may not come in. None: come in."""
        if request.path.partition("?")[0] == "/healthz":
            if self._overdue:
                return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "the policy does not answer\n")
            return connection.respond(http.HTTPStatus.OK, "OK\n")
        if self._options.api_key is not None:
            shown = request.headers.get_all("Authorization")
            wanted = f"Api-Key {self._options.api_key}".encode()
            if len(shown) != 1 or not hmac.compare_digest(shown[0].encode("utf-8", "surrogateescape"), wanted):
                self._tell(ServerEvent("refused", _peer(connection), "no valid API key"))
                return connection.respond(http.HTTPStatus.UNAUTHORIZED, "a valid API key is needed\n")
        if len(self._open) >= self._options.connections:
            self._tell(ServerEvent("refused", _peer(connection), "too many connections"))
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "too many connections\n")
        return None

    async def _client(self, ws: ServerConnection) -> None:
        """One connection, from its handshake to its end."""
        peer = _peer(ws)
        session = Session(self._make, self._spec, self._clock, self._options.limits)
        self._open.add(peer)
        self._tell(ServerEvent("joined", peer))
        try:
            await self._send(ws, self._hello)
            while True:
                message = await self._request(ws)
                came = self._clock.now()
                await self._send(ws, await self._answer(ws, session, message, came))
                session.last_seconds = self._clock.now() - came
        except _End as end:
            self._tell(ServerEvent(end.kind, peer, end.text, end.error))
            await self._part(ws, end)
        except (ConnectionClosed, _Left):
            pass
        finally:
            self._open.discard(peer)
            self._worker.do(session.close)
            self._tell(ServerEvent("left", peer))

    async def _request(self, ws: ServerConnection) -> bytes:
        """The next whole request."""
        try:
            async with asyncio.timeout(self._options.idle):
                message = await ws.recv()
        except TimeoutError as error:
            raise _End("refused", f"a request: found none for {self._options.idle:g} s; allowed: sooner") from error
        if isinstance(message, str):
            raise _End("refused", "a request: found a text frame; allowed: a binary frame of msgpack")
        return message

    async def _answer(self, ws: ServerConnection, session: Session, message: bytes, came: float) -> bytes | str:
        """What the policy says to `message`, within its deadline."""
        if self._waiting >= self._options.waiting:
            raise _End("refused", f"the server is busy: {self._waiting} requests wait; try again later", TRY_LATER)
        job = self._worker.do(partial(session.answer, message, came))
        self._waiting += 1
        overdue = [False]
        job.add_done_callback(partial(self._settle, asyncio.get_running_loop(), overdue))
        future: asyncio.Future[bytes | str] = asyncio.wrap_future(job)
        gone = asyncio.ensure_future(ws.wait_closed())
        either: set[asyncio.Future[Any]] = {future, gone}
        try:
            await asyncio.wait(either, timeout=self._options.answer, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left = gone.done()
            gone.cancel()
            if not future.done():
                overdue[0] = not left and job.running()
                self._overdue += overdue[0]
                future.cancel()  # not begun: never begun
        if future.cancelled():
            if left:
                raise _Left
            raise _End("failed", f"the policy: found no answer after {self._options.answer:g} s; allowed: sooner")
        error = future.exception()
        if isinstance(error, BadInput):
            raise _End("refused", str(error))
        if error is not None:
            what = str(error) if isinstance(error, MoravecError) else f"{type(error).__name__}: {error}"
            raise _End("failed", f"the policy failed: {' '.join(what.split())}", error=error)
        return future.result()

    def _settle(self, loop: asyncio.AbstractEventLoop, overdue: list[bool], job: Future[Any]) -> None:
        """A request is off the books. In whatever thread ended it."""

        def count() -> None:
            self._waiting -= 1
            self._overdue -= overdue[0]

        if not loop.is_closed():
            loop.call_soon_threadsafe(count)

    async def _send(self, ws: ServerConnection, frame: bytes | str) -> None:
        try:
            async with asyncio.timeout(self._options.send):
                await ws.send(frame)
        except TimeoutError as error:
            raise _End("refused", f"an answer: found it unread for {self._options.send:g} s", code=0) from error

    async def _part(self, ws: ServerConnection, end: _End) -> None:
        """Says why, closes, and does not wait for one who does not listen."""
        try:
            if end.code:
                async with asyncio.timeout(CLOSING):
                    await ws.send(end.text)
                    await ws.close(end.code, end.text.encode()[:120].decode(errors="ignore"))
        except (TimeoutError, ConnectionClosed):
            pass
        finally:
            ws.transport.abort()


class _ToOperator(logging.Handler):
    """What the library complains about, such as a handshake that is none."""

    def __init__(self, tell: Tell) -> None:
        super().__init__(logging.ERROR)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Tells the operator."""
        cause = record.exc_info[1] if record.exc_info else None
        self._tell(ServerEvent("refused", "", f"{record.getMessage()}: {cause}" if cause else record.getMessage()))


def _peer(ws: ServerConnection) -> str:
    return _address(ws.remote_address or ("?", 0))


def _address(name: tuple[Any, ...]) -> str:
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
