"""How things move, from several pictures of them: position and velocity over the floor, and who is who.

A Kalman filter of constant velocity for each thing, with white noise of acceleration (Bar-Shalom, Li and Kirubarajan 2001,
"Estimation with Applications to Tracking and Navigation", section 6.2.2). Sightings are given to tracks so that the sum of their
squared Mahalanobis distances is least. Pure functions; time is that of the pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from moravec.core.errors import BadInput
from moravec.core.frames import Matrix, frozen
from moravec.perception.detection import Detection

FASTEST = 0.15  # [m/s] one standard deviation of the speed of what is seen for the first time
JOLT = 1e-7  # [m2/s3] power density of the acceleration: what rides on a belt rides evenly
MOVES = 25.0  # squared standard deviations from rest, from which a thing counts as moving
SLOWEST = 0.005  # [m/s] and how fast it must seem: two cameras do not agree better than this about what lies still
LEAST_SIGHTINGS = 3  # before anything counts as moving
GATE = 16.0  # squared standard deviations between a thing and what is taken for it
JOLTED = 0.01  # [m/s] that its speed may have changed by, where it goes on elsewhere than it should
STEP_ASIDE = 0.05  # [m] a thing that was stopped or pushed is found again within this
OTHER_LOOKS = 9.0  # added to a squared distance where the colours differ
FORGOTTEN = 6.0  # [s] unseen, where it should have been seen


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing in one picture: when it was taken [s], where its middle (x, y) lies [m], one standard deviation of each [m]."""

    t: float
    position: tuple[float, float]
    sigma: float
    looks: Detection | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite([self.t, *self.position]).all() and np.isfinite(self.sigma) and self.sigma > 0.0):
            raise BadInput("a sighting", (self.t, self.position, self.sigma), "finite time and position, a sigma above 0 m")


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of one thing's motion at `t` [s]: mean (4,) and covariance (4, 4) of x, y [m] and their speeds [m/s]."""

    name: int
    t: float
    mean: Matrix
    covariance: Matrix
    sightings: int = 1
    looks: Detection | None = None

    @property
    def is_moving(self) -> bool:
        """Whether it surely moves; what may as well lie still lies still."""
        v = self.mean[2:]
        if self.sightings < LEAST_SIGHTINGS or float(np.hypot(*v)) < SLOWEST:
            return False
        return float(v @ np.linalg.solve(self.covariance[2:, 2:], v)) > MOVES

    @property
    def velocity(self) -> tuple[float, float]:
        """Over the floor [m/s]; zero for what is not surely moving."""
        return (float(self.mean[2]), float(self.mean[3])) if self.is_moving else (0.0, 0.0)

    @property
    def velocity_sigma(self) -> float:
        """One standard deviation of the velocity, of its less certain direction [m/s]."""
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance[2:, 2:])[-1]))

    def at(self, t: float) -> tuple[float, float]:
        """Where (x, y) [m] it is at `t` [s]: what moves goes on evenly, what does not stays where it was seen."""
        ahead, (vx, vy) = t - self.t, self.velocity
        return float(self.mean[0]) + vx * ahead, float(self.mean[1]) + vy * ahead

    def sigma_at(self, t: float) -> float:
        """One standard deviation of `at(t)`, of its less certain direction [m]."""
        covariance = _ahead(self, t)[1] if self.is_moving else self.covariance
        return float(np.sqrt(np.linalg.eigvalsh(covariance[:2, :2])[-1]))


def begun(sighting: Sighting, name: int) -> Track:
    """A track of what is seen for the first time."""
    variance = [sighting.sigma**2] * 2 + [FASTEST**2] * 2
    mean = np.array([*sighting.position, 0.0, 0.0])
    return Track(name, sighting.t, frozen(mean), frozen(np.diag(variance)), 1, sighting.looks)


def updated(track: Track, sighting: Sighting) -> Track:
    """`track` with one more sighting. Raises BadInput for one from before the last."""
    if sighting.t < track.t:
        raise BadInput("the time of a sighting", sighting.t, f"{track.t} s, that of the one before, or later")
    mean, covariance = _ahead(track, sighting.t)
    gain = covariance[:, :2] @ np.linalg.inv(covariance[:2, :2] + np.eye(2) * sighting.sigma**2)
    kept = np.eye(4)
    kept[:, :2] -= gain
    mean = mean + gain @ (np.array(sighting.position) - mean[:2])
    covariance = kept @ covariance @ kept.T + sighting.sigma**2 * gain @ gain.T  # Joseph's form stays positive
    looks = sighting.looks or track.looks
    return Track(track.name, sighting.t, frozen(mean), frozen(covariance), track.sightings + 1, looks)


