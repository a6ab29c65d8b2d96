"""Signs and words around a note: decorations, chord symbols, annotations, lyrics, as music21 objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from music21 import articulations, dynamics, expressions, note, repeat

from charlstm.tunes.parse.events import MAX_TEXT, Event

# ABC's name of a decoration -> music21's class. Source of the names: ABC standard 2.1, section 4.14.
_ARTICULATIONS = {
    "staccato": articulations.Staccato, "accent": articulations.Accent, ">": articulations.Accent,
    "emphasis": articulations.Accent, "tenuto": articulations.Tenuto, "wedge": articulations.Staccatissimo,
    "marcato": articulations.StrongAccent, "^": articulations.StrongAccent, "upbow": articulations.UpBow,
    "downbow": articulations.DownBow, "open": articulations.OpenString, "snap": articulations.SnapPizzicato,
    "breath": articulations.BreathMark, "slide": articulations.Scoop,
}  # fmt: skip
_ORNAMENTS = {
    "trill": expressions.Trill, "roll": expressions.Turn, "turn": expressions.Turn,
    "invertedturn": expressions.InvertedTurn, "lowermordent": expressions.Mordent, "mordent": expressions.Mordent,
    "uppermordent": expressions.InvertedMordent, "pralltriller": expressions.InvertedMordent,
    "turnx": expressions.Turn, "invertedturnx": expressions.InvertedTurn, "arpeggio": expressions.ArpeggioMark,
}  # fmt: skip
_DYNAMICS = ("pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz")
_JUMPS = {
    "D.C.": "D.C.", "dacapo": "D.C.", "D.S.": "D.S.", "dalsegno": "D.S.", "fine": "Fine", "dacoda": "To Coda",
    "D.C.alfine": "D.C. al Fine", "D.C.alcoda": "D.C. al Coda", "D.S.alfine": "D.S. al Fine",
    "D.S.alcoda": "D.S. al Coda",
}  # fmt: skip
# Signs that reach from one note to another: their names without the bracket at the end -> music21's spanner.
_SPANS = {
    "<": dynamics.Crescendo, "crescendo": dynamics.Crescendo, ">": dynamics.Diminuendo,
    "diminuendo": dynamics.Diminuendo, "trill": expressions.TrillExtension,
}  # fmt: skip
_OCTAVES = {
    "8va(": "8va", "8vb(": "8vb", "15ma(": "15ma", "15mb(": "15mb",
}  # fmt: skip # drawn as words; the notes sound as written
MAX_LINE = 120  # characters of a line of text above the notes


def attach_signs(event: Event, element: Any) -> Iterator[Any]:
    """Put an event's decorations and lyrics on its music21 element; yield what stands beside it in the measure."""
    for name in event.decorations:
        if name == "fermata":
            element.expressions.append(_above(expressions.Fermata()))
        elif name in _ARTICULATIONS or name in _ORNAMENTS or name in "012345":
            if not element.isRest:  # a rest has none, and no words in their place
                _attach_to_note(name, element)
        elif name in _DYNAMICS:
            yield dynamics.Dynamic(name)
        elif name in ("segno", "coda"):
            yield repeat.Segno() if name == "segno" else repeat.Coda()
        elif name in _JUMPS:
            yield jump_text(name)
        elif name in _OCTAVES or name.replace(")", "(") in _OCTAVES:
            yield _text(_OCTAVES.get(name, "loco"), "above", slant="italic")
        elif len(name) > 1 and name[:-1] not in _SPANS:  # a sign that is not known: its name
            yield _text(name, "above", slant="italic")
    for symbol in event.chord_symbols:
        yield _text(symbol, "above", weight="bold")
    for text in event.annotations:
        yield _text(text[1:], "below" if text[0] == "_" else "above", slant="italic")
    for verse, syllable in enumerate(event.lyrics, 1):
        if syllable:
            syllabic = "begin" if syllable.endswith("-") else "single"
            element.lyrics.append(note.Lyric(printable(syllable.rstrip("-")), number=verse, syllabic=syllabic))


def _attach_to_note(name: str, element: Any) -> None:
    """An articulation, an ornament or a finger number on a note or chord."""
    if name in _ARTICULATIONS:
        element.articulations.append(_ARTICULATIONS[name]())
    elif name in _ORNAMENTS:
        element.expressions.append(_above(_ORNAMENTS[name]()))
    else:
        element.articulations.append(articulations.Fingering(int(name)))


def spans(events: Iterable[Event]) -> Iterator[tuple[Any, int, int]]:
    """Signs that reach over notes: music21's class, and the `Event.start` of the first and the last."""
    opened: dict[Any, int] = {}
    for event in events:
        for name in event.decorations:
            kind = _SPANS.get(name[:-1])
            if kind is not None and name.endswith("("):
                opened[kind] = event.start
            elif kind in opened and name.endswith(")"):
                yield kind, opened.pop(kind), event.start
    for kind, start in opened.items():  # never closed: at its note alone
        yield kind, start, start


def part_label(label: str) -> Any:
    """The label of a part (P:), in a box above its first bar."""
    return expressions.RehearsalMark(printable(label)[:MAX_TEXT])


def line_above(text: str) -> Any:
    """A line of text above a bar."""
    return _text(text, "above", longest=MAX_LINE)


def jump_text(name: str) -> Any:
    """The words of a sign such as D.C. or fine."""
    return _text(_JUMPS.get(name, name), "above", weight="bold")


def printable(words: str) -> str:
    """Words without control characters, which XML cannot hold."""
    return "".join(c for c in words if c.isprintable())


def _above(sign: Any) -> Any:
    """A sign over its note, and upright: music21's fermatas are inverted by default."""
    sign.placement = "above"
    if hasattr(sign, "type"):
        sign.type = "upright"
    return sign


def _text(words: str, placement: str, *, weight: str = "normal", slant: str = "normal", longest: int = MAX_TEXT) -> Any:
    text = expressions.TextExpression(printable(words)[:longest])
    text.style.fontWeight, text.style.fontStyle = weight, slant
    text.placement = placement
    return text
