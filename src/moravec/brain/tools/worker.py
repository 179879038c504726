"""One outside server, kept in a process of its own: whatever it sends can hold up or fill this process, and nobody else.

It is told in lines of JSON what to connect to and what to call, and answers each with one line of bounded length.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import resource
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from mcp import Client, MCPError, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

MEMORY: Final = 2 * 1024**3  # bytes of address space beyond which this process gets none
START: Final = 30.0  # [s] for the server to start and to list its tools
PAGES: Final = 20  # of a list of tools
DESCRIBED: Final = 1000  # characters of a description
SCHEMA: Final = 4000  # characters of a schema; a tool whose schema is longer is not offered
WHY: Final = 200  # characters
SHOWN: Final = 50  # names of tools, for whoever wrote one that there is not


def main() -> int:
    """Serves until standard input ends."""
    out = os.dup(1)
    os.dup2(2, 1)
    spec = json.loads(sys.stdin.readline())
    try:
        asyncio.run(_serve(spec, out))
    except (OSError, ValueError, RuntimeError, MCPError, MemoryError, ExceptionGroup) as error:
        _tell(out, {"outcome": "lost", "why": _words(error)})
    return 0


async def _serve(spec: Mapping[str, Any], out: int) -> None:
    seconds = float(spec["timeout"])
    with open(os.devnull, "w") as nowhere:
        async with asyncio.timeout(START) as limit, Client(_bounded(spec, nowhere)) as client:
            tools = await _tools(client)
            limit.reschedule(None)
            allowed = {name: tools[name] for name in spec["tools"] if name in tools}
            _tell(out, {"outcome": "ok", "tools": allowed, "names": sorted(name[:WHY] for name in tools)[:SHOWN]})
            while line := await asyncio.to_thread(sys.stdin.readline):
                _tell(out, await _called(client, json.loads(line), seconds, int(spec["characters"])))


async def _called(client: Client, call: Mapping[str, Any], seconds: float, characters: int) -> dict[str, Any]:
    """One answer. The tool has to be the one that was described at the start."""
    try:
        async with asyncio.timeout(seconds):
            tools = await _tools(client)
            if tools.get(call["tool"], {}).get("sha256") != call["sha256"]:
                return {"outcome": "changed", "why": "the tool is not the one that was described when the job began"}
            result = await client.call_tool(call["tool"], dict(call["arguments"]))
    except TimeoutError:
        return {"outcome": "late", "why": f"no answer within {seconds:g} s"}
    except (MCPError, ValueError, RuntimeError, MemoryError) as error:
        return {"outcome": "error", "why": _words(error)}
    text = _text(result)
    kept = text[:characters]
    why = "" if len(kept) == len(text) else f"cut: {len(text)} characters, {characters} are kept"
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return {"outcome": "error" if result.is_error else "ok", "text": kept, "why": why, "sha256": digest}


@asynccontextmanager
async def _bounded(spec: Mapping[str, Any], errors: Any) -> AsyncIterator[Any]:
    """The server's streams; from its start on this process gets no more memory. A started server's own is not limited."""
    if spec["url"]:
        transport = streamable_http_client(spec["url"])  # follows no redirect to another origin
    else:
        command, *words = spec["command"]
        asked = StdioServerParameters(command=command, args=words, encoding_error_handler="replace")
        transport = stdio_client(asked, errlog=errors)
    async with transport as streams:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        yield streams


async def _tools(client: Client) -> dict[str, dict[str, Any]]:
    """Every tool, by its name, as the server describes it now; what it says of its safety is left out."""
    found: dict[str, dict[str, Any]] = {}
    cursor: str | None = None
    for _ in range(PAGES):
        page = await client.list_tools(cursor=cursor, cache_mode="refresh")
        for tool in page.tools:
            whole = json.dumps([tool.name, tool.description, tool.input_schema], sort_keys=True)
            if len(json.dumps(tool.input_schema)) <= SCHEMA:
                found[tool.name] = {
                    "description": (tool.description or "")[:DESCRIBED], "schema": tool.input_schema,
                    "sha256": hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest(),
                }  # fmt: skip
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


def _text(result: types.CallToolResult) -> str:
    """What an answer says, as text: its structure where it has one. Pictures and the like are left out."""
    if result.structured_content is not None:
        return json.dumps(result.structured_content, ensure_ascii=False)
    parts = [part.text if isinstance(part, types.TextContent) else f"[{part.type} left out]" for part in result.content]
    return "\n".join(parts)


def _words(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return " ".join(f"{type(error).__name__}: {error}".split())[:WHY]


def _tell(out: int, line: Mapping[str, Any]) -> None:
    data = json.dumps(line).encode() + b"\n"
    while data:
        data = data[os.write(out, data) :]


if __name__ == "__main__":
    sys.exit(main())
