"""Laws of the reader, and the traps that other readers fall into (C: crashes, W: silently wrong)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlstm.errors import NotationError
from charlstm.tunes.parse.events import Reading
from charlstm.tunes.parse.marks import parse_bar_line, parse_ending, parse_tempo
from charlstm.tunes.parse.reader import read

HEADER = "M:4/4\nL:1/8\nK:C\n"
MARKS = "ABCDEFGabcdefgzxZ|:[](){}<>-,'/0123456789^_=~.\"!& \n\\%KMLQVTw"


def tune(body: str, key: str = "C") -> Reading:
    return read(f"M:4/4\nL:1/8\nK:{key}\n{body}")


def pitches(reading: Reading) -> list[int]:
    return [head.midi for event in reading.events for head in event.heads]


def eighths(reading: Reading) -> list[Fraction]:
    return [event.duration * 8 for event in reading.events]


def test_every_event_lies_where_its_text_is():
    text = 'X:1\nT:t\nM:6/8\nK:D\n|:(A|FED) {g}G3-|G2^F !trill!E3:|2 [FA]>c\' d2 "Am"z|]\n'
    reading = read(text)
    spelled = [text[e.start : e.end] for e in reading.events]
    assert spelled == ["A", "F", "E", "D", "G3", "G2", "^F", "E3", "[FA]", "c'", "d2", "z"]
    assert [text[h.start : h.end] for e in reading.events for h in e.heads if e.kind == "chord"] == ["F", "A"]
    assert [text[g.start : g.end] for e in reading.events for g in e.graces] == ["g"]


def test_onsets_add_up_the_durations_and_measures_touch():
    reading = tune("CDEF GABc|[CE]4 z4|(3cde f2 x2 c3|")
    time = Fraction(0)
    for measure in reading.measures:
        assert measure.onset == time
        for event in measure.events:
            assert event.onset == time
            time += event.duration
    assert time == Fraction(3) + Fraction(1, 8)


@pytest.mark.parametrize(
    ("body", "midi"),
    [
        ("C,,CcC'c'", [36, 60, 72, 72, 84]),
        ("^F2 F2|F", [66, 66, 65]),  # W1: an accidental holds to the end of the bar
        ("^F2 f2|f", [66, 78, 77]),  # in every octave (11.3)
        ("^F=F F|", [66, 65, 65]),
        ("__B ^^C", [69, 62]),
        ("[^FA] F", [66, 69, 66]),  # W3: also out of a chord
        ("{^f}g f", [79, 78]),
        ("^F4-|F4 F4|", [66, 66, 65]),
    ],
)
def test_accidentals_hold_in_the_bar(body: str, midi: list[int]):
    assert pitches(tune(body))[: len(midi)] == midi


def test_a_tie_carries_an_accidental_over_the_bar_line_and_no_further():
    assert pitches(tune("^F8-|F4 z4|F8|")) == [66, 66, 65]


@pytest.mark.parametrize(
    ("key", "body", "midi"),
    [
        ("D", "FCG", [66, 61, 67]),
        ("Em", "FC", [66, 60]),
        ("Ador", "FC", [66, 60]),
        ("Dmix", "FC", [66, 60]),
        ("Dmix ^g", "FCG", [66, 60, 68]),  # W6
        ("Am^f", "FC", [66, 60]),
        ("Bloc", "BF", [71, 65]),
        ("Bb", "BE", [70, 63]),
        ("C", "F[K:G]F", [65, 66]),  # W6: a key inside the line
        ("C", "F|\nK:Eb\nE", [65, 63]),
        ("none", "F", [65]),
        ("nonsense", "F", [65]),
    ],
)
def test_keys(key: str, body: str, midi: list[int]):
    assert pitches(tune(body, key)) == midi


@pytest.mark.parametrize(
    ("body", "lengths"),
    [
        ("A2 A/ A3/2 A//", [2, "1/2", "3/2", "1/4"]),
        ("(3ABc d2", ["2/3", "2/3", "2/3", 2]),
        ("(3:2:4ABcd e", ["2/3", "2/3", "2/3", "2/3", 1]),
        ("(3A2Bc", ["4/3", "2/3", "2/3"]),
        ("A>B c<<d", ["3/2", "1/2", "1/4", "7/4"]),
        ("A>(B c2)", ["3/2", "1/2", 2]),  # W3
        ("A>{c}B", ["3/2", "1/2"]),
        ("A>|B", ["3/2", "1/2"]),
        ("A2>B", [2, 1]),  # unequal notes stay as they are
        ("[C2E4]G", [2, 1]),  # a chord lasts as long as its first note
        ("[CE]3/2", ["3/2"]),
        ("A0 A/0", [1, 1]),  # C8, C4
    ],
)
def test_lengths(body: str, lengths: list[int | str]):
    assert eighths(tune(body))[: len(lengths)] == [Fraction(n) for n in lengths]


def test_rests_of_every_kind_take_their_time():
    """W4: x and Z were dropped, so that bars became shorter."""
    reading = tune("x2z2 A4|Z2|X|c8|")
    assert [m.duration for m in reading.measures] == [1] * 5
    assert [e.visible for e in reading.events] == [False, True, True, True, True, False, True]


@pytest.mark.parametrize(
    ("body", "midi"),
    [
        ("HA", [69]),  # W4: a fermata dropped the note
        ("C-D", [60, 62]),  # W2: a tie to another pitch swallowed it
        ("[CE A2 B2|", [60, 64, 69, 71]),  # C3
        ("[ A", [69]),
        ("(0AB", [69, 71]),  # C5
        ("^_A", [68]),  # C6
        ("{A2 B2|c", [69, 71, 72]),  # W5: everything after an open grace was silent
        ('"Am"A "Zork"B "^slow"c', [69, 71, 72]),  # W7: chord symbols sounded
        ("A & B", [69]),
        ("A$B#C*", [69, 71, 60]),
    ],
)
def test_what_others_crash_on_or_drop(body: str, midi: list[int]):
    assert pitches(tune(body)) == midi


@pytest.mark.parametrize(
    "header", ["M:4/\nL:1/8\n", "M:4/4\nL:1/\n", "M:4/4\nL:x\n", "", "Q:abc\n", "Q:1/4=\n", "Q:1/4=0\n", "X:1\nX:2\n"]
)
def test_broken_headers_are_read(header: str):
    """C6, C7."""
    assert pitches(read(header + "K:C\nCDE|")) == [60, 62, 64]


def test_a_pitch_out_of_reach_comes_back_by_octaves():
    """W8: C,,,,,,,,,,,, wrapped to pitch 107."""
    reading = tune("C,,,,,,,,,,,, c''''''''''''")
    assert all(0 <= p <= 127 and p % 12 == 0 for p in pitches(reading))
    assert len(reading.remarks) == 2


def test_lengths_out_of_reach_are_bounded_and_named():
    """C8: A99 crashed, and A999999 would be days of sound."""
    reading = tune("A999999 B A/99999 c")
    assert [e.duration for e in reading.events] == [16, Fraction(1, 8), Fraction(1, 512), Fraction(1, 8)]
    assert len(reading.remarks) == 2


@pytest.mark.parametrize("text", ["", "\n\n", "X:1\nK:C\n", "K:C\n|||", "K:C\n%%%", "<start>\n<end>"])
def test_no_music_is_the_one_error(text: str):
    with pytest.raises(NotationError, match="no note") as caught:
        read(text)
    assert caught.value.line is not None


def test_only_the_first_tune_is_read_and_the_reader_says_so():
    """C9, C10."""
    reading = read("<start>\nX:1\nK:C\nC|\nX:2\nK:C\nD|")
    assert pitches(reading) == [60]
    assert [note.line for note in reading.remarks] == [5]
    reading = read("K:C\nC|\n\nand now some words")
    assert pitches(reading) == [60]
    assert "empty line" in reading.remarks[0].message


def test_notes_say_what_was_skipped_and_where():
    reading = read("K:C\nAB|\nc#d|")
    (note,) = reading.remarks
    assert (note.line, note.column, note.start) == (3, 2, 9)
    assert "'#'" in note.message


def test_ties_join_equal_pitches_and_slurs_the_others():
    reading = tune("C-C D-E [CE]-[EG] (FGA)")
    flags = [[(h.midi, h.tie, h.tied) for h in e.heads] for e in reading.events]
    assert flags[:2] == [[(60, True, False)], [(60, False, True)]]
    assert flags[2:4] == [[(62, False, False)], [(64, False, False)]]
    assert flags[4:6] == [[(60, False, False), (64, True, False)], [(64, False, True), (67, False, False)]]
    text = reading.text
    assert [(text[a], text[b]) for a, b in reading.voices[0].slurs] == [("D", "E"), ("F", "A")]


def test_what_stands_before_a_note_belongs_to_it():
    reading = tune('"G"{ga}.~!trill!"^hello"A B')
    first, second = reading.events
    assert first.chord_symbols == ("G",)
    assert first.decorations == ("staccato", "roll", "trill")
    assert first.annotations == ("^hello",)
    assert [g.midi for g in first.graces] == [79, 81]
    assert (second.chord_symbols, second.decorations, second.graces) == ((), (), ())


def test_beams_join_what_no_blank_parts():
    assert [e.joined for e in tune("AB cd`e|f").events] == [False, True, False, True, True, False]


@pytest.mark.parametrize(
    ("sign", "ends", "begins", "style"),
    [
        ("|", 0, 0, "regular"),
        ("||", 0, 0, "double"),
        ("|]", 0, 0, "final"),
        ("[|", 0, 0, "heavy-light"),
        ("[|]", 0, 0, "none"),
        ("|:", 0, 1, "regular"),
        (":|", 1, 0, "regular"),
        ("::", 1, 1, "regular"),
        (":|:", 1, 1, "regular"),
        (":||:", 1, 1, "regular"),
        (":|]", 1, 0, "regular"),
        ("[|:", 0, 1, "regular"),
        ("|::", 0, 2, "regular"),
        ("[|]:|", 1, 0, "regular"),
        ("|" + ":" * 50, 0, 8, "regular"),
    ],
)
def test_bar_lines(sign: str, ends: int, begins: int, style: str):
    bar = parse_bar_line(sign)
    assert (bar.ends, bar.begins) == (ends, begins)
    assert bar.style == style


@pytest.mark.parametrize(
    ("text", "passes"), [("1", (1,)), ("[2", (2,)), ("1,3", (1, 3)), ("[1-3", (1, 2, 3)), ("1,4-5", (1, 4, 5))]
)
def test_endings(text: str, passes: tuple[int, ...]):
    assert parse_ending(text) == passes


def test_endings_begin_measures_in_every_spelling():
    for body in ("C|1D:|2E|]", "C|[1D:|[2E|]", "C| [1 D :| [2 E |]", "C [1 D :|[2 E|]", "C|1 D:|\\\n2 E|]"):
        assert [m.ending for m in tune(body).measures] == [(), (1,), (2,)], body


@pytest.mark.parametrize(
    ("value", "qpm"),
    [
        ("1/4=120", 120),
        ("1/4 = 90", 90),
        ("3/8=120", 180),
        ("1/8=200", 100),
        ("1/4 1/8=60", 90),
        ('"Allegro" 1/4=132', 132),
        ('"Andante"', 85),
        ("120", 60),  # unit notes (here eighths) a minute
        ("C=100", 50),
        ("1/4=99999", 400),
        ("1/4=1", 20),
        ("1/4=0", None),
        ("abc", None),
        ("1/0=3", None),
        ("", None),
    ],
)
def test_tempo(value: str, qpm: float | None):
    tempo = parse_tempo(value, Fraction(1, 8))
    if value == "1/0=3":
        assert tempo is not None and tempo.qpm == 20
    else:
        assert (tempo.qpm if tempo else None) == qpm


def test_a_short_first_bar_is_a_pickup_and_a_full_one_is_none():
    assert [m.pickup for m in tune("C2|D8|E6|").measures] == [True, False, False]
    assert [m.pickup for m in tune("C8|D8|").measures] == [False, False]


def test_mid_tune_changes():
    reading = read("M:4/4\nL:1/8\nK:C\nC2|[M:3/4][L:1/4]C|\nQ:1/4=90\nC[M:2/4]|C|")
    assert [m.meter for m in reading.measures] == ["4/4", "3/4", "3/4", "2/4"]
    assert [m.duration for m in reading.measures] == [Fraction(1, 4)] * 4
    assert (reading.tempos[0].onset, reading.tempos[0].qpm) == (Fraction(1, 2), 90)


def test_voices_are_read_apart():
    header = 'X:1\nM:4/4\nL:1/4\nK:C\nV:1 name="Fiddle"\nV:2 clef=bass\n'
    reading = read(header + "[V:1]cdef|\n[V:2]C4|\n[V:1]^c4|\n[V:2]C4|\n")
    assert [v.id for v in reading.voices] == ["1", "2"]
    assert reading.voices[0].name == "Fiddle"
    assert [[h.midi for e in v.events for h in e.heads] for v in reading.voices] == [[72, 74, 76, 77, 73], [60, 60]]
    assert reading.voices[1].measures[0].clef == "bass"


def test_an_overlay_is_a_second_layer_of_its_measure():
    reading = tune("C4 D4 & E8|F8|")
    first, second = reading.measures
    layers = (first.events, *first.overlays)
    assert [[h.step for e in layer for h in e.heads] for layer in layers] == [["C", "D"], ["E"]]
    assert second.onset == 1


def test_lyrics_fall_under_their_notes():
    reading = tune("C2D2E2F2|G4 (AB)c2|\nw:One two-three~four *|five_ six")
    assert [e.lyrics for e in reading.events] == [
        ("One",), ("two-",), ("three four",), (), ("five",), (), ("six",), (),
    ]  # fmt: skip


def test_a_bar_line_in_the_words_goes_on_at_the_next_bar():
    assert [e.lyrics for e in tune("CDEF|GAB\nw:a|b|c").events][:5] == [("a",), (), (), (), ("b",)]
    assert tune("C\nw:a|b").events[0].lyrics == ("a",)  # no bar is closed yet


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet=MARKS, max_size=120), st.sampled_from(["", HEADER, "M:6/8\nK:Am\n"]))
def test_any_text_gives_a_reading_or_no_music(body: str, header: str):
    try:
        reading = read(header + body)
    except NotationError:
        return
    for voice in reading.voices:
        assert sum((m.duration for m in voice.measures), Fraction(0)) == sum(
            (max(sum((e.duration for e in layer), Fraction(0)) for layer in (m.events, *m.overlays)))
            for m in voice.measures
        )
        for event in voice.events:
            assert 0 <= event.start < event.end <= len(reading.text)
            assert event.duration > 0
            assert all(0 <= head.midi <= 127 for head in event.heads)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=80))
def test_any_unicode_is_read(text: str):
    assert read("K:C\nC " + text).events


def test_a_tie_of_the_first_layer_survives_an_overlay():
    """Its heads were once looked for in the overlay's last event, which crashed where that was a rest."""
    reading = tune("C8- & E4 z4|C8|")
    first, second = reading.measures
    assert (first.events[0].heads[0].tie, second.events[0].heads[0].tied) == (True, True)


