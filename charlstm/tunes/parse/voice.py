"""Read one voice: its tokens, in order, to measures of events.

Pitches follow the key signature, the accidentals of the bar (in every octave, ABC 2.1, 11.3: the default of
propagate-accidentals) and ties. Durations come from `rhythm.py`. Any tokens are read; remarks say what was skipped.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from charlstm.tunes.abc import Header, Token, default_unit, parse_length, parse_meter, parse_note, parse_unit
from charlstm.tunes.keys import ALTERATIONS, SEMITONES, Key, parse_key
from charlstm.tunes.parse.events import BarLine, Event, Head, Measure, Remark, Tempo, Voice
from charlstm.tunes.parse.marks import DECORATIONS, merged, parse_bar_line, parse_ending, parse_tempo
from charlstm.tunes.parse.rhythm import Timed, is_compound, timed
from charlstm.tunes.parse.words import underlay

MAX_EVENTS = 4000  # of a voice; a page and a sound of more would take minutes
MAX_LENGTH = Fraction(1000)  # whole notes; half an hour at a walking pace
MAX_SLURS = 200  # of a voice; O'Neill's longest piece has 137
MAX_REMARKS = 100
UNREAD = {"m": "macros", "s": "symbol lines"}
LONGEST, SHORTEST = Fraction(16), Fraction(1, 512)  # whole notes; what lies beyond cannot be drawn
_MARKS = re.compile(r"(segno|coda|fine|D\.?C\.?|D\.?S\.?|dacapo|dacoda|dalsegno)", re.IGNORECASE)


class Remarks:
    """Collects remarks and finds their lines; the same sentence at neighbouring characters counts once."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n?|\n", text))]
        self._found: dict[tuple[int, str], Remark] = {}

    def add(self, start: int, message: str) -> None:
        if len(self._found) < MAX_REMARKS:
            line = bisect_right(self._starts, start)
            column = start - self._starts[line - 1] + 1
            self._found.setdefault((line, message), Remark(line, column, start, message))

    def sorted(self) -> list[Remark]:
        return sorted(self._found.values(), key=lambda remark: remark.start)


_CLEF = re.compile(r"(?:clef\s*=\s*|\b)(treble|bass|alto|tenor|perc|none)(\d?)([+-]8)?", re.IGNORECASE)
_OCTAVE = re.compile(r"octave\s*=\s*(-?[0-4])")


