"""What measure_executors.py lets be done: by name in a file of its own, so that other processes and machines find it."""

from __future__ import annotations

import hashlib


def burn(links: int, shared: object) -> str:
    """Uses the processor: a chain of so many hashes."""
    found = b""
    for _ in range(links):
        found = hashlib.sha256(found).digest()
    return found.hex()


def burn_many(links: int, times: int) -> None:
    """In a process of its own."""
    for _ in range(times):
        burn(links, None)


def answer(size: int, shared: object) -> bytes:
    """Does nothing; gives so many bytes."""
    return bytes(size)