@pytest.mark.parametrize("body", ["[C\nE]2 G2|", "[CE\n]2 G2|", "[C2\nE2] G2|"])
def test_a_chord_goes_on_in_the_next_line(body: str):
    """As mail programs break lines; one break, and no bar line."""
    reading = tune(body)
    assert [[h.step for h in e.heads] for e in reading.events] == [["C", "E"], ["G"]]
    assert [e.duration * 8 for e in reading.events] == [2, 2]
    assert not reading.remarks


@pytest.mark.parametrize("body", ["[C\n\\\nE]G|", "[C|\nE]G|", "[C\nD\nE]G|"])
def test_a_chord_that_does_not_come_back_is_none(body: str):
    assert [len(e.heads) for e in tune(body).events] in ([1, 1, 1], [1, 1, 1, 1], [2, 1])


def test_letters_stand_for_what_a_tune_says():
    reading = read('U: T = !fermata!\nU: w = "^slow"\nU: x9\nK:C\nTAwBHc|\nU: H = !nil!\nHd|')
    assert [e.decorations for e in reading.events] == [("fermata",), (), ("fermata",), ()]
    assert [e.annotations for e in reading.events] == [(), ("^slow",), (), ()]
    assert [(n.line, "U: wants" in n.message) for n in reading.remarks] == [(3, True)]


