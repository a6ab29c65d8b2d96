"""The export formats of a tune: one entry each, which the command line, the page and the library's ZIP all read.

To add a format, write a function that makes its bytes from a `Rendering` and add it to `FORMATS`. The functions import
what they need when they are called, so that a command or a page that only lists the formats loads no engraver. Knows
nothing of where the files go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from music21.stream import Score

    from charlstm.tunes.parse.events import Reading


@dataclass
class Rendering:
    """One tune on its way to files; what several formats need is made once.

    Attributes
    ----------
    tune : Reading or str
        What `tunes.parse.reader.read` returned, or ABC text.
    qpm, instrument, chords, swing
        Of MIDI and sound, as in `to_midi`.
    flow : bool
        Whether lines break wherever the width is full, as in `engrave`.
    note : str
        A line below the tune on paper.
    tablature : str
        The instrument whose tablature stands under the notes on paper, as in `engrave`; "" for none.
    small_sound : bool
        Whether sound is mono at half the rate and mixed from cached notes: a quarter of the bytes, a tenth of the time.
    ready : dict of str to bytes
        Files of this tune that are at hand, by their names in FORMATS; they are not made again.
    """

    tune: Reading | str
    qpm: float | None = None
    instrument: int | str | None = None
    chords: bool = True
    swing: float | None = None
    flow: bool = False
    note: str = ""
    tablature: str = ""
    small_sound: bool = False
    ready: dict[str, bytes] = field(default_factory=dict)

    @property
    def abc(self) -> str:
        """The text of the tune."""
        return self.tune if isinstance(self.tune, str) else self.tune.text

    @cached_property
    def score(self) -> Score:
        """The music21 Score. Raises NotationError where the tune has none."""
        from charlstm.score.notation import to_score
        from charlstm.tunes.parse.reader import read

        return to_score(read(self.tune) if isinstance(self.tune, str) else self.tune)

    def file(self, name: str) -> bytes:
        """The tune in a format of FORMATS.

        Raises
        ------
        NotationError
            If the tune cannot be drawn or sounded.
        AudioUnavailable
            If there is no synthesizer, or the tune is too long for it.
        ConfigError
            If the tempo or the instrument is out of range.
        """
        if name not in self.ready:
            self.ready[name] = FORMATS[name].make(self)
        return self.ready[name]


def _abc(tune: Rendering) -> bytes:
    return (tune.abc.rstrip("\n") + "\n").encode()


def _svg(tune: Rendering) -> bytes:
    from charlstm.score.pages import to_svg

    return to_svg(tune.score, flow=tune.flow, tablature=tune.tablature).encode()


def _png(tune: Rendering) -> bytes:
    from charlstm.score.pages import to_png

    return to_png(tune.file("svg").decode())


def _pdf(tune: Rendering) -> bytes:
    from charlstm.score.pages import to_pdf

    return to_pdf(tune.score, note=tune.note, flow=tune.flow, tablature=tune.tablature)


def _midi(tune: Rendering) -> bytes:
    from charlstm.score.midi import to_midi

    return to_midi(tune.score, qpm=tune.qpm, instrument=tune.instrument, chords=tune.chords, swing=tune.swing)


def _musicxml(tune: Rendering) -> bytes:
    from charlstm.score.notation import to_musicxml

    return to_musicxml(tune.score).encode()


def _wav(tune: Rendering) -> bytes:
    from charlstm.score.audio import to_wav

    midi = tune.file("midi")
    return to_wav(midi, sample_rate=22_050, quick=True) if tune.small_sound else to_wav(midi)


@dataclass(frozen=True)
class Format:
    """An export format.

    Attributes
    ----------
    label : str
        Its name as people write it: "MusicXML".
    ending : str
        Of its files, without the dot.
    media_type : str
        As browsers and servers name it.
    about : str
        What it is, for the command's help.
    make : callable
        Makes the file of a Rendering; raises NotationError or AudioUnavailable.
    zipped : bool
        Whether a ZIP of tunes has a file of it for each.
    large : bool
        Whether a file takes about a megabyte: in a ZIP only on request, and bounded.
    """

    label: str
    ending: str
    media_type: str
    about: str
    make: Callable[[Rendering], bytes]
    zipped: bool = True
    large: bool = False


# By the name of the command's option.
FORMATS: Mapping[str, Format] = {
    "abc": Format("ABC", "abc", "text/vnd.abc", "ABC notation", _abc),
    "svg": Format("SVG", "svg", "image/svg+xml", "the page", _svg, zipped=False),
    "png": Format("PNG", "png", "image/png", "the page as a picture", _png, zipped=False),
    "pdf": Format("PDF", "pdf", "application/pdf", "the page to print", _pdf),
    "midi": Format("MIDI", "mid", "audio/midi", "MIDI", _midi),
    "musicxml": Format(
        "MusicXML", "musicxml", "application/vnd.recordare.musicxml+xml", "the score, for notation programs", _musicxml
    ),
    "wav": Format("WAV", "wav", "audio/wav", "sound", _wav, large=True),
}
BY_LABEL = sorted(FORMATS, key=lambda name: FORMATS[name].label.lower())  # names in the order of lists that people read
