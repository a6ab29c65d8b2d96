"""Single signs of ABC and what they mean: bar lines, endings, tempos, the letters that stand for decorations.

Source: ABC standard 2.1, sections 3.1.8, 4.8 to 4.10 and 4.14. Knows nothing of notes.
"""

from __future__ import annotations

import re
from fractions import Fraction

from charlstm.tunes.parse.events import BarLine, Tempo

MAX_REPEATS = 8  # a section with more colons than this is played so often
SLOWEST, FASTEST = 20.0, 400.0  # quarter notes per minute

DECORATIONS = {
    ".": "staccato", "~": "roll", "H": "fermata", "L": "accent", "M": "lowermordent", "O": "coda", "P": "uppermordent",
    "S": "segno", "T": "trill", "u": "upbow", "v": "downbow", "J": "slide", "R": "roll",
}  # fmt: skip
_TEMPO_WORDS = {
    "grave": 40, "largo": 50, "larghetto": 60, "adagio": 70, "lento": 60, "andante": 85, "andantino": 95,
    "moderato": 110, "allegretto": 115, "allegro": 132, "vivace": 160, "presto": 180,
}  # fmt: skip


def parse_tempo(value: str | None, unit: Fraction | None = None, onset: Fraction = Fraction(0)) -> Tempo | None:
    """Read a Q: value, or None if it names no tempo.

    "1/4=120", "3/8=120", "1/4 3/8=40" (the beats add up), "120" and "C=120" (unit notes per minute), "C3=60" (three of
    them; ABC 2.1, 10.1), "90=1/4", "1/4=60-66" (its slower end), "Allegro" by the usual metronome mark.
    """
    words = tempo_words(value)
    bare = re.sub(r'"[^"]*"?', "", value or "").strip()
    left, _, right = bare.rpartition("=")
    if re.fullmatch(r"[\d.]+\s*", left) and "/" in right:  # the wrong way round
        left, right = right, left
    number = re.search(r"(?:^|[\s~]|[a-z]\.)(\d{1,6}(?:\.\d{1,6})?)(?=\s*(?:[-\u2013]\s*\d+(?:\.\d+)?)?\s*$)", right)
    if number is None or not float(number[1]):
        named = [_TEMPO_WORDS[w] for w in re.findall(r"[a-z]+", (words or bare).lower()) if w in _TEMPO_WORDS]
        return Tempo(onset, float(named[0]), None, words or bare) if named else None
    beats = re.findall(r"(\d{1,4})\s*/\s*(\d{1,4})", left)
    beat = sum((Fraction(int(a), int(b)) for a, b in beats if int(b)), Fraction(0))
    if not beat:
        old = re.match(r"\s*C\s*(\d{0,2})", left)
        beat = (unit or Fraction(1, 8)) * int((old and old[1]) or 1)
    return Tempo(onset, min(FASTEST, max(SLOWEST, float(number[1]) * float(beat) * 4)), beat, words)


def tempo_words(value: str | None) -> str:
    """The words in quotation marks of a Q: value."""
    return " ".join(re.findall(r'"([^"]*)"', value or ""))


_STYLES = ("none", "regular", "double", "heavy-light", "final")
_SIGN = re.compile(r"\[\|\]|:+\|\]?|\|\]|\[?\|:+|\[\||\|+(?![:\]])|\||:+|\]")


def parse_bar_line(text: str) -> BarLine:
    """Read a "bar_line" token: one bar line, or several without a blank between them."""
    bar_line = BarLine()
    for sign in _SIGN.findall(text):
        colons = min(sign.count(":"), MAX_REPEATS)
        if "|" not in sign and colons > 1:  # :: is :| and |:
            bar = BarLine("regular", colons // 2, colons // 2)
        elif sign == "[|]":
            bar = BarLine()
        elif sign.startswith(":") and "|" in sign:
            bar = BarLine("regular", colons, 0)
        elif colons:
            bar = BarLine("regular", 0, colons)
        else:
            bar = BarLine({"|": "regular", "[|": "heavy-light", "|]": "final", "]": "final"}.get(sign, "double"))
        bar_line = merged(bar_line, bar)
    return bar_line


def merged(first: BarLine, second: BarLine) -> BarLine:
    """Two bar lines without music between them, as one."""
    style = max(first.style, second.style, key=_STYLES.index)
    return BarLine(style, max(first.ends, second.ends), max(first.begins, second.begins))


def parse_ending(text: str) -> tuple[int, ...]:
    """The passes of a variant ending: "[1" (1,), "1,3" (1, 3), "1-3" (1, 2, 3); only passes that can come count."""
    passes: list[int] = []
    for piece in text.strip("[").split(","):
        first, _, last = piece.partition("-")
        low = int(first[:3] or 1)
        high = int(last[:3]) if last else low
        passes += range(low, min(high, MAX_REPEATS) + 1)
    return tuple(sorted({n for n in passes if 1 <= n <= MAX_REPEATS + 1}))
