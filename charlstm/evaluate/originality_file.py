"""The index of originality on disk: built once for a corpus, then read in a tenth of a second.

One .npz of integers a corpus, named by the corpus's fingerprint, in the folder of what can be made again. A file that
is torn, of another format or of other tunes is built again; nobody needs to remove it.
"""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import numpy as np

from charlstm.evaluate.melody_index import MelodyIndex
from charlstm.evaluate.originality import MAX_TUNES, OriginalityIndex, build_originality_index, spread
from charlstm.files import ARRAY_ERRORS, write_atomic
from charlstm.paths import cache_path
from charlstm.progress import Report
from charlstm.tunes.corpus.model import Corpus

FORMAT = 1
MAX_FILES = 8  # corpora; the least recently written goes first


def originality_index(corpus: Corpus, *, report: Report | None = None) -> OriginalityIndex:
    """The index of a corpus: read from its file, else built and written to it, where it can be written."""
    path = _path(corpus)
    if (index := _read(path, corpus)) is not None:
        return index
    index = build_originality_index(corpus, report=report)
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **index.melodies.arrays(), real_runs=index.real_runs)
    with suppress(OSError):  # a full disk costs some seconds at the next start, nothing else
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, packed.getvalue())
        for old in sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)[:-MAX_FILES]:
            old.unlink()
    return index


def _read(path: Path, corpus: Corpus) -> OriginalityIndex | None:
    """The index of a file; None where there is none that fits the corpus."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("alphabet", "line", "lengths", "suffixes", "real_runs")}
        if any(array.dtype != np.int32 for array in arrays.values()):
            return None
        return OriginalityIndex(MelodyIndex(spread(corpus.train, MAX_TUNES), arrays), arrays["real_runs"])
    except ARRAY_ERRORS:
        return None


def _path(corpus: Corpus) -> Path:
    return cache_path() / "originality" / f"{corpus.fingerprint[:32]}-{FORMAT}.npz"
