"""Two readings of one instruction, the reader's own and a server's: which counts. Pure.

A server may pick among the ways that the reader holds possible, and refuse for safety what the reader lets pass. It overrules
neither a refusal for safety nor to stop. Where it reads what the reader does not hold possible, the ways of both stand side by
side: if they come to different ends, a person is asked, and without an answer nothing is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from moravec.brain.reading import Reading
from moravec.brain.wishes.wish import Meant

FINAL = ("harm-people", "safety-limits", "own-instructions", "rough-handling", "too-long")  # with them no server is asked
ALONE = 0.4  # how likely what only a server reads is meant: less than one half is asked about


def is_final(reading: Reading) -> bool:
    """Whether it stands, whoever else reads otherwise: a refusal for safety, or to stop, which waits for nobody."""
    if reading.refusal is not None:
        return reading.refusal.rule in FINAL
    return _refuses(reading.meant, "unsafe") or any(wish.kind == "stop" for wish in reading.meant[0].wishes)


def settled(local: Reading, remote: Sequence[Meant]) -> Reading:
    """The reading that counts; `remote` has the likeliest first."""
    if is_final(local):
        return local
    if _refuses(remote, "unsafe"):
        return Reading(meant=(replace(remote[0], p=1.0),))
    if any(wish.kind == "refuse" for wish in remote[0].wishes):
        return local  # that a server does not understand is no reason not to
    if local.refusal is not None:
        return Reading(meant=_scaled(remote, ALONE))
    wanted = {way.wishes for way in remote}
    shared = tuple(way for way in local.meant if way.wishes in wanted)
    if shared:
        return Reading(meant=_scaled(shared, 1.0))
    return Reading(meant=(*_scaled(local.meant, 0.5), *_scaled(remote, 0.5)))


def _refuses(meant: Sequence[Meant], why: str) -> bool:
    return any(wish.kind == "refuse" and wish.why == why for wish in meant[0].wishes)


def _scaled(meant: Sequence[Meant], whole: float) -> tuple[Meant, ...]:
    """`meant`, together as likely as `whole`."""
    total = sum(way.p for way in meant) or 1.0
    return tuple(replace(way, p=way.p * whole / total) for way in meant)
