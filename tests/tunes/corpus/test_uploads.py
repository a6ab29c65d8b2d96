"""Uploads: tunes come out of files and ZIPs, and what is damaged, huge or sly is left out with a reason."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile

import pytest

from charlstm.errors import CorpusError
from charlstm.progress import Progress
from charlstm.tunes.corpus import formats, uploads
from charlstm.tunes.corpus.build import build_corpus
from charlstm.tunes.corpus.uploads import read_uploads
from tests.archives import zipped
from tests.conftest import TUNES

BOOK = "\n\n".join(f"X:{n}\n{text}" for n, text in enumerate(TUNES, 1)).encode()
ONE = b"X:1\nT:One\nM:2/4\nL:1/8\nK:C\nCDEF|GABc|]\n"


def test_tunes_come_out_of_files_and_of_a_zip_with_folders() -> None:
    data = zipped({"songs/one.abc": ONE, "songs/more/two.TXT": ONE, "__MACOSX/songs/._one.abc": b"\0\1"})
    found = read_uploads([("book.abc", BOOK), ("all.zip", data)])
    assert len(found.tunes) == len(TUNES) + 2
    assert found.refused == ()
    assert {(tune.book, tune.file) for tune in found.tunes} == {
        ("book", "book.abc"), ("all", "songs/one.abc"), ("all", "songs/more/two.TXT")
    }  # fmt: skip
    assert build_corpus(found.tunes, name="mine", as_is=True).train


def test_each_encoding_and_line_end_is_read() -> None:
    text = "X:1\nT:Fête\nK:C\nC|]\n"
    encoded = [text.encode(), text.encode("latin-1"), text.replace("\n", "\r\n").encode("utf-8-sig")]
    for data in (*encoded, text.encode("utf-16"), text.encode("utf-16-le")):
        (tune,) = read_uploads([("a.abc", data)]).tunes
        assert "T:Fête\n" in tune.text


REFUSED = {
    "a picture": ({"a.abc": b"\x89PNG\r\n\x1a\n\0\0"}, "a picture"),
    "another kind": ({"score.pdf": b"%PDF"}, "not .abc, .txt, .json or .csv"),
    "a program": ({"run.exe": b"MZ"}, "not .abc, .txt, .json or .csv"),
    "a way out": ({"../../evil.abc": ONE}, "leads out"),
    "a root": ({"/etc/evil.abc": ONE}, "leads out"),
    "a Windows path": ({"..\\evil.abc": ONE}, "leads out"),
    "a ZIP in a ZIP": ({"more.zip": zipped({"a.abc": ONE})}, "inside a ZIP"),
    "no tune": ({"readme.txt": b"Dear friends,"}, "plain text"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_read_is_named_with_its_reason_and_the_rest_is_read(kind: str) -> None:
    files, reason = REFUSED[kind]
    found = read_uploads([("all.zip", zipped({**files, "good.abc": ONE}))])
    assert [tune.file for tune in found.tunes] == ["good.abc"]
    ((name, why),) = found.refused
    assert reason in why
    assert name in files


def test_a_link_and_a_locked_file_are_not_followed() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.abc")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, b"/etc/passwd")
    data = buffer.getvalue()
    assert read_uploads([("a.zip", data)]).refused == (("link.abc", "a link"),)
    locked = bytearray(zipped({"locked.abc": ONE}))
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    assert "password" in read_uploads([("a.zip", bytes(locked))]).refused[0][1]


def test_a_damaged_zip_leaves_the_other_files() -> None:
    data = zipped({"a.abc": ONE * 50, "b.abc": ONE})
    for broken, where, read in (
        (data[:-30], "bad.zip", ["good.abc"]),
        (data[:40] + b"\xff" * 20 + data[60:], "a.abc", ["b.abc", "good.abc"]),
    ):
        found = read_uploads([("bad.zip", broken), ("good.abc", ONE)])
        assert [tune.file for tune in found.tunes] == read
        ((name, reason),) = found.refused
        assert name == where
        assert "damaged" in reason


def test_a_zip_of_which_much_is_damaged_is_left_alone() -> None:
    """Each damaged file may have cost as much as the largest that there may be."""
    data = zipped({f"{n:04d}.abc": ONE * 20 for n in range(3 * uploads.MAX_DAMAGED)})
    for n in range(3 * uploads.MAX_DAMAGED):
        at = data.index(f"{n:04d}.abc".encode()) + 12
        data = data[:at] + b"\xff" * 6 + data[at + 6 :]
    found = read_uploads([("bad.zip", data)])
    assert len(found.refused) == uploads.MAX_DAMAGED + 2


def test_a_tune_that_is_no_tune_for_its_length_is_named_and_leaves_the_others() -> None:
    long = b"X:2\nK:C\n" + b"abc|" * (uploads.MAX_TUNE // 4)
    found = read_uploads([("a.abc", ONE + b"\n\n" + long + b"\n\n" + ONE)])
    assert len(found.tunes) == 2
    assert found.refused == (("a.abc, tune 2", "it has 50,008 characters, more than 50,000"),)


def test_of_many_midi_files_the_first_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 20 to 200 ms."""
    monkeypatch.setattr(uploads, "MAX_MIDI", 2)
    files = [(f"{n}.mid", b"MThd" + bytes([n])) for n in range(4)]
    found = read_uploads(files, lambda data: "M:4/4\nK:C\nCDEF GABc|]\n")
    assert [tune.file for tune in found.tunes] == ["0.mid", "1.mid"]
    assert found.refused == tuple((f"{n}.mid", "2 MIDI files are read at most") for n in (2, 3))


