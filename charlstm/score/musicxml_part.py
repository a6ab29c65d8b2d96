"""A part of a score as music21 reads it, written as the body of an ABC tune. Knows no file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from music21 import articulations, chord, dynamics, expressions, harmony, meter, note, repeat, spanner, stream, tempo

from charlstm.score.midi_import.meter_and_key import MODES, key_with
from charlstm.score.midi_import.spelling import Speller
from charlstm.tunes.abc import write_length
from charlstm.tunes.keys import SEMITONES, Key

_LINE = 4  # bars, where the file does not break lines
_SIGNS = {
    articulations.Staccato: ".", articulations.Accent: "!accent!", articulations.Tenuto: "!tenuto!",
    articulations.StrongAccent: "!marcato!", articulations.Staccatissimo: "!wedge!", articulations.UpBow: "!upbow!",
    articulations.DownBow: "!downbow!", articulations.BreathMark: "!breath!", expressions.Fermata: "!fermata!",
    expressions.Trill: "!trill!", expressions.Turn: "!turn!", expressions.InvertedTurn: "!invertedturn!",
    expressions.Mordent: "!lowermordent!", expressions.InvertedMordent: "!uppermordent!",
}  # fmt: skip
_JUMPS = {
    repeat.Segno: "segno", repeat.Coda: "coda", repeat.Fine: "fine", repeat.DaCapo: "D.C.", repeat.DalSegno: "D.S.",
    repeat.DaCapoAlFine: "D.C.alfine", repeat.DaCapoAlCoda: "D.C.alcoda", repeat.DalSegnoAlFine: "D.S.alfine",
    repeat.DalSegnoAlCoda: "D.S.alcoda",
}  # fmt: skip
_CLEFS = {"F4": "bass", "C3": "alto", "C4": "tenor", "percussion1": "perc"}


class PartWriter:
    """Writes a music21 Part. The fields that begin the tune are known after `body`."""

    def __init__(self, part: Any) -> None:
        self.part = part
        self.measures = list(part.getElementsByClass(stream.Measure))
        self.left_out: Counter[str] = Counter()
        self.first_meter, self.first_key, self.first_tempo = "none", key_with(0, "major"), list[str]()
        self.clef = ""
        self.last_pitch = next((max(n.pitches).midi for n in reversed(list(part.recurse().notes)) if n.pitches), 60)
        self.key: Key = self.first_key
        self.meter = "none"
        self.speller = Speller(self.key)
        self.words: list[list[str]] = []  # of the line: of each verse its syllables, one a note
        self.sung = 0  # notes of the line
        self.held: set[int] = set()  # pitches that are tied to the next note
        self.slurs: Counter[tuple[int, bool]] = Counter()  # (id of a note, whether it begins one)
        for slur in part.recurse().getElementsByClass(spanner.Slur):
            self.slurs[id(slur.getFirst()), True] += 1
            self.slurs[id(slur.getLast()), False] += 1
        notes = [n for m in self.measures for n in _first_voice(m).notes if not n.duration.isGrace]
        self.following = {id(a): {p.midi for p in b.pitches} for a, b in pairwise(notes)}  # pitches of the next note
        self.endings: dict[int, str] = {}
        for bracket in part.recurse().getElementsByClass(spanner.RepeatBracket):
            if (first := bracket.getFirst()) is not None:
                self.endings[id(first)] = str(bracket.number).replace(" ", "")

    def body(self) -> str:
        lines: list[str] = []
        text = ""
        breaks = any(m.recurse().getElementsByClass("SystemLayout") for m in self.measures[1:])
        for index, measure in enumerate(self.measures):
            if index and breaks and any(layout.isNew for layout in measure.getElementsByClass("SystemLayout")):
                lines, text = self._line(lines, text)
            text += self._left_bar(measure, text)
            text += self._measure(measure, index)
            following = self.measures[index + 1] if index + 1 < len(self.measures) else None
            text += _right_bar(measure, following)
            if not breaks and (index + 1) % _LINE == 0:
                lines, text = self._line(lines, text)
        lines, text = self._line(lines, text)
        return "\n".join(lines)

    def _line(self, lines: list[str], text: str) -> tuple[list[str], str]:
        """The lines with one more and its words, and an empty text to go on with."""
        if text:
            verses = ["w:" + re.sub(r"- ", "-", " ".join(verse)).rstrip(" *") for verse in self.words]
            lines = [*lines, text, *verses]
        self.words, self.sung = [], 0
        return lines, ""

    def _left_bar(self, measure: Any, text: str) -> str:
        left = measure.leftBarline
        sign = "|:" if left is not None and getattr(left, "direction", "") == "start" else ""
        if (sign and text.endswith("|")) or (sign and text.endswith(":|")):
            sign = ":"
        number = self.endings.get(id(measure), "")
        return sign + (f"[{number}" if number else "")

    def _measure(self, measure: Any, index: int) -> str:
        self.speller.new_bar()
        text = self._fields(measure, first=index == 0)
        voices = list(measure.getElementsByClass(stream.Voice))
        if others := sum(1 for voice in voices[1:] for _ in voice.notes):
            self.left_out["notes of a second voice in the part were left out"] += others
        source = _first_voice(measure)
        marks = self._marks(measure)
        elements = [e for e in source.notesAndRests if not isinstance(e, harmony.ChordSymbol)]
        offset = Fraction(0)
        graces: list[str] = []
        group: list[Any] = []  # of a tuplet
        for place, element in enumerate(elements):
            if element.duration.isGrace:
                graces.append(self._heads(element))
                continue
            start = Fraction(element.offset).limit_denominator(5040)
            text += "".join(mark for at, mark in marks if offset <= at < start + Fraction(1, 1000) and at <= start)
            marks = [(at, mark) for at, mark in marks if at > start]
            if start > offset:
                text += "x" + write_length((start - offset) * 2)
            if not group:
                group = _tuplet_group(elements[place:])
                text += _tuplet_mark(group)
            if graces:
                text, graces = text + "{" + "".join(graces) + "}", []
            text += self._element(element)
            group = group[1:]
            offset = start + Fraction(element.quarterLength).limit_denominator(5040)
            if not group and _is_beat(offset, self.meter):
                text += " "
        return text.rstrip() + "".join(mark for _, mark in marks)

    def _fields(self, measure: Any, *, first: bool) -> str:
        """Inline fields of a meter, key or tempo that is new; those of the first measure are the tune's header."""
        text = ""
        if (time := measure.timeSignature) is not None and isinstance(time, meter.TimeSignature):
            value = {"common": "C", "cut": "C|"}.get(time.symbol, time.ratioString)
            if value != self.meter:
                self.meter = value
                text += f"[M:{value}]"
        if (sign := measure.keySignature) is not None:
            fifths = max(-7, min(7, sign.sharps or 0))
            key = key_with(fifths, _mode(getattr(sign, "mode", None), fifths, self.last_pitch))
            if key != self.key or first:
                self.key, self.speller = key, Speller(key)
                text += f"[K:{key}]"
        marks = [m for m in measure.getElementsByClass(tempo.MetronomeMark) if m.number]
        tempos = [f"Q:{_quarter(mark)}" for mark in marks if not mark.offset]
        if first:
            self.first_meter, self.first_key, self.first_tempo = self.meter, self.key, tempos[:1]
            if measure.clef is not None:
                name = _CLEFS.get(f"{measure.clef.sign}{measure.clef.line or 1}", "")
                self.clef = f" clef={name}" if name else ""
            return ""
        return text + "".join(f"[{field}]" for field in tempos)

    def _marks(self, measure: Any) -> list[tuple[Fraction, str]]:
        """What stands at a moment of the measure: chord symbols, texts, dynamics, part labels; by time."""
        marks: list[tuple[Fraction, str]] = []
        for element in measure.recurse():
            at = Fraction(element.getOffsetInHierarchy(measure)).limit_denominator(5040)
            if isinstance(element, harmony.ChordSymbol):
                if figure := one_line(element.figure.replace("-", "b")).replace('"', ""):
                    marks.append((at, f'"{figure}"'))
            elif isinstance(element, expressions.RehearsalMark):
                marks.append((at, f"[P:{one_line(element.content)}]"))
            elif isinstance(element, repeat.RepeatMark):
                name = next((name for kind, name in _JUMPS.items() if type(element) is kind), "")
                marks += [(at, f"!{name}!")] if name else []
            elif isinstance(element, expressions.TextExpression):
                if words := one_line(element.content).replace('"', "'"):
                    marks.append((at, f'"^{words}"'))
            elif isinstance(element, dynamics.Dynamic) and element.value:
                marks.append((at, f"!{element.value}!"))
            elif isinstance(element, tempo.MetronomeMark) and at and element.number:
                marks.append((at, f"[Q:{_quarter(element)}]"))
        return sorted(marks, key=lambda mark: mark[0])

    def _element(self, element: Any) -> str:
        """A note, a chord or a rest with its signs, its length and its tie."""
        length = write_length(_written(element) * 2)
        if isinstance(element, note.Rest):
            return ("x" if element.style.hideObjectOnPrint else "z") + length
        signs = "".join(
            next((mark for kind, mark in _SIGNS.items() if type(sign) is kind), "")
            for sign in (*element.articulations, *element.expressions)
        )
        opened = "(" * self.slurs[id(element), True]
        closed = ")" * self.slurs[id(element), False]
        tie = element.tie is not None and element.tie.type in ("start", "continue")
        tie = tie and any(pitch.midi in self.following.get(id(element), ()) for pitch in element.pitches)
        pitches = {pitch.midi for pitch in element.pitches}
        if not pitches or not pitches <= self.held:  # a note that is tied on takes no syllable
            self._sing(element)
        self.held = pitches if tie else set()
        return opened + signs + self._heads(element) + length + ("-" if tie else "") + closed

    def _heads(self, element: Any) -> str:
        """The notes of a note or chord, without a length."""
        if isinstance(element, note.Unpitched):
            self.left_out["notes without a pitch were left out"] += 1
            return "z"
        pitches = sorted(element.pitches)
        heads = [self._head(pitch) for pitch in pitches]
        return heads[0] if len(heads) == 1 and not isinstance(element, chord.Chord) else f"[{''.join(heads)}]"

    def _head(self, pitch: Any) -> str:
        alteration = round(pitch.alter)
        if alteration != pitch.alter:
            self.left_out["quarter tones were rounded to semitones"] += 1
        alteration = max(-2, min(2, alteration))
        octave = pitch.octave if pitch.octave is not None else 4
        midi = 12 * (octave + 1) + SEMITONES[pitch.step] + alteration
        return self.speller.spelled(pitch.step, alteration, midi)

    def _sing(self, element: Any) -> None:
        """Put the syllables of a note under it, in every verse."""
        for lyric in element.lyrics:
            verse = max(0, (lyric.number or 1) - 1)
            while len(self.words) <= verse:
                self.words.append(["*"] * self.sung)
            text = re.sub(r"[_*|~\\%]", "", one_line(lyric.text or "")).replace("-", r"\-").replace(" ", "~")
            if text:
                self.words[verse].append(text + ("-" if lyric.syllabic in ("begin", "middle") else ""))
        self.sung += 1
        for verse_words in self.words:
            verse_words += ["*"] * (self.sung - len(verse_words))


