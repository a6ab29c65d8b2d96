"""Collections of tunes in the forms that are passed around: read directly, or refused with what they seem to be."""

from __future__ import annotations

import csv
import io
import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

from charlstm.errors import CorpusError
from charlstm.tunes.corpus.build import _with_bar_lines, build_corpus, import_corpus
from charlstm.tunes.corpus.build_large import stream_tunes
from charlstm.tunes.corpus.formats import tunes_of
from charlstm.tunes.corpus.sources import SourceTune, file_tunes
from charlstm.tunes.corpus.uploads import read_uploads
from charlstm.tunes.edit.clean import Dropped, Recipe, clean_tune
from charlstm.tunes.parse.reader import read

QUAY = "|:GABd e2dB|A2GA BAGE|GABd e2dB|ABAG E2D2:|!|:d2Bd gfed|e2ce agfe|d2Bd gfed|BAGF E2D2:|"
GEESE = "|:dAF DFA|dcd e2f|gfe fed|cde A3:|\r\n|:faf ded|cec ABc|dfd BGB|AFA E3:|"
SALT = "|:A2 c2 e2|d4 B2|G2 B2 d2|c4 A2:|\r\n|:e2 a2 g2|f4 d2|e2 g2 f2|e4 c2:|"
SESSION = [
    {"tune_id": name[:1], "setting_id": "1001", "name": name, "type": kind, "meter": meter, "mode": mode, "abc": abc,
     "date": "2020-01-02", "username": "somebody"}
    for name, kind, meter, mode, abc in (
        ("The Quay Steps", "reel", "4/4", "Gmajor", QUAY),
        ("Nine Geese", "jig", "6/8", "Ddorian", GEESE),
        ("Salt & Rain", "waltz", "3/4", "Adorian", SALT),
    )
]  # fmt: skip


def as_csv(entries: list[dict[str, str]], delimiter: str = ",") -> str:
    file = io.StringIO()
    table = csv.DictWriter(file, entries[0], delimiter=delimiter)
    table.writeheader()
    table.writerows(entries)
    return file.getvalue()


def whole(entry: dict[str, str]) -> str:
    """A tune as irishman has it: the header in the text."""
    head = f"X:1\nT:{entry['name']}\nR:{entry['type']}\nM:{entry['meter']}\nL:1/8\nK:{entry['mode']}\n"
    return head + entry["abc"].replace("\r", "").replace("!", "\n")


def tokens(entry: dict[str, str]) -> str:
    """A tune as folk-rnn has it: a blank between any two tokens."""
    marks = re.findall(r"\|:|:\||\||[A-Ga-g]|\d", entry["abc"])
    return f"M:{entry['meter']}\nK:Cmaj\n" + " ".join(marks)


