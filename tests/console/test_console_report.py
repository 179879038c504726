"""The report: one well-formed page that fetches nothing, says what happened and stays small."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from moravec.console import report
from moravec.console.collect import Collector
from moravec.console.images import data_uri
from moravec.console.report import MAX_BYTES, ReportData, build_report
from moravec.core.errors import ContractError
from moravec.robots.ur5e.limits import ur5e_limits

VOID = {"meta", "img", "br", "link", "input", "hr"}
RESULT = {
    "success": False,
    "instruction": "Store the <b>red</b> cans & \"tools\" <script>alert(1)</script>",
    "goal": [],
    "steps": [],
    "final": {
        "thing_0": {"category": "can", "colour": "red", "damaged": True, "location": "B", "belongs": "reject"},
        "thing_1": {"category": "tool", "colour": "pink", "damaged": False, "location": "E", "belongs": "E"},
    },
    "questions": [],
    "refused": None,
    "replans": 1,
    "guard": {"pass": 1980, "limit": 20, "stop": 0},
    "cycle_time_s": [11.0, 14.5, 9.25],
    "seed": 7,
    "versions": {"moravec": "0.1.0"},
}


class Checker(HTMLParser):
    """Fails on tags that are not closed in order; collects what the page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.scripts = 0
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.fetched += [str(v) for k, v in attrs if k in ("src", "href", "xlink:href") and v and not v.startswith("data:")]
        assert not any(k.startswith("on") for k, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def data_of(seen: Collector, **more: object) -> ReportData:
    """A report's data, with pictures."""
    picture = np.tile(np.linspace(0, 255, 96).astype(np.uint8)[None, :, None], (72, 1, 3))
    plain = {"before": picture, "after": picture, "marks": {"thing_0": "wrong", "thing_1": "right"}}
    return ReportData(RESULT, seen, ur5e_limits(), **{**plain, **more})  # type: ignore[arg-type]


def test_one_well_formed_page_that_fetches_nothing(seen: Collector) -> None:
    """No address of any kind but data URIs; no script; every tag closed; its own policy forbids the network."""
    page = build_report(data_of(seen, trouble="it was interrupted"))
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert checker.fetched == []
    assert checker.scripts == 0
    assert not re.search(r"https?://|url\(|@import", page)
    assert "default-src 'none'" in page
    assert len(page.encode()) < MAX_BYTES


def test_it_says_what_happened(seen: Collector) -> None:
    """Headline, items, failure and mending, limits, the command that replays."""
    checker = Checker()
    checker.feed(build_report(data_of(seen, wrong=("thing_0: wanted in reject; found in B",), tape="runs/run-7/tape.mcap")))
    text = " ".join(" ".join(checker.text).split())
    for words in (
        '“Store the <b>red</b> cans & "tools" <script>alert(1)</script>”',
        "1 of 2 items are where the instruction wants them.",
        "pick(item-1): the fingers closed on nothing",
        "pick missed -> retry",
        "thing_0: wanted in reject; found in B",
        "joint 2 asked for 3.5 rad/s",
        "60 N",
        "moravec replay runs/run-7/tape.mcap",
        "red can MV-001",
    ):
        assert words in text, words


def test_an_empty_run_has_a_report_too() -> None:
    """Refused before anything moved: no samples, no steps, no pictures."""
    refused = {**RESULT, "refused": "no", "final": {}, "cycle_time_s": [], "guard": {"pass": 0, "limit": 0, "stop": 0}}
    checker = Checker()
    checker.feed(build_report(ReportData(refused, Collector(), ur5e_limits())))
    assert checker.open == []
    assert any("Refused: no" in text for text in checker.text)


def test_pictures_become_coarser_until_the_page_is_small(seen: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """And are left out where even that does not help."""
    full = build_report(data_of(seen))
    monkeypatch.setattr(report, "MAX_BYTES", 10)
    small = build_report(data_of(seen))
    assert "<image" in full
    assert "<image" not in small


def test_a_picture_must_be_one() -> None:
    """Depth or grey is refused."""
    with pytest.raises(ContractError, match="allowed: uint8"):
        data_uri(np.zeros((4, 4), dtype=np.uint8), 100, 80)
