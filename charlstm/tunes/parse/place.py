"""The one parse: where every token of a body lies in its bar and in time, and what pitch it has.

`views/`, the concepts of `charlstm.neurons` and the reader of voices (`voice.py`) all read durations, onsets, bars,
keys, accidentals and pitches off its result. Any text can be parsed. Voices and overlays are not told apart here.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from charlstm.tunes.abc import Token, body_tokens, parse_note, split_header
from charlstm.tunes.keys import ALTERATIONS, SEMITONES, Key, key_after
from charlstm.tunes.parse.rhythm import timings

MUSIC = frozenset(["note", "rest", "chord_open"])  # tokens that a bar with music has, whether they take time or not
_ZERO = Fraction(0)


class PlacedToken(NamedTuple):
    """A token with its place in time. `duration`, `member` and `tuplet` are those of `rhythm.Timing`."""

    token: Token
    duration: Fraction  # whole notes
    member: str  # "chord" or "grace" of a note that takes no time of its own
    tuplet: tuple[int, int] | None
    bar: int  # counted from 0, those with music only; -1 before the first
    onset: Fraction  # since the bar line, whole notes
    key: Key | None
    letter: int = -1  # offset of a note's letter, behind its accidental; -1 of other tokens
    pitch: int = 0  # MIDI number of a note in the octave as written, no clef counted in; 0 of other tokens
    alter: int = 0  # semitones that a note is raised by: its accidental's, a tie's, the bar's or the key's

    @property
    def octave(self) -> int:
        """A note's octave as written; 4: C to B from middle C."""
        return (self.pitch - self.alter) // 12 - 1


@lru_cache(maxsize=32)
def placed_tokens(text: str) -> tuple[PlacedToken, ...]:
    """The tokens of a tune's body, placed; kept for a while, since a tune is asked several questions in a row."""
    header = split_header(text)
    return tuple(place(body_tokens(text), header.unit, header.meter, compound=header.compound, key=header.key))


def place(
    tokens: Sequence[Token],
    unit: Fraction,
    meter: Fraction | None,
    *,
    compound: bool = False,
    key: Key | None = None,
) -> list[PlacedToken]:
    """Place tokens in bars, in time and in pitch, one for each, in order.

    Parameters
    ----------
    tokens, unit, meter, compound
        As in `rhythm.timings`.
    key : Key or None
        Until a K: field in the body changes it.

    Notes
    -----
    An accidental holds to the end of the bar, in every octave (ABC 2.1, 11.3: the default of propagate-accidentals).
    A tie carries it over the bar line to a note of the same octave, and no further.
    """
    placed: list[PlacedToken] = []
    bar, onset, empty = -1, _ZERO, True  # the bar's number, the time in it, and whether there is no music in it yet
    signature = key.signature if key else {}
    altered: dict[str, int] = {}  # by the accidentals of this bar, letter -> semitones
    heads: dict[tuple[str, int], int] = {}  # of the last note or chord, (letter, octave) -> semitones
    tied: dict[tuple[str, int], int] = {}  # those of them that a tie carries on
    chord: dict[tuple[str, int], int] = {}  # the heads of the chord that is being read, and those with a tie
    chord_tied: dict[tuple[str, int], int] = {}
    main_tied: dict[tuple[str, int], int] = {}  # ties of the bar's first layer, while an overlay is read
    # Adding Fractions is most of the time, and bars of one rhythm add the same objects, which all live till the end.
    sums: dict[tuple[int, int], Fraction] = {}
    times = timings(tokens, unit, meter, compound=compound)

    for token, (duration, member, tuplet) in zip(tokens, times, strict=True):
        kind = token.kind
        letter, pitch, alter = -1, 0, 0
        if empty and (duration or kind in MUSIC):
            bar, empty = bar + 1, False
        # A note's alteration: its accidental's, that of the note tied to it, the bar's so far, or the key's.
        if kind == "note":
            accidental, step, octave, _ = parse_note(token.text)
            if accidental:
                alter = altered[step] = ALTERATIONS[accidental]
            else:
                alter = altered[step] if step in altered else signature.get(step, 0)
                if tied and member != "grace":
                    alter = tied.get((step, octave), alter)
            letter, pitch = token.start + len(accidental), 12 * (octave + 1) + SEMITONES[step] + alter
            if member == "chord":
                chord[step, octave] = alter
            elif not member:
                heads, tied = {(step, octave): alter}, {}
        elif kind == "space":
            pass
        elif kind == "chord_close" and chord:
            heads, tied, chord, chord_tied = chord, chord_tied, {}, {}
        elif kind == "rest" and duration:
            heads, tied = {}, {}
        elif kind == "tie":
            if chord:
                chord_tied.update([list(chord.items())[-1]])
            else:
                tied = heads or tied
        elif kind == "overlay" and not empty:
            main_tied, tied = main_tied or tied, {}
        elif kind in ("field", "inline_field") and token.field[0] == "K":
            key = key_after(key, token.field[1])
            signature, altered = key.signature if key else {}, {}
        elif kind == "bar_line":
            onset, empty, altered = _ZERO, True, {}
            if main_tied:
                tied, main_tied = main_tied, {}
        placed.append(PlacedToken(token, duration, member, tuplet, bar, onset, key, letter, pitch, alter))
        if duration:
            addends = id(onset), id(duration)
            if (later := sums.get(addends)) is None:
                later = sums[addends] = onset + duration
            onset = later
    return placed
