"""ABC as it is found in mails, on web pages and in old files: read as the standard says, or named.

Each case is of a kind that programs were reported to fail on; the authority is named: a section of ABC 2.1, or the
program that plays it so.
"""

from __future__ import annotations

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlstm.score.timeline import timeline
from charlstm.tunes.abc import split_tunebook
from charlstm.tunes.edit.clean import Dropped, clean_tune
from charlstm.tunes.edit.normalize import plain_header
from charlstm.tunes.keys import SEMITONES
from charlstm.tunes.parse.reader import read

MUSIC = "GABc|d4|]"
PITCHES = [67, 69, 71, 72, 74]  # in C


def played(text: str) -> list[int]:
    return [sounding.pitch for sounding in timeline(read(text))]


def header(*lines: str) -> str:
    return "X:1\nT:A Tune\n" + "".join(f"{line}\n" for line in lines) + "M:4/4\nL:1/4\nK:C\n" + MUSIC


HEADS = {
    "continued (3.3)": ["H:a long story", "+:and its end"],
    "continued twice": ["N:one", "+:two,", "+:and three"],
    "history over lines (10.1)": ["H:a long story", "told in three", "lines"],
    "history with a field between": ["H:a long story", "told", "S:a book", "H:and more", "lines"],
    "history with printed quotes": ["H:he said", "“never again” – and did"],
    "a backslash (2.0)": ["C:A Very Long \\", "Composer"],
    "text (11.4)": ["%%begintext", "Bagged at a dance,", "", "by a deaf bagpiper.", "%%endtext"],
    "PostScript (abcm2ps)": ["%%beginps", "/box {10 20 moveto} def", "%%endps"],
    "an NEL in a title (2.2.4)": ["T:Wait for Me\x85 Said He"],
    "a line separator in a title": ["T:Two\u2028Lines"],
}


@pytest.mark.parametrize("kind", HEADS)
def test_a_header_is_whole_whatever_stands_in_it(kind: str) -> None:
    text = header(*HEADS[kind])
    reading = read(text)
    assert (reading.get("M"), reading.get("L"), reading.get("K")) == ("4/4", "1/4", "C")
    assert played(text) == PITCHES
    assert reading.remarks == ()
    assert plain_header(text) == plain_header(header())
    with pytest.raises(Dropped, match="8 bars"):  # and not for a header that ends too early
        clean_tune(text)


def test_a_line_of_words_in_the_header_is_read_as_text_and_named() -> None:
    reading = read(header("N:learnt from a fiddler", "on the night boat"))
    assert reading.get("N") == "learnt from a fiddler on the night boat"
    assert [remark.line for remark in reading.remarks] == [4]
    assert len(reading.events) == 5


@pytest.mark.parametrize("block", ["%%begintext\nBagged at a dance\n%%endtext\n", "%%beginsvg\n<g/>\n%%endsvg\n"])
def test_a_block_of_text_between_music_is_silent(block: str) -> None:
    text = header().replace("|d4", f"|\n{block}d4")
    assert played(text) == PITCHES
    assert read(text).directives[0].value in block


@pytest.mark.parametrize("before", ["Hello all,\nhere is a good one:\n\n", "```abc\n", "Abc notation\n"])
@pytest.mark.parametrize("quote", ["", "> "])
def test_what_comes_before_the_tune_is_not_sung(before: str, quote: str) -> None:
    tune = "\n".join(quote + line for line in header().split("\n"))
    reading = read(before + tune)
    assert [event.heads[0].midi for event in reading.events] == PITCHES
    assert any("before X:" in remark.message for remark in reading.remarks)
    assert plain_header(before + tune) == plain_header(header())
    assert [played(text) for text in split_tunebook(before + tune)] == [PITCHES]


def test_a_block_that_is_not_closed_is_named() -> None:
    reading = read(header().replace("|d4", "|\n%%begintext\nBagged\n\nd4"))
    assert len(reading.events) == 4
    assert "%%endtext" in reading.remarks[0].message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("before", ["", "    ", "\t", "> ", ">> ", "> > ", "\ufeff"])
