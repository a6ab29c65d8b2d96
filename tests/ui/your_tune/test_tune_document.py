"""Laws of the tune that is edited: opened, typed, undone."""

from __future__ import annotations

import pytest

from charlstm.errors import NotationError
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score, to_musicxml
from charlstm.ui.your_tune.tune_document import MAX_BOOK, MAX_LENGTH, TuneDocument
from tests.conftest import TUNES

REEL = "X:1\n" + TUNES[0]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_book_of_any_spelling_is_opened_and_one_is_chosen(encoding: str, end: str) -> None:
    book = ("%abc-2.1\n\nX:1\nT:Föhn\nK:D\nabc|\n\nX:2\nT:Two\nK:G\ndef|\n").replace("\n", end).encode(encoding)
    document = TuneDocument()
    document.open_file("book.abc", book)
    assert len(document.book) == 2
    assert document.text == "X:1\nT:Föhn\nK:D\nabc|"
    document.choose(1)
    assert document.text == "X:2\nT:Two\nK:G\ndef|"
    document.undo()
    assert document.text == "X:1\nT:Föhn\nK:D\nabc|"


def test_a_pasted_book_is_opened_too() -> None:
    document = TuneDocument()
    document.typed("X:1\nK:D\nabc|\n\nX:2\nK:G\ndef|\n")
    assert len(document.book) == 2
    assert document.text == "X:1\nK:D\nabc|"


def test_a_midi_file_is_opened_and_read_again_in_another_meter() -> None:
    document = TuneDocument()
    document.open_file("tune.mid", to_midi(read_score(REEL)))
    assert "\nK:D\n" in "\n" + document.text
    document.read_file(document.file, document.kind, meter="6/8")
    assert "M:6/8\n" in document.text


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.abc", b"", "no tune"),
        ("a.abc", b" \n\n", "no tune"),
        ("a.abc", b"X" * (MAX_BOOK + 1), "at most"),
        ("a.abc", b"X:1\nK:D\n" + b"abc|" * MAX_LENGTH, "at most"),
        ("a.abc", b"%PDF-1.7 abc", "this is a PDF"),
        ("a.abc", b"PK\x03\x04 abc", "ABC, MIDI or MusicXML"),
        ("a.abc", b"MThd" + b"\x00" * 20, "MIDI"),
    ],
)
def test_what_cannot_be_opened_is_a_sentence_and_the_document_stays(name: str, data: bytes, said: str) -> None:
    document = TuneDocument()
    document.put("K:D\nabc|")
    with pytest.raises(NotationError, match=said):
        document.open_file(name, data)
    assert document.text == "K:D\nabc|"


def test_typing_is_undone_too_and_the_past_is_bounded() -> None:
    document = TuneDocument()
    for n in range(100):
        document.typed(f"K:D\n{'a' * n}|")
    for _ in range(100):
        document.undo()
    assert document.text.startswith("K:D\n")
    assert not document.past


def test_what_was_undone_can_be_brought_back_until_the_tune_changes() -> None:
    document = TuneDocument()
    for text in ("K:D\na|", "K:D\nab|", "K:D\nabc|"):
        document.put(text)
    for _ in range(9):  # more often than there are changes
        document.undo()
    assert document.text == ""
    texts = []
    while document.future:
        document.redo()
        texts.append(document.text)
    assert texts == ["K:D\na|", "K:D\nab|", "K:D\nabc|"] and len(document.past) == 3
    document.undo()
    document.typed("K:D\nf|")
    document.redo()
    assert document.text == "K:D\nf|" and not document.future


def test_a_change_that_is_made_twice_is_undone_at_once() -> None:
    document = TuneDocument()
    document.put("K:D\na|")
    for _ in range(2):
        document.put("K:D\nb|", how="rewritten", marks=[(4, 5)])
    document.undo()
    assert document.text == "K:D\na|"


def test_what_a_file_is_its_content_says_and_not_its_name() -> None:
    document = TuneDocument()
    document.open_file("tune.mid", b"X:1\nK:D\nabc|")
    assert (document.text, document.kind) == ("X:1\nK:D\nabc|", "")
    document.open_file("tune.txt", to_midi(read_score(REEL)))
    assert document.kind == "midi"


def test_musicxml_is_opened_too() -> None:
    document = TuneDocument()
    document.open_file("tune.musicxml", to_musicxml(read_score(REEL)).encode())
    assert document.kind == "musicxml"
    assert "d2fd Adfd|e2ge cege|" in document.text
    document.undo()
    assert document.text == ""
