"""Which bins changed places, by their labels. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def bins_moved(known: Mapping[str, str], read: Mapping[str, str]) -> dict[str, str]:
    """Of each place whose label is `read` in one other place that did not carry it, that place; both are place -> label. Several
    bins may carry the same label."""
    ways: dict[str, str] = {}
    for place, label in known.items():
        new = [other for other, said in read.items() if said == label and known.get(other) != label]
        if read.get(place) != label and len(new) == 1:
            ways[place] = new[0]
    return ways