def test_a_tune_is_read_however_its_lines_begin_and_end(before: str, end: str) -> None:
    """Indented in a forum (abc2midi reads it with a warning), quoted in a mail, converted twice."""
    lines = (header() + "\nw:la la").split("\n")
    text = end.join((line if before == "\ufeff" and place else before + line) for place, line in enumerate(lines))
    for tune in (text, *split_tunebook(text)):
        reading = read(tune)
        assert [event.heads[0].midi for event in reading.events] == PITCHES
        assert (reading.title, reading.get("M"), reading.events[1].lyrics) == ("A Tune", "4/4", ("la",))
        assert all(tune[event.start] in "GABcd" for event in reading.events)
        assert [remark.message for remark in reading.remarks if "quoted" not in remark.message] == []
    assert plain_header(text) == plain_header(header())


@pytest.mark.parametrize("voices", ["V:1\nK:G clef=treble\nGABc|\nV:2\nK:G clef=bass\nG,4|\n",
    "V:1 clef=treble\nV:2 clef=bass\nK:G\n[V:1]GABc|\n[V:2]G,4|\n", "V:1\nV:2\nK:G\nGABc|\nV:2\nG,4|\n",
    "V:2\nK:G\nG,4|\nV:1\nGABc|\n"])  # fmt: skip
def test_voices_of_the_header_sound_together(voices: str) -> None:
    reading = read("X:1\nM:4/4\nL:1/4\n" + voices)
    assert {voice.id: len(voice.events) for voice in reading.voices} == {"1": 4, "2": 1}
    assert sorted(s.pitch for s in timeline(reading) if s.onset == 0) == [55, 67]


def test_a_field_can_name_two_voices() -> None:
    reading = read("X:1\nL:1/4\nK:C\nV:1,2\nCD|\nV:1\nE|\nV:2\nC|\n")
    assert [[h.step for e in voice.events for h in e.heads] for voice in reading.voices] == [list("CDE"), list("CDC")]


def test_a_file_header_holds_for_every_tune() -> None:
    """ABC 2.1, 2.2.2: what extracts tunes must insert its fields."""
    book = "%abc-2.1\nM:3/4\nL:1/4\nR:waltz\nC:Somebody\n\nX:1\nT:One\nK:G\nGBd|\n\nX:2\nT:Two\nM:2/4\nC:Me\nK:D\nd2|\n"
    one, two = map(read, split_tunebook(book))
    assert [one.get(letter) for letter in "TMLRCK"] == ["One", "3/4", "1/4", "waltz", "Somebody", "G"]
    assert [two.get(letter) for letter in "TMLRCK"] == ["Two", "2/4", "1/4", "waltz", "Me", "D"]
    assert one.measures[0].duration == one.measures[0].expected


def test_text_before_the_first_tune_is_no_file_header() -> None:
    assert split_tunebook("M:3/4 is fine\nsays the editor\n\nX:1\nK:C\nC|") == ["X:1\nK:C\nC|"]


@pytest.mark.parametrize(
    ("voice", "pitch", "drawn"),
    [
        ("clef=bass middle=d transpose=-24", 50, 3),  # 4.6; abc2midi
        ("transpose=-2", 72, 5),
        ("octave=-1", 62, 4),
        ("treble+15", 98, 7),
        ("clef=bass-15", 50, 3),
        ("treble_8", 62, 4),
        ("bass middle=D,", 74, 5),
    ],
)
def test_a_voice_sounds_where_its_field_says(voice: str, pitch: int, drawn: int) -> None:
    reading = read(f"X:1\nL:1/4\nV:1 {voice}\nK:C\nV:1\nd|")
    assert [sounding.pitch for sounding in timeline(reading)] == [pitch]
    assert reading.events[0].heads[0].octave == drawn


@pytest.mark.parametrize("line", ["%%MIDI transpose -7", "I:MIDI transpose -7", "I:MIDI=transpose -7"])
def test_midi_directives_move_what_sounds(line: str) -> None:
    """As abc2midi and abcjs play them; in the header, or for a voice in the body."""
    assert played(f"X:1\nL:1/4\n{line}\n%%MIDI program 60\nK:C\nc") == [65]
    assert played(f"X:1\nL:1/4\nK:C\n{line}\nc") == [65]
    assert read(f"X:1\n{line}\n%%MIDI program 60\nK:C\nc").voices[0].program == 60


def test_what_is_not_read_of_midi_is_named() -> None:
    (remark,) = read("X:1\nK:C\nc\n%%MIDI droneon\nd").remarks
    assert (remark.line, "%%MIDI droneon" in remark.message) == (4, True)


