"""A MIDI file with a melody as ABC, in the plain spelling that the models know.

One voice of the file is chosen, its top line taken and put on a grid, key and meter read or found, and what is played
twice written once between repeat signs. Anybody may have made the file: its size, its notes and its length are bounded,
and whatever cannot be read is one NotationError.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from charlstm.errors import ConfigError
from charlstm.score.midi_import.grid import GRIDS, PlayedNote, quantize, top_line
from charlstm.score.midi_import.meter_and_key import METERS, find_key, find_meter
from charlstm.score.midi_import.midi_file import read_midi
from charlstm.score.midi_import.writing import write_body
from charlstm.tunes.keys import parse_key

_OFF_BEAT = 1 / 20  # quarters by which onsets are moved on average; above, the notes keep to no beat


@dataclass(frozen=True)
class MidiTune:
    """The melody of a MIDI file.

    Attributes
    ----------
    text : str
        ABC: T (if the file has a name), M, L, K and the body.
    meter, key : str
        As they stand in the text.
    voices : tuple of str
        The voices of the file that have notes, by name; percussion is left out.
    voice : int
        Which of them this is.
    remarks : tuple of str
        What was left out or guessed, a sentence each.
    """

    text: str
    meter: str
    key: str
    voices: tuple[str, ...]
    voice: int
    remarks: tuple[str, ...]


def from_midi(
    data: bytes, *, voice: int | None = None, meter: str = "", key: str = "", grid: int = 0, repeats: bool = True
) -> MidiTune:
    """Write the melody of a MIDI file as ABC.

    Parameters
    ----------
    data : bytes
        A standard MIDI file of at most `midi_file.MAX_BYTES`.
    voice : int, optional
        Which voice; without it the one that looks most like a melody.
    meter : str
        One of METERS; "": the file's own, else the one whose bars fit best.
    key : str
        A K: value; "": the file's own, else by its notes and its last one.
    grid : 16, 32 or 0
        The shortest note there may be, triplets apart: 1/16, 1/32, or as the file needs.
    repeats : bool
        Whether 4, 8 or 16 bars that come twice are written once, between repeat signs.

    Raises
    ------
    NotationError
        If this is not a MIDI file that can be read, or it has no notes, or too many.
    ConfigError
        If a setting is out of its range.
    """
    if meter and meter not in METERS:
        raise ConfigError("meter", f"must be one of {', '.join(METERS)}, not {meter}.")
    if key and parse_key(key) is None:
        raise ConfigError("key", f"{key!r} is not a key; write D, Em, Ador or the like.")
    if grid not in (0, *GRIDS):
        raise ConfigError("grid", "the shortest note is a sixteenth (16) or a thirty-second (32).")
    # Choose a voice and take its top line.
    file = read_midi(data)
    chosen = _melody_voice([notes for _, notes in file.voices]) if voice is None else voice
    if not 0 <= chosen < len(file.voices):
        raise ConfigError("voice", f"this file has the voices 1 to {len(file.voices)}.")
    remarks: list[str] = []
    names = tuple(name for name, _ in file.voices)
    if len(names) > 1:
        remarks.append(f"The file has {len(names)} voices; this is {names[chosen]}.")
    line, dropped = top_line(file.voices[chosen][1])
    if dropped:
        remarks.append(f"Several notes at once: the top line was taken, {dropped} lower notes were left out.")

    # Put it on the grid; find the key and the meter that neither the caller nor the file names.
    notes, moved = quantize(line, grid)
    if moved > _OFF_BEAT:
        remarks.append("The notes do not keep to a beat, so their lengths are a guess; record with a metronome.")
    tune_key = parse_key(key) or file.key or find_key(notes)
    tune_meter, pickup = find_meter(notes, meter or file.meter)
    if not meter and not file.meter:
        remarks.append(f"The file names no meter; {tune_meter} fits best.")
    if not key and not file.key:
        remarks.append(f"The file names no key; by its notes it is {tune_key}.")

    title = f"T:{file.title}\n" if file.title else ""
    body = write_body(notes, tune_meter, pickup, tune_key, repeats=repeats)
    text = f"{title}M:{tune_meter}\nL:1/8\nK:{tune_key}\n{body}"
    return MidiTune(text, tune_meter, str(tune_key), names, chosen, tuple(remarks))


def _melody_voice(voices: Sequence[Sequence[PlayedNote]]) -> int:
    """The voice that looks most like a melody: the highest of those that have many notes."""
    most = max(map(len, voices))
    heights = [sum(n.pitch for n in notes) / len(notes) if len(notes) * 4 >= most else -1.0 for notes in voices]
    return heights.index(max(heights))