class VoiceReader:
    """Reads the tokens of one voice, in order. Each kind of token has a method of its name."""

    def __init__(self, name: str, value: str, header: Header, remarks: Remarks) -> None:
        self.name, self.remarks = name, remarks
        named = re.search(r'(?:name|nm)\s*=\s*"([^"]*)"', value)
        self.title = named[1] if named else ""
        self.meter = header.get("M")
        if (self.meter or "none").strip().lower() not in ("none", "") and parse_meter(self.meter) is None:
            self._remark_field(header, "M", "cannot be read as a meter; bars have no length of their own")
        self.key = self._parse_key(header.get("K"), header)
        unit = parse_unit(header.get("L"))
        if unit is None and header.get("L") is not None:
            self._remark_field(header, "L", "cannot be read as a note length; the meter's usual one is taken")
        self.unit = unit or default_unit(parse_meter(self.meter))
        self.symbols: dict[str, str] = {}  # what U: fields make of letters
        for field in header.fields:
            if field.letter == "U":
                self._define(field.value, field.start)
        self.clef, self.octave, self.shift = "treble", 0, 0  # octaves by octave= and by a clef with an 8 (ABC 2.1, 4.6)
        self._clef_of(" ".join(f.value for f in header.fields if f.letter == "K") + " " + value)
        self.events: list[Event] = []
        self.measures: list[Measure] = []
        self.tempos: list[Tempo] = []
        self.words: list[str] = []
        self.slurs: list[tuple[int, int]] = []
        # what waits for the next event
        self.graces: list[Head] = []
        self.decorations: list[str] = []
        self.chord_symbols: list[str] = []
        self.annotations: list[str] = []
        self.slurs_open: list[int | None] = []  # index of the slur's first event; None: still to come
        self.ties: tuple[int, list[int], int] | None = None  # an event, its heads to be tied, and the sign's offset
        self.joined = False
        self.tuplet_group = 0
        # the measure in the making
        self.layers: list[list[int]] = [[]]
        self.main_ties: tuple[int, list[int], int] | None = None  # those of the first layer, while others are read
        self.onset = self.time = Fraction(0)
        self.left = BarLine()
        self.start: int | None = None
        self.opening: tuple[str | None, Key | None, str] = (self.meter, self.key, self.clef)
        self.ending: tuple[int, ...] = ()
        self.part: str | None = None
        self.marks: list[str] = []
        self.altered: dict[str, int] = {}
        self.chord: list[Head] = []
        self.chord_ties: list[int] = []
        self.chord_start: int | None = None
        self.line: list[int] = []  # events of this line of music, for its lyrics
        self.verse = 0
        self.sung: list[int] = []  # the line before, which w: lines belong to
        self.layers_of: list[list[list[int]]] = []  # of each measure
        self.full = False

    def read(self, tokens: list[Token]) -> Voice:
        """The voice these tokens make."""
        meter = parse_meter(self.meter)
        for item in timed(tokens, self.unit, meter, compound=is_compound(self.meter), unequal=False, over_lines=True):
            if self.full and item.token.kind in ("note", "rest", "chord_close"):
                continue
            method = getattr(self, f"_{item.token.kind}", None)
            if method is not None:
                method(item)
        if self.layers[0]:
            self._close(BarLine(), tokens[-1].end)
        self._mark_last()
        return Voice(self.name, self.title, tuple(self._measures()), tuple(self._slurs()))

    # ---- notes, chords, rests

    def _note(self, item: Timed) -> None:
        token = item.token
        head = self._head(token, grace=item.member == "grace")
        if item.member == "grace":
            self.graces.append(head)
        elif item.member == "chord":
            self.chord.append(head)
        else:
            if self.chord_start is not None:
                self.remarks.add(self.chord_start, "this chord is not closed in its bar; its notes are read one by one")
                self.chord_start = None
            self._add("note", token.start, token.end, item, (head,))

    def _chord_open(self, item: Timed) -> None:
        self.chord, self.chord_ties, self.chord_start = [], [], item.token.start

    def _chord_close(self, item: Timed) -> None:
        if self.chord_start is None or not self.chord:
            self.remarks.add(item.token.start, "this ] closes no chord")
            self.chord_start = None
            return
        start, heads, ties = self.chord_start, tuple(self.chord), self.chord_ties
        self.chord, self.chord_ties, self.chord_start = [], [], None
        self._add("chord" if len(heads) > 1 else "note", start, item.token.end, item, heads)
        if ties and not self.full:
            self.ties = (len(self.events) - 1, ties, item.token.start)

    def _rest(self, item: Timed) -> None:
        token = item.token
        if not item.duration and parse_length(token.text[1:]):
            self.remarks.add(token.start, "a rest in a chord or among grace notes is none")
            return
        visible = token.text[0] in "zZ"
        bars = parse_length(token.text[1:]) if token.text[0] in "ZX" else Fraction(1)
        if bars > 1 and bars.denominator == 1:  # Z4 is four bars, each with its bar line
            count = min(int(bars), 64)
            for index in range(count):
                self._add("rest", token.start, token.end, item._replace(duration=item.duration / bars), (), visible)
                if index < count - 1 and not self.full:
                    self._close(BarLine("regular"), token.end)
        else:
            self._add("rest", token.start, token.end, item, (), visible)

    def _head(self, token: Token, *, grace: bool) -> Head:
        """A note head: the alteration comes from its accidental, a tie, the bar so far, or the key."""
        parts = parse_note(token.text)
        step, octave = parts.letter, parts.octave + self.octave + self.shift
        if parts.accidental:
            alter = self.altered[step] = ALTERATIONS[parts.accidental]
        else:
            signature = self.key.signature if self.key else {}
            alter = self.altered.get(step, signature.get(step, 0))
            if not grace:
                alter = next((h.alter for h in self._tied_heads() if (h.step, h.octave) == (step, octave)), alter)
        lowest = 12 + SEMITONES[step] + alter
        if not 0 <= lowest + 12 * octave <= 127:
            octave = max(0, min(8, octave))
            self.remarks.add(token.start, f"{token.text} is outside what can be played; it was moved by octaves")
        return Head(token.start, token.end, step, octave, alter, parts.accidental)

    def _tied_heads(self) -> Iterator[Head]:
        if self.ties:
            event, heads, _ = self.ties
            yield from (self.events[event].heads[index] for index in heads)

    def _add(self, kind: str, start: int, end: int, item: Timed, heads: tuple[Head, ...], visible: bool = True) -> None:
        """Put an event into the measure, with all that waited for it."""
        if self.full or len(self.events) >= MAX_EVENTS or self.time >= MAX_LENGTH:
            self.full = True
            most = f"{MAX_EVENTS} notes and rests, and {MAX_LENGTH} whole notes"
            self.remarks.add(start, f"the tune goes on, but a voice is read to its first {most}")
            return
        if not any(self.layers) and self.start is None:
            self.start = start
            self.opening = (self.meter, self.key, self.clef)
        duration, tuplet = self._drawable(item, start)
        heads = self._resolve_ties(heads)
        self.events.append(
            Event(
                kind, start, end, self.time, duration, heads, tuplet, self.tuplet_group if tuplet else 0,
                tuple(self.graces), tuple(self.decorations), tuple(self.chord_symbols), tuple(self.annotations), (),
                self.joined, visible,
            )
        )  # fmt: skip
        index = len(self.events) - 1
        self.layers[-1].append(index)
        self.line.append(index)
        self.time += duration
        self.slurs_open = [index if opened is None else opened for opened in self.slurs_open]
        self.graces, self.decorations, self.chord_symbols, self.annotations = [], [], [], []
        self.joined = True

    def _drawable(self, item: Timed, start: int) -> tuple[Fraction, tuple[int, int] | None]:
        """The duration within what can be drawn, and the tuplet it belongs to."""
        duration = item.duration or self.unit  # "A0" is read as A
        if duration > LONGEST or duration < SHORTEST:
            self.remarks.add(start, f"{item.token.text} is too {'long' if duration > LONGEST else 'short'} to be drawn")
            return min(LONGEST, max(SHORTEST, duration)), None
        odd = duration.denominator // (duration.denominator & -duration.denominator)
        even = duration.denominator // odd
        if odd > 63 or even << (odd.bit_length() - 1) > 1024:  # finer than 1/1024, the shortest note of MusicXML
            return Fraction(max(1, round(duration * 512)), 512), None
        tuplet = item.tuplet
        if tuplet and (duration * tuplet[0] / tuplet[1]).denominator > 1024:
            tuplet = None
        return duration, tuplet

    def _resolve_ties(self, heads: tuple[Head, ...]) -> tuple[Head, ...]:
        """Tie the last event's waiting heads to those of equal pitch; a tie to another pitch is meant as a slur."""
        if not self.ties:
            return heads
        event, tied, start = self.ties
        last = self.events[event]
        pitches = {last.heads[index].midi for index in tied}
        both = pitches & {head.midi for head in heads}
        if both:
            self.events[event] = replace(last, heads=tuple(h._replace(tie=h.midi in both or h.tie) for h in last.heads))
            heads = tuple(h._replace(tied=h.midi in both) for h in heads)
        elif heads:
            self.remarks.add(start, "a tie joins notes of the same pitch; this one is drawn as a slur")
            self.slurs.append((event, len(self.events)))
        else:
            self.remarks.add(start, "this tie leads to no note")
        self.ties = None
        return heads

    # ---- marks around notes

    def _tie(self, item: Timed) -> None:
        if self.chord_start is not None and self.chord:
            self.chord_ties.append(len(self.chord) - 1)
        elif self.events and self.events[-1].heads:
            self.ties = (len(self.events) - 1, list(range(len(self.events[-1].heads))), item.token.start)

    def _slur_open(self, item: Timed) -> None:
        if self.chord_start is None or not self.chord:
            self.slurs_open.append(None)

    def _slur_close(self, item: Timed) -> None:
        opened = self.slurs_open.pop() if self.slurs_open else None
        if opened is not None and self.events:
            self.slurs.append((opened, len(self.events) - 1 + (self.chord_start is not None)))

    def _tuplet(self, item: Timed) -> None:
        self.tuplet_group += 1

    def _decoration(self, item: Timed) -> None:
        text = item.token.text
        name = self.symbols.get(text) or DECORATIONS.get(text) or text.strip("!+")
        if name in ("nil", "none"):
            return
        if name[0] == '"':
            self.annotations.append(name.strip('"'))
            return
        if _MARKS.match(name):
            self.marks.append(name)
        self.decorations.append(name)

    def _chord_symbol(self, item: Timed) -> None:
        if text := item.token.text.strip('"').strip():
            self.chord_symbols.append(text)

    def _annotation(self, item: Timed) -> None:
        if text := item.token.text.strip('"'):
            self.annotations.append(text)

    def _space(self, item: Timed) -> None:
        self.joined = False

    # ---- bars

    def _bar_line(self, item: Timed) -> None:
        if item.token.text == ":" and self.layers[0]:
            self._unknown(item)
            return
        bar = parse_bar_line(item.token.text)
        self.joined = False
        self.altered = {}
        if self.main_ties is not None:
            self.ties, self.main_ties = self.main_ties, None
        if self.layers[0]:
            self._close(bar, item.token.end)
        else:  # a second bar line in the same place
            self.left = merged(self.left, bar)
            if self.measures:
                last = self.measures[-1]
                self.measures[-1] = replace(last, right=merged(last.right, bar))
                self._mark_last()

    def _close(self, bar: BarLine, end: int) -> None:
        """End the measure in the making at this bar line."""
        meter, key, clef = self.opening
        layers = [tuple(self.events[i] for i in layer) for layer in self.layers]
        durations = [sum((e.duration for e in layer), Fraction(0)) for layer in layers]
        onset = self.onset
        assert self.start is not None
        self.marks += [d for d in self.decorations if _MARKS.match(d) and d not in self.marks]
        self.measures.append(
            Measure(
                self.start, end, onset, max(durations), layers[0], tuple(layers[1:]), meter, key, self.left, bar,
                self.ending, False, False, self.part, tuple(self.marks), clef,
            )
        )  # fmt: skip
        self.layers_of.append(self.layers)
        self.onset = self.time = onset + max(durations)
        self.layers, self.left, self.start, self.ending, self.part, self.marks = [[]], bar, None, (), None, []
        self.decorations = [d for d in self.decorations if not _MARKS.match(d)]

    def _mark_last(self) -> None:
        """Give signs that end a measure but stand after its bar line, `:|!fine!|`, to the measure they end."""
        late = [mark for mark in self.marks if not mark.lower().startswith(("segno", "coda"))]
        if late and self.measures:
            self.measures[-1] = replace(self.measures[-1], marks=(*self.measures[-1].marks, *late))
            self.marks = [mark for mark in self.marks if mark not in late]

    def _ending(self, item: Timed) -> None:
        if self.layers[0]:
            self._close(BarLine(), item.token.start)
        if self.start is None:
            self.start = item.token.start
        self.ending = parse_ending(item.token.text)
        self.opening = (self.meter, self.key, self.clef)

    def _overlay(self, item: Timed) -> None:
        if not self.layers[0]:
            return
        if self.main_ties is None:
            self.main_ties = self.ties
        self.ties = None
        self.layers.append([])
        self.time = self.onset
        self.joined = False

    def _line_break(self, item: Timed) -> None:
        if self.chord:
            return  # a chord that goes on in the next line
        self.joined = False
        if self.measures and not self.layers[0]:
            self.measures[-1] = replace(self.measures[-1], line_end=True)
        if self.line:
            self.sung, self.line, self.verse = self.line, [], 0

    # ---- fields inside the body

    def _inline_field(self, item: Timed) -> None:
        self._set(item.token.text[1], item.token.text[3:-1], item.token.start)

    def _field(self, item: Timed) -> None:
        self.joined = False
        self._set(item.token.text[0], item.token.text[2:], item.token.start)

    def _set(self, letter: str, value: str, start: int) -> None:
        value = re.sub(r"(^|\s)%.*$", "", value.replace("\r", "")).strip()
        if letter == "K":
            self.altered = {}
            self._clef_of(value)
            if parse_key(value) is not None or value.lower() in ("none", ""):
                self.key = parse_key(value)
            elif not _CLEF.match(value):
                self.remarks.add(start, f"K:{value} cannot be read as a key; the key stays")
        elif letter == "M":
            self.meter = value
        elif letter == "L":
            self.unit = parse_unit(value) or self.unit
        elif letter == "Q":
            tempo = parse_tempo(value, self.unit, self.time)
            if tempo is not None:
                self.tempos.append(tempo)
        elif letter == "P":
            if self.layers[0]:
                self._close(BarLine(), start)
            self.part = value
        elif letter == "V":
            self._clef_of(value)
        elif letter == "w":
            self._underlay(value)
        elif letter == "W":
            self.words.append(value)
        elif letter == "U":
            self._define(value, start)
        elif letter in UNREAD:
            self.remarks.add(start, f"{letter}: {UNREAD[letter]} are not read; it was skipped")

    def _define(self, value: str, start: int) -> None:
        """Let a letter stand for a decoration or an annotation: `U: T = !trill!` (ABC 2.1, 4.16)."""
        match = re.fullmatch(r'([~H-Yh-w])\s*=\s*(?:!([^!]+)!|\+([^+]+)\+|("[\^_<>@][^"]+"))', value)
        if match is None:
            self.remarks.add(start, "U: wants a letter and a decoration, such as U: T = !trill!; it was skipped")
        else:
            self.symbols[match[1]] = match[2] or match[3] or match[4]

    def _underlay(self, value: str) -> None:
        """Put a line of lyrics under the notes of the line of music above it."""
        line = self.line or self.sung
        sung = [i for i in line if self.events[i].heads and not all(h.tied for h in self.events[i].heads)]
        bars = [self.events[i].onset for i in sung]
        ends = [m.onset + m.duration for m in self.measures]
        for index, syllable in underlay(value, bars, ends):
            event = self.events[sung[index]]
            verses = event.lyrics + ("",) * (self.verse - len(event.lyrics))
            self.events[sung[index]] = replace(event, lyrics=(*verses, syllable))
        self.verse += 1

    def _clef_of(self, value: str) -> None:
        value = re.sub(r'"[^"]*"?', "", value)  # a voice may be called "Bass" and have a treble clef
        if match := _CLEF.search(value):
            self.clef = match[1].lower() + match[2] + (match[3] or "")
            self.shift = {"+8": 1, "-8": -1}.get(match[3], 0)
        if match := _OCTAVE.search(value):
            self.octave = int(match[1])

    def _parse_key(self, value: str | None, header: Header) -> Key | None:
        key = parse_key(value)
        if key is None and value and value.strip().lower() != "none" and not _CLEF.match(value.strip()):
            self._remark_field(header, "K", "cannot be read as a key; no sharps and flats are taken")
        return key

    def _remark_field(self, header: Header, letter: str, what: str) -> None:
        found = next(f for f in header.fields if f.letter == letter)
        self.remarks.add(found.start, f"{letter}:{found.value} {what}")

    # ---- what is no music

    def _unknown(self, item: Timed) -> None:
        self.remarks.add(item.token.start, f"{item.token.text!r} is no mark of ABC; it was skipped")

    # ---- the results

    def _measures(self) -> Iterator[Measure]:
        """The measures with their final events, and the first marked as a pickup if it is short."""
        for index, (measure, layers) in enumerate(zip(self.measures, self.layers_of, strict=True)):
            events, *overlays = [tuple(self.events[i] for i in layer) for layer in layers]
            expected = parse_meter(measure.meter)
            short = expected is not None and measure.duration < expected
            pickup = short and index == 0 and len(self.measures) > 1
            yield replace(measure, events=events, overlays=tuple(overlays), pickup=pickup)

    def _slurs(self) -> Iterator[tuple[int, int]]:
        for first, last in sorted(set(self.slurs))[:MAX_SLURS]:
            if first < last < len(self.events):
                yield self.events[first].start, self.events[last].start
