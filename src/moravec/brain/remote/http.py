"""HTTP with a deadline for the whole call: a server that drips is late as well. The key stays in here."""

from __future__ import annotations

import asyncio
import json
import math
import re
import ssl
from collections.abc import Mapping
from typing import Any, final

import httpx

from moravec.brain.remote.errors import ServerError
from moravec.brain.remote.wire import SHOWN, Reply, check_key, check_url

SECRET = 8  # characters of a key, at least; what is shorter keeps nothing secret, and would be found everywhere


class _Loop(asyncio.SelectorEventLoop):
    """Ends without waiting for a name that is still being looked up, which may take longer than any deadline."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Nothing: `close` lets the thread go."""


@final
class HttpTransport:
    """One connection for each call; nothing is kept open. For any thread.

    Follows no redirect, reads no proxy and no password from its surroundings. A key of at least `SECRET` characters is hidden
    in all that comes back. Raises BadInput for an address or a key that cannot be used.
    """

    def __init__(self, url: str, key: str | None = None, answer_bytes: int = 1_000_000) -> None:
        self.base = check_url(url)
        check_key(self.base, key)
        self._key = key
        self._secret = None if key is None or len(key) < SECRET else re.compile(_written(key))
        self._most = answer_bytes
        if self.base.startswith("https"):
            self._tls = ssl.create_default_context()
        else:  # never used; the one that httpx would make reads every certificate of the machine
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def send(self, path: str, body: Mapping[str, Any] | None, deadline: float) -> Reply:
        """See `wire.Transport`. Raises ServerError: unreachable, lost, late, too_big."""
        try:
            with asyncio.Runner(loop_factory=_Loop) as runner:
                return runner.run(asyncio.wait_for(self._exchange(path, body), deadline))
        except TimeoutError as error:
            raise ServerError("late", f"{self.base} has not answered within {deadline:g} s") from error
        except (httpx.ConnectError, OSError) as error:
            raise ServerError("unreachable", f"no server at {self.base}: {self._clean(str(error))}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = self._clean(str(error)) or type(error).__name__
            raise ServerError("lost", f"{self.base} broke off: {why}") from error

    async def _exchange(self, path: str, body: Mapping[str, Any] | None) -> Reply:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}  # a compressed answer could be of any size
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        client = httpx.AsyncClient(timeout=None, trust_env=False, follow_redirects=False, verify=self._tls)
        method = "GET" if body is None else "POST"
        async with client, client.stream(method, self.base + path, content=content, headers=headers) as answer:
            parts, size = [], 0
            async for part in answer.aiter_raw(65_536):
                size += len(part)
                if size > self._most:
                    raise ServerError("too_big", f"{self.base} answers with more than {self._most} bytes; the line is cut")
                parts.append(part)
        whole = self._hidden(b"".join(parts))  # a refusal may repeat what it refuses
        kind, after = self._clean(answer.headers.get("content-type", "")), answer.headers.get("retry-after", "")
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise ServerError("lost", f"{self.base} answers compressed, which it was not asked for")
        return Reply(answer.status_code, kind, whole, _seconds(after))

    def _hidden(self, text: bytes) -> bytes:
        return text if self._secret is None else self._secret.sub(b"***", text)

    def _clean(self, text: str) -> str:
        """One line that may be shown, without the key."""
        text = self._hidden(text.encode("utf-8", "replace")).decode("utf-8", "replace")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:SHOWN]


def _written(key: str) -> bytes:
    """A pattern of every way in which `key` may stand in JSON, and in JSON within JSON."""
    return "".join(rf"(?:\\{{0,4}}{re.escape(c)}|\\{{1,4}}(?i:u{ord(c):04x}))" for c in key).encode()


def _seconds(text: str) -> float | None:
    """The pause that Retry-After asks for; a date counts as none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0.0 else None
