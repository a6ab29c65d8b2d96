"""From ABC to a music21 Score, and from that to MusicXML.

The score is built by hand from what our reader found: measures stay as written, too full or too short, and every note
carries the id `e{offset}` of the character it came from. music21's own ABC parser re-bars, drops and crashes.
Durations here are quarter notes, as music21's; the reading's are whole notes. Knows nothing of sound or of pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from charlstm.errors import NotationError
from charlstm.score.durations import Piece, pieces
from charlstm.score.signs import MAX_TEXT, attach_signs, jump_text, printable
from charlstm.score.timeline import bar_numbers
from charlstm.tunes.keys import Key, signature
from charlstm.tunes.parse.events import Event, Head, Measure, Reading, Tempo, Voice
from charlstm.tunes.parse.reader import read
from charlstm.tunes.views.form import ending_last

if TYPE_CHECKING:
    from music21 import note
    from music21.stream import Score

_CLEFS = {
    "bass": "BassClef", "bass3": "FBaritoneClef", "bass5": "SubBassClef", "alto": "AltoClef", "alto1": "SopranoClef",
    "alto2": "MezzoSopranoClef", "alto4": "TenorClef", "tenor": "TenorClef", "perc": "PercussionClef",
    "treble1": "FrenchViolinClef", "treble-8": "Treble8vbClef", "treble+8": "Treble8vaClef", "bass-8": "Bass8vbClef",
    "bass+8": "Bass8vaClef",
}  # fmt: skip
_ALTERATIONS = {-2: "double-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
MAX_BEATS = 32  # of a time signature that is drawn


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
    from music21 import layout, metadata, stream

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
    """Write a score of `read_score` as MusicXML, as it stands. Raises NotationError if music21 cannot."""
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    exporter = GeneralObjectExporter(score)
    exporter.makeNotation = False  # it would re-bar, re-beam and copy; the measures are ready
    try:
        written: bytes = exporter.parse()
    except Exception as error:
        raise NotationError(f"this tune cannot be written as MusicXML ({type(error).__name__}: {error})") from error
    return written.decode("utf-8")


class _PartBuilder:
    """Builds the Part of one voice."""

    def __init__(self, reading: Reading, voice: Voice, index: int) -> None:
        self.reading, self.voice, self.index = reading, voice, index
        self.first: dict[int, note.GeneralNote] = {}  # Event.start -> its first and last music21 object, for slurs
        self.last: dict[int, note.GeneralNote] = {}

    def build(self, length: int) -> Any:
        """The part, with empty measures at its end if other voices have more."""
        from music21 import instrument, layout, spanner, stream

        part = stream.Part(id=f"voice{self.index + 1}")
        player = instrument.Instrument()
        player.partId = player.instrumentId = f"P{self.index + 1}"  # else random, and no two files alike
        player.midiChannel = self.index  # else music21 looks for one, and warns when there are none left
        part.insert(0, player)
        if self.voice.name:
            part.partName = printable(self.voice.name)
        number, offset, built = 0, Fraction(0), []
        previous: Measure | None = None
        numbers = bar_numbers(self.voice.measures)
        for before, number, measure in zip([0, *numbers], numbers, self.voice.measures, strict=False):
            made = self._measure(measure, previous, number)
            if number == before:  # a pickup, or the second half of a bar
                made.showNumber = stream.enums.ShowNumber.NEVER
            if previous is not None and previous.line_end and self.index == 0:
                made.insert(0, layout.SystemLayout(isNew=True))
            part.coreInsert(float(offset * 4), made)
            built.append(made)
            offset += measure.duration
            previous = measure
        for extra in range(length - len(built)):
            part.coreInsert(float(offset * 4), stream.Measure(number=number + extra + 1))
        part.coreElementsChanged()
        for bracket in self._brackets(built):
            part.insert(0, bracket)
        for first, last in self.voice.slurs:
            if first in self.first and last in self.last:
                part.insert(0, spanner.Slur([self.first[first], self.last[last]]))
        return part

    def _measure(self, measure: Measure, previous: Measure | None, number: int) -> Any:
        from music21 import clef, stream

        made = stream.Measure(number=0 if measure.pickup else number)
        if previous is None or measure.clef != previous.clef:
            made.insert(0, _clef(measure.clef))
        elif previous is None:
            made.insert(0, clef.TrebleClef())
        if (previous is None and measure.key) or (previous and str(measure.key) != str(previous.key)):
            made.insert(0, _key_signature(measure.key))
        if (previous is None or measure.meter != previous.meter) and (meter := _time_signature(measure.meter)):
            made.insert(0, meter)
        if not measure.overlays:
            self._fill(made, measure, measure.events)
        for layer, events in enumerate((measure.events, *measure.overlays) if measure.overlays else ()):
            voice = stream.Voice(id=str(layer + 1))
            self._fill(voice, measure, events)
            made.insert(0, voice)
        for tempo in self.reading.tempos if self.index == 0 else ():
            if measure.onset <= tempo.onset < measure.onset + measure.duration:
                for mark in _tempo_marks(tempo):
                    made.insert(
                        float(tempo.onset - measure.onset) * 4, mark
                    )  # after the notes: above their chord symbols
        on_notes = {name for event in measure.events for name in event.decorations}
        for name in measure.marks:
            if name not in on_notes and measure.events:  # it stands at the bar line: write it over the last note
                made.insert(float((measure.events[-1].onset - measure.onset) * 4), jump_text(name))
        _set_bar_lines(made, measure)
        return made

    def _fill(self, target: Any, measure: Measure, events: Sequence[Event]) -> None:
        """Put events, their graces and their text into a measure or one of its voices."""
        shown: dict[tuple[str, int], int] = {}  # what the staff says so far in this bar
        offset = Fraction(0)
        drawn: list[tuple[Event, note.GeneralNote]] = []
        for event in events:
            for grace in self._graces(event, measure.key, shown):
                target.coreInsert(float(offset), grace)
            parts = pieces(event)
            made: list[Any] = []
            for place, piece in enumerate(parts):
                element = self._element(event, piece, place, len(parts), measure.key, shown)
                target.coreInsert(float(offset), element)
                offset += piece.quarters
                made.append(element)
                drawn.append((event, element))
            self.first[event.start], self.last[event.start] = made[0], made[-1]
            for text in attach_signs(event, made[0]):
                target.coreInsert(float(offset - sum(p.quarters for p in parts)), text)
        target.coreElementsChanged()
        _beam(drawn)
        _bracket_tuplets(drawn)

    def _element(
        self, event: Event, piece: Piece, place: int, count: int, key: Key | None, shown: dict[tuple[str, int], int]
    ) -> Any:
        """One note, chord or rest of the page; an event of a complex length has several, tied."""
        from music21 import chord, note

        suffix = f"-{place + 1}" if place else ""
        if event.kind == "rest":
            rest = note.Rest()
            rest.duration = piece.duration()
            rest.id = f"e{event.start}{suffix}"
            rest.style.hideObjectOnPrint = not event.visible
            return rest
        notes = [self._note(head, key, shown, place, count) for head in event.heads]
        for head, made in zip(event.heads, notes, strict=True):
            made.id = f"e{head.start}{suffix}"
        if len(notes) == 1:
            notes[0].duration = piece.duration()
            return notes[0]
        made_chord = chord.Chord(notes)
        made_chord.duration = piece.duration()
        made_chord.id = f"e{event.start}{suffix}"
        return made_chord

    def _note(
        self, head: Head, key: Key | None, shown: dict[tuple[str, int], int], place: int = 0, count: int = 1
    ) -> Any:
        """A note head with its pitch, its accidental shown or hidden, and its tie."""
        from music21 import note, pitch, tie

        spelled = pitch.Pitch(step=head.step, octave=head.octave)
        place_on_staff = (head.step, head.octave)
        expected = shown.get(place_on_staff, (key.signature if key else {}).get(head.step, 0))
        goes_on = head.tied or place > 0
        visible = not goes_on and (bool(head.accidental) or expected != head.alter)
        if head.alter or visible:
            spelled.accidental = pitch.Accidental(_ALTERATIONS[head.alter])
            spelled.accidental.displayStatus = visible
        if visible:
            shown[place_on_staff] = head.alter
        made = note.Note(spelled)
        to_next = head.tie or place < count - 1
        if goes_on or to_next:
            made.tie = tie.Tie("continue" if goes_on and to_next else "stop" if goes_on else "start")
        return made

    def _graces(self, event: Event, key: Key | None, shown: dict[tuple[str, int], int]) -> Iterable[Any]:
        from music21 import beam, duration

        count = len(event.graces)
        for index, head in enumerate(event.graces):
            made = self._note(head._replace(tie=False, tied=False), key, shown)
            made.duration = duration.GraceDuration("eighth" if count == 1 else "16th")
            made.duration.slash = count == 1
            made.id = f"e{head.start}"
            if count > 1:
                kind = "start" if index == 0 else "stop" if index == count - 1 else "continue"
                made.beams = beam.Beams()
                made.beams.append(kind)
                made.beams.append(kind)
            yield made

    def _brackets(self, built: Sequence[Any]) -> Iterable[Any]:
        """The brackets of variant endings: to a closing bar line, at most to where the next ending begins."""
        from music21 import spanner

        measures = self.voice.measures
        for index, measure in enumerate(measures):
            if not measure.ending:
                continue
            last = ending_last(measures, index)
            yield spanner.RepeatBracket(list(built[index : last + 1]), number=",".join(map(str, measure.ending)))


def _bracket_tuplets(drawn: Sequence[tuple[Event, Any]]) -> None:
    """Say where each tuplet begins and ends; a bracket is for those that no single beam holds together."""
    groups: dict[int, list[Any]] = {}
    for event, element in drawn:
        if event.tuplet:
            groups.setdefault(event.tuplet_group, []).append(element)
    for group in groups.values():
        beams = [[b.type for b in e.beams][:1] if hasattr(e, "beams") else [] for e in group]
        beamed = beams[0] == ["start"] and beams[-1] == ["stop"] and all(b == ["continue"] for b in beams[1:-1])
        first, last = group[0].duration.tuplets[0], group[-1].duration.tuplets[0]
        first.type, last.type = ("start", "stop") if len(group) > 1 else ("startStop", "startStop")
        first.bracket = last.bracket = not beamed


def _beam(drawn: Sequence[tuple[Event, Any]]) -> None:
    """Beam what the text writes without blanks, as far as the notes have flags."""
    group: list[Any] = []
    for event, element in drawn:
        if (not event.joined or _flags(element) == 0 or element.isRest) and group:
            _beam_group(group)
            group = []
        if _flags(element) and not element.isRest:
            group.append(element)
    if group:
        _beam_group(group)


def _flags(element: Any) -> int:
    types = ("eighth", "16th", "32nd", "64th", "128th", "256th", "512th", "1024th")
    kind = element.duration.type
    return types.index(kind) + 1 if kind in types else 0


def _beam_group(group: Sequence[Any]) -> None:
    from music21 import beam

    flags = [_flags(element) for element in group]
    if len(group) < 2:
        return
    for index, element in enumerate(group):
        beams = beam.Beams()
        for level in range(1, flags[index] + 1):
            before = index > 0 and flags[index - 1] >= level
            after = index + 1 < len(group) and flags[index + 1] >= level
            if before and after:
                beams.append("continue")
            elif before or after:
                beams.append("stop" if before else "start")
            else:
                beams.append("partial", "left" if index else "right")
        element.beams = beams


def _set_bar_lines(made: Any, measure: Measure) -> None:
    from music21 import bar

    if measure.left.begins:
        made.leftBarline = bar.Repeat(direction="start")
    if measure.right.ends:
        made.rightBarline = bar.Repeat(direction="end")
    else:
        made.rightBarline = bar.Barline(measure.right.style)


def _clef(name: str) -> Any:
    from music21 import clef

    base = name.removesuffix("+8").removesuffix("-8")
    made = getattr(clef, _CLEFS.get(name) or _CLEFS.get(base) or _CLEFS.get(base.rstrip("0123456789"), "TrebleClef"))()
    if name != base:
        made.octaveChange = 1 if name.endswith("+8") else -1
    return made


def _key_signature(key: Key | None) -> Any:
    from music21 import key as m21key
    from music21 import pitch

    if key is None:
        return m21key.KeySignature(0)
    if dict(key.signature) == signature(key.fifths):
        return m21key.KeySignature(max(-7, min(7, key.fifths)))
    made = m21key.KeySignature(None)
    made.alteredPitches = [pitch.Pitch(step + ("#" * n if n > 0 else "-" * -n)) for step, n in key.signature.items()]
    return made


def _time_signature(value: str | None) -> Any:
    """The time signature of an M: value, or None where nothing of the kind can be drawn."""
    from music21 import meter

    value = (value or "").strip()
    if value in ("C", "C|", "c", "c|"):
        made = meter.TimeSignature("4/4" if len(value) == 1 else "2/2")
        made.symbol = "common" if len(value) == 1 else "cut"
        return made
    top, _, bottom = value.replace(" ", "").strip("()").replace(")", "").partition("/")
    beats = [int(n) for n in top.split("+") if n.isdigit()]
    if not beats or sum(beats) > MAX_BEATS or bottom not in ("1", "2", "4", "8", "16", "32", "64") or 0 in beats:
        return None
    return meter.TimeSignature("+".join(f"{n}/{bottom}" for n in beats) if len(beats) > 1 else f"{beats[0]}/{bottom}")


def _tempo_marks(value: Tempo) -> Iterator[Any]:
    """A Q: field above its measure: its words, and its beats a minute."""
    from music21 import duration, expressions, tempo

    if value.words:
        words = expressions.TextExpression(printable(value.words)[:MAX_TEXT])
        words.style.fontWeight, words.placement = "bold", "above"
        yield words
    if value.beat is not None:
        number = round(value.qpm / float(value.beat * 4), 1)
        yield tempo.MetronomeMark(number=number, referent=duration.Duration(float(value.beat * 4)))
