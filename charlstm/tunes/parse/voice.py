"""Read one voice: its placed tokens, in order, to measures of events.

Pitches and durations are those of `place.py`, octaves by the clef added. Any tokens are read; remarks say what was
skipped or changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from charlstm.tunes.abc import Header, Token, parse_length, parse_note
from charlstm.tunes.chords import parse_chord
from charlstm.tunes.keys import SEMITONES
from charlstm.tunes.parse.events import MAX_TEXT, BarLine, Directive, Event, Head, Tempo, Voice
from charlstm.tunes.parse.marks import DECORATIONS, parse_bar_line, parse_ending, parse_tempo, tempo_words
from charlstm.tunes.parse.measures import NAVIGATION, Measures, Opening
from charlstm.tunes.parse.place import PlacedToken, place
from charlstm.tunes.parse.remarks import Remarks
from charlstm.tunes.parse.rhythm import parse_tuplet
from charlstm.tunes.parse.setting import Setting
from charlstm.tunes.parse.words import underlay
from charlstm.tunes.text_strings import decode_escapes

MAX_EVENTS = 4000  # of a voice; a page and a sound of more would take minutes
MAX_LENGTH = Fraction(1000)  # whole notes; half an hour at a walking pace
MAX_SLURS = 200  # of a voice; O'Neill's longest piece has 137
LONGEST, SHORTEST = Fraction(16), Fraction(1, 512)  # whole notes; what lies beyond cannot be drawn


class _Ties(NamedTuple):
    """Ties that wait for the next event."""

    event: int  # index of the event that they begin at
    heads: list[int]  # those of its heads that are tied
    start: int  # offset of the sign


class VoiceReader:
    """Reads the tokens of one voice, in order. Each kind of token has a method of its name."""

    def __init__(
        self, name: str, value: str, header: Header, remarks: Remarks, directives: Sequence[Directive] = ()
    ) -> None:
        self.name, self.remarks, self.header = name, remarks, header
        title = re.search(r'(?:name|nm)\s*=\s*"([^"]*)"', value)
        self.title = title[1] if title else ""
        self.setting = Setting(value, header, remarks)
        for directive in directives:
            self.setting.direct(f"{directive.name} {directive.value}", directive.start)
        self.breaks_at_line_ends = all("<EOL>" in d.value for d in directives if d.name == "linebreak")
        self.key = header.key
        self.measures = Measures()
        self.events: list[Event] = []
        self.tempos: list[Tempo] = []
        self.words: list[str] = []
        self.full = False
        # what waits for the next event
        self.graces: list[Head] = []
        self.decorations: list[str] = []
        self.chord_symbols: list[str] = []
        self.annotations: list[str] = []
        self.joined = False
        self.tuplet_group = 0
        self.tuplet_left, self.tuplet_start = 0, 0  # notes that its last tuplet still asks for, and where it begins
        self.grace_start: int | None = None  # where a { stands that no grace note has followed yet
        # the chord that is being read
        self.chord: list[Head] = []
        self.chord_ties: list[int] = []
        self.chord_start: int | None = None
        # what joins events: slurs by their indices; of open ones the first event, None: still to come
        self.slurs: list[tuple[int, int]] = []
        self.open_slurs: list[int | None] = []
        self.ties: _Ties | None = None
        self.main_ties: _Ties | None = None  # those of the measure's first layer, while others are read
        # events that w: lines belong to: all since the last w: line
        self.sung: list[int] = []
        self.verse = 0

    def read(self, tokens: Sequence[Token]) -> Voice:
        """The voice that these tokens make."""
        header = self.header
        for placed in place(tokens, header.unit, header.meter, compound=header.compound, key=header.key):
            self.key = placed.key
            if self.full and placed.token.kind in ("note", "rest", "chord_close"):
                continue
            method = getattr(self, f"_{placed.token.kind}", None)
            if method is not None:
                method(placed)
        if not self.measures.empty:
            self._close(BarLine(), tokens[-1].end)
        self.measures.mark_last()
        measures = self.measures.result(self.events)
        return Voice(self.name, self.title, measures, tuple(self._drawn_slurs()), self.setting.program)

    # ---- notes, chords, rests

    def _note(self, placed: PlacedToken) -> None:
        token, head = placed.token, self._head(placed)
        if placed.member == "grace":
            self.graces.append(head)
            self.grace_start = None
        elif placed.member == "chord":
            self.chord.append(head)
        else:
            if self.chord_start is not None:
                self.remarks.add(self.chord_start, "this chord is not closed in its bar; its notes are read one by one")
                self.chord_start = None
            if self.grace_start is not None:
                self.remarks.add(self.grace_start, "these grace notes are not closed; they are read as notes")
                self.grace_start = None
            self._add("note", token.start, placed, (head,))

    def _grace_open(self, placed: PlacedToken) -> None:
        self.grace_start = placed.token.start

    def _grace_close(self, placed: PlacedToken) -> None:
        self.grace_start = None

    def _chord_open(self, placed: PlacedToken) -> None:
        self.chord, self.chord_ties, self.chord_start = [], [], placed.token.start

    def _chord_close(self, placed: PlacedToken) -> None:
        if self.chord_start is None or not self.chord:
            self.remarks.add(placed.token.start, "this ] does not close a chord; it was skipped")
            self.chord_start = None
            return
        start, heads, ties = self.chord_start, tuple(self.chord), self.chord_ties
        self.chord, self.chord_ties, self.chord_start = [], [], None
        self._add("chord" if len(heads) > 1 else "note", start, placed, heads)
        if ties and not self.full:
            self.ties = _Ties(len(self.events) - 1, ties, placed.token.start)

    def _rest(self, placed: PlacedToken) -> None:
        token = placed.token
        length = parse_length(token.text[1:])
        if not placed.duration and length:
            self.remarks.add(token.start, "a rest in a chord or among grace notes was skipped")
            return
        bars = length if token.text[0] in "ZX" and length > 1 and length.denominator == 1 else Fraction(1)
        for bar in range(count := min(int(bars), 64)):  # Z4 is four bars, each with its bar line
            self._add("rest", token.start, placed._replace(duration=placed.duration / bars), ())
            if bar < count - 1 and not self.full:
                self._close(BarLine("regular"), token.end)

    def _head(self, placed: PlacedToken) -> Head:
        """A note head in its octave by the clef, or moved by octaves into MIDI's range."""
        token = placed.token
        parts = parse_note(token.text)
        octave = parts.octave + self.setting.octaves
        if not 0 <= 12 * (octave + 1) + SEMITONES[parts.letter] + placed.alter <= 127:
            octave = max(0, min(8, octave))
            self.remarks.add(token.start, f"{token.text} is outside what can be played; it was moved by octaves")
        return Head(token.start, token.end, parts.letter, octave, placed.alter, parts.accidental)

    def _add(self, kind: str, start: int, placed: PlacedToken, heads: tuple[Head, ...]) -> None:
        """Put an event into the measure, with all that waited for it."""
        if self.full or len(self.events) >= MAX_EVENTS or self.measures.time >= MAX_LENGTH:
            self.full = True
            most = f"{MAX_EVENTS} notes and rests, and {MAX_LENGTH} whole notes"
            self.remarks.add(start, f"the tune goes on, but a voice is read to its first {most}")
            return
        duration, tuplet = self._drawable(placed, start)
        heads = self._resolve_ties(heads)
        self.events.append(
            Event(
                kind, start, placed.token.end, self.measures.time, duration, heads, tuplet,
                tuplet_group=self.tuplet_group if tuplet else 0, graces=tuple(self.graces),
                decorations=tuple(self.decorations), chord_symbols=tuple(self.chord_symbols),
                annotations=tuple(self.annotations), joined=self.joined, visible=placed.token.text[0] not in "xX",
                transpose=self.setting.transpose,
            )
        )  # fmt: skip
        index = len(self.events) - 1
        self.measures.add(index, start, duration, self._opening())
        if self.verse:
            self.sung, self.verse = [], 0
        self.sung.append(index)
        self.open_slurs = [index if first is None else first for first in self.open_slurs]
        self.graces, self.decorations, self.chord_symbols, self.annotations = [], [], [], []
        self.joined = True
        self.tuplet_left = max(0, self.tuplet_left - 1)

    def _drawable(self, placed: PlacedToken, start: int) -> tuple[Fraction, tuple[int, int] | None]:
        """The duration within what can be drawn, and the tuplet it belongs to."""
        duration = placed.duration or self.setting.unit  # "A0" is read as A
        if duration > LONGEST or duration < SHORTEST:
            much = "long" if duration > LONGEST else "short"
            self.remarks.add(start, f"{placed.token.text} is too {much} to be drawn")
            return min(LONGEST, max(SHORTEST, duration)), None
        odd = duration.denominator // (duration.denominator & -duration.denominator)
        even = duration.denominator // odd
        if odd > 63 or even << (odd.bit_length() - 1) > 1024:  # finer than 1/1024, the shortest note of MusicXML
            return Fraction(max(1, round(duration * 512)), 512), None
        tuplet = placed.tuplet
        if tuplet and (duration * tuplet[0] / tuplet[1]).denominator > 1024:
            tuplet = None
        return duration, tuplet

    # ---- ties and slurs

    def _tie(self, placed: PlacedToken) -> None:
        if self.chord_start is not None and self.chord:
            self.chord_ties.append(len(self.chord) - 1)
        elif self.events and self.events[-1].heads:
            heads = list(range(len(self.events[-1].heads)))
            self.ties = _Ties(len(self.events) - 1, heads, placed.token.start)

    def _resolve_ties(self, heads: tuple[Head, ...]) -> tuple[Head, ...]:
        """Tie the last event's waiting heads to those of equal pitch; a tie to another pitch is meant as a slur."""
        if not self.ties:
            return heads
        event, tied, start = self.ties
        last = self.events[event]
        pitches = {last.heads[index].midi for index in tied} & {head.midi for head in heads}
        if pitches:
            tying = tuple(head._replace(tie=head.midi in pitches or head.tie) for head in last.heads)
            self.events[event] = replace(last, heads=tying)
            heads = tuple(head._replace(tied=head.midi in pitches) for head in heads)
        elif heads:
            self.remarks.add(start, "a tie joins notes of the same pitch; this one is drawn as a slur")
            self.slurs.append((event, len(self.events)))
        else:
            self.remarks.add(start, "this tie leads to no note")
        self.ties = None
        return heads

    def _slur_open(self, placed: PlacedToken) -> None:
        if self.chord_start is None or not self.chord:
            self.open_slurs.append(None)

    def _slur_close(self, placed: PlacedToken) -> None:
        first = self.open_slurs.pop() if self.open_slurs else None
        if first is not None and self.events:
            self.slurs.append((first, len(self.events) - 1 + (self.chord_start is not None)))

    def _drawn_slurs(self) -> Iterator[tuple[int, int]]:
        for first, last in sorted(set(self.slurs))[:MAX_SLURS]:
            if first < last < len(self.events):
                yield self.events[first].start, self.events[last].start

    # ---- marks around notes

    def _tuplet(self, placed: PlacedToken) -> None:
        self.tuplet_group += 1
        self.tuplet_left, self.tuplet_start = parse_tuplet(placed.token.text)[2], placed.token.start

    def _decoration(self, placed: PlacedToken) -> None:
        text = placed.token.text
        name = self.setting.symbols.get(text) or DECORATIONS.get(text) or text.strip("!+")
        if name in ("nil", "none"):
            return
        if name[0] == '"':
            self.annotations.append(name.strip('"'))
            return
        if NAVIGATION.match(name):
            self.measures.marks.append(name)
        self.decorations.append(name)

    def _chord_symbol(self, placed: PlacedToken) -> None:
        if text := self._text(placed):
            self.chord_symbols.append(text)
            if parse_chord(text) is None:
                self.remarks.add(placed.token.start, f"{text!r} is not the name of a chord; it is drawn and not played")

    def _annotation(self, placed: PlacedToken) -> None:
        if text := self._text(placed):
            self.annotations.append(text)

    def _text(self, placed: PlacedToken) -> str:
        """What stands between quotation marks over a note."""
        text = decode_escapes(placed.token.text.strip('"').strip())
        if len(text.lstrip("^_<>@")) > MAX_TEXT:
            self.remarks.add(
                placed.token.start, f"this text is longer than {MAX_TEXT} characters; its end is not drawn"
            )
        return text

    def _space(self, placed: PlacedToken) -> None:
        self.joined = False

    # ---- bars and lines

    def _bar_line(self, placed: PlacedToken) -> None:
        self.joined = False
        if self.main_ties is not None:
            self.ties, self.main_ties = self.main_ties, None
        if self.tuplet_left:
            self.remarks.add(self.tuplet_start, "this tuplet has too few notes in its bar; it ends at the bar line")
            self.tuplet_left = 0
        bar = parse_bar_line(placed.token.text)
        if self.measures.empty:
            self.measures.merge_bar_line(bar)
        else:
            self._close(bar, placed.token.end)

    def _close(self, bar: BarLine, end: int) -> None:
        self.measures.close(bar, end)
        self.decorations = [name for name in self.decorations if not NAVIGATION.match(name)]

    def _opening(self) -> Opening:
        return self.setting.meter, self.key, self.setting.clef

    def _ending(self, placed: PlacedToken) -> None:
        if not self.measures.empty:
            self._close(BarLine(), placed.token.start)
        self.measures.begin_ending(parse_ending(placed.token.text), placed.token.start, self._opening())

    def _overlay(self, placed: PlacedToken) -> None:
        if self.measures.empty:
            return
        if self.main_ties is None:
            self.main_ties = self.ties
        self.ties = None
        self.measures.begin_overlay()
        self.joined = False

    def _line_break(self, placed: PlacedToken) -> None:
        if self.chord:
            return  # a chord that goes on in the next line
        self.joined = False
        if self.breaks_at_line_ends or placed.token.text in ("$", "!"):
            self.measures.end_line()

    # ---- fields inside the body, and what is not ABC

    def _field(self, placed: PlacedToken) -> None:
        self.joined = False
        self._inline_field(placed)

    def _inline_field(self, placed: PlacedToken) -> None:
        (letter, value), start = placed.token.field, placed.token.start
        if letter == "Q":
            if tempo := parse_tempo(value, self.setting.unit, self.measures.time):
                self.tempos.append(tempo)
            elif words := tempo_words(value):
                self.annotations.append(f"^{words}")
            self.setting.change(letter, value, start)
        elif letter == "P":
            if not self.measures.empty:
                self._close(BarLine(), start)
            self.measures.part = value
        elif letter == "w":
            self._underlay(value, start)
        elif letter == "W":
            self.words.append(decode_escapes(value))
        else:
            self.setting.change(letter, value, start)

    def _underlay(self, value: str, start: int) -> None:
        """Put a line of lyrics under the notes that have none yet (ABC 2.1, 5.1), or a further verse under the same."""
        sung = [i for i in self.sung if self.events[i].heads and not all(head.tied for head in self.events[i].heads)]
        onsets = [self.events[i].onset for i in sung]
        for index, syllable in underlay(value, onsets, self.measures.ends):
            if index >= len(sung):
                if not self.full:
                    self.remarks.add(start, f"the words go on behind the last note; no note has {syllable!r}")
                break
            event = self.events[sung[index]]
            verses = event.lyrics + ("",) * (self.verse - len(event.lyrics))
            self.events[sung[index]] = replace(event, lyrics=(*verses, syllable))
        self.verse += 1

    def _comment(self, placed: PlacedToken) -> None:
        if placed.token.text.startswith("%%"):
            self.setting.direct(placed.token.text[2:], placed.token.start)

    def _unknown(self, placed: PlacedToken) -> None:
        text = placed.token.text
        if re.fullmatch(r"[\^_]\d?/\d?", text):
            self.remarks.add(placed.token.start, f"{text} is a quarter tone; the note is played without it")
        else:
            self.remarks.add(placed.token.start, f"{text!r} is not ABC notation; it was skipped")
