"""Whether a file that was named as a tape is one; and whether it is a black box, which can be told like one."""

from __future__ import annotations

from pathlib import Path

from moravec.core.errors import BadInput
from moravec.edge.blackbox import MAGIC
from moravec.tape.layout import opening

ALLOWED = "a tape of 'moravec run'"
ALLOWED_BOX = "a black box of 'moravec edge'"


def is_black_box(path: Path) -> bool:
    """Whether it begins as one; what cannot be read does not."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def check_is_tape(path: Path, more: str = "") -> None:
    """A foreign file is told from a changed tape by its first bytes. Raises BadInput; `more` is what else it could have been."""
    allowed = f"{ALLOWED}, tape.mcap" + (f", or {more}" if more else "")
    start = opening()[:64]
    try:
        with path.open("rb") as file:
            head = file.read(len(start))
    except OSError as error:
        raise BadInput("TAPE", str(path), f"{allowed} ({error.strerror})") from error
    if not head:
        raise BadInput("TAPE", str(path), f"{allowed} (this file is empty)")
    if head[:8] != start[:8]:
        raise BadInput("TAPE", str(path), f"{allowed} (this file is none: it begins with {head[:8].hex(' ')})")
