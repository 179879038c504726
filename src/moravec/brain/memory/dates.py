"""Dates in a memory: UTC [ns since 1970-01-01] and ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from moravec.core.errors import BadInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(utc_ns: int | None) -> str | None:
    """As "2026-11-21T08:30:00Z", to the second; None for None."""
    if utc_ns is None:
        return None
    return (_EPOCH + timedelta(seconds=utc_ns // 1_000_000_000)).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_of(asked: str, text: str) -> int:
    """The date in `text`, in UTC where it names no zone [ns]. Raises BadInput."""
    try:
        date = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(asked, text, "a date as 2026-11-21 or 2026-11-21T08:30, in UTC where it names no zone") from error
    date = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return ((date - _EPOCH) // timedelta(microseconds=1)) * 1000
