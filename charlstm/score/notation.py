"""From ABC to a music21 Score, and from that to MusicXML.

The score is built by hand from the reading: measures stay as written, too full or too short, and every note carries the
id `e{offset}` of the character it came from. music21's own ABC parser re-bars, drops and crashes. Durations here are
quarter notes, as music21's; the reading's are whole notes. Knows nothing of sound or of pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from music21 import beam, chord, duration, instrument, layout, metadata, note, pitch, spanner, stream, tie
from music21.musicxml.m21ToXml import GeneralObjectExporter
from music21.stream import Score

from charlstm.errors import NotationError
from charlstm.score.attributes import clef_of, key_signature, set_bar_lines, tempo_marks, time_signature
from charlstm.score.beams import bracket_tuplets, set_beams
from charlstm.score.durations import Piece, pieces
from charlstm.score.signs import attach_signs, jump_text, line_above, part_label, printable, spans
from charlstm.score.texts import texts_of
from charlstm.tunes.keys import Key
from charlstm.tunes.parse.events import Event, Head, Measure, Reading, Voice
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.bar_numbers import bar_numbers
from charlstm.tunes.views.form import ending_last

_ACCIDENTALS = {-2: "double-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_Shown = dict[tuple[str, int], int]  # (step, octave) -> the alteration that the staff shows so far in this bar


def read_score(abc: str) -> Score:
    """Read a tune as a music21 Score that is ready to be drawn.

    Parameters
    ----------
    abc : str
        One tune, with or without X: and other information fields.

    Returns
    -------
    music21.stream.Score
        One Part a voice. `score.editorial.reading` is the `Reading` it was made from: what playing it needs, and the
        notes on what was skipped.

    Raises
    ------
    NotationError
        If there is no music in it, or music21 cannot hold it.
    """
    return to_score(read(abc))


def to_score(reading: Reading) -> Score:
    """Build the music21 Score of a reading. Raises NotationError."""
    try:
        score = stream.Score()
        score.editorial.reading = reading
        score.metadata = metadata.Metadata()
        score.metadata.title = printable(reading.title) or "Untitled"
        if composer := printable(reading.get("C") or ""):
            score.metadata.composer = composer
        longest = max(len(voice.measures) for voice in reading.voices)
        for index, voice in enumerate(reading.voices):
            score.insert(0, _PartBuilder(reading, voice, index).build(longest))
        if len(reading.voices) > 1:
            score.insert(0, layout.StaffGroup(list(score.parts), symbol="bracket", barTogether=True))
    except Exception as error:  # music21 raises nearly every type there is; a page needs one
        raise NotationError(f"this tune cannot be written as a score ({type(error).__name__}: {error})") from error
    return score


def to_musicxml(score: Score) -> str:
    """Write a score of `read_score` as MusicXML, unchanged. Raises NotationError if music21 cannot."""
    exporter = GeneralObjectExporter(score)
    exporter.makeNotation = False  # it would re-bar, re-beam and copy; the measures are ready
    try:
        xml: bytes = exporter.parse()
    except Exception as error:
        raise NotationError(f"this tune cannot be written as MusicXML ({type(error).__name__}: {error})") from error
    return xml.decode("utf-8")


class _PartBuilder:
    """Builds the Part of one voice."""

    def __init__(self, reading: Reading, voice: Voice, index: int) -> None:
        self.reading, self.voice, self.index = reading, voice, index
        self.texts = texts_of(reading).above
        self.ends: dict[int, tuple[Any, Any]] = {}  # Event.start -> its first and last music21 object, for slurs

    def build(self, length: int) -> Any:
        """The part, with empty measures at its end if other voices have more."""
        part = stream.Part(id=f"voice{self.index + 1}")
        player = instrument.Instrument()
        player.partId = player.instrumentId = f"P{self.index + 1}"  # else random, and no two files alike
        player.midiChannel = self.index  # else music21 looks for one, and warns when there are none left
        part.insert(0, player)
        if self.voice.name:
            part.partName = printable(self.voice.name)

        # The measures, one after the other, with numbers and lines as the text has them.
        measures: list[Any] = []
        number, offset = 0, Fraction(0)
        previous: Measure | None = None
        numbers = bar_numbers(self.voice.measures)
        for before, number, measure in zip([0, *numbers], numbers, self.voice.measures, strict=False):
            drawn = self._measure(measure, previous, number, self.texts.get(len(measures), []))
            if number == before:  # a pickup, or the second half of a bar
                drawn.showNumber = stream.enums.ShowNumber.NEVER
            if previous is not None and previous.line_end and self.index == 0:
                drawn.insert(0, layout.SystemLayout(isNew=True))
            part.coreInsert(float(offset * 4), drawn)
            measures.append(drawn)
            offset += measure.duration
            previous = measure
        for extra in range(length - len(measures)):
            part.coreInsert(float(offset * 4), stream.Measure(number=number + extra + 1))
        part.coreElementsChanged()

        # What spans several of them.
        for bracket in self._ending_brackets(measures):
            part.insert(0, bracket)
        for first, last in self.voice.slurs:
            if first in self.ends and last in self.ends:
                part.insert(0, spanner.Slur([self.ends[first][0], self.ends[last][1]]))
        for sign, first, last in spans(self.voice.events):
            part.insert(0, sign([self.ends[first][0], self.ends[last][1]]))
        return part

    def _measure(self, measure: Measure, previous: Measure | None, number: int, texts: Sequence[str]) -> Any:
        drawn = stream.Measure(number=0 if measure.pickup else number)
        # Clef, key and meter where they change.
        if previous is None or measure.clef != previous.clef:
            drawn.insert(0, clef_of(measure.clef))
        if (previous is None and measure.key) or (previous and str(measure.key) != str(previous.key)):
            drawn.insert(0, key_signature(measure.key))
        if (previous is None or measure.meter != previous.meter) and (meter := time_signature(measure.meter)):
            drawn.insert(0, meter)
        # Labels and lines of text, once for all voices.
        if self.index == 0:
            for text in reversed(texts):  # the last one is nearest to the staff
                drawn.insert(0, line_above(text))
            if measure.part:
                drawn.insert(0, part_label(measure.part))
        # The notes; in voices of their own where the text has overlays.
        if not measure.overlays:
            self._fill(drawn, measure, measure.events)
        for layer, events in enumerate((measure.events, *measure.overlays) if measure.overlays else ()):
            voice = stream.Voice(id=str(layer + 1))
            self._fill(voice, measure, events)
            drawn.insert(0, voice)
        # Tempo after the notes, so that it is above their chord symbols; a sign at the bar line over the last note.
        for tempo in self.reading.tempos if self.index == 0 else ():
            if measure.onset <= tempo.onset < measure.onset + measure.duration:
                for mark in tempo_marks(tempo):
                    drawn.insert(float(tempo.onset - measure.onset) * 4, mark)
        on_notes = {name for event in measure.events for name in event.decorations}
        for name in measure.marks:
            if name not in on_notes and measure.events:
                drawn.insert(float((measure.events[-1].onset - measure.onset) * 4), jump_text(name))
        set_bar_lines(drawn, measure)
        return drawn

    def _fill(self, target: Any, measure: Measure, events: Sequence[Event]) -> None:
        """Put events, their graces and their text into a measure or one of its voices."""
        shown: _Shown = {}
        offset = Fraction(0)
        drawn: list[tuple[Event, Any]] = []
        for event in events:
            for grace in self._graces(event, measure.key, shown):
                target.coreInsert(float(offset), grace)
            parts = pieces(event)
            start, first = offset, len(drawn)
            for place, piece in enumerate(parts):
                element = self._element(event, piece, place, len(parts), measure.key, shown)
                target.coreInsert(float(offset), element)
                offset += piece.quarters
                drawn.append((event, element))
            self.ends[event.start] = drawn[first][1], drawn[-1][1]
            for text in attach_signs(event, drawn[first][1]):
                target.coreInsert(float(start), text)
        target.coreElementsChanged()
        set_beams(drawn)
        bracket_tuplets(drawn)

    def _element(self, event: Event, piece: Piece, place: int, count: int, key: Key | None, shown: _Shown) -> Any:
        """One note, chord or rest of the page, the `place`th of the `count` tied ones that draw an event."""
        suffix = f"-{place + 1}" if place else ""
        if event.kind == "rest":
            element: Any = note.Rest()
            element.style.hideObjectOnPrint = not event.visible
        else:
            notes = [self._note(head, key, shown, place, count) for head in event.heads]
            for head, single in zip(event.heads, notes, strict=True):
                single.id = f"e{head.start}{suffix}"
            element = notes[0] if len(notes) == 1 else chord.Chord(notes)
        element.duration = piece.duration()
        if len(event.heads) != 1:
            element.id = f"e{event.start}{suffix}"
        return element

    def _note(self, head: Head, key: Key | None, shown: _Shown, place: int = 0, count: int = 1) -> Any:
        """A note head with its pitch, its accidental shown or hidden, and its tie."""
        # An accidental is shown where the text has one, or the staff would say something else.
        continues = head.tied or place > 0
        expected = shown.get((head.step, head.octave), (key.signature if key else {}).get(head.step, 0))
        visible = not continues and (bool(head.accidental) or expected != head.alter)
        spelled = pitch.Pitch(step=head.step, octave=head.octave)
        if head.alter or visible:
            spelled.accidental = pitch.Accidental(_ACCIDENTALS[head.alter])
            spelled.accidental.displayStatus = visible
        if visible:
            shown[head.step, head.octave] = head.alter
        single = note.Note(spelled)
        to_next = head.tie or place < count - 1
        if continues or to_next:
            single.tie = tie.Tie("continue" if continues and to_next else "stop" if continues else "start")
        return single

    def _graces(self, event: Event, key: Key | None, shown: _Shown) -> Iterable[Any]:
        """The grace notes before an event: one with a slash, several under two beams."""
        count = len(event.graces)
        for index, head in enumerate(event.graces):
            grace = self._note(head._replace(tie=False, tied=False), key, shown)
            grace.duration = duration.GraceDuration("eighth" if count == 1 else "16th")
            grace.duration.slash = count == 1
            grace.id = f"e{head.start}"
            if count > 1:
                kind = "start" if index == 0 else "stop" if index == count - 1 else "continue"
                grace.beams = beam.Beams()
                grace.beams.append(kind)
                grace.beams.append(kind)
            yield grace

    def _ending_brackets(self, measures: Sequence[Any]) -> Iterable[Any]:
        """The brackets of variant endings: to a closing bar line, at most to where the next ending begins."""
        for index, measure in enumerate(self.voice.measures):
            if measure.ending:
                last = ending_last(self.voice.measures, index)
                number = ",".join(map(str, measure.ending))
                yield spanner.RepeatBracket(list(measures[index : last + 1]), number=number)
