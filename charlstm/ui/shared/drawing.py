"""A tune as it is seen and heard: engraved, its events timed, its MIDI file made. Knows no widget and no player."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from charlstm.errors import CharlstmError, NotationError
from charlstm.tunes.edit.transpose import transposed
from charlstm.ui.cache import cached

Part = Literal["melody", "chord", "bass"]

WIDTHS = {0: 420, 600: 900}  # px of the player -> px of the drawing made for it
# Quarter notes per minute at which these tunes are usually played, for a tune that names no tempo; else 120.
USUAL_TEMPO = {
    "air": 80, "barndance": 160, "hornpipe": 160, "jig": 165, "march": 110, "mazurka": 140, "polka": 130, "reel": 190,
    "schottische": 150, "slide": 190, "slip jig": 165, "strathspey": 130, "waltz": 140,
}  # fmt: skip


class Played(NamedTuple):
    """One event of the tune as it sounds, repeats played out; the same place in the text may come back."""

    start: int  # characters of the text, first
    end: int  # and behind the last
    id: str  # of the note in the SVG; "" if it is not drawn
    onset: float  # seconds of the WAV
    duration: float  # seconds


class Note(NamedTuple):
    """One note that is struck, in seconds from the tune's beginning: what the player sounds."""

    onset: float
    duration: float
    pitch: int  # MIDI note number
    velocity: float  # in [0, 1]
    part: Part


class Fingered(NamedTuple):
    """What a tune's tablature comes to, without the notes themselves."""

    instrument: str  # a name of `score.tablature.instruments.INSTRUMENTS`
    notes: int
    unplayable: int  # of them
    half_holed: int  # of them
    semitones: tuple[int, ...]  # to keys in which all can be played, the best first


@dataclass(frozen=True)
class Drawing:
    """A tune as it is seen and heard; what could not be made is empty, and `problem` says why.

    Attributes
    ----------
    text : str
        The ABC that is drawn, in the key that was asked for.
    title : str
        "" for none.
    origin : str
        The same for one tune in any key.
    pages : mapping from a width in px to SVG pages
        The widest drawing that fits the player is shown.
    events : sequence of Played
        By onset.
    notes : sequence of Note
        What sounds, by onset: ties joined, all voices and parts, with ornaments and swing as in the MIDI file.
    programs : mapping from a part to a General MIDI program
        Of the parts that have an instrument of their own; the melody is played by the visitor's.
    length : float
        Seconds of the tune, its last rest too, repeats played out.
    bars : sequence of (seconds, number)
        When each bar begins, and its number as it is printed: 0 is a pickup at the beginning.
    beats : sequence of (seconds, place, of, seconds)
        For the metronome: when, which beat of its bar from 0, how many that bar has, how long it lasts.
    musicxml : str
        The score as a file.
    qpm : float
        Quarter notes per minute.
    swing : float or None
        As it was asked for, see `draw`.
    remarks : sequence of str
        What the reader skipped, with places.
    problem : str
        Why there is no score.
    bad : (int, int) or None
        The characters of the problem.
    unmoved : str
        Why the tune stayed in its own key, if another was asked for.
    form : str
        In words: "A (bars 1–8) twice, B (bars 9–16) twice"; "" where there is nothing to say.
    fingered : Fingered or None
        Of the tablature under the score, if one was asked for.
    """

    text: str
    origin: str
    pages: Mapping[int, Sequence[str]]
    events: Sequence[Played] = ()
    notes: Sequence[Note] = ()
    programs: Mapping[Part, int] = field(default_factory=dict)
    length: float = 0.0
    bars: Sequence[tuple[float, int]] = ()
    beats: Sequence[tuple[float, int, int, float]] = ()
    title: str = ""
    musicxml: str = ""
    qpm: float = 120.0
    swing: float | None = None
    remarks: Sequence[str] = ()
    problem: str = ""
    bad: tuple[int, int] | None = None
    unmoved: str = ""
    form: str = ""
    fingered: Fingered | None = None

    @property
    def midi(self) -> bytes:
        """What sounds, as a file, made when it is asked for; empty where there is no score."""
        from charlstm.score.midi import to_midi
        from charlstm.tunes.parse.reader import read

        return to_midi(read(self.text), qpm=self.qpm, swing=self.swing) if self.musicxml else b""


