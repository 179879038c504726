"""The laws of tracking: what moves is met where it will be, what lies still stays, and who is who is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from moravec.core.errors import BadInput
from moravec.perception.detection import Detection
from moravec.perception.track import FORGOTTEN, Sighting, Track, advanced, begun, updated

SIGMA = 0.003  # [m]
EVERY = 0.3  # [s]
RED = Detection("belt", (0.0, 0.0, 0.08), (0.1, 0.05, 0.06), 0.0, (SIGMA,) * 3, "red", 1.0, "box", 1.0, False, 0.0, None, "wrist",
                (0, 0, 9, 9))  # fmt: skip
BLUE = replace(RED, colour="blue")


def seen(rng: np.random.Generator, t: float, start: tuple[float, float], v: tuple[float, float], looks=None) -> Sighting:
    x, y = (s + u * t + rng.normal(0.0, SIGMA) for s, u in zip(start, v, strict=True))
    return Sighting(t, (x, y), SIGMA, looks)


def followed(seed: int, v: tuple[float, float], count: int) -> Track:
    rng = np.random.default_rng(seed)
    track = begun(seen(rng, 0.0, (0.5, -0.4), v), 1)
    for k in range(1, count):
        track = updated(track, seen(rng, k * EVERY, (0.5, -0.4), v))
    return track


@pytest.mark.parametrize("speed", [0.01, 0.03, 0.06, 0.10, 0.2])
def test_velocity_is_found_within_its_own_uncertainty(speed: float) -> None:
    """Squared errors, in units of the covariance that the track tells, are chi-squared with two degrees of freedom: mean 2."""
    errors = []
    for seed in range(100):
        track = followed(seed, (0.0, speed), 10)
        off = track.mean[2:] - np.array([0.0, speed])
        errors.append(off @ np.linalg.solve(track.covariance[2:, 2:], off))
    assert 1.4 < np.mean(errors) < 2.7
    assert followed(0, (0.0, speed), 10).is_moving


def test_more_sightings_make_it_surer() -> None:
    sigmas = [followed(1, (0.0, 0.06), n).velocity_sigma for n in (2, 3, 5, 10, 20)]
    assert sigmas == sorted(sigmas, reverse=True) and sigmas[3] < 0.002


def test_prediction_ahead_is_within_what_it_says() -> None:
    off = []
    for seed in range(200):
        track = followed(seed, (0.01, 0.06), 10)
        t = 9 * EVERY + 2.0
        where = np.array(track.at(t)) - (0.5 + 0.01 * t, -0.4 + 0.06 * t)
        off.append(np.hypot(*where) / track.sigma_at(t))
    assert 0.8 < np.sqrt(np.mean(np.square(off)) / 2.0) < 1.2
    assert np.percentile(off, 99) < 4.0


@pytest.mark.parametrize("seed", range(12))
def test_what_lies_still_stays(seed: int) -> None:
    """200 noisy looks, then a minute unseen: no drift, not even a little."""
    track, rng = begun(Sighting(0.0, (0.5, 0.1), SIGMA), 1), np.random.default_rng(seed)
    for k in range(1, 200):
        track = updated(track, seen(rng, k * EVERY, (0.5, 0.1), (0.0, 0.0)))
        assert not track.is_moving and track.velocity == (0.0, 0.0)
    assert track.at(track.t + 60.0) == track.at(track.t)
    assert np.hypot(track.mean[0] - 0.5, track.mean[1] - 0.1) < 4.0 * SIGMA


def test_two_that_ride_by_behind_one_another_stay_who_they_are_while_hidden() -> None:
    rng = np.random.default_rng(4)
    tracks: tuple[Track, ...] = ()
    for k in range(30):
        t = k * EVERY
        both = [seen(rng, t, (0.55, -0.5), (0.0, 0.06)), seen(rng, t, (0.55, -0.7), (0.0, 0.06))]
        hidden = 12 <= k < 20  # the arm is over the first for 2.4 s
        tracks = advanced(tracks, both[1:] if hidden else both[:: 1 if k % 2 else -1], t)
    assert sorted(track.name for track in tracks) == [1, 2]
    t = 29 * EVERY
    assert sorted(round(track.at(t)[1] - 0.06 * t, 1) for track in tracks) == [-0.7, -0.5]
    ahead = max(tracks, key=lambda track: track.mean[1])
    assert abs(ahead.at(t)[1] - (-0.5 + 0.06 * t)) < 0.01


def test_colour_tells_two_apart_that_pass_close() -> None:
    rng = np.random.default_rng(5)
    tracks: tuple[Track, ...] = ()
    for k in range(40):
        t = k * EVERY
        up, down = seen(rng, t, (0.50, -0.3), (0.0, 0.05), RED), seen(rng, t, (0.51, 0.3), (0.0, -0.05), BLUE)
        tracks = advanced(tracks, [up, down], t)
    assert [(track.name, track.looks.colour if track.looks else "") for track in tracks] == [(1, "red"), (2, "blue")]


def test_what_is_stopped_is_the_same_thing_and_at_rest() -> None:
    rng = np.random.default_rng(6)
    tracks: tuple[Track, ...] = ()
    for k in range(40):
        t = min(k, 15) * EVERY
        tracks = advanced(tracks, [replace(seen(rng, t, (0.5, -0.3), (0.0, 0.06)), t=k * EVERY)], k * EVERY)
    (track,) = tracks
    assert track.name == 1 and not track.is_moving


def test_a_jump_to_the_side_costs_neither_name_nor_speed() -> None:
    """One edge less in sight moves the middle of a thing by a centimetre and more: it rides on."""
    rng = np.random.default_rng(7)
    tracks: tuple[Track, ...] = ()
    for k in range(12):
        off = 0.025 if k >= 10 else 0.0
        tracks = advanced(tracks, [seen(rng, k * EVERY, (0.5 + off, -0.3 + off), (0.0, 0.06), RED)], k * EVERY)
    (track,) = tracks
    assert track.name == 1 and track.is_moving and abs(track.mean[3] - 0.06) < 4.0 * track.velocity_sigma


def test_what_stays_unseen_is_forgotten_and_a_new_thing_gets_a_new_name() -> None:
    tracks = advanced((), [Sighting(0.0, (0.5, 0.0), SIGMA)], 0.0)
    assert [track.name for track in advanced(tracks, [], FORGOTTEN)] == [1]
    assert advanced(tracks, [], FORGOTTEN + 0.1) == ()
    far = advanced(tracks, [Sighting(0.3, (0.5, 0.5), SIGMA)], 0.3)
    assert [track.name for track in far] == [1, 2]


def test_one_sighting_goes_to_one_track_only() -> None:
    tracks = advanced((), [Sighting(0.0, (0.5, 0.0), SIGMA), Sighting(0.0, (0.5, 0.02), SIGMA)], 0.0)
    after = advanced(tracks, [Sighting(0.3, (0.5, 0.021), SIGMA)], 0.3)
    assert [(track.name, track.sightings) for track in after] == [(1, 1), (2, 2)]


def test_bad_input_is_refused() -> None:
    for t, position, sigma in ((np.nan, (0.0, 0.0), 0.1), (0.0, (np.inf, 0.0), 0.1), (0.0, (0.0, 0.0), 0.0)):
        with pytest.raises(BadInput, match="sighting"):
            Sighting(t, position, sigma)
    with pytest.raises(BadInput, match="time of a sighting"):
        updated(begun(Sighting(1.0, (0.0, 0.0), SIGMA), 1), Sighting(0.5, (0.0, 0.0), SIGMA))
