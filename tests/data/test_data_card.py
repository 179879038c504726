"""The card says what the dataset holds, and nothing that is not in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers_data import FEATURES, FRAMES, MADE, NO_CAMERAS, TASKS, data_file, episode, write
from helpers_disk import change_column, change_json

from moravec.core.errors import BadInput
from moravec.data.card import data_hash, facts, markdown, write_card
from moravec.data.check import check
from moravec.data.lerobot.write import Writer
from moravec.data.provenance import Provenance

TOTAL = 4 * FRAMES + 6


def test_facts(dataset: Path) -> None:
    card = facts(dataset)
    assert card["format"] == "LeRobotDataset v3.0"
    assert (card["episodes"], card["frames"], card["fps"], card["robot"]) == (4, TOTAL, 20.0, "toy")
    assert card["seconds"] == pytest.approx(TOTAL / 20)
    assert card["frames_per_episode"] == {"min": FRAMES, "mean": FRAMES + 1.5, "max": FRAMES + 3}
    assert card["outcomes"] == {"success": 2, "failure": 1, "unknown": 1}
    assert card["tasks"] == [words for task in TASKS for words in (task, f"please {task}")]
    assert card["channels"]["action"][1] == {"name": "dy", "unit": "m", "frame": "world", "low": -1.0, "high": 1.0}
    assert list(card["channels"]) == ["observation.state", "action", "next.reward", "privileged.points"]
    assert card["cameras"][0] == {"name": "front", "height": 32, "width": 48, "codec": "h264", "crf": 18}
    assert card["bytes"] == sum(path.stat().st_size for path in dataset.rglob("*") if path.is_file())
    assert card["sha256"] == data_hash(dataset)
    assert card["provenance"] == [MADE.to_plain()]
    assert json.loads(json.dumps(card)) == card


def test_the_page(dataset: Path) -> None:
    page = markdown(facts(dataset))
    for words in (
        "license: apache-2.0", "tags: [LeRobot]", "# Toy episodes", "python make.py --seed 3", "- Seed: 3",
        "- Versions: numpy 2.1",
        "4 episodes, 70 frames at 20 a second (0.1 minutes), robot toy. An episode has 16 to 19 frames, 17.5 on average.",
        "2 of 3 ended in success; 1 are not labelled.", "- Licence: Apache-2.0", "## Tasks (6 sentences)",
        "- please open the drawer", "| 1 | dy | m | world | -1 to 1 |", "| 2 | grip | 1 |  |  |",
        "- `wrist`: 32 x 32, h264, crf 18", "- Nothing in it is real.", data_hash(dataset),
    ):  # fmt: skip
        assert words in page, words


def test_it_is_written_into_the_dataset_and_changes_no_hash(dataset: Path) -> None:
    before = data_hash(dataset)
    assert write_card(dataset) == dataset / "README.md"
    assert json.loads((dataset / "meta/card.json").read_text()) == facts(dataset)
    write_card(dataset)
    assert data_hash(dataset) == before
    assert check(dataset) == []


def test_the_hash_is_of_names_and_bytes(dataset: Path, tmp_path: Path) -> None:
    before = data_hash(dataset)
    assert before == data_hash(write(tmp_path / "again", range(4)))
    other = tmp_path / "again"
    (other / "data/chunk-000/file-003.parquet").rename(other / "data/chunk-000/file-004.parquet")
    assert data_hash(other) != before
    change_column(data_file(dataset, 0), "action", lambda rows: [[0.0, 0.0], *rows[1:]])
    assert data_hash(dataset) != before


def test_a_dataset_that_says_nothing_about_itself(by_lerobot: Path) -> None:
    page = markdown(facts(by_lerobot))
    assert "# A robot dataset" in page and "Nobody wrote it down." in page and "None are written down." in page
    assert "How they ended is not recorded." in page and "license" not in page


def test_sessions_add_up(numbers_only: Path) -> None:
    other = Provenance("More", "Drawn again.", "python more.py", None, {}, "MIT", ("Too few.", *MADE.limits))
    with Writer(numbers_only, NO_CAMERAS, provenance=other) as writer:
        writer.append(episode(4, features=NO_CAMERAS))
    page = markdown(facts(numbers_only))
    assert "python make.py --seed 3" in page and "python more.py" in page
    assert "license:" not in page  # two licences: neither speaks for all of it
    assert page.count("Nothing in it is real.") == 1 and "- Too few." in page


def test_words_do_not_break_the_page(tmp_path: Path) -> None:
    with Writer(tmp_path / "set", FEATURES) as writer:
        writer.append(episode(0, tasks=("open | the\n\ndrawer",)))
    assert "- open \\| the drawer" in markdown(facts(tmp_path / "set"))


def test_many_tasks_are_counted_not_listed(tmp_path: Path) -> None:
    with Writer(tmp_path / "set", NO_CAMERAS) as writer:
        writer.append(episode(0, features=NO_CAMERAS, tasks=tuple(f"task {k}" for k in range(75))))
    page = markdown(facts(tmp_path / "set"))
    assert "## Tasks (75 sentences)" in page and "- and 15 more" in page and "- task 60" not in page


def test_no_dataset_no_card(tmp_path: Path, numbers_only: Path) -> None:
    for what in (facts, data_hash, write_card):
        with pytest.raises(BadInput):
            what(tmp_path / "nowhere")
    change_json(numbers_only / "meta/info.json", total_episodes=9)
    with pytest.raises(BadInput):
        write_card(numbers_only)
    assert not (numbers_only / "README.md").exists()


@pytest.mark.parametrize("plain", [{}, [], None, {**MADE.to_plain(), "seed": "three"}, {**MADE.to_plain(), "versions": 3}])
def test_a_broken_provenance_is_refused(plain: object) -> None:
    assert Provenance.from_plain(MADE.to_plain()) == MADE
    with pytest.raises(BadInput, match="a dataset's provenance"):
        Provenance.from_plain(plain)
