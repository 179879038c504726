"""What stands between the set-points that a driver is given and the arm's links, and what the encoders make of it."""

from __future__ import annotations

from typing import Protocol, final

from moravec.core.frames import Matrix


class Joints(Protocol):
    """The drives of an arm, as they are. All arrays are (n,), in the order of the arm's joints."""

    def drive(self, q: Matrix, dq: Matrix) -> tuple[Matrix, Matrix]:
        """Where the servos bring the links [rad], and how fast [rad/s], when a driver asks for `q` and `dq`. Once a tick."""
        ...

    def brake(self) -> None:
        """In place of `drive` in a tick without power: the brakes hold the links."""
        ...

    def encoders(self, q: Matrix) -> Matrix:
        """What the encoders say [rad] when the links are at `q` [rad]. Changes nothing."""
        ...

    def step(self) -> None:
        """Called before every physics step, after `drive` or `brake`."""
        ...


@final
class AsBuilt:
    """Stiff, without play, and told truly."""

    def drive(self, q: Matrix, dq: Matrix) -> tuple[Matrix, Matrix]:
        """As asked."""
        return q, dq

    def brake(self) -> None:
        """Nothing besides."""

    def encoders(self, q: Matrix) -> Matrix:
        """As it is."""
        return q

    def step(self) -> None:
        """Nothing changes."""