@cached(megabytes=28)  # some two hundred tunes
def draw(text: str, transpose: int = 0, tablature: str = "", swing: float | None = None) -> Drawing:
    """Engrave a tune and time its events, some semitones from where it was written, with tablature for an instrument.

    What cannot be drawn is a Drawing with a problem, never an error. A tune that cannot be moved is drawn where it is.
    `swing` is the percent of a beat that its first half takes, in [50, 75]; None: that of the rhythm.
    """
    # Here, because a page that only asks for its widgets needs none of them.
    from charlstm.score.accompaniment import programs
    from charlstm.score.beats import beats
    from charlstm.score.jobs import tune_files
    from charlstm.score.performance import perform
    from charlstm.score.tablature.fingering import tablature as written_for
    from charlstm.score.timeline import bar_starts, played_measures
    from charlstm.tunes.parse.reader import read
    from charlstm.tunes.views.form_in_words import form_in_words

    origin, unmoved = hashlib.sha256(text.encode()).hexdigest()[:16], ""
    try:
        text = transposed(text, transpose)
    except CharlstmError as error:
        unmoved = str(error)
    drawing = Drawing(text, origin, {}, unmoved=unmoved, swing=swing)
    try:
        # What sounds, and when: known for every tune that can be read.
        reading = read(text)
        qpm = reading.qpm or usual_tempo(reading.get("R") or "")
        performance = perform(reading, qpm, swing=swing)
        when = performance.clock.seconds
        events = [
            Played(s.start, s.end, s.id, when(s.onset), when(s.onset + s.duration) - when(s.onset))
            for s in performance.soundings
        ]
        notes = [Note(n.onset, n.duration, n.pitch, n.velocity, n.part) for n in performance.notes_in_seconds()]
        remarks = [str(remark) for remark in reading.remarks]
        end = max((time + reading.measures[index].duration for time, index in played_measures(reading)), default=0)
        drawing = replace(drawing, events=events, notes=notes, programs=programs(reading), length=when(float(end * 4)))
        drawing = replace(drawing, bars=[(when(onset), number) for onset, number in bar_starts(reading)])
        struck = beats(reading, qpm, performance.clock.swing)
        drawing = replace(drawing, beats=struck, qpm=qpm, remarks=remarks, title=reading.get("T") or "")
        drawing = replace(drawing, form=form_in_words(reading))
        if tablature:
            on = written_for(reading, tablature)
            fingered = Fingered(tablature, len(on.notes), on.unplayable, on.half_holed, on.semitones)
            drawing = replace(drawing, fingered=fingered)
        # What is seen, once for each width: made by a worker, which takes a while.
        files = tune_files(text, widths=tuple(WIDTHS.values()), tablature=tablature)
        pages = {width: files.pages[drawn] for width, drawn in WIDTHS.items() if drawn in files.pages}
        return replace(drawing, musicxml=files.musicxml, pages=pages, problem=files.problem)
    except NotationError as error:
        return replace(drawing, problem=str(error), bad=_place(text, error))


def usual_tempo(rhythm: str) -> float:
    """Quarter notes per minute for a rhythm's name: "Double Jig" is a jig."""
    words = rhythm.lower()
    return float(max((qpm for name, qpm in USUAL_TEMPO.items() if name in words), default=120))


def _place(text: str, error: NotationError) -> tuple[int, int] | None:
    """The characters that an error is about: from its column, or its line's first character, to the line's end."""
    if error.line is None:
        return None
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: error.line - 1])
    line = lines[error.line - 1] if error.line <= len(lines) else ""
    return start + min((error.column or 1) - 1, len(line)), start + len(line)