@pytest.mark.parametrize(
    ("value", "qpm"),
    [("90=1/4", 90), ("90 = 3/8", 135), ("1/4=60-66", 60), ("1/4 = 60 - 66", 60), ("C3=60", 90), ("C=100", 50),
     ("1/4=120 \"Allegro\"", 120), ("1/4=ca. 90", 90), ("\"quick\"", None)],
)  # fmt: skip
def test_tempos_old_and_new(value: str, qpm: float | None) -> None:
    reading = read(f"X:1\nL:1/8\nQ:{value}\nK:C\nc")
    assert (reading.qpm, reading.remarks) == (qpm, ())


@pytest.mark.parametrize(
    "text", ["Q:1/4=soon\nK:C\nc", "Q:1/0=\nK:C\nc", "K:C\nc\nQ:4711/\nd", "K:C\n[Q:=x9]d", "Q:with feeling\nK:C\nc"]
)
def test_a_tempo_that_cannot_be_read_is_named(text: str) -> None:
    assert ["tempo" in remark.message for remark in read(f"X:1\n{text}").remarks] == [True]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("K:C\nV:1 score=CD\nc", "score=CD"),
        ("K:C shift=CD\nc", "shift=CD"),
        ("K:C clef=zigzag\nc", "zigzag"),
        ("K:C middle=e\nc", "middle=e"),
        ("%%transpose 2\nK:C\nc", "%%transpose"),
        ("I:propagate-accidentals octave\nK:C\nc", "propagate-accidentals"),
        ("K:C\nc[M:x]d|", "M:x"),
        ("K:C\nc[L:x]d|", "L:x"),
        ("w:la la\nK:C\nc", "words"),
        ("m:~n=n\nK:C\nc", "macros"),
    ],
)
def test_what_changes_the_music_and_is_not_read_is_named(text: str, what: str) -> None:
    assert [what in remark.message for remark in read(f"X:1\n{text}").remarks] == [True]


@pytest.mark.parametrize("more", ["octave=0", "middle=B", "transpose=0", "clef=treble", "treble", "staffscale=0.8"])
def test_a_key_is_read_whatever_stands_behind_it(more: str) -> None:
    reading = read(f"X:1\nK:D {more}\nF")
    assert (reading.events[0].heads[0].midi, reading.remarks) == (66, ())


@pytest.mark.parametrize(("clef", "name"), [("G2", "treble"), ("F4", "bass"), ("C3-8", "alto-8"), ("c4", "tenor")])
def test_clefs_by_their_line(clef: str, name: str) -> None:
    assert read(f"X:1\nK:C clef={clef}\nc").measures[0].clef == name


def test_keys_with_printed_signs() -> None:
    assert played("X:1\nL:1/4\nK:B♭\nBEA|[K:F♯ m]FCG|[K:B♭]E") == [70, 63, 69, 66, 61, 68, 63]
    assert played("X:1\nL:1/4\nK:E flat minor\nBEG") == [70, 63, 66]


def test_chords_of_the_first_abc() -> None:
    """10.2; its notes may not vanish."""
    reading = read("X:1\nL:1/4\nK:C\n+CEG+ +c'e'+2 +f+A +ff+B")
    assert [[h.midi for h in e.heads] for e in reading.events] == [[60, 64, 67], [84, 88], [69], [71]]
    assert [e.decorations for e in reading.events] == [(), (), ("f",), ("ff",)]
    assert any("+CEG+" in remark.message for remark in reading.remarks)


def test_a_quarter_tone_is_named() -> None:
    reading = read("X:1\nK:C\n^/F _/B ^3/2c")
    assert [event.heads[0].midi for event in reading.events] == [65, 71, 72]
    assert "quarter tone" in reading.remarks[0].message


def test_a_tuplet_ends_with_its_bar() -> None:
    reading = read("X:1\nL:1/8\nK:C\n(3AB|cd|(3ABc|")
    assert [8 * measure.duration for measure in reading.measures] == [Fraction(4, 3), 2, 2]
    assert [(remark.column, "tuplet" in remark.message) for remark in reading.remarks] == [(1, True)]


