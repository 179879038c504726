"""What `moravec doctor --brain URL` says of a model server: does it answer, in which form, and can its pointing be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from moravec.commands.minds import opened_server
from moravec.doctor import Finding

if TYPE_CHECKING:
    from moravec.brain.remote.chat import Chat
    from moravec.brain.remote.profile import Profile
    from moravec.brain.remote.selftest import Grounding
    from moravec.commands.minds import BrainOptions

QUESTION, READ = "put the red cans in bin A", "move ( can red the ) to bin =a ; ."  # an instruction, and its right reading


def examine(options: BrainOptions) -> tuple[list[Finding], dict[str, Any]]:
    """The findings, and the self-test with the ledger as plain JSON data. Raises BadInput, CassetteError, and MoravecError
    without the extra."""
    from moravec.brain.remote.errors import ServerError
    from moravec.brain.remote.selftest import self_test

    try:
        with opened_server(options) as (mind, settings):
            chat = mind.chat
            profile = settings.profile(chat.model)
            answering = _answers(chat)
            findings = [answering]
            told: dict[str, Any] = {"model": chat.model, "profile": profile.family}
            if answering.status != "missing":
                grounding = self_test(chat, profile, np.random.default_rng(options.seed))
                findings.append(_grounding(grounding, profile))
                told["grounding"] = grounding.to_json()
            return findings, {**told, "ledger": chat.ledger.to_json()}
    except ServerError as error:
        return [Finding("brain", "missing", str(error), "start the server, or name its model with --brain-model")], {}


def _answers(chat: Chat) -> Finding:
    """Whether it reads a plain instruction right, and how it takes a form."""
    from moravec.brain.bench import bench_workplace
    from moravec.brain.reader.written import read, tokens_in
    from moravec.brain.remote.errors import ServerError
    from moravec.brain.remote.prompt import reading_question
    from moravec.brain.remote.strict import meant_in

    workplace = bench_workplace()
    try:
        found = chat.ask(reading_question(QUESTION, workplace), lambda data: meant_in(data, QUESTION))
    except ServerError as error:
        return Finding("brain", "missing", str(error), "look at the server's own log")
    form = "takes a JSON schema" if chat.takes_schema else "takes no JSON schema; its answers are searched for JSON"
    detail = f"{chat.model} at {chat.server} answers within {chat.ledger.totals.seconds:.1f} s and {form}"
    if found[0].wishes != read(tokens_in(READ)):
        return Finding("brain", "better", f"{detail}, but reads {QUESTION!r} otherwise", "use a larger model")
    return Finding("brain", "ok", detail)


def _grounding(grounding: Grounding, profile: Profile) -> Finding:
    name = "brain pointing"
    if grounding.median_px is None:
        return Finding(name, "better", f"not to be used: {grounding.why}", "use a model that sees pictures, to point at things")
    scale = {"unit": "0 to 1", "thousand": "0 to 1000", "pixels": "pixels"}[grounding.scale]
    detail = (
        f"{grounding.verdict}: {grounding.why}; median {grounding.median_px:.1f} px, largest {grounding.max_px:.1f} px, "
        f"coordinates {scale}, {', '.join(grounding.order)}"
    )
    if not grounding.as_profiled:
        mend = f'write [profile] scale = "{grounding.scale}" and order = "{grounding.order}" into --brain-settings'
        return Finding(name, "better", f"{detail}, otherwise than the profile {profile.family!r} says", mend)
    if grounding.verdict != "metric":
        return Finding(name, "better", f"{detail}; not to be used to measure places", "use a model that points better")
    return Finding(name, "ok", detail)