FORMS = {
    "TheSession's JSON": json.dumps(SESSION),
    "TheSession's CSV": as_csv(SESSION),
    "TheSession's API": json.dumps(
        [
            {
                "name": entry["name"],
                "type": entry["type"],
                "settings": [{"id": 1, "key": entry["mode"], "abc": entry["abc"].replace("\r\n", "! ")}],
            }
            for entry in SESSION
        ]
    ),
    "a table with semicolons": as_csv(SESSION, ";"),
    "a table with tabs": as_csv(SESSION, "\t"),
    "a tune a line without numbers": "\n".join(" ".join(whole(entry)[4:].split()) for entry in SESSION),
    "irishman's JSON": json.dumps([{"control code": "S:2\nB:8\n", "abc notation": whole(entry)} for entry in SESSION]),
    "one object a line": "\n".join(json.dumps({"abc": whole(entry)}) for entry in SESSION),
    "a list within an object": json.dumps({"version": 1, "tunes": SESSION}),
    "folk-rnn's tokens": "\n\n".join(tokens(entry) for entry in SESSION) + "\n",
    "folk-rnn's tokens and X:": "\n\n".join(f"X:{n}\n{tokens(entry)}" for n, entry in enumerate(SESSION)) + "\n",
    "folk-rnn's samples": "\n".join(f"<s> {' '.join(tokens(entry).split())} </s>" for entry in SESSION),
    "a tune a line": "\n".join(" ".join(whole(entry).split()) for entry in SESSION),
    "a tunebook": "\n\n".join(whole(entry) for entry in SESSION),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_tunes_that_it_holds(form: str, tmp_path: Path) -> None:
    found = tunes_of(FORMS[form])
    lengths = [[m.duration for m in read(text).measures] for text in found]
    assert lengths == [[m.duration for m in read(whole(entry)).measures] for entry in SESSION]
    assert [[e.heads[0].step for e in read(text).events] for text in found] == [
        [e.heads[0].step for e in read(whole(entry)).events] for entry in SESSION
    ]
    assert all(clean_tune(text) for text in found)
    path = tmp_path / "tunes.txt"
    path.write_text(FORMS[form], encoding="utf-8", newline="")
    assert [tune.text for tune in file_tunes([path])] == found
    assert [*stream_tunes(path)] == found
    upload = read_uploads([("tunes.txt", FORMS[form].encode())])
    assert ([tune.text for tune in upload.tunes], upload.refused) == (found, ())


@pytest.mark.parametrize("form", ["TheSession's JSON", "TheSession's CSV", "TheSession's API", "a tune a line"])
def test_a_tunes_header_is_made_of_what_is_known_of_it(form: str) -> None:
    reading = read(tunes_of(FORMS[form])[1])
    assert [reading.get(letter) for letter in "TRMK"] == ["Nine Geese", "jig", "6/8", "Ddorian"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b'{"name": "x", "version": 2}', "JSON"),
        (b'[{"a": 1}, ["x"]]', "JSON"),
        (b'[{"abc": ', "JSON"),
        (b"[" * 100_000 + b"{", "JSON"),
        (b"tune_id,name,meter\n1,x,4/4\n", "CSV"),
        (b"<?xml version='1.0'?><score-partwise/>", "XML"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"MThd\0\0\0\6", "MIDI"),
        (b"\x89PNG\r\n\x1a\n\0", "PNG"),
        (b"%PDF-1.4\n", "PDF"),
        (b"PK\3\4\0\0", "ZIP"),
        (b"\x80\x02}q\0.", "pickle"),
        (bytes(range(256)), "not a text file"),
        (b"Dear all,\nhere is no tune.\n", "plain text"),
    ],
)
def test_what_holds_no_tune_is_refused_with_what_it_seems_to_be(data: bytes, what: str, tmp_path: Path) -> None:
    path = tmp_path / "file.abc"
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=what):
        list(file_tunes([path]))
    with pytest.raises(CorpusError, match=what):
        list(stream_tunes(path))
    (tmp_path / "tune.abc").write_text("X:1\nK:D\nd|\n")  # in a folder it is named, and the others are read
    assert [bool(tune.fault) for tune in file_tunes([tmp_path])] == [True, False]


@pytest.mark.parametrize("key", ["G", "Gmajor", "G major", "A dorian", "Bb"])
def test_a_key_in_a_line_ends_before_the_music(key: str) -> None:
    (tune,) = tunes_of(f"X:1 T:A K:Tale M:4/4 K:{key} GABc d2 e2|".replace(" K:Tale", " Tale"))
    assert tune == f"X:1\nT:A Tale\nM:4/4\nK:{key}\nGABc d2 e2|"


def test_a_file_header_holds_in_a_stream_too(tmp_path: Path) -> None:
    path = tmp_path / "book.abc"
    path.write_text("M:6/8\nL:1/8\nR:jig\n\nX:1\nK:D\ndAF|\n\nX:2\nK:G\nGBd|\n")
    assert [*stream_tunes(path)] == [tune.text for tune in file_tunes([path])]
    assert all("M:6/8\nL:1/8\nR:jig\n" in text for text in stream_tunes(path))