def _mode(named: str | None, fifths: int, last_pitch: int) -> str:
    """The mode that a file names; where it names none, minor if the part ends on its tonic, else major."""
    if named is not None and named in MODES.values():
        return named
    return "minor" if (last_pitch - 7 * fifths) % 12 == 9 else "major"


def _quarter(mark: Any) -> str:
    """A metronome mark as the value of a Q: field."""
    beat = Fraction(mark.referent.quarterLength).limit_denominator(64) / 4
    return f"{beat.numerator}/{beat.denominator}={round(float(mark.number), 1):g}"


def _first_voice(measure: Any) -> Any:
    """The first voice of a measure, or the measure itself where it has none."""
    return next(iter(measure.getElementsByClass(stream.Voice)), measure)


def _right_bar(measure: Any, following: Any) -> str:
    right = measure.rightBarline
    if right is not None and getattr(right, "direction", "") == "end":
        return ":|"
    kind = getattr(right, "type", "regular") if right is not None else "regular"
    if following is None and kind == "regular":
        return "|"
    return {"final": "|]", "double": "||", "heavy-light": "[|", "none": "|"}.get(kind, "|")


def _written(element: Any) -> Fraction:
    """The length that is written, in quarter notes: without the ratio of a tuplet."""
    length = Fraction(element.quarterLength).limit_denominator(5040)
    for tuplet in element.duration.tuplets:
        length = length * tuplet.numberNotesActual / tuplet.numberNotesNormal
    return length


