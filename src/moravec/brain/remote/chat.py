"""Questions to a server, with everything that bounds them: deadlines, tries, retries, a budget, and an end to repetition."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, final

from moravec.brain.remote.errors import ServerError
from moravec.brain.remote.ledger import LONGEST_WHY, Exchange, Ledger, over_budget
from moravec.brain.remote.limits import CallLimits, Prices
from moravec.brain.remote.repair import json_of
from moravec.brain.remote.wire import (
    CHAT,
    NO_SCHEMA,
    SHOWN,
    Completion,
    Reply,
    Transport,
    completion,
    document,
    request,
    said,
)
from moravec.core.clock import Clock
from moravec.core.errors import BadInput

T = TypeVar("T")
_PASSING = ("busy", "lost", "unreachable")  # what may be otherwise a moment later
_KEPT = 4000  # characters of a rejected answer that are shown to the model again
_CHARGED = ("late", "lost", "garbled", "too_big")  # a service may have charged for what was sent
_BYTES_A_TOKEN = 4  # where a server does not count; a rule of thumb
_TOKENS_A_PICTURE = 1600  # of the longest side that is sent, 1280 px, one for each 32 x 32 px


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `purpose` is one word for the ledger; the answer is to be JSON after `schema`, or, without one, text."""

    purpose: str
    messages: tuple[Mapping[str, Any], ...]
    schema: Mapping[str, Any] | None


