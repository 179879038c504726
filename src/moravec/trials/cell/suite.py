"""Which attempts a trial in the cell makes: deliveries that no training has seen, each by the policy and by the program."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.core.errors import BadInput

# Of each suite, the kinds of places where it is tried, in turn.
SUITES: dict[str, tuple[str, ...]] = {"cell-pick": ("parcel", "station"), "cell-place": ("station", "bin", "reject")}
POLICY, PROGRAM = "policy", "hard-coded"
FIRST_SEED = 500_000  # people draw below, demonstrations from a million on
SEEDS_APART = 10_000  # between two values of --seed
MOST_EPISODES = SEEDS_APART
LARGEST_SEED = 49


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a skill in the delivery of `seed`, `by` the policy or the program. `where` is a kind of place: things are
    picked at the first one of it, and put into one that `seed` draws."""

    suite: str
    by: str
    index: int
    seed: int
    where: str

    @property
    def key(self) -> str:
        """Its name in a record."""
        return f"{self.by}/{self.index}"


def attempts(suite: str, episodes: int, seed: int, program_alone: bool) -> list[Attempt]:
    """`episodes` deliveries, each by both, one after the other. Raises BadInput."""
    if suite not in SUITES:
        raise BadInput("the suite", suite, SUITES)
    if not 1 <= episodes <= MOST_EPISODES:
        raise BadInput("--episodes", episodes, f"1 to {MOST_EPISODES}")
    if not 0 <= seed <= LARGEST_SEED:
        raise BadInput("--seed", seed, f"0 to {LARGEST_SEED}")
    kinds = SUITES[suite]
    return [
        Attempt(suite, by, index, FIRST_SEED + seed * SEEDS_APART + index, kinds[index % len(kinds)])
        for index in range(episodes)
        for by in ((PROGRAM,) if program_alone else (POLICY, PROGRAM))
    ]