def syllables(text: str) -> list[str]:
    return [" ".join(event.lyrics) for event in read(f"X:1\nM:4/4\nL:1/4\nK:C\n{text}").events]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CD|EF|\nw:one two\n+:three four", "one two three four"),  # 3.3
        ("CD|\nEF|\nw:one two three four", "one two three four"),  # 5.1: the first note without words
        ("CD|\nw:one two\nEF|\nw:three four", "one two three four"),
        ("CD|\nw:one two\nw:I II\nEF|\nw:three four", "one I,two II,three,four"),
        ("CDEF|\nw:\\_ a\\-b c\\*d ~", "_,a-b,c*d, "),  # abcm2ps
        ("CDEF|\nw:h\\'e-las gro\\ss Fr&auml;u", "hé-,las,groß,Fräu"),  # 8.2
        ("CDEF|\nw:one two \\\nthree four", "one two three four"),  # 2.0
    ],
)
def test_words_fall_under_the_notes_that_have_none(text: str, words: str) -> None:
    assert syllables(text) == (words.split(",") if "," in words else words.split())


def test_words_without_a_note_are_named() -> None:
    (remark,) = read("X:1\nL:1/4\nK:C\nCD|\nw:one two three four").remarks
    assert (remark.line, "three" in remark.message) == (5, True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("\\'Eire, \\\"Uber", "Éire, Über"),
        ("Fran\\ccois &amp; Ren&eacute;e", "François & Renée"),
        ("100\\% gro\\ss", "100% groß"),
        ("\\AAberg, \\/Orsted, \\vSkoda", "Åberg, Ørsted, Škoda"),
        ("caf\\u00e9 &#233; &#xe9;", "café é é"),
        ("Tom&#39;s", "Tom's"),
        ("C:\\dir & more", "C:\\dir & more"),
    ],
)
def test_text_strings(written: str, meant: str) -> None:
    """ABC 2.1, 8.2."""
    reading = read(f"X:1\nT:{written}\nC:{written}\nK:C\nC\nW:{written}")
    assert (reading.title, reading.get("C"), reading.words) == (meant, meant, (meant,))


@pytest.mark.parametrize(
    ("music", "plain"),
    [
        ("A&gt;B c&lt;d", "A>B c<d"),
        ("“Am”A2 “D7”d2", '"Am"A2 "D7"d2'),
        ("&quot;Am&quot;A2 d2", '"Am"A2 d2'),
        ("c’2 d–d", "c'2 d-d"),
        ("♯F ♭B ♮c", "^F _B =c"),
    ],
)
def test_music_out_of_web_pages_and_word_processors(music: str, plain: str) -> None:
    head = "X:1\nL:1/8\nK:G\n"
    read_music, read_plain = read(head + music), read(head + plain)
    assert [(e.duration, e.heads[0].midi, e.chord_symbols) for e in read_music.events] == [
        (e.duration, e.heads[0].midi, e.chord_symbols) for e in read_plain.events
    ]
    assert len(read_music.voices[0].measures[0].overlays) == 0
    assert read_music.remarks != ()


def test_a_dollar_breaks_the_line_of_the_score() -> None:
    """ABC 2.1, 6.1.1."""
    reading = read("X:1\nI:linebreak $\nL:1/4\nK:C\nC|D|$E|\nF|]$")
    assert [measure.line_end for measure in reading.measures] == [False, True, False, True]
    assert reading.remarks == ()


def test_titles_parts_and_texts_are_there_to_be_drawn() -> None:
    reading = read("X:1\nT:One\nT:Two\nK:C\nP:A\nT:Inner\nC|\n%%text slower\n%%center ~ fin ~\nD|]\nW:Words")
    assert reading.all("T") == ("One", "Two")
    assert [(field.letter, field.value) for field in reading.inner_fields if field.letter in "PT"] == [
        ("P", "A"), ("T", "Inner")
    ]  # fmt: skip
    assert [(d.name, d.value) for d in reading.directives] == [("text", "slower"), ("center", "~ fin ~")]
    assert reading.words == ("Words",)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.text(alphabet="ABcdz|:[](){}<>-,'/0123^_=\"! \n\\%KMLQVw&;+$>", max_size=100),
    st.sampled_from(["", "X:1\nM:4/4\nK:D\n", "K:C\n"]),
)
def test_a_tune_is_cleaned_or_dropped_with_a_reason(body: str, head: str) -> None:
    """A header without notes once raised, and ended the building of a corpus."""
    with contextlib.suppress(Dropped):
        assert clean_tune(head + body)


