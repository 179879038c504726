"""Whether a skill keeps its contract. For the tests of whoever writes a skill, ours or a stranger's.

Give `complaints` the skill and a few calls that lead it into success and into each failure that can be staged; it returns
one sentence for everything that is wrong, so an empty list means: this skill can be joined to a runtime.
"""

from __future__ import annotations

import io
import socket
import subprocess
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import CellType, FunctionType, MethodType
from typing import Any, get_args

from moravec.core.errors import SkillError
from moravec.skills.context import SkillContext
from moravec.skills.contract import Compute, Manifest, Note, Request, Skill, SkillResult
from moravec.skills.symbols import Term, Value

KINDS = ("item", "place", "text")  # of parameters
MOST_REQUESTS = 10_000  # a skill that asks for more does not end
STUBBORN = 100  # times a cancelled skill is closed before it is left alone
DEEPEST = 6  # levels of nesting that are searched for forbidden objects
FORBIDDEN = (io.IOBase, socket.socket, subprocess.Popen, threading.Thread)

_REQUESTS = get_args(Request)
_JSON = (str, bool, int, float, type(None))


@dataclass(frozen=True, slots=True)
class Call:
    """One call to try. `stage` gives a fresh context and whoever answers requests; it is called once for every run."""

    name: str
    args: Mapping[str, Value]
    stage: Callable[[], tuple[SkillContext, Callable[[Request], Any]]]
    expect: str | None = None  # the result's code, where it is known
    cuts: int = 24  # so many of its requests, from the first to the last, are tried as the one it is cancelled at


def complaints(skill: Skill, calls: Sequence[Call]) -> list[str]:
    """Everything that is wrong with `skill`: its manifest, its results, its requests, the way it is cancelled."""
    found = manifest_complaints(skill.manifest)
    if not getattr(type(skill), "__final__", False):
        found.append(f"{type(skill).__name__} is not marked @final")
    found += [f"the skill keeps {what}" for what in forbidden(getattr(skill, "__dict__", {}))]
    for call in calls:
        found += [f"call {call.name!r}: {text}" for text in _call_complaints(skill, call)]
    return found


# ── the manifest ─────────────────────────────────────────────────────────────────────────────────────────────────────
def manifest_complaints(manifest: Manifest) -> list[str]:
    """What is wrong with a manifest, read without running the skill."""
    found = []
    if not manifest.name.isidentifier() or manifest.name != manifest.name.lower():
        found.append(f"the name {manifest.name!r} is not a word in small letters")
    if not manifest.doc.strip():
        found.append("it has no doc")
    if not 0.0 < manifest.timeout < float("inf"):
        found.append(f"its timeout is {manifest.timeout} s; allowed: more than 0, and finite")
    names = [parameter.name for parameter in manifest.parameters]
    found += [f"the parameter {name!r} is declared twice" for name in _twice(names)]
    for parameter in manifest.parameters:
        if parameter.kind not in KINDS or not parameter.doc.strip():
            found.append(f"the parameter {parameter.name!r} has kind {parameter.kind!r}, doc {parameter.doc!r}; kinds: {KINDS}")
    codes = [error.code for error in manifest.errors]
    found += [f"the error {code!r} is declared twice" for code in _twice(codes)]
    for error in manifest.errors:
        if error.code == "ok" or not error.code.isidentifier() or not error.doc.strip():
            found.append(f"the error {error.code!r} with doc {error.doc!r} says nothing")
    for condition in manifest.preconditions:
        if not condition.why.strip():
            found.append(f"the precondition {condition.fluent} says no why")
    terms: list[Term] = [t for c in manifest.preconditions for t in (c.fluent, c.value)]
    terms += [t for e in manifest.effects for t in (e.fluent, e.value)]
    unknown = sorted({name for term in terms for name in placeholders(term)} - set(names))
    found += [f"the placeholder '?{name}' is no parameter; declared: {names}" for name in unknown]
    return found + [f"two effects write {fluent}" for fluent in _twice([str(e.fluent) for e in manifest.effects])]


def placeholders(term: Term) -> Iterator[str]:
    """The names of all parameters in `term`, nested ones included."""
    if isinstance(term, tuple):
        for part in term:
            yield from placeholders(part)
    elif isinstance(term, str) and term.startswith("?"):
        yield term[1:]


def _twice(names: Iterable[str]) -> list[str]:
    names = list(names)
    return sorted({name for name in names if names.count(name) > 1})


