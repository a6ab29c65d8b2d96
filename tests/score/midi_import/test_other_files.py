"""MIDI files as other programs write them: what is in them is read, and what is left out is said.

Each test is a kind of file that public bug reports show; what is right is what SMF 1.0 says, or midi2abc writes.
"""

from __future__ import annotations

import io
import random
from fractions import Fraction

import mido
import pytest

from charlstm.errors import NotationError
from charlstm.score.midi_import.melody import ImportedTune, read_midi
from charlstm.score.timeline import attacks, timeline
from charlstm.tunes.parse.reader import read

SCALE = (67, 69, 71, 72, 74, 74, 71, 67)  # G A B c d d B G
METER = mido.MetaMessage("time_signature", numerator=4, denominator=4)


def key(name: str) -> mido.MetaMessage:
    return mido.MetaMessage("key_signature", key=name)


def meter(upper: int, lower: int, time: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("time_signature", numerator=upper, denominator=lower, time=time)


def notes(pitches: tuple[int, ...], length: int = 480, wait: int = 0, **more: int) -> list[mido.Message]:
    """Notes one after the other, 480 ticks a quarter, after so many ticks of silence."""
    messages = []
    for index, pitch in enumerate(pitches):
        messages.append(mido.Message("note_on", note=pitch, velocity=80, time=0 if index else wait, **more))
        messages.append(mido.Message("note_off", note=pitch, time=length, **more))
    return messages


def file_of(*tracks: list[mido.Message], kind: int = 1) -> bytes:
    file = mido.MidiFile(type=kind, ticks_per_beat=480)
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def body(tune: ImportedTune) -> str:
    return tune.text.partition("\nK:")[2].partition("\n")[2]


def pitches(tune: ImportedTune) -> list[int]:
    return [pitch for _, _, pitch, _ in attacks(timeline(tune.text))]


# ---- chunks ---------------------------------------------------------------------------------------------------------


def scale_file() -> bytes:
    return file_of([METER, key("G"), *notes(SCALE)])


def in_riff(data: bytes) -> bytes:
    return b"RIFF" + (len(data) + 12).to_bytes(4, "little") + b"RMIDdata" + len(data).to_bytes(4, "little") + data


def with_alien_chunks(data: bytes) -> bytes:
    alien = b"XFIH" + (5).to_bytes(4, "big") + b"hello"
    return data[:14] + alien + data[14:] + alien


def with_long_header(data: bytes) -> bytes:
    return data[:4] + (8).to_bytes(4, "big") + data[8:14] + b"\x00\x00" + data[14:]


def with_wrong_count(data: bytes) -> bytes:
    return data[:10] + (5).to_bytes(2, "big") + data[12:]


def without_end(data: bytes) -> bytes:
    body = data[22:-4]
    return data[:18] + len(body).to_bytes(4, "big") + body


def with_wrong_length(data: bytes) -> bytes:
    return data[:18] + (99_999).to_bytes(4, "big") + data[22:]


@pytest.mark.parametrize(
    "change", [in_riff, with_alien_chunks, with_long_header, with_wrong_count, without_end, with_wrong_length]
)
def test_a_file_that_breaks_the_rules_is_read(change) -> None:
    tune = read_midi(change(scale_file()))
    assert body(tune) == "G2A2 B2c2|d2d2 B2G2|]"
    assert any("5 tracks" in remark for remark in tune.remarks) == (change is with_wrong_count)


def test_a_track_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    data = scale_file()
    cut = read_midi(data[:-30])
    assert pitches(cut) == list(SCALE[: len(pitches(cut))])
    assert 3 <= len(pitches(cut)) < 8
    assert any("damaged" in remark for remark in cut.remarks)


def test_each_track_of_format_2_is_a_tune_of_its_own() -> None:
    data = file_of([METER, key("G"), *notes(SCALE)], [meter(3, 4), key("D"), *notes((62, 66, 69))], kind=2)
    first, second = (read_midi(data, voice=voice) for voice in (0, 1))
    assert (first.meter, first.key, pitches(first)) == ("4/4", "G", list(SCALE))
    assert (second.meter, second.key, pitches(second)) == ("3/4", "D", [62, 66, 69])


# ---- notes ----------------------------------------------------------------------------------------------------------


def test_a_note_that_begins_before_the_same_one_ends_is_not_lost() -> None:
    """On and off of one tick, in this order: the one that began first ends."""
    moments = (("on", 67, 0), ("on", 67, 480), ("off", 67, 0), ("on", 67, 480), ("off", 67, 0), ("on", 71, 480),
               ("off", 67, 0), ("off", 71, 480))  # fmt: skip
    track = [mido.Message(f"note_{kind}", note=pitch, time=time) for kind, pitch, time in moments]
    assert body(read_midi(file_of([METER, key("G"), *track]))) == "G2G2 G2B2|]"


def test_a_note_without_an_end_lasts_until_the_next() -> None:
    track = [
        mido.Message("note_on", note=pitch, velocity=80, time=480 if index else 0) for index, pitch in enumerate(SCALE)
    ]
    track.append(mido.MetaMessage("end_of_track", time=480))
    tune = read_midi(file_of([METER, key("G"), *track]))
    assert body(tune) == "G2A2 B2c2|d2d2 B2G2|]"
    assert any("no end" in remark for remark in tune.remarks)


def test_notes_of_no_length_are_not_called_missing() -> None:
    flat = [mido.Message(kind, note=67, velocity=80, time=240) for _ in range(4) for kind in ("note_on", "note_off")]
    for message in flat[1::2]:
        message.time = 0
    with pytest.raises(NotationError, match="no length"):
        read_midi(file_of([METER, *flat]))
    tune = read_midi(file_of([METER, key("G"), *flat[:2], *notes(SCALE)]))
    assert any(remark.startswith("1 notes that have no length") for remark in tune.remarks)


def test_a_held_note_is_not_struck_again_by_a_repeat() -> None:
    """Two halves that differ in the length of the last note alone are no repeat."""
    half = SCALE[:7] * 4
    first = [*notes(half), *notes((67,), 1440)]
    data = file_of([METER, key("G"), *first, *notes(half, wait=0), *notes((67,))])
    assert len(pitches(read_midi(data))) == 58


@pytest.mark.parametrize(
    ("parts", "span", "mark"),
    [(5, 480, "(5:4"), (7, 480, "(7:4"), (3, 480, "(3"), (3, 240, "(3"), (3, 960, "(3"), (5, 960, "(5:4")],
)
def test_tuplets_are_written_as_such(parts: int, span: int, mark: str) -> None:
    messages, tick = [], 0
    for index in range(parts * 4):
        onset, end = (round(Fraction(span, parts) * k) for k in (index, index + 1))
        messages += [
            mido.Message("note_on", note=60 + index % 7, velocity=80, time=onset - tick),
            mido.Message("note_off", note=60 + index % 7, time=end - onset),
        ]
        tick = end
    tune = read_midi(file_of([METER, key("C"), *messages, *notes((60,))]), repeats=False)
    struck = attacks(timeline(tune.text))
    assert [round(onset * parts * 480 / span, 6) for onset, *_ in struck] == list(range(parts * 4 + 1))
    assert body(tune).count(mark) == 4
    assert not any("left out" in remark for remark in tune.remarks)


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_written_comes_back_to_the_tick(seed: int) -> None:
    """Beats in one to eight parts, some of them silent, in all meters: every note, at its time."""
    chance = random.Random(seed)
    upper, lower = chance.choice(((4, 4), (3, 4), (6, 8), (2, 4), (7, 8), (5, 4), (3, 8), (9, 8), (2, 2)))
    beat = Fraction(3, 2) if lower == 8 and upper % 3 == 0 and upper > 3 else Fraction(4, max(lower, 4))
    onsets, time = [], Fraction(0)
    for _ in range(6):
        end = time + Fraction(4 * upper, lower)
        while time < end:
            parts = chance.choice((1, 2, 3, 3, 5) if beat == Fraction(3, 2) else (1, 2, 2, 4, 3, 3, 5, 6, 7))
            onsets += [time + beat * k / parts for k in range(parts) if k == 0 or chance.random() < 0.9]
            time += beat
    ends = [*onsets[1:], time]
    messages, tick = [], 0
    for onset, end in zip(onsets, ends, strict=True):
        start, stop = round(onset * 480), round(end * 480)
        pitch = chance.choice((62, 64, 66, 67, 69, 71, 73))
        messages.append(mido.Message("note_on", note=pitch, velocity=80, time=start - tick))
        messages.append(mido.Message("note_off", note=pitch, time=stop - start))
        tick = stop
    tune = read_midi(file_of([meter(upper, lower), key("D"), *messages]))
    struck = attacks(timeline(tune.text))
    assert len(struck) == len(onsets)
    assert [onset for onset, *_ in struck] == pytest.approx([float(onset) for onset in onsets], abs=1.1 / 480)
    assert tune.meter == f"{upper}/{lower}"


# ---- bars -----------------------------------------------------------------------------------------------------------


def test_silence_before_an_upbeat_is_no_music() -> None:
    data = file_of([METER, key("G"), *notes((62, *SCALE[:8], 67, 69, 71), wait=1440)])
    assert body(read_midi(data)) == "D2|G2A2 B2c2|d2d2 B2G2|G2A2 B2|]"


def test_bars_begin_where_the_file_begins_even_if_others_would_fit_better() -> None:
    pitches = (62, 66, 69, 74, 71, 67, 64, 61, 64, 67, 69, 66)
    lengths = (2, 2, 2, 2, 2, 2, 4, 2, 2, 4, 4, 4)
    track = [message for p, n in zip(pitches, lengths, strict=True) for message in notes((p,), 240 * n)]
    assert body(read_midi(file_of([METER, key("D"), *track]))) == "D2F2 A2d2|B2G2 E4|C2E2 G4|A4 F4|]"


def test_a_short_silence_at_the_beginning_is_a_rest() -> None:
    assert body(read_midi(file_of([METER, key("G"), *notes(SCALE[:7], wait=480)]))) == "z2G2 A2B2|c2d2 d2B2|]"


@pytest.mark.parametrize("name", ["3/8", "7/8", "5/4", "3/2", "6/4", "2/2", "5/8", "12/8", "9/16"])
def test_every_meter_is_kept(name: str) -> None:
    upper, lower = map(int, name.split("/"))
    tune = read_midi(file_of([meter(upper, lower), key("G"), *notes(SCALE * 9, 4 * 480 // lower)]), repeats=False)
    assert tune.meter == name
    assert f"\nM:{name}\n" in f"\n{tune.text}"
    assert not any("meter" in remark for remark in tune.remarks)
    first, second = body(tune).split("|")[:2]
    assert len([c for c in first if c.isalpha()]) == len([c for c in second if c.isalpha()]) == upper


def test_changes_of_meter_key_and_tempo_stand_where_they_happen() -> None:
    tempo = [mido.MetaMessage("set_tempo", tempo=tempo) for tempo in (833_333, 500_000)]
    data = file_of(
        [METER, key("G"), tempo[0], *notes((67, 71, 74, 71)), meter(3, 4), key("D"), tempo[1], *notes((62, 66, 69) * 2)]
    )
    tune = read_midi(data)
    assert "\nQ:1/4=72\n" in tune.text
    assert body(tune) == "G2B2 d2B2|[M:3/4][K:D][Q:1/4=120]D2 F2 A2|D2 F2 A2|]"


def test_a_tempo_that_breathes_is_one_tempo_and_a_remark() -> None:
    track = [METER, key("G")]
    for index, pitch in enumerate(SCALE * 2):
        track += [mido.MetaMessage("set_tempo", tempo=500_000 + 1000 * index), *notes((pitch,))]
    tune = read_midi(file_of(track))
    assert "[Q:" not in tune.text
    assert any("tempo changes 15 times" in remark for remark in tune.remarks)


# ---- spelling -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "played", "written"),
    [
        ("D", (74, 72, 71, 69), "d2=c2 B2A2"),
        ("A", (81, 79, 78, 76), "a2=g2 f2e2"),
        ("G", (67, 65, 64, 62), "G2=F2 E2D2"),
        ("Bb", (70, 71, 72, 74), "B2=B2 c2d2"),
        ("Eb", (75, 76, 77, 79), "e2=e2 f2g2"),
        ("C", (67, 68, 69, 72), "G2^G2 A2c2"),
        ("C", (72, 70, 69, 67), "c2_B2 A2G2"),
        ("F", (65, 61, 60, 65), "F2_D2 C2F2"),
        ("Am", (69, 68, 69, 76), "A2^G2 A2e2"),
        ("Dm", (74, 73, 71, 69), "d2^c2 =B2A2"),
        ("Em", (76, 75, 73, 71), "e2^d2 ^c2B2"),
        ("F#m", (66, 65, 66, 69), "F2^E2 F2A2"),
        ("C#", (61, 63, 65, 68), "C2D2 E2G2"),
        ("Cb", (71, 73, 75, 76), "c2d2 e2f2"),
    ],
)
def test_notes_outside_the_scale_are_called_as_musicians_call_them(name: str, played: tuple, written: str) -> None:
    tune = read_midi(file_of([METER, key(name), *notes(played)]))
    assert tune.key == name
    assert body(tune) == f"{written}|]"
    assert pitches(tune) == list(played)
    assert not any("key" in remark for remark in tune.remarks)


# ---- voices, words, names -------------------------------------------------------------------------------------------


def test_a_limit_counts_the_voice_that_is_read() -> None:
    band = [
        [mido.MetaMessage("track_name", name=f"Strum {n}"), *notes((43 + n,) * 700, 120, channel=n)] for n in range(4)
    ]
    tune = read_midi(
        file_of([mido.MetaMessage("track_name", name="Melody"), METER, key("G"), *notes(SCALE * 16)], *band)
    )
    assert pitches(tune) == list(SCALE * 16)
    assert any("5 voices" in remark for remark in tune.remarks)


def lyrics(*syllables: str, kind: str = "lyrics") -> list[mido.Message]:
    track: list[mido.Message] = []
    for syllable, pitch in zip(syllables, SCALE, strict=False):
        track += [mido.MetaMessage(kind, text=syllable), *notes((pitch,))]
    return track


@pytest.mark.parametrize(
    "track",
    [
        lyrics("Come ", "down ", "the ", "lane ", "a", "gain ", "with ", "me "),
        lyrics("Come", "down", "the", "lane", "a-", "gain", "with", "me"),
        lyrics("/Come", " down", " the", " lane", "\\a", "gain", " with", " me", kind="text")[1:],
    ],
)
def test_lyrics_become_words_under_the_notes(track: list[mido.Message]) -> None:
    words = body(read_midi(file_of([METER, key("G"), *track]))).partition("\n")[2]
    assert words.removeprefix("w:").replace("* ", "").strip().endswith("down the lane a-gain with me")


def test_words_pass_over_notes_that_are_tied_on() -> None:
    track = [METER, key("G")]
    for syllable, pitch, length in (("one ", 67, 960), ("two ", 69, 1920), ("three ", 71, 960)):
        track += [mido.MetaMessage("lyrics", text=syllable), *notes((pitch,), length)]
    tune = read_midi(file_of(track))
    assert body(tune) == "G4 A4-|A4 B4|]\nw:one two three"
    sung = [event.lyrics for event in read(tune.text).events]
    assert sung == [("one",), ("two",), (), ("three",)]


def test_words_of_a_repeat_are_verses() -> None:
    first, second = (lyrics(*(f"{letter}{n} " for n in range(8))) for letter in "xy")
    verse = [*first, *notes(SCALE), *second, *notes(SCALE)]
    tune = read_midi(file_of([METER, key("G"), *verse]))
    assert body(tune).startswith("|:")
    assert [line for line in body(tune).splitlines() if line.startswith("w:")] == [
        f"w:{' '.join(f'{letter}{n}' for n in range(8))}" + " *" * 8 for letter in "xy"
    ]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("Träumerei".encode(), "Träumerei (voice 1)"),
        ("Träumerei".encode("cp1252"), "Träumerei (voice 1)"),
        ("Don’t".encode("cp1252"), "Don’t (voice 1)"),
        ("さくら".encode("cp932"), "さくら (voice 1)"),
        ("荒城の月".encode("cp932"), "荒城の月 (voice 1)"),
        (b"\xff\xfe\xfd\xfc\xfb", "voice 1"),
    ],
)
def test_names_are_read_or_left_out(data: bytes, name: str) -> None:
    track = [mido.UnknownMetaMessage(0x03, data=data), METER, key("G"), *notes(SCALE)]
    (voice,) = read_midi(file_of(track)).voices
    assert voice == name


def test_what_is_left_out_is_said() -> None:
    drums = notes((36, 38, 36, 38), channel=9)
    bend = [mido.Message("pitchwheel", pitch=2000)]
    remarks = " ".join(read_midi(file_of([METER, key("G"), *bend, *notes(SCALE)], drums)).remarks)
    assert "percussion" in remarks
    assert "Pitch bends" in remarks


def test_what_the_file_says_beside_its_notes_is_written_or_named() -> None:
    head = [
        METER,
        key("G"),
        mido.MetaMessage("copyright", text="(c) 1999, 50 % Ann"),
        mido.MetaMessage("marker", text="B"),
    ]
    fiddle, flute = (mido.Message("program_change", program=program) for program in (40, 73))
    tune = read_midi(file_of(head, [fiddle, *notes(SCALE), flute, *notes(SCALE)]))
    reading = read(tune.text)
    assert (reading.get("Z"), reading.voices[0].program) == ("(c) 1999, 50 % Ann", 40)
    assert any("Texts" in remark and "B" in remark for remark in tune.remarks)
    assert any("instrument changes" in remark for remark in tune.remarks)
    assert "MIDI program" not in read_midi(file_of([METER], notes(SCALE))).text


@pytest.mark.parametrize(("last", "name"), [(69, "Ador"), (62, "Dmix"), (67, ""), (71, ""), (64, "")])
def test_a_mode_that_midi_has_no_name_for_is_named(last: int, name: str) -> None:
    """A minor key has a name there, so E at the end of a tune in G does not make it one in E minor."""
    remarks = read_midi(file_of([METER, key("G")], notes((*SCALE, last)))).remarks
    assert [remark for remark in remarks if "signature" in remark] == [
        f"The file says G; its last note is that of {name}, which has the same signature." for _ in [name] if name
    ]


def test_a_title_keeps_its_letters() -> None:
    name = mido.MetaMessage("track_name", name="Bourr\u00e9e")
    assert read_midi(file_of([name, METER, *notes(SCALE)])).text.startswith("T:Bourr\u00e9e\n")