def _tuplet_group(elements: Sequence[Any]) -> list[Any]:
    """The notes and rests of the tuplet that begins with the first of these; [] where none does."""
    elements = [e for e in elements if not e.duration.isGrace]
    if not elements or not elements[0].duration.tuplets:
        return []
    ratio = _ratio(elements[0])
    tuplet = elements[0].duration.tuplets[0]
    normal = tuplet.durationNormal
    span = Fraction(normal.quarterLength if normal else 0).limit_denominator(5040) * tuplet.numberNotesNormal
    marked = tuplet.type == "start"  # then another one is where it stops
    group: list[Any] = []
    total = Fraction(0)
    for element in elements:
        if _ratio(element) != ratio:
            break
        group.append(element)
        total += Fraction(element.quarterLength).limit_denominator(5040)
        if any(t.type == "stop" for t in element.duration.tuplets) or (not marked and span and total >= span):
            break
    return group


def _ratio(element: Any) -> tuple[int, int] | None:
    """Notes of a tuplet and the time they take, or None; of nested ones the product."""
    if not element.duration.tuplets:
        return None
    ratio = Fraction(1)
    for tuplet in element.duration.tuplets:
        ratio *= Fraction(tuplet.numberNotesActual, tuplet.numberNotesNormal)
    tuplet = element.duration.tuplets[0]
    simple = len(element.duration.tuplets) == 1
    return (tuplet.numberNotesActual, tuplet.numberNotesNormal) if simple else (ratio.numerator, ratio.denominator)


def _tuplet_mark(group: Sequence[Any]) -> str:
    if not group:
        return ""
    parts, time_of = _ratio(group[0]) or (1, 1)
    return "(3" if (parts, time_of, len(group)) == (3, 2, 3) else f"({parts}:{time_of}:{len(group)}"


def _is_beat(offset: Fraction, meter_name: str) -> bool:
    """Whether a beam group begins here: at quarters, in compound meters at dotted ones, in 4/4 at halves."""
    upper = meter_name.partition("/")[0]
    compound = meter_name.endswith("/8") and upper.isdigit() and int(upper) % 3 == 0
    return offset % (Fraction(3, 2) if compound else 2 if meter_name in ("4/4", "C", "C|", "2/2") else 1) == 0


def one_line(text: str) -> str:
    """A text on one line, without control characters, at most 100 of them."""
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in str(text))).strip()[:100]
