"""Sources: the same tunes come out of a file, however it is encoded and its lines end."""

from __future__ import annotations

from pathlib import Path

import pytest

from charlstm.tunes.corpus.build_large import stream_tunes
from charlstm.tunes.corpus.sources import file_tunes

BOOK = "% a file header\n\nX:1\nT:Föhn\nK:D\nDEF|\n\nX:2\nT:Über\nK:G\nGAB|\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_line_end_is_read(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "book.abc"
    path.write_bytes(BOOK.replace("\n", end).encode(encoding))
    assert [tune.text for tune in file_tunes([path])] == ["X:1\nT:Föhn\nK:D\nDEF|", "X:2\nT:Über\nK:G\nGAB|"]
    assert [*stream_tunes(path)] == [tune.text for tune in file_tunes([path])]
