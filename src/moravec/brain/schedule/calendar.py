"""How many use one thing over time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import final


@final
class Calendar:
    """At most `room` at once, from time 0 [s] on. What ends when another begins is not at once with it."""

    def __init__(self, room: int = 1) -> None:
        self._room = room
        self._times = [0.0]
        self._used = [0]  # from the time at the same place up to the next one, the last without end

    def earliest(self, t: float, seconds: float) -> float:
        """The first time from `t` [s] on at which there is room for so long."""
        times, used, room = self._times, self._used, self._room
        i = bisect_right(times, t) - 1
        while True:
            while used[i] >= room:
                i += 1
                t = times[i]
            end, j = t + seconds, i + 1
            while j < len(times) and times[j] < end and used[j] < room:
                j += 1
            if j == len(times) or times[j] >= end:
                return t
            i = j

    def free(self, start: float, end: float) -> bool:
        """Whether there is room from `start` to `end` [s]."""
        i = bisect_right(self._times, start) - 1
        j = bisect_left(self._times, end, i + 1)
        return all(used < self._room for used in self._used[i:j])

    def busy_until(self, start: float, end: float) -> float:
        """When the first one ends that stands between `start` and `end` [s], where there is no room."""
        times, used = self._times, self._used
        i = bisect_right(times, start) - 1
        while used[i] < self._room:
            i += 1
        while used[i] >= self._room:
            i += 1
        return times[i]

    def take(self, start: float, end: float) -> None:
        """One more from `start` to `end` [s]."""
        i, j = self._mark(start), self._mark(end)
        for k in range(i, j):
            self._used[k] += 1

    def idle_since(self, t: float) -> float:
        """When the last one before `t` [s] ends; 0 where there is none, `t` where one is not over."""
        i = bisect_right(self._times, t) - 1
        if self._times[i] == t and i > 0:
            i -= 1
            if self._used[i]:
                return t
        while i > 0 and not self._used[i - 1]:
            i -= 1
        return t if self._used[i] else self._times[i]

    def last(self) -> float:
        """When the last one ends [s]; 0 where there is none."""
        return self._times[-1]

    def _mark(self, t: float) -> int:
        """The place of a time at which the number may change."""
        i = bisect_left(self._times, t)
        if i == len(self._times) or self._times[i] != t:
            self._times.insert(i, t)
            self._used.insert(i, self._used[i - 1])
        return i
