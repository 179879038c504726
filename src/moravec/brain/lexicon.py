"""What the brain says of the words that it knows."""

from __future__ import annotations

from moravec.core.workplace import Workplace


def plural(noun: str) -> str:
    """The English plural of `noun`."""
    return noun + ("es" if noun.endswith(("x", "s", "ch", "sh")) else "s")


def known_things(workplace: Workplace) -> str:
    """What can be told apart here, for a refusal."""
    return (
        f"I know the categories {', '.join(workplace.categories)}; the colours {', '.join(workplace.colours)}; "
        "small and large; damaged and intact; and printed codes"
    )


def known_places(workplace: Workplace) -> str:
    """Where things can go here, for a refusal."""
    others = [p.name for p in workplace.places if p.kind in ("station", "table", "parcel", "reject")]
    return f"I know the bins {', '.join(workplace.labels)} and {', '.join(others)}"