def test_what_is_not_read_is_named_with_its_place():
    reading = read("X:1\nm: ~G2 = {A}G{F}G\nK:C\nABc|\ns: !f! * !p!\nm: ~n2 = n\ndef|")
    assert [(n.line, n.message.split(" are")[0]) for n in reading.remarks] == [
        (2, "m: macros"), (5, "s: symbol lines"), (6, "m: macros"),
    ]  # fmt: skip
    assert len(reading.events) == 6


def test_a_line_of_the_header_that_is_no_field_is_no_music():
    reading = read('X:1\nT:t\nN bars 13 and 21 are |f2ed| marked "Bis"\nZ:somebody\nK:D\nABc|')
    assert (reading.title, len(reading.events)) == ("t", 3)
    assert reading.get("Z") == "somebody"
    assert [(n.line, n.column) for n in reading.remarks] == [(3, 1)]
    assert read("T:t\nABc|\nK:D\ndef|").events[-1].heads[0].alter == 1  # music before a change of key is music
    assert len(read("T:t\nABc|\nK:D\ndef|").events) == 6


@pytest.mark.parametrize(
    ("clef", "midi"), [("treble", 60), ("treble-8", 48), ("treble+8", 72), ("bass", 60), ("bass-8", 48), ("alto4", 60)]
)
def test_a_clef_with_an_8_moves_what_sounds(clef: str, midi: int):
    assert read(f"K:C clef={clef}\nC").events[0].heads[0].midi == midi
    assert read(f"K:C\nV:1 {clef}\nC").events[0].heads[0].midi == midi


def test_the_name_of_a_voice_is_no_clef():
    assert read('K:C\nV:1 name="Bass" octave=1\nC').measures[0].clef == "treble"