@pytest.mark.parametrize(
    ("body", "letters"),
    [
        ("|:C|[1,2 D:|[3 E|]", "CDCDCE"),  # 4.10: three times round
        ("|:CG-|1 GF:|2 G2|]", "CGGFCGG"),  # 4.11: a tie into both endings
        ("P:A\nC|\nP:B\nD|\nP:C\nE|]", "CCDCECE"),  # 3.1.9: P:A2.B.(AC)2
    ],
)
def test_repeats_ties_and_parts_are_played_out(body: str, letters: str) -> None:
    parts = "P:A2.B.(AC)2\n" if body.startswith("P:") else ""
    heard = played(f"X:1\n{parts}L:1/4\nK:C\n{body}")
    assert [pitch % 12 for pitch in heard] == [SEMITONES[letter] for letter in letters]


def test_voices_by_turns_each_with_its_words() -> None:
    reading = read("X:1\nL:1/4\nV:S\nV:B clef=bass\nK:F\n[V:S]FA|\nw:sing we\n[V:B]F,C,|\n[V:S]c2|\nw:now\n[V:B]F,2|\n")
    assert [len(voice.events) for voice in reading.voices] == [3, 3]
    assert [event.lyrics for event in reading.voices[0].events] == [("sing",), ("we",), ("now",)]
    assert not any(event.lyrics for event in reading.voices[1].events)


def test_odd_meters() -> None:
    """ABC 2.1, 3.1.6."""
    reading = read("X:1\nM:(2+2+3)/8\nL:1/8\nK:Am\nABcdefg|[M:3+2/8]ABcde|[M:C|]A8|]")
    assert [measure.expected == measure.duration for measure in reading.measures] == [True] * 3
    assert reading.remarks == ()


def test_a_tune_as_thesession_spells_it() -> None:
    reading = read("X: 1\nT: The Quay Steps\nR: reel\nM: 4/4\nL: 1/8\nK: Gmaj\n|:GABd e2dB|!A2GA BAGE:|")
    assert (reading.title, reading.get("M"), len(played(reading.text))) == ("The Quay Steps", "4/4", 28)


def test_octave_parameters() -> None:
    """ABC 2.1, 4.6."""
    assert played("X:1\nL:1/4\nK:C\n[V:a]C,D,|\n[V:b octave=-1]CD|\n[V:c octave=-2]cd|") == [48] * 3 + [50] * 3


@pytest.mark.parametrize("head", ["I:linebreak !\n", ""])
def test_an_exclamation_mark_breaks_the_line_of_the_score(head: str) -> None:
    """ABC 2.1, 6.1.1, and abc2win, which ended its lines so."""
    reading = read(f"X:1\n{head}L:1/4\nK:C\nC|!trill!D|!\nE|F|]!")
    assert [measure.line_end for measure in reading.measures] == [False, True, False, True]
    assert reading.remarks == ()
    assert read("X:1\nL:1/4\nK:C\nC|!trill D|").remarks != ()  # a decoration that is not closed is named


def test_a_break_sign_of_the_header_counts_within_a_line() -> None:
    reading = read("X:1\nI:linebreak !\nL:1/4\nK:C\nC|!D|\nE|]")
    assert [measure.line_end for measure in reading.measures] == [True, False, False]


@pytest.mark.parametrize("text", ['Q:"Gently"\nK:C\nc', 'K:C\nV:1\n[Q:"Gently"]c', 'K:C\nQ:"Gently"\nc'])
def test_words_of_a_tempo_without_a_number_are_drawn(text: str) -> None:
    reading = read(f"X:1\n{text}")
    assert (reading.events[0].annotations, reading.remarks) == (("^Gently",), ())


@pytest.mark.parametrize("sign", ['"^%s"', '"%s"'])
def test_a_text_that_is_cut_on_the_page_is_named(sign: str) -> None:
    assert not [r for r in read(f"X:1\nK:C\n{sign % ('word ' * 11)}c").remarks if "longer" in r.message]
    remark = next(r for r in read(f"X:1\nK:C\n{sign % ('word ' * 20)}c").remarks if "longer" in r.message)
    assert (remark.line, "longer than 60" in remark.message) == (3, True)


def test_grace_notes_that_are_not_closed_are_named() -> None:
    reading = read("X:1\nK:C\n{AB c|{d}e{/f}g|{}A|")
    assert len(reading.events) == 6
    assert [(remark.column, "grace" in remark.message) for remark in reading.remarks] == [(1, True)]
