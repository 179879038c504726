"""Codes, measures and numbers as people write and say them, in both languages."""

from __future__ import annotations

from moravec.brain.reader.compose.book import literal
from moravec.brain.reader.compose.voice import Voice
from moravec.brain.wishes.wish import Size

NEAR = 1e-6  # of a whole number of inches


def coded_as(voice: Voice, code: str) -> str:
    """A code as people write it."""
    head, _, digits = code.partition("-")
    if not digits:
        return code
    low = head.lower()
    return voice.of((code, code, code.lower(), head + digits, f"{head} {digits}", low + digits, f"{low} {digits}"))


def measured(voice: Voice, size: Size) -> str:
    """A measure in one of its units, as digits or in words."""
    if size.axis == "length":
        inches = size.value / 0.0254
        unit = "inch" if abs(inches - round(inches)) < NEAR else voice.of(("cm", "mm", "m"), (0.8, 0.15, 0.05))
        number = size.value / {"cm": 1e-2, "mm": 1e-3, "m": 1.0, "inch": 0.0254}[unit]
    else:
        unit, number = voice.of(("ml", "l", "cl", "dl"), (0.85, 0.1, 0.03, 0.02)), size.value
        number /= {"ml": 1e-6, "l": 1e-3, "cl": 1e-5, "dl": 1e-4}[unit]
    number = round(number, 6)
    words = f"{number:g}"
    if voice.chance(0.6 if number in (0.25, 0.5) else 0.35 if voice.chinese else 0.2):
        words = number_words(voice, number) or words
    if words[0].isdigit() and not voice.chinese and voice.chance(0.35):
        return literal(words) + voice.of(("", " ")) + voice.phrase(f"unit {unit} short")
    name = voice.phrase(f"unit {unit}")
    if "half" in words or "quarter" in words:
        name = name.removesuffix("s")
    return literal(words) + ("" if voice.chinese else " ") + name


def number_words(voice: Voice, number: float) -> str:
    """A number in words, where it has short ones; else nothing."""
    if number == 0.5:
        return "半" if voice.chinese else voice.of(("half a", "half"))
    if number == 0.25 and not voice.chinese:
        return voice.of(("a quarter of a", "quarter of a", "a quarter"))
    if number != int(number) or not 0 < number < 1000:
        return ""
    n = int(number)
    return _han(n) if voice.chinese else _english(n, voice)


def _english(n: int, voice: Voice) -> str:
    ones = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
            "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
    tens = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
    if n >= 100:
        head = f"{ones[n // 100]} hundred"
        return f"{head} {_english(n % 100, voice)}" if n % 100 else head
    if n < 20:
        return ones[n]
    return tens[n // 10] + (voice.of((" ", "-")) + ones[n % 10] if n % 10 else "")


def _han(n: int) -> str:
    digits = "零一二三四五六七八九"
    out = ""
    if n >= 100:
        out = ("两" if n // 100 == 2 else digits[n // 100]) + "百"
        if 0 < n % 100 < 10:
            return out + "零" + digits[n % 10]
    tens, one = n % 100 // 10, n % 10
    if tens:
        out += ("" if tens == 1 and not out else digits[tens]) + "十"
    return out + (digits[one] if one else "")
