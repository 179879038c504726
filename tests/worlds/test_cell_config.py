"""What varies in the cell is drawn from one seed, each concern from its own stream."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from moravec.core.errors import BadInput, MoravecError
from moravec.worlds.cell import layout
from moravec.worlds.cell.config import ITEM_COUNT, CellConfig, Drawn, Lighting, draw
from moravec.worlds.cell.items import CATEGORIES, COLOURS, MASS_RANGE, ItemSpec, draw_items
from moravec.worlds.cell.world import Cell

SEEDS = range(200)


def drawn(config: CellConfig) -> tuple[Drawn, tuple[ItemSpec, ...]]:
    """Everything that is drawn before anything falls."""
    found = draw(config, layout.LABELS)
    return found, draw_items(found.items, found.streams["items"], config.damaged_share, config.tagged_share)


def rest_of(found: Drawn) -> dict[str, Any]:
    """What a draw holds besides its streams, and what each other stream would give next."""
    told = {f.name: getattr(found, f.name) for f in fields(found) if f.name != "streams"}
    return told | {f"stream {name}": stream.random() for name, stream in found.streams.items()}


def test_the_same_seed_draws_the_same_and_another_another() -> None:
    draws = [drawn(CellConfig(seed=seed)) for seed in (3, 3, 4)]
    assert draws[0][1] == draws[1][1] != draws[2][1]
    assert rest_of(draws[0][0]) == rest_of(draws[1][0]) != rest_of(draws[2][0])


@pytest.mark.parametrize(
    ("override", "moves"),
    [
        ({"items": 8}, {"items", "stream items"}),
        ({"damaged_share": 0.9}, set()),
        ({"tagged_share": 0.0}, set()),
        ({"parcel_shift": (0.0, 0.0, 0.0)}, {"parcel_shift"}),
        ({"labels": ("F", "E", "D", "C", "B", "A")}, {"labels"}),
        ({"lighting": Lighting(0.5, 0.0, 0.1)}, {"lighting"}),
        ({"person": True}, set()),
        ({"image": (120, 160)}, set()),
        ({"renderer": "rays"}, set()),
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 5])
def test_overriding_one_thing_moves_no_other(seed: int, override: dict[str, Any], moves: set[str]) -> None:
    plain, items = drawn(CellConfig(seed=seed))
    other, changed = drawn(replace(CellConfig(seed=seed), **override))
    before, after = rest_of(plain), rest_of(other)
    assert {name for name in before if before[name] != after[name]} <= moves
    for a, b in zip(items, changed, strict=False):
        same = {"damaged_share": ("damaged",), "tagged_share": ("code",)}.get(next(iter(override)), ())
        assert replace(a, **{name: getattr(b, name) for name in same}) == b


def test_what_is_overridden_is_what_is_used() -> None:
    config = CellConfig(seed=1, items=7, parcel_shift=(0.001, 0.002, 0.03), labels=tuple("FEDCBA"), lighting=Lighting(0.7))
    found, items = drawn(config)
    assert len(items) == 7 and (found.parcel_shift, found.labels) == (config.parcel_shift, config.labels)
    assert found.lighting == config.lighting
    for share in (0.0, 1.0):
        _, items = drawn(CellConfig(seed=2, items=12, damaged_share=share, tagged_share=share))
        assert {item.damaged for item in items} == {bool(share)}
        assert all((item.code is not None) == (bool(share) and item.category == "box") for item in items)


def test_the_draws_keep_their_ranges_and_use_all_of_them() -> None:
    draws = [drawn(CellConfig(seed=seed)) for seed in SEEDS]
    counts = {len(items) for _, items in draws}
    assert counts == set(range(ITEM_COUNT[0], ITEM_COUNT[1] + 1))
    items = [item for _, found in draws for item in found]
    assert {item.category for item in items} == set(CATEGORIES) and {item.colour for item in items} == set(COLOURS)
    masses = np.array([item.mass for item in items])
    assert masses.min() >= MASS_RANGE[0] == 0.03 and masses.max() <= MASS_RANGE[1] == 0.8
    assert masses.min() < 0.04 and masses.max() > 0.7
    assert 0.15 < np.mean([item.damaged for item in items]) < 0.25
    assert 0.5 < np.mean([item.code is not None for item in items if item.category == "box"]) < 0.7
    assert all(item.code is None or 0 <= item.code < 500 for item in items)
    assert len({f.labels for f, _ in draws}) > 100 and all(sorted(f.labels) == sorted(layout.LABELS) for f, _ in draws)
    shifts = np.array([f.parcel_shift for f, _ in draws])
    assert np.all(np.abs(shifts) <= (0.010, 0.012, 0.05)) and np.all(np.abs(shifts).max(axis=0) > (0.009, 0.011, 0.045))


def test_some_things_come_twice() -> None:
    """A twin has the category, colour and size of an earlier thing, but its own mass and damage."""
    twins = 0
    for seed in SEEDS:
        _, items = drawn(CellConfig(seed=seed))
        assert [item.name for item in items] == [f"thing_{i}" for i in range(len(items))]
        twins += len(items) - len({(item.category, item.colour, item.size) for item in items})
    assert 100 < twins < 500


@pytest.mark.parametrize(
    ("fields_", "message"),
    [
        ({"seed": -1}, "the seed: found -1; allowed: a whole number of 0 or more"),
        ({"seed": 1.5}, "the seed: found 1.5"),
        ({"seed": "3"}, "the seed: found '3'"),
        ({"seed": True}, "the seed: found True"),
        ({"items": 0}, "the number of items: found 0; allowed: 1 to 12"),
        ({"items": 13}, "the number of items: found 13"),
        ({"items": 7.5}, "the number of items: found 7.5"),
        ({"items": "7"}, "the number of items: found '7'"),
        ({"damaged_share": 1.1}, "damaged_share: found 1.1; allowed: 0 to 1"),
        ({"tagged_share": float("nan")}, "tagged_share: found nan"),
        ({"parcel_shift": (0.2, 0.0, 0.0)}, "parcel_shift: found (0.2, 0.0, 0.0)"),
        ({"parcel_shift": (0.0, 0.0)}, "parcel_shift: found (0.0, 0.0)"),
        ({"parcel_shift": (0.0, float("nan"), 0.0)}, "parcel_shift: found"),
        ({"image": (0, 640)}, "image: found (0, 640)"),
        ({"image": (480,)}, "image: found (480,)"),
    ],
)
def test_bad_fields_are_refused_in_one_line(fields_: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput) as failure:
        CellConfig(**fields_)
    assert str(failure.value).startswith(message) and failure.value.exit_status == 2 and "\n" not in str(failure.value)


@pytest.mark.parametrize("labels", [("A", "B"), tuple("AABCDE"), tuple("ABCDEZ"), ()])
def test_labels_that_are_no_order_of_the_cells_are_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(MoravecError, match=r"labels: found .*; allowed: an order of") as failure:
        Cell(CellConfig(labels=labels))
    assert failure.value.exit_status == 2


def test_numpys_whole_numbers_are_whole_numbers() -> None:
    assert drawn(CellConfig(seed=np.int64(3), items=np.int32(7)))[1] == drawn(CellConfig(seed=3, items=7))[1]  # type: ignore[arg-type]
