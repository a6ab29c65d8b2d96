"""What stands before and between the notes of a measure, as music21 objects: clef, key, meter, tempo, bar lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from music21 import bar, clef, duration, expressions, key, meter, pitch, tempo

from charlstm.score.signs import printable
from charlstm.tunes.keys import Key, signature
from charlstm.tunes.parse.events import MAX_TEXT, Measure, Tempo

_CLEFS = {
    "bass": "BassClef", "bass3": "FBaritoneClef", "bass5": "SubBassClef", "alto": "AltoClef", "alto1": "SopranoClef",
    "alto2": "MezzoSopranoClef", "alto4": "TenorClef", "tenor": "TenorClef", "perc": "PercussionClef",
    "treble1": "FrenchViolinClef", "treble-8": "Treble8vbClef", "treble+8": "Treble8vaClef", "bass-8": "Bass8vbClef",
    "bass+8": "Bass8vaClef",
}  # fmt: skip
MAX_BEATS = 32  # of a time signature that is drawn


def clef_of(name: str) -> Any:
    """ABC's clef (2.1, 4.6), such as "bass" or "treble-8"; a treble clef for one that is not known."""
    base, octaves = re.sub(r"[+-](8|15)$", "", name), re.search(r"([+-])(8|15)$", name)
    sign = getattr(clef, _CLEFS.get(name) or _CLEFS.get(base) or _CLEFS.get(base.rstrip("0123456789"), "TrebleClef"))()
    if octaves:
        sign.octaveChange = int(octaves[1] + ("1" if octaves[2] == "8" else "2"))
    return sign


def key_signature(value: Key | None) -> Any:
    """The key signature of a key, its explicit accidentals included; an empty one for no key."""
    if value is None:
        return key.KeySignature(0)
    if dict(value.signature) == signature(value.fifths):
        return key.KeySignature(max(-7, min(7, value.fifths)))
    sign = key.KeySignature(None)
    sign.alteredPitches = [pitch.Pitch(step + ("#" * n if n > 0 else "-" * -n)) for step, n in value.signature.items()]
    return sign


def time_signature(value: str | None) -> Any:
    """The time signature of an M: value, or None where nothing of the kind can be drawn."""
    value = (value or "").strip()
    if value in ("C", "C|", "c", "c|"):
        sign = meter.TimeSignature("4/4" if len(value) == 1 else "2/2")
        sign.symbol = "common" if len(value) == 1 else "cut"
        return sign
    top, _, bottom = value.replace(" ", "").strip("()").replace(")", "").partition("/")
    beats = [int(n) for n in top.split("+") if n.isdigit()]
    if not beats or sum(beats) > MAX_BEATS or bottom not in ("1", "2", "4", "8", "16", "32", "64") or 0 in beats:
        return None
    return meter.TimeSignature("+".join(f"{n}/{bottom}" for n in beats))


def tempo_marks(value: Tempo) -> Iterator[Any]:
    """A Q: field above its measure: its words, and its beats per minute."""
    if value.words:
        words = expressions.TextExpression(printable(value.words)[:MAX_TEXT])
        words.style.fontWeight, words.placement = "bold", "above"
        yield words
    if value.beat is not None:
        number = round(value.qpm / float(value.beat * 4), 1)
        yield tempo.MetronomeMark(number=number, referent=duration.Duration(float(value.beat * 4)))


def set_bar_lines(target: Any, measure: Measure) -> None:
    """Give a music21 Measure the bar lines of ours."""
    if measure.left.begins:
        target.leftBarline = bar.Repeat(direction="start")
    target.rightBarline = bar.Repeat(direction="end") if measure.right.ends else bar.Barline(measure.right.style)