def advanced(tracks: Sequence[Track], sightings: Sequence[Sighting], t: float) -> tuple[Track, ...]:
    """All tracks after a picture of `t` [s] in which `sightings` were seen: the known ones first, in order, then the new.

    What is not seen goes on as before, for FORGOTTEN seconds. New ones are numbered from the largest name on.
    """
    left = list(range(len(sightings)))
    after: list[Track] = []
    pairs = _pairs(tracks, sightings)
    for k, track in enumerate(tracks):
        if k in pairs:
            left.remove(pairs[k])
            after.append(updated(track, sightings[pairs[k]]))
        else:
            after.append(track)
    for k, track in enumerate(after):
        if track.t < t and left:  # hidden, stopped, or pushed aside
            j = min(left, key=lambda j: min(_aside(track, sightings[j])))
            if min(_aside(track, sightings[j])) < STEP_ASIDE:
                left.remove(j)
                after[k] = _found_again(track, sightings[j])
    after = [track for track in after if t - track.t <= FORGOTTEN]
    first = max((track.name for track in tracks), default=0) + 1
    return (*after, *(begun(sightings[j], first + n) for n, j in enumerate(left)))


def _found_again(track: Track, sighting: Sighting) -> Track:
    """`track` where the thing is not where it should be, but near: it goes on with a jolt, or it was stopped."""
    fresh = replace(begun(sighting, track.name), looks=sighting.looks or track.looks)
    ahead, behind = _aside(track, sighting)
    if not track.is_moving or behind < ahead:
        return fresh
    covariance = np.array(fresh.covariance)
    covariance[2:, 2:] = track.covariance[2:, 2:] + np.eye(2) * JOLTED**2
    mean = np.array([*sighting.position, *track.mean[2:]])
    return replace(fresh, mean=frozen(mean), covariance=frozen(covariance), sightings=track.sightings)


def _ahead(track: Track, t: float) -> tuple[Matrix, Matrix]:
    """Mean and covariance at `t` [s], moving or not."""
    dt = t - track.t
    F = np.eye(4)
    F[0, 2] = F[1, 3] = dt
    eye = np.eye(2)
    noise = JOLT * np.block([[eye * abs(dt) ** 3 / 3, eye * dt**2 / 2], [eye * dt**2 / 2, eye * abs(dt)]])
    return F @ track.mean, F @ track.covariance @ F.T + noise


def _pairs(tracks: Sequence[Track], sightings: Sequence[Sighting]) -> dict[int, int]:
    """Which sighting is of which track, by their numbers; only what is near enough."""
    if not tracks or not sightings:
        return {}
    cost = np.array([[_distance(track, sighting) for sighting in sightings] for track in tracks])
    rows, columns = linear_sum_assignment(np.minimum(cost, 10.0 * (GATE + OTHER_LOOKS)))
    return {int(k): int(j) for k, j in zip(rows, columns, strict=True) if cost[k, j] < GATE + OTHER_LOOKS}


def _distance(track: Track, sighting: Sighting) -> float:
    """Squared Mahalanobis distance, more where the looks differ; beyond all bounds out of the gate."""
    mean, covariance = _ahead(track, sighting.t)
    off = np.array(sighting.position) - mean[:2]
    near = float(off @ np.linalg.solve(covariance[:2, :2] + np.eye(2) * sighting.sigma**2, off))
    return (near if near < GATE else np.inf) + OTHER_LOOKS * _differ(track, sighting)


def _differ(track: Track, sighting: Sighting) -> bool:
    return track.looks is not None and sighting.looks is not None and track.looks.colour != sighting.looks.colour


def _aside(track: Track, sighting: Sighting) -> tuple[float, float]:
    """How far [m] it was seen from where it should be, and from where it was last; infinite where it looks otherwise."""
    x, y = track.at(sighting.t)
    now, before = ((sighting.position[0] - x, sighting.position[1] - y),
                   (sighting.position[0] - track.mean[0], sighting.position[1] - track.mean[1]))  # fmt: skip
    if _differ(track, sighting):
        return np.inf, np.inf
    return float(np.hypot(*now)), float(np.hypot(*before))
