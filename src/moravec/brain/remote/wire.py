"""The protocol: `POST {base}/chat/completions` as OpenAI-compatible servers speak it. Pure; sends nothing."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from moravec.brain.remote.errors import ServerError
from moravec.core.errors import BadInput

SCHEMES = ("http", "https")
CHAT = "/chat/completions"
MODELS = "/models"
LOCAL = ("127.0.0.1", "localhost", "::1")
SHOWN = 200  # characters of what a server says that are kept
BUSY = (408, 425, 429, 500, 502, 503, 504, 529)
NO_SCHEMA = (400, 404, 415, 422, 501)  # what servers answer that do not know `response_format`


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, undigested. `retry_after` [s] where the server asked for it."""

    status: int
    content_type: str
    body: bytes
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer. `tokens_*` are the server's count, None where it gives none."""

    text: str
    tokens_in: int | None
    tokens_out: int | None
    whole: bool  # False where it was cut off at the limit of tokens


class Transport(Protocol):
    """Carries one request to a server and its reply back."""

    def send(self, path: str, body: Mapping[str, Any] | None, deadline: float) -> Reply:
        """The reply to a POST of `body`, or to a GET without one, within `deadline` [s]. Raises ServerError."""
        ...


def check_url(url: str) -> str:
    """The base address that `url` means, "/v1" added where it names no path. Raises BadInput."""
    allowed = "http://HOST:PORT[/v1] or https://HOST[/v1]"
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadInput("--brain", url, allowed) from error
    if parts.username or parts.password:
        raise BadInput("--brain", "an address with a name or password in it", f"{allowed}, and the key with --brain-key")
    if parts.query:  # it may hold a secret, and is not shown
        raise BadInput("--brain", "an address with a query in it", allowed)
    if parts.scheme not in SCHEMES or not parts.hostname or parts.fragment or re.search(r"\s", url):
        raise BadInput("--brain", url, allowed)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/").removesuffix(CHAT) or "/v1"
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{path}"


def check_key(base: str, key: str | None) -> None:
    """Whether `key` may go to `base`. Raises BadInput, which never shows the key."""
    if key is None:
        return
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise BadInput("--brain-key", "a file without a key", "a file with one line, the key")
    parts = urllib.parse.urlsplit(base)
    if parts.scheme != "https" and parts.hostname not in LOCAL:
        raise BadInput("--brain-key", f"a key that would go in clear to {parts.hostname}", "https://.., or this machine's own")


def request(
    model: str, messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None, name: str, answer_tokens: int
) -> dict[str, Any]:
    """The body of one call. `schema` None: the server does not take one."""
    body: dict[str, Any] = {
        "model": model, "messages": list(messages), "temperature": 0, "max_tokens": answer_tokens, "stream": False,
    }  # fmt: skip
    if schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}
    return body


def said(role: str, text: str, pictures: Sequence[str] = ()) -> dict[str, Any]:
    """One message; `pictures` are data URIs and stand before the text."""
    if not pictures:
        return {"role": role, "content": text}
    parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": uri}} for uri in pictures]
    return {"role": role, "content": [*parts, {"type": "text", "text": text}]}


def document(reply: Reply, server: str) -> Mapping[str, Any]:
    """A reply's JSON object. Raises ServerError for every other reply, with one line that says what it is."""
    if reply.status in BUSY:
        raise ServerError("busy", f"{server} answers HTTP {reply.status}{_words(reply)}", reply.retry_after)
    if 300 <= reply.status < 400:
        raise ServerError("refused", f"{server} answers HTTP {reply.status}, another address; none but the one given is asked")
    if reply.status in (401, 403):
        raise ServerError("refused", f"{server} refuses: HTTP {reply.status}; the key of --brain-key is missing or unknown there")
    if reply.status != 200:
        raise ServerError("refused", f"{server} answers HTTP {reply.status}{_words(reply)}")
    kind = reply.content_type.split(";")[0].strip().lower()
    if kind != "application/json":
        raise ServerError("garbled", f"{server} answers with {kind[:SHOWN] or 'no content type'}; allowed: application/json")
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        raise ServerError("garbled", f"{server} answers with {len(reply.body)} bytes that are not JSON") from error
    if not isinstance(found, Mapping):
        raise ServerError("garbled", f"{server} answers with a JSON {type(found).__name__}; allowed: an object")
    return found


def completion(reply: Reply, server: str) -> Completion:
    """A model's answer out of a reply. Raises ServerError."""
    found = document(reply, server)
    choices = found.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, Mapping) else None
    if not isinstance(first, Mapping) or not isinstance(message, Mapping):
        names = ", ".join(sorted(str(name)[:20] for name in list(found)[:8])) or "nothing"
        raise ServerError("garbled", f"{server} answers without choices and a message (found {names})")
    usage = found.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    whole = first.get("finish_reason") != "length"
    return Completion(
        _content(message.get("content"), server), _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")), whole,
    )  # fmt: skip


def models(reply: Reply, server: str) -> tuple[str, ...]:
    """The names of the models that a server lists. Raises ServerError."""
    rows = document(reply, server).get("data")
    names = [row.get("id") for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return tuple(name for name in names if isinstance(name, str) and name.isprintable() and 0 < len(name) <= SHOWN)


def _content(content: Any, server: str) -> str:
    if isinstance(content, str):
        return content.encode("utf-8", "replace").decode()  # halves of characters could not be sent back
    if isinstance(content, list):  # some servers answer in parts
        texts = [part.get("text") for part in content if isinstance(part, Mapping) and part.get("type") == "text"]
        if texts and all(isinstance(text, str) for text in texts):
            return "".join(str(text) for text in texts).encode("utf-8", "replace").decode()
    raise ServerError("garbled", f"{server} answers with a message that holds no text")


def _count(value: Any) -> int | None:
    """Tokens as a server counts them; what cannot be a count is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def _words(reply: Reply) -> str:
    """What a server says of its refusal, on one line."""
    flat = " ".join(reply.body[: 4 * SHOWN].decode("utf-8", "replace").split())
    return f": {''.join(c for c in flat if c.isprintable())[:SHOWN]}" if flat else ""