def test_the_reading_is_told_and_can_be_ended() -> None:
    told: list[Progress] = []
    read_uploads([("a.zip", zipped({f"{n}.abc": ONE for n in range(5)}))], report=told.append)
    assert [progress.share for progress in told] == [0, 1 / 5, 2 / 5, 3 / 5, 4 / 5]

    def cancel(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_uploads([("a.abc", ONE)], report=cancel)


def test_a_file_without_a_name_leaves_the_other_files() -> None:
    """Python's own question whether that is a folder ends in an IndexError."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("?.abc", "X:1\nK:C\nA|")
        archive.writestr("b.abc", "X:1\nK:C\nB|")
    upload = read_uploads([("a.zip", buffer.getvalue().replace(b"?.abc", b"\0.abc"))])
    assert "b.abc" in [tune.file for tune in upload.tunes]


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorpusError, match="bring fewer tunes"):
        read_uploads([("bomb.zip", zipped({"a.abc": b"X:1\n" + b"%" * (9 * 2**20)}))])
    monkeypatch.setattr(uploads, "MAX_BYTES", 1000)
    with pytest.raises(CorpusError, match="bring fewer tunes"):
        read_uploads([("many.zip", zipped({f"{n}.abc": ONE for n in range(100)}))])
    with pytest.raises(CorpusError, match="bring fewer tunes"):
        read_uploads([("a.abc", ONE * 10), ("b.abc", ONE * 50)])
    monkeypatch.setattr(uploads, "MAX_FILE_BYTES", 10)
    monkeypatch.setattr(uploads, "MAX_ENTRIES", 2)
    assert "more than" in read_uploads([("a.abc", ONE)]).refused[0][1]


def test_too_many_entries_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_ENTRIES", 2)
    found = read_uploads([("many.zip", zipped({f"{n}.abc": ONE for n in range(3)}))])
    assert found.tunes == ()
    assert "holds 3 files" in found.refused[0][1]


@pytest.mark.parametrize("line", ["X:1\n", "X:1\r\n", "X:1\r", "<start>"])
def test_millions_of_empty_tunes_are_refused_before_they_are_cut_apart(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ZIP of 25 kB once became six million tunes and four gigabytes."""
    monkeypatch.setattr(uploads, "tunes_of", lambda text, name, most: pytest.fail("cut apart"))
    many = line.encode() * (uploads.MAX_TUNES + 1)
    with pytest.raises(CorpusError, match="20,000 tunes"):
        read_uploads([("many.zip", zipped({"many.abc": many}))])
    half = line.encode() * (uploads.MAX_TUNES // 2 + 1)
    monkeypatch.setattr(uploads, "tunes_of", lambda text, name, most: ["X:1"] * (uploads.MAX_TUNES // 2 + 1))
    with pytest.raises(CorpusError, match="20,000 tunes"):
        read_uploads([("one.abc", half), ("two.abc", half)])


SQUARES = {
    "a line of many keys without a bar line": "X:1 T:The Kesh M:6/8 K:G |:GAG GAB:|\nX:2" + " K:A" * 200_000,
    "a table of many columns and many short rows": "abc,tune_id," + "x," * 100_000 + "y\n" + "1\n" * 100_000,
    "tokens": "M:4/4\nK:Cmaj\nA 2 B 2 c 2 d 2 |\n" + "A 2 " * 100_000,
}


@pytest.mark.parametrize("kind", SQUARES)
def test_a_file_takes_no_square_of_its_length(kind: str) -> None:
    """Each of these, of half a megabyte, took many minutes; the first of them held all other visitors as well."""
    with contextlib.suppress(CorpusError):
        assert len(read_uploads([("a.txt", SQUARES[kind].encode())]).tunes) < 3


def test_a_list_of_too_many_tunes_is_refused_when_the_first_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_TUNES", 10)
    made: list[object] = []
    tune_of = formats._tune_of
    monkeypatch.setattr(formats, "_tune_of", lambda entry: (made.append(entry), tune_of(entry))[1])
    for text in (json.dumps([{"abc": "X:1\nK:C\nA|"}] * 1000), "tune_id,key,abc\n" + "1,C,A|\n" * 1000):
        made.clear()
        with pytest.raises(CorpusError, match="more than 10 tunes"):
            read_uploads([("a.json", text.encode())])
        assert len(made) == 11
    monkeypatch.setattr(formats, "MAX_TUNES", 10)
    assert "more than 10 entries" in read_uploads([("a.json", b"[" + b"{}," * 11 + b"{}]")]).refused[0][1]


def test_a_table_that_is_broken_has_the_tunes_before_the_break() -> None:
    text = "tune_id,key,abc\n1,C,A|\n2,C\n\n3,C,B|\r4,D,c|\n"
    assert len(read_uploads([("a.csv", text.encode())]).tunes) == 3
