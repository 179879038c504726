"""The reader's network: it learns a toy language, goes on to the last bit, is exported, and reads under its grammar."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from helpers_reader import CONFIG, LAWFUL, WORDS, draw, tokens  # noqa: E402

from moravec.core.errors import BadInput, ContractError  # noqa: E402
from moravec.models.checkpoint import load  # noqa: E402
from moravec.models.reader.batches import Batches, Examples  # noqa: E402
from moravec.models.reader.beam import Search  # noqa: E402
from moravec.models.reader.export import export, parity, rebuilt  # noqa: E402
from moravec.models.reader.lawful import Lawful  # noqa: E402
from moravec.models.reader.net import Reader  # noqa: E402
from moravec.models.reader.network import READ_FILE, WRITE_FILE, Network  # noqa: E402
from moravec.models.reader.text import UNKNOWN, Vocabulary, coded, seen  # noqa: E402
from moravec.models.reader.train import TOLD_EVERY, WEIGHTS, Trainer, losses  # noqa: E402

torch.set_num_threads(1)


def silent(step: int, means: dict[str, float]) -> None:
    """Nobody listens."""


def trainer(out: Path, **changes: object) -> Trainer:
    return Trainer(draw, "toy", WORDS, LAWFUL, replace(CONFIG, **changes), out)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a reader of the toy language."""
    out = tmp_path_factory.mktemp("reader")
    told: list[float] = []
    one = trainer(out)
    one.run(lambda step, means: told.append(means["loss"]))
    assert len(told) == CONFIG.steps // TOLD_EVERY and told[-1] < 0.5 * told[0]
    weights, facts = load(out / WEIGHTS)
    assert facts["step"] == CONFIG.steps
    export(rebuilt(facts, weights), out)
    return out


def read(folder: Path, sentence: str) -> list[tuple[tuple[str, ...], float]]:
    network, found = Network(folder / READ_FILE, folder / WRITE_FILE), tokens(sentence)
    words, pieces = coded(found, WORDS.numbers())
    readings = Search(LAWFUL).readings(seen(found), network.read(words, pieces))
    return [(reading.tokens, reading.log_p) for reading in readings]


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        ("put the red in zw", ("R", "bin", "=zw", ".")),
        ("BLAU in XV", ("B", "bin", "=xv", ".")),
        ("rot in kk and put the blue in hj", ("R", "bin", "=kk", "B", "bin", "=hj", ".")),
    ],
)
def test_it_reads_and_points_at_labels_it_has_never_seen(trained: Path, sentence: str, wanted: tuple[str, ...]) -> None:
    readings = read(trained, sentence)
    assert readings[0][0] == wanted
    assert [p for _, p in readings] == sorted((p for _, p in readings), reverse=True)
    assert sum(np.exp(p) for _, p in readings) <= 1.0 + 1e-6


def test_every_reading_is_lawful_whatever_the_weights(tmp_path: Path) -> None:
    torch.manual_seed(3)
    export(Reader(CONFIG.net, WORDS.size, len(LAWFUL.tokens)), tmp_path)
    for sentence in ("put the red in zw", "so", "zz 12 yy"):
        for written, _ in read(tmp_path, sentence):
            assert written[-1] == "." and written.count("bin") == sum(token.startswith("=") for token in written)


def test_going_on_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    whole, parts = trainer(tmp_path / "whole", dropout=0.2), trainer(tmp_path / "parts", dropout=0.2)
    whole.run(silent, 30)
    parts.run(silent, 13)
    trainer(tmp_path / "parts", dropout=0.2).run(silent, 30, apart=True)
    one, other = load(tmp_path / "whole" / WEIGHTS)[0], load(tmp_path / "parts" / WEIGHTS)[0]
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
    history = [(tmp_path / name / "history.jsonl").read_text() for name in ("whole", "parts")]
    assert [line.split(",")[0] for line in history[0].splitlines()] == [line.split(",")[0] for line in history[1].splitlines()]


