"""What training makes small: least where the answer is right, and blind to what nobody knows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from moravec.models.aligned import WIDTH  # noqa: E402
from moravec.models.manip.config import COARSE, STEM, LossConfig, View  # noqa: E402
from moravec.models.manip.losses import SHOWN, Targets, losses, place_loss, point_loss, sharp_loss  # noqa: E402
from moravec.models.manip.net import Output  # noqa: E402

torch.set_num_threads(1)
B, CHUNK, TAUGHT, ROWS, COLUMNS = 4, 3, 2, 6, 8
CELLS = (ROWS, COLUMNS)
VIEW = View(0.0, 1.0, 0.0, 1.0, ROWS * COARSE * STEM, COLUMNS * COARSE * STEM)
NAN = math.nan


def drawn(seed: int = 0) -> tuple[Output, Targets]:
    torch.manual_seed(seed)
    found = Output(
        torch.randn(B, CHUNK, WIDTH, requires_grad=True), torch.randn(B, requires_grad=True),
        torch.randn(B, TAUGHT, ROWS * COLUMNS, requires_grad=True), torch.rand(B, TAUGHT, 2),
        torch.rand(B, TAUGHT, 2, requires_grad=True), torch.randn(B, TAUGHT, 3, requires_grad=True),
    )  # fmt: skip
    mask = torch.zeros(B, WIDTH)
    mask[:, :4] = 1.0
    there = torch.ones(B, CHUNK)
    there[0, 1:] = 0.0
    return found, Targets(torch.randn(B, CHUNK, WIDTH), there, mask, torch.rand(B, TAUGHT, 2) - 0.5, torch.randn(B, TAUGHT, 3))


def told(found: Output, wanted: Targets, config: LossConfig = LossConfig()) -> dict[str, float]:  # noqa: B008  (frozen)
    """The losses as numbers."""
    return {name: float(value.detach()) for name, value in losses(found, wanted, config, VIEW).items()}


def gradients(found: Output, loss: Any) -> dict[str, Any]:
    names = ("actions", "error", "maps", "sharp", "places")
    values = torch.autograd.grad(loss, [getattr(found, name) for name in names], allow_unused=True)
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def test_the_whole_is_the_weighted_sum_of_the_parts() -> None:
    config = LossConfig(points=0.2, sharp=0.6, places=0.3, error=0.4)
    out = told(*drawn(), config)
    wanted = out["action"] + 0.2 * out["points"] + 0.3 * out["places"] + 0.4 * out["error"] + 0.6 * out["sharp"]
    assert out["all"] == pytest.approx(wanted)


def test_a_right_answer_costs_nothing() -> None:
    found, wanted = drawn()
    exact = replace(found, actions=wanted.actions.clone(), places=wanted.places.clone())
    out = told(exact, wanted)
    assert out["action"] == 0.0 and out["places"] == 0.0


def test_places_without_a_robot_and_steps_after_the_end_do_not_count() -> None:
    found, wanted = drawn()
    gradient = gradients(found, losses(found, wanted, LossConfig(), VIEW)["action"])["actions"]
    assert bool((gradient[:, :, 4:] == 0).all()) and bool((gradient[0, 1:] == 0).all())
    assert bool((gradient[1:, :, :4] != 0).all()) and bool((gradient[0, 0, :4] != 0).all())
    changed = wanted.actions.clone()
    changed[:, :, 4:] += 9.0
    changed[0, 1:] -= 9.0
    assert told(found, wanted) == told(found, replace(wanted, actions=changed))


def test_an_attempt_near_its_end_counts_as_much_as_any_other() -> None:
    """The mean over its own steps: an error of 1 everywhere is a loss of 1."""
    found, wanted = drawn()
    off = replace(found, actions=wanted.actions + 1.0)
    assert told(off, wanted)["action"] == pytest.approx(1.0)


def test_the_expected_error_does_not_change_what_is_done() -> None:
    """The model may learn what it cannot do, never to do it worse so that it knows it better."""
    found, wanted = drawn()
    assert set(gradients(found, losses(found, wanted, LossConfig(), VIEW)["error"])) == {"error"}
    least = replace(found, actions=wanted.actions + 0.1, error=torch.full((B,), math.log(0.1 + 1e-3)))
    assert told(least, wanted)["error"] == pytest.approx(0.0, abs=1e-6)


def centre(row: int, column: int) -> tuple[float, float]:
    """Of a cell, right and down."""
    return (2 * column + 1) / COLUMNS - 1.0, (2 * row + 1) / ROWS - 1.0


@pytest.mark.parametrize(("row", "column"), [(0, 0), (2, 3), (4, 6), (1, 5)])
def test_the_loss_of_a_point_is_least_where_the_map_is_highest_at_its_cell(row: int, column: int) -> None:
    points = torch.tensor([[centre(row, column)]])
    costs = []
    for cell in range(ROWS * COLUMNS):
        maps = torch.zeros(1, 1, ROWS * COLUMNS)
        maps[0, 0, cell] = 5.0
        costs.append(float(point_loss(maps, points, CELLS, 0.75)))
    assert min(range(len(costs)), key=costs.__getitem__) == row * COLUMNS + column


def test_the_best_map_is_the_blurred_point_itself() -> None:
    maps = torch.zeros(1, 1, ROWS * COLUMNS, requires_grad=True)
    points = torch.tensor([[[0.2, -0.3]]])
    optimiser = torch.optim.Adam([maps], 0.3)
    for _ in range(100):
        optimiser.zero_grad()
        loss = point_loss(maps, points, CELLS, 1.0)
        loss.backward()
        optimiser.step()
    share = maps.detach()[0, 0].softmax(0).view(ROWS, COLUMNS)
    right = torch.tensor([centre(0, k)[0] for k in range(COLUMNS)])
    down = torch.tensor([centre(k, 0)[1] for k in range(ROWS)])
    assert float((share.sum(0) * right).sum()) == pytest.approx(0.2, abs=0.05)
    assert float((share.sum(1) * down).sum()) == pytest.approx(-0.3, abs=0.05)


@pytest.mark.parametrize("point", [(NAN, NAN), (NAN, 0.0), (1.01, 0.0), (0.0, -1.01), (math.inf, 0.0)])
def test_a_point_that_is_unknown_or_outside_does_not_count(point: tuple[float, float]) -> None:
    found, wanted = drawn()
    points = wanted.points.clone()
    points[1, 0] = torch.tensor(point)
    loss = point_loss(found.maps, points, CELLS, 0.75)
    gradient = gradients(found, loss)["maps"]
    assert bool((gradient[1, 0] == 0).all()) and bool((gradient[1, 1] != 0).any())
    maps, rest = found.maps.detach().flatten(0, 1), points.flatten(0, 1)
    each = [float(point_loss(maps[None, k : k + 1], rest[None, k : k + 1], CELLS, 0.75)) for k in range(B * TAUGHT)]
    assert each[TAUGHT] == 0.0
    assert float(loss.detach()) == pytest.approx(sum(each) / (B * TAUGHT - 1), rel=1e-5)


def test_a_point_at_the_pictures_edge_counts() -> None:
    found, _ = drawn()
    assert float(point_loss(found.maps[:1, :1].detach(), torch.tensor([[[1.0, -1.0]]]), CELLS, 0.75)) > 0.0


def test_an_unknown_place_does_not_count() -> None:
    found, wanted = drawn()
    places = wanted.places.clone()
    places[2, 1, 0] = NAN
    gradient = gradients(found, place_loss(found.places, places, 0.1))["places"]
    assert bool((gradient[2, 1] == 0).all()) and bool((gradient[2, 0] != 0).all())
    assert float(place_loss(wanted.places + 0.1, wanted.places, 0.1)) == pytest.approx(0.5), "one scale off, smooth L1"


def test_where_nobody_knows_any_place_the_rest_is_learnt_all_the_same() -> None:
    found, wanted = drawn()
    nothing = replace(wanted, points=torch.full_like(wanted.points, NAN), places=torch.full_like(wanted.places, NAN))
    out = losses(found, nothing, LossConfig(), VIEW)
    assert told(found, nothing)["points"] == 0.0 and told(found, nothing)["places"] == 0.0
    grads = gradients(found, out["all"])
    assert all(bool(torch.isfinite(g).all()) for g in grads.values())
    assert bool((grads["maps"] == 0).all()) and bool((grads["places"] == 0).all()) and bool((grads["actions"] != 0).any())


def test_a_corrected_point_is_wanted_where_the_piece_shows_it() -> None:
    wanted = torch.tensor([[[0.1, -0.2], [NAN, NAN]]])
    pixel = torch.tensor([2.0 / VIEW.width, 2.0 / VIEW.height])
    found = torch.nan_to_num(wanted)
    rough = torch.cat([found, torch.zeros(1, 1, 2)], 1)  # one more than is taught
    assert float(sharp_loss(found, rough, wanted, VIEW, 2.0)) == 0.0
    one, two = (float(sharp_loss(found + k * pixel, rough, wanted, VIEW, 2.0)) for k in (1.0, 2.0))
    assert one == pytest.approx(0.125) and two == pytest.approx(0.5), "smooth L1 in units of two pixels"
    near, far = (rough + (SHOWN + k) * pixel * torch.tensor([1.0, 0.0]) for k in (-0.1, 0.1))
    assert float(sharp_loss(found + pixel, near, wanted, VIEW, 2.0)) > 0.0
    assert float(sharp_loss(found + pixel, far, wanted, VIEW, 2.0)) == 0.0, "what is not in the piece is not asked for"
