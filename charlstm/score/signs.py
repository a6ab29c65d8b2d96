"""Signs and words around a note: decorations, chord symbols, annotations, lyrics, as music21 objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from charlstm.tunes.parse.events import Event

# ABC's name of a decoration -> (music21 module, class). Source of the names: ABC standard 2.1, section 4.14.
_SIGNS = {
    "staccato": ("articulations", "Staccato"),
    "accent": ("articulations", "Accent"),
    ">": ("articulations", "Accent"),
    "emphasis": ("articulations", "Accent"),
    "tenuto": ("articulations", "Tenuto"),
    "wedge": ("articulations", "Staccatissimo"),
    "marcato": ("articulations", "StrongAccent"),
    "upbow": ("articulations", "UpBow"),
    "downbow": ("articulations", "DownBow"),
    "open": ("articulations", "OpenString"),
    "snap": ("articulations", "SnapPizzicato"),
    "fermata": ("expressions", "Fermata"),
    "trill": ("expressions", "Trill"),
    "roll": ("expressions", "Turn"),
    "turn": ("expressions", "Turn"),
    "invertedturn": ("expressions", "InvertedTurn"),
    "lowermordent": ("expressions", "Mordent"),
    "mordent": ("expressions", "Mordent"),
    "uppermordent": ("expressions", "InvertedMordent"),
    "pralltriller": ("expressions", "InvertedMordent"),
}
_DYNAMICS = ("pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz")
_JUMPS = {
    "D.C.": "D.C.", "dacapo": "D.C.", "D.S.": "D.S.", "dalsegno": "D.S.", "fine": "Fine", "dacoda": "To Coda",
    "D.C.alfine": "D.C. al Fine", "D.C.alcoda": "D.C. al Coda", "D.S.alfine": "D.S. al Fine",
    "D.S.alcoda": "D.S. al Coda",
}  # fmt: skip
MAX_TEXT = 60  # characters of one text on the page


def attach_signs(event: Event, element: Any) -> Iterator[Any]:
    """Put an event's decorations and lyrics on its music21 element; yield what stands beside it in the measure."""
    from music21 import articulations, dynamics, expressions, note, repeat

    for name in event.decorations:
        if name in _SIGNS and not element.isRest:
            module, sign = _SIGNS[name]
            if module == "articulations":
                element.articulations.append(getattr(articulations, sign)())
            else:
                element.expressions.append(_above(getattr(expressions, sign)()))
        elif name == "fermata":
            element.expressions.append(_above(expressions.Fermata()))
        elif name in "012345" and not element.isRest:
            element.articulations.append(articulations.Fingering(int(name)))
        elif name in _DYNAMICS:
            yield dynamics.Dynamic(name)
        elif name in ("segno", "coda"):
            yield repeat.Segno() if name == "segno" else repeat.Coda()
        elif name in _JUMPS:
            yield jump_text(name)
    for symbol in event.chord_symbols:
        yield _text(symbol, "above", weight="bold")
    for text in event.annotations:
        yield _text(text[1:], "below" if text[0] == "_" else "above", slant="italic")
    for verse, syllable in enumerate(event.lyrics):
        if syllable:
            sung = printable(syllable.rstrip("-"))
            element.lyrics.append(note.Lyric(sung, number=verse + 1, syllabic=_syllabic(syllable)))


def _above(sign: Any) -> Any:
    """A sign over its note; music21's fermatas stand on their heads if nobody says otherwise."""
    sign.placement = "above"
    if hasattr(sign, "type"):
        sign.type = "upright"
    return sign


def jump_text(name: str) -> Any:
    """The words of a sign such as D.C. or fine."""
    return _text(_JUMPS.get(name, name), "above", weight="bold")


def _syllabic(syllable: str) -> str:
    return "begin" if syllable.endswith("-") else "single"


def _text(words: str, placement: str, *, weight: str = "normal", slant: str = "normal") -> Any:
    from music21 import expressions

    made = expressions.TextExpression(printable(words)[:MAX_TEXT])
    made.style.fontWeight, made.style.fontStyle = weight, slant
    made.placement = placement
    return made


def printable(words: str) -> str:
    """Words without control characters, which XML cannot hold."""
    return "".join(c for c in words if c.isprintable())
