"""A ZIP from anybody is read within bounds or refused with a reason, by everybody who opens one."""

from __future__ import annotations

import contextlib
import random
import zipfile
from collections.abc import Callable

import pytest

from charlstm.errors import CharlstmError
from charlstm.lm.store.archive import unpack
from charlstm.score.musicxml_import import read_musicxml
from charlstm.tunes.corpus.uploads import read_uploads
from charlstm.ui.library.import_zip import read_zip
from charlstm.zip_files import ZipProblem, files_in, open_zip, read_entry
from tests.archives import zipped

TUNE = b"X:1\nT:One\nM:4/4\nK:D\n" + bytes(random.Random(0).choices(b"ABCdefg2|", k=600))


READERS: dict[str, tuple[str, Callable[[bytes], object]]] = {
    "a collection": ("a.abc", lambda data: read_uploads([("a.zip", data)])),
    "the library": ("tunes/01-a/a.abc", read_zip),
    "a model": ("model.json", lambda data: unpack(data, "mine")),
    "MusicXML": ("score.xml", read_musicxml),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_damaged_zip_is_a_sentence_whoever_reads_it(
    reader: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes changed, taken out and cut off; deflated, LZMA and BZ2. Two of the four readers ended in a traceback."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    name, read = READERS[reader]
    rng = random.Random(reader)
    for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        whole = zipped({name: TUNE}, kind)
        for _ in range(150):
            data = bytearray(whole)
            for _ in range(rng.choice((1, 3))):
                at = rng.randrange(4, len(data))
                data[at : at + rng.choice((0, 1, 1, 5))] = rng.randbytes(rng.choice((0, 1, 1)))
            with contextlib.suppress(CharlstmError):
                read(bytes(data))


def test_more_entries_than_there_may_be_are_counted_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({f"{n}.abc": b"" for n in range(30)})
    assert len(files_in(open_zip(data, most=30))) == 30
    monkeypatch.setattr(zipfile, "ZipFile", lambda data: pytest.fail("opened"))
    with pytest.raises(ZipProblem, match="30 files"):
        open_zip(data, most=29)


def test_an_entry_is_read_no_further_than_it_may_be() -> None:
    """What an archive says of its sizes is not believed."""
    archive = open_zip(zipped({"a": bytes(10_000_000), "b/": b""}), most=9)
    (entry,) = files_in(archive)
    assert len(read_entry(archive, entry, most=1000)) == 1001
    for kind in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):  # whose dictionary may have four gigabytes if they say so
        archive = open_zip(zipped({"a": TUNE}, kind), most=9)
        with pytest.raises(ZipProblem, match="compressed in a way"):
            read_entry(archive, files_in(archive)[0], most=1000)