def test_a_corpus_of_them_is_built() -> None:
    corpus = build_corpus(
        [SourceTune(text, "session", "a.json") for text in tunes_of(FORMS["TheSession's JSON"])], name="s"
    )
    assert len([*corpus.texts]) == 3


SEVEN = "X:1\nT:Seven\nM:7/8\nL:1/8\nK:Gb\n" + '"Gb"GABcdef|' * 8 + '"N.C."GABcdef|]'


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [(Recipe(), "key"), (Recipe(any_key=True), "meter"), (Recipe(any_meter=True), "key"), (Recipe(True, True), "")],
)
def test_rare_meters_and_keys_are_kept_where_the_user_says_so(recipe: Recipe, reason: str) -> None:
    if reason:
        with pytest.raises(Dropped, match=reason) as caught:
            clean_tune(SEVEN, recipe=recipe)
        assert caught.value.example == {"key": "K:Gb", "meter": "M:7/8"}[reason]
    else:
        assert "M:7/8\nL:1/8\nK:Gb\nGABcdef|" in clean_tune(SEVEN, recipe=recipe)


@pytest.mark.parametrize("key", ["Dmix ^g", "D exp _b", "Am =f ^g"])
def test_a_key_with_signs_of_its_own_is_not_written_without_them(key: str) -> None:
    with pytest.raises(Dropped, match="key") as caught:
        clean_tune(SEVEN.replace("Gb", key), recipe=Recipe(any_meter=True, any_key=True))
    assert caught.value.example == f"K:{key}"


def test_a_split_of_others_can_be_cleaned_by_a_recipe(tmp_path: Path) -> None:
    path = tmp_path / "a.abc"
    path.write_text(SEVEN)
    recipe = Recipe(any_meter=True, any_key=True)
    corpus = import_corpus("t", train=path, validation=path, as_is=False, recipe=recipe)
    assert corpus.train == (clean_tune(SEVEN, recipe=recipe),)
    assert corpus.info["recipe"]["any_meter"]


def test_chord_symbols_are_kept_where_the_user_says_so() -> None:
    text = clean_tune(SEVEN, recipe=Recipe(any_meter=True, any_key=True, chords=True))
    assert text.count('"Gb"') == 8 and "N.C." not in text
    assert clean_tune(text, recipe=Recipe(any_meter=True, any_key=True, chords=True)) == text


def test_each_reason_has_an_example() -> None:
    tunes = [SourceTune(text, "mine", "a.abc") for text in (SEVEN, *tunes_of(FORMS["a tunebook"]))]
    info = build_corpus(tunes, name="mine").info
    assert info["examples"] == {"no usable key": "Seven: K:Gb"}
    assert set(info["examples"]) == set(info["books"]["mine"]) - {"kept"}


def test_songs_whose_lines_end_without_a_bar_line_get_one_where_the_bar_is_full() -> None:
    """As the Essen collection is written: a line is a phrase, which may end inside a bar."""
    song = "X:1\nM:3/4\nL:1/4\nK:G\nG2A\nB2\nc|d2e\nf3"
    assert [measure.duration for measure in read(_with_bar_lines(song)).measures] == [Fraction(3, 4)] * 4


@pytest.mark.parametrize(
    ("title", "plain"),
    [("Die Brücke über den Fluß", "Die Brucke uber den Fluss"), ("L'été", "L'ete"), ("Żółw", "Zolw"), ("九只鹅", "")],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_titles_in_letters_of_any_language(title: str, plain: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.abc"
    path.write_bytes(whole({**SESSION[0], "name": title}).encode(encoding))
    (tune,) = file_tunes([path])
    assert f"T:{title}\n" in tune.text  # as it is
    assert clean_tune(tune.text).startswith(f"T:{plain}\n" if plain else "R:reel\n")