@final
class Chat:
    """One model on one server, for one job. For one thread at a time.

    `wait` sleeps for so many seconds. After `limits.repeats` identical failing calls it asks no more: `stopped` says why.
    """

    def __init__(
        self, transport: Transport, model: str, server: str, clock: Clock, wait: Callable[[float], None],
        limits: CallLimits | None = None, prices: Prices | None = None,
    ) -> None:  # fmt: skip
        self.model = model
        self.server = server
        self.ledger = Ledger()
        self.limits = limits or CallLimits()
        self.stopped = ""
        self._prices = prices or Prices()
        self._transport = transport
        self._clock = clock
        self._wait = wait
        self._takes_schema = True
        self._failing: tuple[str, int] = ("", 0)  # what failed last, and how often in a row

    @property
    def takes_schema(self) -> bool:
        """Whether the server has not yet refused a JSON schema."""
        return self._takes_schema

    def ask(self, question: Question, read: Callable[[Any], T]) -> T:
        """What `read` makes of the answer. `read` raises BadInput for an answer that is none: its reason goes back
        to the model. Raises ServerError once a limit is reached, and CassetteError."""
        end = self._clock.now() + self.limits.patience
        talk: Sequence[Mapping[str, Any]] = question.messages
        why = ""
        for _ in range(self.limits.tries):
            answer, spent = self._call(question, talk, end)
            try:
                value = self._read(answer, question, read)
            except BadInput as problem:
                why = " ".join(str(problem).split())[:LONGEST_WHY]
                self.ledger.add(replace(spent, outcome="rejected", why=why))
                self._failed(f"{question.purpose} {_digest(answer.text)}", why)
                again = f"That answer was rejected: {why}. Answer again, in the form that was asked for."
                talk = (*question.messages, said("assistant", answer.text[:_KEPT]), said("user", again))
            else:
                self.ledger.add(spent)
                self._failing = ("", 0)
                return value
        raise ServerError("rejected", f"{self.limits.tries} answers of {self.server} were rejected; the last: {why}")

    def _read(self, answer: Completion, question: Question, read: Callable[[Any], T]) -> T:
        if not answer.whole:
            raise BadInput("an answer", "one that was cut off", f"at most {self.limits.answer_tokens} tokens")
        return read(answer.text if question.schema is None else json_of(answer.text))

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _call(self, question: Question, talk: Sequence[Mapping[str, Any]], end: float) -> tuple[Completion, Exchange]:
        """One answer, over as many calls as it takes and may take."""
        failures = 0
        while True:
            self._check(end)
            schema = question.schema if self._takes_schema else None
            body = request(self.model, talk, schema, question.purpose, self.limits.answer_tokens)
            start = self._clock.now()
            try:
                reply = self._transport.send(CHAT, body, min(self.limits.deadline, end - start))
                if reply.status in NO_SCHEMA and schema is not None:
                    self._without_schema(question.purpose, reply, self._clock.now() - start)
                    continue
                found = completion(reply, self.server)
            except ServerError as error:
                self._lost(question.purpose, talk, error, self._clock.now() - start)
                self._failed(error.kind, str(error))
                failures += 1
                if error.kind not in _PASSING or failures > self.limits.retries:
                    raise
                self._pause(error, failures, end)
            else:
                return found, self._spent(question.purpose, talk, found, self._clock.now() - start)

    def _check(self, end: float) -> None:
        if self.stopped:
            raise ServerError("loop", self.stopped)
        over = over_budget(self.ledger.totals, self.limits)
        if over:
            raise ServerError("budget", over)
        if self._clock.now() >= end:
            raise ServerError("late", f"{self.server}: no usable answer within {self.limits.patience:g} s, all tries together")

    def _pause(self, error: ServerError, failures: int, end: float) -> None:
        """Waits before the next call. Raises `error` where that would take too long."""
        own = self.limits.pause * 2.0 ** (failures - 1)
        pause = max(own, error.retry_after or 0.0)
        if pause > self.limits.longest_pause or self._clock.now() + pause >= end:
            raise error
        self._wait(pause)

    def _without_schema(self, purpose: str, reply: Reply, seconds: float) -> None:
        """The server refused: it is asked again without a schema, which not every server takes."""
        try:
            document(reply, self.server)
        except ServerError as error:
            why = f"asked again without a JSON schema, because {error}"
            self.ledger.add(Exchange(purpose, round(seconds, 6), 0, 0, 0.0, error.kind, why[:LONGEST_WHY]))
        self._takes_schema = False

    def _failed(self, what: str, why: str) -> None:
        """Counts. Raises ServerError at the last of too many identical failures."""
        before, times = self._failing
        times = times + 1 if what == before else 1
        self._failing = (what, times)
        if times >= self.limits.repeats:
            self.stopped = f"{times} calls in a row failed alike, {self.server} is asked no more in this job: {why[:SHOWN]}"
            raise ServerError("loop", self.stopped)

    def _lost(self, purpose: str, talk: Sequence[Mapping[str, Any]], error: ServerError, seconds: float) -> None:
        charged = error.kind in _CHARGED
        sent = _estimated(talk) if charged else 0
        cost, why = self._prices.of(sent, 0), str(error)[:LONGEST_WHY]
        self.ledger.add(Exchange(purpose, round(seconds, 6), sent, 0, cost, error.kind, why, counted=not charged))

    def _spent(
        self, purpose: str, talk: Sequence[Mapping[str, Any]], found: Completion, seconds: float
    ) -> Exchange:
        counted = found.tokens_in is not None and found.tokens_out is not None
        tokens_in = _estimated(talk) if found.tokens_in is None else found.tokens_in
        tokens_out = _estimated([said("assistant", found.text)]) if found.tokens_out is None else found.tokens_out
        cost = self._prices.of(tokens_in, tokens_out)
        return Exchange(purpose, round(seconds, 6), tokens_in, tokens_out, cost, "ok", counted=counted)


def _estimated(talk: Sequence[Mapping[str, Any]]) -> int:
    """Tokens of messages that nobody counted."""
    total = 0
    for message in talk:
        content = message["content"]
        for part in [{"text": content}] if isinstance(content, str) else content:
            text = part.get("text")
            total += _TOKENS_A_PICTURE if text is None else len(text.encode("utf-8", "replace")) // _BYTES_A_TOKEN + 1
    return total


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
