"""The tools and resources that a client is offered, in the order in which they are listed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from moravec.commands.mcp_server import views
from moravec.commands.mcp_server.desk import Desk
from moravec.commands.mcp_server.fields import Field, schema_of
from moravec.commands.mcp_server.jobs import Report
from moravec.core.errors import BadInput

Call: TypeAlias = Callable[[Desk, Mapping[str, Any], Report], Awaitable[dict[str, Any]]]
INSTRUCTION = Field("instruction", "text", "What to do, in plain words, as \"store everything\".", high=2000, required=True)
LIMIT = Field("limit", "whole", "At most so many results.", 1, 100)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `gives`: the fields of its result and their JSON types; `moves`: whether the robot may move."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    gives: Mapping[str, str | Sequence[str]]
    call: Call
    moves: bool = False

    @property
    def takes(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        return schema_of(self.fields)

    @property
    def returns(self) -> dict[str, Any]:
        """The JSON schema of its result."""
        kinds = {name: {"type": kind if isinstance(kind, str) else list(kind)} for name, kind in self.gives.items()}
        return {"type": "object", "properties": kinds, "required": list(kinds)}


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing to read; the same as the tool `tool` gives without arguments."""

    uri: str
    tool: str
    doc: str


def _aside(work: Callable[[Desk, Mapping[str, Any]], dict[str, Any]]) -> Call:
    """Reading that may take a moment, beside the loop."""

    async def call(desk: Desk, given: Mapping[str, Any], report: Report) -> dict[str, Any]:
        return await asyncio.to_thread(work, desk, given)

    return call


async def _plan(desk: Desk, given: Mapping[str, Any], report: Report) -> dict[str, Any]:
    return await desk.plan(given["instruction"])


async def _run(desk: Desk, given: Mapping[str, Any], report: Report) -> dict[str, Any]:
    return await desk.run(given["instruction"], given.get("plan"), report)


async def _stop(desk: Desk, given: Mapping[str, Any], report: Report) -> dict[str, Any]:
    return desk.stop()


async def _status(desk: Desk, given: Mapping[str, Any], report: Report) -> dict[str, Any]:
    return desk.status()


async def _last(desk: Desk, given: Mapping[str, Any], report: Report) -> dict[str, Any]:
    return desk.last_result()


TOOLS = (
    Tool("places", "The workplace as its drawing shows it: places [m, world frame], and the words that instructions use.", (),
         {"name": "string", "places": "array", "categories": "array", "colours": "array", "labels": "array",
          "storing_rule": "object"},
         _aside(lambda desk, given: views.places(desk.workplace))),
    Tool("skills", "What the robot can do, and when it cannot. Plans call skills; a client asks with an instruction.", (),
         {"skills": "array"}, _aside(lambda desk, given: views.skills())),
    Tool("inventory", "What is believed to be where, from the memory or the last job; nothing is looked at.", (LIMIT,),
         {"source": "string", "counts": "object", "objects": "array"},
         _aside(lambda desk, given: views.inventory(desk.memory(), desk.believed(), **given))),
    Tool("memory_search", "What is remembered, by exactly one of words, near, or since and until.",
         (Field("words", "text", "What it holds, as \"red can\".", high=200),
          Field("near", "position", "A position [m] in the world frame."),
          Field("radius", "number", "How far from `near` [m].", 0.001, 1000.0),
          Field("since", "text", "A date as 2026-11-21T08:30, UTC where it names no zone.", high=40),
          Field("until", "text", "A date, not included.", high=40), LIMIT),
         {"where": "array", "hits": "array"},
         _aside(lambda desk, given: views.search(desk.settings.memory, given))),
    Tool("memory_list", "The newest of one kind of what is remembered.",
         (Field("kind", "text", "What kind.", choices=views.remembered_kinds(), required=True), LIMIT),
         {"kind": "string", "entries": "array"},
         _aside(lambda desk, given: views.listed(desk.settings.memory, **given))),
    Tool("memory_explain", "What is known of one thing, place, skill or job, and why it is believed, with the evidence.",
         (Field("name", "text", "As \"bin_3\", \"object-7\" or \"job-1\".", high=100, required=True),
          Field("key", "text", "Only this, as \"label\".", high=100)),
         {"entry": "object", "name": "string", "kind": "string", "beliefs": "array"},
         _aside(lambda desk, given: views.explained(desk.settings.memory, **given))),
    Tool("plan", "Reads and plans an instruction and moves nothing. `plan` in the result names the plan for run_instruction.",
         (INSTRUCTION,),
         {"instruction": "string", "means": "string", "goal": "array", "steps": "array", "questions": "array",
          "refused": ("string", "null"), "problem": "string", "plan": "string"}, _plan),
    Tool("run_instruction", "Does a job with the robot, after a person at the server approved it; without that nothing moves. "
         "One at a time; cancelling the request, or the tool stop, brings the robot to rest.",
         (INSTRUCTION, Field("plan", "text", "The plan that the tool plan named, which may be approved already.", 64, 64)),
         {"success": "boolean", "answer": "string"}, _run, moves=True),
    Tool("stop", "Brings the robot to rest and ends the job. Needs no approval.", (),
         {"stopping": "boolean", "what": "string"}, _stop),
    Tool("status", "What is being done now.", (), {"busy": "string", "progress": "string", "jobs_begun": "integer"}, _status),
    Tool("last_result", "How the last job of this server ended, with the paths of its tape and report.", (),
         {"last": ("object", "null")}, _last),
)  # fmt: skip
RESOURCES = (
    Resource("moravec://places", "places", "The workplace as its drawing shows it."),
    Resource("moravec://skills", "skills", "The skills with their schemas."),
    Resource("moravec://inventory", "inventory", "What is believed to be where."),
    Resource("moravec://last-result", "last_result", "How the last job ended."),
)


def tool_called(name: str) -> Tool:
    """The tool. Raises BadInput."""
    for tool in TOOLS:
        if tool.name == name:
            return tool
    raise BadInput("a tool", name[:80], [tool.name for tool in TOOLS])


def resource_at(uri: str) -> Resource:
    """The resource. Raises BadInput."""
    for resource in RESOURCES:
        if resource.uri == uri:
            return resource
    raise BadInput("a resource", uri[:80], [resource.uri for resource in RESOURCES])