# ── one call ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _call_complaints(skill: Skill, call: Call) -> list[str]:
    context, answer = call.stage()
    routine = skill.run(context, call.args)
    if not isinstance(routine, Generator):
        return [f"run returned {type(routine).__name__}; allowed: a generator"]
    found: list[str] = []
    requests, reply = 0, None
    try:
        while requests < MOST_REQUESTS:
            request = routine.send(reply)
            requests += 1
            found += [text for text in request_complaints(request) if text not in found]
            reply = answer(request) if isinstance(request, _REQUESTS) else None
        routine.close()
        return [*found, f"it did not end within {MOST_REQUESTS} requests"]
    except StopIteration as done:
        result = done.value
    except SkillError as error:
        return [*found, f"it broke its own contract: {error}"]
    found += result_complaints(skill.manifest, result)
    if call.expect is not None and getattr(result, "code", None) != call.expect:
        found.append(f"it ended with {getattr(result, 'code', None)!r}; expected: {call.expect!r}")
    for cut in _spread(requests, call.cuts):
        found += [text for text in _cancel_complaints(skill, call, cut) if text not in found]
    return found


def _spread(count: int, most: int) -> list[int]:
    """At most `most` of the numbers below `count`, spread evenly, the last one among them."""
    wanted = min(count, most)
    return [count - 1 - i * count // wanted for i in reversed(range(wanted))]


def _cancel_complaints(skill: Skill, call: Call, cut: int) -> list[str]:
    """Runs the call to its request number `cut` and closes it there, as a runtime does to cancel."""
    context, answer = call.stage()
    routine = skill.run(context, call.args)
    try:
        request = routine.send(None)
        for _ in range(cut):
            request = routine.send(answer(request))
    except StopIteration:
        return ["the same call ended earlier the second time: it keeps something from call to call"]
    found: list[str] = []
    for _ in range(STUBBORN):
        try:
            routine.close()
            break
        except RuntimeError as error:
            found = [f"cancelled at its request {cut} ({type(request).__name__}) it did not let go: {error}"]
    return found


def request_complaints(request: object) -> list[str]:
    """What is wrong with one request."""
    if not isinstance(request, _REQUESTS):
        return [f"it asked for {type(request).__name__}; allowed: {[r.__name__ for r in _REQUESTS]}"]
    found = [f"its {type(request).__name__} carries {what}" for what in forbidden(request)]
    if isinstance(request, Note) and not _is_json(request.payload):
        found.append(f"the payload of its note {request.topic!r} is not plain JSON data")
    if isinstance(request, Compute) and not (callable(request.work) and request.latency >= 0.0 and request.label):
        found.append(f"its Compute {request.label!r} has no work, no label or a negative latency")
    return found


def result_complaints(manifest: Manifest, result: object) -> list[str]:
    """What is wrong with a result, given what the manifest declares."""
    if not isinstance(result, SkillResult):
        return [f"it returned {type(result).__name__}; allowed: SkillResult"]
    found = [f"its result carries {what}" for what in forbidden(result.data)]
    if result.status == "failed":
        declared = {error.code: error for error in manifest.errors}
        if result.code not in declared:
            found.append(f"it failed with {result.code!r}; declared: {sorted(declared)}")
        elif result.recoverable != declared[result.code].recoverable:
            found.append(f"{result.code!r} is declared recoverable={declared[result.code].recoverable}")
        if not result.message.strip():
            found.append(f"it failed with {result.code!r} and no message")
    elif result.code != "ok":
        found.append(f"it {result.status} with code {result.code!r}; allowed: 'ok'")
    return found


def _is_json(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(_is_json(item) for item in value)
    return type(value) in _JSON and value == value  # a number that is not itself is no JSON


# ── what a skill may not have in its hands ───────────────────────────────────────────────────────────────────────────
def forbidden(value: object, depth: int = DEEPEST) -> list[str]:
    """Files, sockets, processes and threads reachable from `value`: its fields, its items, what its functions close over."""
    if isinstance(value, FORBIDDEN):
        return [f"a {type(value).__name__}"]
    if depth == 0 or isinstance(value, SkillContext):  # the context is the runtime's, not the skill's
        return []
    return sorted({what for part in _parts(value) for what in forbidden(part, depth - 1)})


def _parts(value: object) -> list[object]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, MethodType):
        return [value.__self__, value.__func__]
    if isinstance(value, FunctionType):
        cells = [c.cell_contents for c in value.__closure__ or () if c != CellType()]  # an empty one has no contents
        return [*cells, *(value.__defaults__ or ())]
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in fields(value)]
    return [vars(value)] if hasattr(value, "__dict__") and not isinstance(value, type) else []
