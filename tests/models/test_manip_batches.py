"""Which frames a step of training sees: a function of seed, step and process, and of nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from helpers_manip import EPISODE, SENTENCES, SPEC, TRAIN, Toy, known_words, normal  # noqa: E402

from moravec.core.errors import BadInput  # noqa: E402
from moravec.models.aligned import METAWORLD, gather  # noqa: E402
from moravec.models.manip.batches import Batch, Batches, halved  # noqa: E402
from moravec.models.manip.config import COARSE, TrainConfig  # noqa: E402
from moravec.models.manip.light import drawn_light  # noqa: E402
from moravec.models.manip.text import UNKNOWN  # noqa: E402

torch.set_num_threads(1)
PLAIN = replace(TRAIN, colour=0.0, state_dropout=0.0, word_dropout=0.0)


def batches(config: TrainConfig = TRAIN, rank: int = 0, of: int = 1, toy: Toy | None = None) -> Batches:
    return Batches(toy or Toy(), normal(), known_words(), config, rank, of)


def everything(batch: Batch) -> list[Any]:
    wanted = batch.wanted
    return [
        batch.pictures, batch.small, batch.state, batch.mask, batch.words, batch.pieces,
        batch.light.gain, batch.light.slope, batch.light.offset,
        wanted.actions, wanted.there, wanted.mask, wanted.points, wanted.places,
    ]  # fmt: skip


def same(one: Batch, other: Batch) -> bool:
    pairs = zip(everything(one), everything(other), strict=True)
    return all(torch.equal(torch.nan_to_num(a), torch.nan_to_num(b)) for a, b in pairs)


def trimmed(words: Any) -> tuple[int, ...]:
    """The words that are there."""
    return tuple(int(word) for word in words if word)


def test_a_batch_depends_on_nothing_that_came_before() -> None:
    early, late = batches(), batches()
    for step in range(3):
        late.make(step)
    assert same(early.make(4), late.make(4))
    assert not same(early.make(4), early.make(5))


def test_seeds_and_processes_see_different_frames() -> None:
    config = replace(TRAIN, batch=64)
    rows = {
        name: one.rows(3).tolist()
        for name, one in {
            "first": batches(config, 0, 2), "second": batches(config, 1, 2), "seed": batches(replace(config, seed=1), 0, 2)
        }.items()
    }  # fmt: skip
    assert len({tuple(r) for r in rows.values()}) == 3
    assert {len(r) for r in rows.values()} == {32}, "the batch is that of all processes together"


def test_every_group_is_as_frequent_however_few_frames_it_has() -> None:
    toy = Toy(episodes=10)
    toy.groups = np.repeat([0] * 9 + [1], EPISODE)
    one = batches(replace(TRAIN, batch=1000), toy=toy)
    rows = np.concatenate([one.rows(step) for step in range(4)])
    counts = Counter(toy.groups[rows].tolist())
    assert abs(counts[0] - 2000) < 5 * 32, "more than five standard deviations from the half"
    assert set(rows.tolist()) == set(range(100)), "every frame has its turn"


def test_a_group_without_frames_is_never_drawn() -> None:
    toy = Toy()
    toy.sentences = SENTENCES
    assert len(batches(toy=toy).rows(0)) == TRAIN.batch


def test_actions_beyond_the_episodes_end_do_not_count() -> None:
    config, toy = replace(PLAIN, batch=64), Toy()
    one = batches(config)
    rows, wanted = one.rows(2), one.make(2).wanted
    left = toy.end[rows] - rows
    assert np.array_equal(wanted.there.numpy(), np.arange(config.net.chunk) < left[:, None])
    assert wanted.there[:, 0].all() and not wanted.there.all()
    for k in range(config.net.chunk):
        inside = k < left
        found = gather(wanted.actions.numpy()[inside, k], METAWORLD.action)
        assert np.allclose(found, gather(normal().actions(toy.action[rows[inside] + k]), METAWORLD.action))


def test_sentences_are_those_of_the_frames_group() -> None:
    config = replace(PLAIN, batch=256)
    one, read = batches(config), [[trimmed(row) for row in known_words().read(group).words] for group in SENTENCES]
    words, groups = [trimmed(row) for row in one.make(0).words], Toy().groups[one.rows(0)]
    assert all(sentence in read[group] for sentence, group in zip(words, groups, strict=True))
    assert set(words) == {*read[0], *read[1]}, "all of them are used"


def test_words_and_states_are_forgotten_as_often_as_was_asked() -> None:
    batch = batches(replace(TRAIN, batch=2000, word_dropout=0.25, state_dropout=0.5)).make(0)
    there = batch.words > 0
    assert float((batch.words == UNKNOWN)[there].float().mean()) == pytest.approx(0.25, abs=0.02)
    assert bool((batch.pieces[~there] == 0).all())
    gone = batch.mask.sum(1) == 0
    assert float(gone.float().mean()) == pytest.approx(0.5, abs=0.06)
    assert bool((batch.state[gone] == 0).all()) and bool((batch.mask[~gone].sum(1) == len(SPEC.state)).all())


def test_without_changes_the_batch_is_the_data() -> None:
    toy, one = Toy(), batches(PLAIN)
    rows, batch = one.rows(1), one.make(1)
    assert np.array_equal(batch.pictures.numpy(), toy.pictures[rows])
    assert torch.equal(batch.light.on(batch.small), batch.small)
    assert np.allclose(batch.state.numpy(), normal().state(toy.state[rows]))
    assert np.array_equal(batch.wanted.points[:, 0].numpy(), toy.points[rows, 0])
    assert bool(batch.wanted.points[:, 1].isnan().all())


def test_data_without_places_is_data_all_the_same() -> None:
    wanted = batches(toy=Toy(taught=0)).make(0).wanted
    assert wanted.points.shape == (TRAIN.batch, TRAIN.net.taught, 2) and bool(wanted.points.isnan().all())
    assert wanted.places.shape == (TRAIN.batch, TRAIN.net.taught, 3) and bool(wanted.places.isnan().all())


def test_more_places_than_are_taught_are_refused() -> None:
    with pytest.raises(BadInput, match="found 2; allowed: at most 1"):
        batches(replace(TRAIN, net=replace(TRAIN.net, taught=1))).make(0)


def test_the_small_picture_is_the_mean_of_the_large_ones_pixels() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 8, 12, 3), np.uint8)
    wanted = pictures.reshape(3, 8 // COARSE, COARSE, 12 // COARSE, COARSE, 3).mean((2, 4))
    assert np.abs(halved(pictures) - wanted).max() <= 0.5


@pytest.mark.parametrize("strength", [0.0, 0.3, 3.0])
def test_colours_change_and_stay_colours(strength: float) -> None:
    pictures = torch.rand(5, 3, 8, 12, generator=torch.Generator().manual_seed(0))
    found = drawn_light(5, strength, np.random.default_rng(1)).on(pictures)
    assert found.shape == pictures.shape and found.dtype == torch.float32
    assert float(found.min()) >= 0.0 and float(found.max()) <= 1.0
    assert torch.equal(found, pictures) == (strength == 0.0)
    assert torch.equal(found, drawn_light(5, strength, np.random.default_rng(1)).on(pictures))


def test_light_falls_smoothly_and_differs_from_picture_to_picture() -> None:
    found = drawn_light(4, 0.3, np.random.default_rng(0)).on(torch.full((4, 3, 16, 16), 0.5))
    assert float((found[:, :, 1:] - found[:, :, :-1]).abs().max()) < 0.05
    assert len({round(float(picture.mean()), 4) for picture in found}) == 4


def test_a_piece_is_in_the_light_of_its_place() -> None:
    light = drawn_light(2, 0.3, np.random.default_rng(3))
    whole = light.on(torch.full((2, 3, 33, 33), 0.5))
    points = torch.tensor([[[0.0, 0.0], [-1.0, 0.5]], [[1.0, -1.0], [0.5, 1.0]]])
    pieces = light.on_pieces(torch.full((4, 3, 2, 2), 0.5), points).view(2, 2, 3, 2, 2)
    for b in range(2):
        for k in range(2):
            right, down = (int(16 + 16 * value) for value in points[b, k].tolist())
            assert torch.allclose(pieces[b, k, :, 0, 0], whole[b, :, down, right], atol=1e-6)