def test_another_training_does_not_go_on_in_the_same_folder(tmp_path: Path) -> None:
    trainer(tmp_path).run(silent, 1)
    with pytest.raises(BadInput, match="rate"):
        trainer(tmp_path, rate=1e-4)


def test_a_batch_depends_on_its_step_alone() -> None:
    examples = Examples(WORDS, LAWFUL)
    one, other = Batches(draw, examples, CONFIG), Batches(draw, examples, CONFIG)
    one[0]
    for name in ("words", "pieces", "previous", "wanted", "lawful"):
        assert torch.equal(getattr(one[30], name), getattr(other[30], name))


def test_the_loss_adds_up_places_that_say_the_same() -> None:
    batch = Examples(WORDS, LAWFUL).batch([Examples(WORDS, LAWFUL).example(("red in zz and zz", ("R", "bin", "=zz", ".")))])
    assert batch.wanted[0, 2].sum() == 2
    scores = torch.zeros(batch.wanted.shape)
    loss, _ = losses(scores, batch, 0.0)
    lawful = batch.lawful.sum(-1).float()
    assert torch.isclose(loss, (lawful.log() - batch.wanted.sum(-1).float().log()).mean())


def test_what_is_not_lawful_cannot_be_learned() -> None:
    with pytest.raises(BadInput):
        Examples(WORDS, LAWFUL).example(("red in zz", ("bin", "R", ".")))


def test_other_weights_are_refused(trained: Path, tmp_path: Path) -> None:
    weights, facts = load(trained / WEIGHTS)
    with pytest.raises(BadInput):
        rebuilt({**facts, "vocabulary": ["put"]}, weights)
    (tmp_path / READ_FILE).write_bytes(b"no model")
    (tmp_path / WRITE_FILE).write_bytes((trained / WRITE_FILE).read_bytes())
    with pytest.raises(ContractError):
        Network(tmp_path / READ_FILE, tmp_path / WRITE_FILE)


def test_a_file_that_differs_is_found(trained: Path) -> None:
    weights, facts = load(trained / WEIGHTS)
    weights["score.bias"] = weights["score.bias"] + 1.0
    with pytest.raises(ContractError, match="differs"):
        parity(rebuilt(facts, weights), trained)


def test_a_training_begins_with_the_weights_of_another_vocabulary(trained: Path, tmp_path: Path) -> None:
    weights, facts = load(trained / WEIGHTS)
    words = Vocabulary(("new", *reversed(WORDS.known)))
    one = Trainer(draw, "toy", words, LAWFUL, CONFIG, tmp_path)
    one.begin_with(weights, facts["vocabulary"])
    table, numbers = one.net.word.weight.detach(), words.numbers()
    assert all(torch.equal(table[numbers[word]], weights["word.weight"][k]) for word, k in WORDS.numbers().items())
    assert torch.equal(table[numbers["new"]], weights["word.weight"][UNKNOWN])
    assert torch.equal(one.average["score.weight"], weights["score.weight"])
    with pytest.raises(BadInput, match="begin with"):
        Trainer(draw, "toy", words, LAWFUL, replace(CONFIG, net=replace(CONFIG.net, width=16)), tmp_path / "small").begin_with(
            weights, facts["vocabulary"]
        )


class Even:
    """Writes everything with the same score."""

    def __init__(self, size: int) -> None:
        self._size = size

    def write(self, previous: list[int], chosen: list[int] | None) -> Any:
        return np.zeros((len(previous), self._size), np.float32)


@pytest.mark.parametrize(("sentence", "readings"), [("constantinople", 1), ("k", 2)])
def test_a_reading_that_would_point_at_what_is_not_there_is_none(sentence: str, readings: int) -> None:
    lawful = Lawful("s", {"s": (("to", "*label"), ("stop",))}, ("*label",))
    found = tokens(sentence)
    assert len(Search(lawful).readings(seen(found), Even(len(lawful.tokens) + len(found)))) == readings
    assert Search(Lawful("s", {"s": (("*label",),)}, ("*label",))).readings(seen(["constantinople"]), Even(1)) == ()
