"""One connection to a policy server: nothing on it takes longer than it may."""

from __future__ import annotations

import socket
import ssl
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import final

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect

from moravec.core.clock import Clock
from moravec.core.errors import BadInput
from moravec.models.errors import PolicyFailed, PolicyGone, PolicyLate
from moravec.models.serving.wire import check_key

SCHEMES = ("ws", "wss")
CLOSING = 0.5  # s for a server to answer a goodbye
FAULTS = 500  # an HTTP status from here on is the server's trouble and may pass; below, asking again does not help


def is_remote(name: str) -> bool:
    """Whether a policy's name is the address of a server: ws://.. or wss://.."""
    return name.partition("://")[0].lower() in SCHEMES and "://" in name


def check_uri(uri: str) -> str:
    """`uri` as it may be shown. Raises BadInput for what is no address of a policy server, or holds a password."""
    allowed = "ws://HOST:PORT or wss://HOST:PORT"
    try:
        parts = urllib.parse.urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise BadInput("the policy's address", uri, allowed) from error
    if parts.scheme not in SCHEMES or not parts.hostname or parts.fragment:
        near = {"http": "ws://", "https": "wss://"}.get(parts.scheme)
        raise BadInput("the policy's address", uri, allowed + (f"; did you mean {near}?" if near else ""))
    if parts.username or parts.password:
        raise BadInput("the policy's address", "one with a name or password in it", f"{allowed}, and the API key on its own")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path}"


@final
class Link:
    """A connection, from its handshake to its end. For one thread.

    Raises PolicyGone where it cannot be had or is lost, PolicyFailed where the server refuses it, and PolicyLate past a
    deadline; a link that was late or lost is cut, so that no later answer can be taken for another's.
    """

    def __init__(
        self, uri: str, seconds: float, *, clock: Clock, api_key: str | None, message_bytes: int, tls: ssl.SSLContext | None
    ) -> None:
        self._clock = clock
        self.shown = check_uri(uri)
        self._late = False
        check_key(api_key)
        if tls is not None and not self.shown.startswith("wss"):
            raise BadInput("the policy's address", self.shown, "wss://.., with a certificate to check")
        end = clock.now() + seconds
        headers = {"Authorization": f"Api-Key {api_key}"} if api_key is not None else None
        self._stack = ExitStack()
        try:
            self._ws = self._stack.enter_context(
                connect(
                    uri, compression=None, max_size=message_bytes, additional_headers=headers, ssl=tls, proxy=None,
                    open_timeout=seconds, close_timeout=CLOSING,
                    ping_interval=None,  # a server may think for longer than a ping may take: requests have deadlines
                )
            )  # fmt: skip
        except InvalidStatus as error:
            status, body = error.response.status_code, bytes(error.response.body or b"")[:200].decode(errors="replace").strip()
            kind = PolicyGone if status >= FAULTS else PolicyFailed
            raise kind(f"the server at {self.shown} refuses: HTTP {status} {body}".rstrip()) from error
        except (OSError, EOFError, WebSocketException) as error:
            raise PolicyGone(f"no policy server at {self.shown}: {_reason(error)}") from error
        self.hello = self._receive(end)

    def exchange(self, frame: bytes, seconds: float) -> bytes | str:
        """Sends `frame` and waits for the answer, `seconds` in all."""
        end = self._clock.now() + seconds
        try:
            with self._cut_after(seconds):
                self._ws.send(frame)
        except ConnectionClosed as error:
            raise self._lost(error) from error
        return self._receive(end)

    def close(self) -> None:
        """Says goodbye. Never raises."""
        self._stack.close()

    def cut(self) -> None:
        """Ends the connection without a word. Never raises."""
        self._shut()
        self._stack.close()

    def _receive(self, end: float) -> bytes | str:
        try:
            return self._ws.recv(timeout=max(0.0, end - self._clock.now()))
        except TimeoutError as error:
            self.cut()
            raise PolicyLate(f"the server at {self.shown}: found no answer by its deadline; the line is cut") from error
        except ConnectionClosed as error:
            raise self._lost(error) from error

    def _lost(self, error: ConnectionClosed) -> PolicyGone | PolicyLate:
        self.cut()
        if self._late:
            return PolicyLate(f"the server at {self.shown} does not read what it is sent; the line is cut")
        return PolicyGone(f"the server at {self.shown} is gone: {_reason(error)}")

    @contextmanager
    def _cut_after(self, seconds: float) -> Iterator[None]:
        """Sending has no deadline of its own: a server that does not read is cut off."""

        def late() -> None:
            self._late = True
            self._shut()

        watch = threading.Timer(max(0.0, seconds), late)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _shut(self) -> None:
        with suppress(OSError):  # closed already
            self._ws.socket.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    """One line of what went wrong."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:200] or type(error).__name__
