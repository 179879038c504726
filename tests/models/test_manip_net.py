"""The network: shapes, and that pictures, state, mask and words all matter, and padding does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from helpers_manip import NET, VIEW, known_words  # noqa: E402

from moravec.models.aligned import WIDTH  # noqa: E402
from moravec.models.manip.config import COARSE, PIECE, STEM, NetConfig  # noqa: E402
from moravec.models.manip.fovea import cut  # noqa: E402
from moravec.models.manip.net import Manip, Output, grid_of, size_of  # noqa: E402
from moravec.models.manip.text import LENGTH  # noqa: E402

torch.set_num_threads(1)
WORDS = known_words()


def net(config: NetConfig = NET, seed: int = 0) -> Manip:
    torch.manual_seed(seed)
    return Manip(config, WORDS.size).eval()


def inputs(*sentences: str, seed: int = 0) -> dict[str, Any]:
    torch.manual_seed(seed)
    tokens, b = WORDS.read(sentences), len(sentences)
    picture = torch.randint(0, 256, (1, VIEW.height, VIEW.width, 3), dtype=torch.uint8).expand(b, -1, -1, -1)
    state, mask = torch.randn(1, WIDTH).expand(b, -1), torch.ones(1, WIDTH).expand(b, -1)
    words, pieces = torch.from_numpy(tokens.words), torch.from_numpy(tokens.pieces)
    return {"picture": picture, "state": state, "mask": mask, "words": words, "pieces": pieces}


@torch.no_grad()
def actions(given: dict[str, Any], model: Manip | None = None) -> Any:
    return (model or net())(**given).actions


def test_shapes_are_those_that_are_declared() -> None:
    cells = (VIEW.height // (COARSE * STEM)) * (VIEW.width // (COARSE * STEM))
    out = net()(**inputs("reach red", "reach green", "move to blue"))
    assert isinstance(out, Output)
    assert out.actions.shape == (3, NET.chunk, WIDTH) and out.error.shape == (3,)
    assert out.maps.shape == (3, NET.taught, cells)
    assert out.points.shape == (3, NET.points, 2) and out.places.shape == (3, NET.taught, 3)
    assert out.sharp.shape == (3, NET.taught, 2)
    assert {value.dtype for value in (out.actions, out.error, out.points, out.sharp, out.places)} == {torch.float32}
    assert float(out.points.detach().abs().max()) <= 1.0


@pytest.mark.parametrize(
    "changes", [{"depth": 0}, {"blocks": 0}, {"layers": 0}, {"taught": 1}, {"chunk": 1}], ids=lambda changes: next(iter(changes))
)
def test_other_sizes_work_as_well(changes: dict[str, int]) -> None:
    config = replace(NET, **changes)  # type: ignore[arg-type]
    out = net(config)(**inputs("reach red"))
    assert out.actions.shape == (1, config.chunk, WIDTH) and out.places.shape == (1, config.taught, 3)


def test_the_same_seed_gives_the_same_network_and_another_seed_another() -> None:
    given = inputs("reach red")
    assert torch.equal(actions(given, net(seed=3)), actions(given, net(seed=3)))
    assert not torch.equal(actions(given, net(seed=3)), actions(given, net(seed=4)))


def test_another_sentence_gives_another_answer() -> None:
    one, other, order = actions(inputs("reach red", "reach green", "red reach"))
    assert not torch.allclose(one, other, atol=1e-6) and not torch.allclose(one, order, atol=1e-7)


def test_an_unknown_word_is_known_by_its_pieces() -> None:
    one, other = actions(inputs("reach purple", "reach yellow"))
    assert not torch.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("name", ["picture", "state", "mask"])
def test_everything_that_is_seen_matters(name: str) -> None:
    given = inputs("reach red")
    changed = 255 - given[name] if name == "picture" else given[name] * 0.0
    assert not torch.allclose(actions(given), actions({**given, name: changed}), atol=1e-6)


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    together = actions(inputs("reach red", "move to blue"))
    assert torch.allclose(together[:1], actions(inputs("reach red")), atol=1e-5)


def test_what_stands_where_no_word_is_does_not_matter() -> None:
    given = inputs("reach red")
    garbage = given["pieces"].clone()
    garbage[given["words"] == 0] = 7
    assert torch.allclose(actions(given), actions({**given, "pieces": garbage}), atol=1e-6)


def test_as_many_words_as_are_read_are_read() -> None:
    words = "reach red " * (LENGTH // 2 - 1)
    one, other = actions(inputs(words + "reach red", words + "reach blue"))
    assert not torch.allclose(one, other, atol=1e-6), "the last word counts"


def test_everything_learns() -> None:
    """After one step, for what begins at nought, every parameter has a gradient: nothing stands beside the path."""
    model = net().train()
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(3):
        optimiser.zero_grad()
        out = model(**inputs("reach purple", "reach green"))
        squares = sum(value.square().mean() for value in (out.actions, out.error, out.maps, out.places))
        (squares + out.points.sum() + out.sharp.sum()).backward()
        optimiser.step()
    idle = [name for name, p in model.named_parameters() if p.grad is None or not bool((p.grad != 0).any())]
    assert idle == []


def test_what_is_expected_of_itself_changes_nothing_else() -> None:
    """The model learns what it cannot do, and never to do it worse so that it knows it better."""
    model = net().train()
    model(**inputs("reach red")).error.sum().backward()
    assert {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None} == {"doubt"}


def test_the_default_is_small() -> None:
    assert size_of(Manip(NetConfig(), 800)) <= 10_000_000


def test_cells_lie_where_losses_look_for_them() -> None:
    grid = grid_of(torch.zeros(1, 1, 2, 4))
    assert grid[0, 0].tolist() == [[-0.75, -0.25, 0.25, 0.75]] * 2
    assert grid[0, 1].tolist() == [[-0.5] * 4, [0.5] * 4]


def test_a_piece_is_what_stands_at_its_point() -> None:
    """Whole pixels, and beyond the edge what is at the edge."""
    picture = torch.randint(0, 256, (1, 48, 64, 3), dtype=torch.uint8)
    at = torch.tensor([[[2.0 * 30.3 / 64 - 1.0, 2.0 * 20.4 / 48 - 1.0], [-1.2, -1.0]]])  # 30 to the right, 20 down; and a corner
    (whole, corner), middles = cut(picture, at, PIECE)
    half = PIECE // 2
    assert torch.equal(whole, picture[0, 20 - half : 20 + half, 30 - half : 30 + half])
    assert torch.equal(corner[half:, half:], picture[0, :half, :half])
    assert bool((corner[:half, :half] == picture[0, 0, 0]).all())
    assert torch.allclose(middles, torch.tensor([[[2.0 * 30 / 64 - 1.0, 2.0 * 20 / 48 - 1.0], [-1.0, -1.0]]]))


def test_a_sharper_picture_is_seen_as_such() -> None:
    """A pattern that half the size does not show."""
    given = inputs("reach red")
    striped = given["picture"].float()
    striped[:, :, ::2] = 0.0
    swapped = striped.roll(1, 2)
    one, other = (actions({**given, "picture": picture.to(torch.uint8)}) for picture in (striped, swapped))
    assert not torch.allclose(one, other, atol=1e-6)
