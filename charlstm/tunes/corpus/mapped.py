"""A corpus larger than memory: its characters are ids in a memory-mapped file; a text exists while it is looked at.

On disk, in data/corpus/: <name>.json, with everything that would take a pass over all texts (distinct characters,
counts of header fields, fingerprint); <name>.ids, the texts one behind the other, one or two bytes a character (its
place in the sorted characters); <name>.<part>.npy, where each text of a part begins and the last one ends. Texts are
stored in a random order, so that a stretch of neighbours is a fair sample. A MappedCorpus is a Corpus for everyone who
reads it text by text.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import CorpusError
from charlstm.files import ARRAY_ERRORS
from charlstm.tunes.corpus.model import PARTS, Corpus

MAPPED_FORMAT = "charlstm-corpus-mapped/1"

_STRETCH = 16  # MiB that an iteration reads before it gives the pages back


class MappedTexts(Sequence[str]):
    """The texts of one part. Indexing decodes one text, a slice a list of them; neither keeps anything in memory.

    Parameters
    ----------
    ids : mmap
        The file of all characters.
    width : int
        Bytes a character, 1 or 2.
    bounds : int64 array, shape (N + 1,)
        In characters: text k is bounds[k] to bounds[k + 1].
    characters : str
        The sorted characters; id k is characters[k].
    """

    def __init__(self, ids: mmap.mmap, width: int, bounds: NDArray[np.int64], characters: str) -> None:
        self._ids, self._width, self._bounds = ids, width, bounds
        self._kind = np.dtype("<u2" if width == 2 else "u1")
        self._code_points = np.array([ord(c) for c in characters], dtype="<u4")

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            texts = [self[k] for k in range(*place.indices(len(self)))]
            self.release()
            return texts
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        k = place % len(self)
        start, end = int(self._bounds[k]), int(self._bounds[k + 1])
        ids = np.frombuffer(self._ids[start * self._width : end * self._width], dtype=self._kind)
        if len(ids) and int(ids.max()) >= len(self._code_points):
            raise CorpusError(f"text {k} holds characters that the corpus does not have; build the corpus again.")
        return self._code_points[ids].tobytes().decode("utf-32-le")

    def __iter__(self) -> Iterator[str]:
        read = 0
        for k in range(len(self)):
            text = self[k]
            read += len(text) * self._width
            if read > _STRETCH << 20:
                self.release()
                read = 0
            yield text
        self.release()

    @property
    def length(self) -> int:
        """Characters of all texts."""
        return int(self._bounds[-1] - self._bounds[0])

    def release(self) -> None:
        """Give the pages of the file back: they count as the process's memory while they are mapped in."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._ids.madvise(mmap.MADV_DONTNEED)


class MappedCorpus(Corpus):
    """A Corpus whose parts are MappedTexts; what a pass over all texts would tell is read from its description."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex, taken when the corpus was built, of what Corpus.fingerprint is taken of."""
        return str(self.info["fingerprint"])

    @property
    def characters(self) -> str:
        """The distinct characters, sorted."""
        return str(self.info["alphabet"])

    @property
    def headers(self) -> Mapping[str, Mapping[str, int]]:
        """Counts of header values over all texts."""
        headers: Mapping[str, Mapping[str, int]] = self.info["headers"]
        return headers

    @property
    def texts(self) -> Iterator[str]:
        """All texts, train first, one at a time."""
        return chain(self.train, self.validation, self.test)


def load_mapped(path: Path, description: Mapping[str, Any]) -> MappedCorpus:
    """Open a corpus by its JSON file. Raises CorpusError if its files do not belong together."""
    try:
        ids_path, width, characters = path.with_suffix(".ids"), int(description["width"]), str(description["alphabet"])
        with open(ids_path, "rb") as file:
            ids = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        characters.encode("utf-32-le")  # a surrogate is not a character
        total = sum(int(description["characters"][part]) for part in PARTS)
        if width not in (1, 2) or len(ids) != total * width:
            raise ValueError("the size of its .ids file is wrong")
        parts = {}
        for part in PARTS:
            bounds = np.load(path.with_suffix(f".{part}.npy"), mmap_mode="r", allow_pickle=False)
            is_list = bounds.ndim == 1 and bounds.dtype == np.int64 and len(bounds) == description["tunes"][part] + 1
            if not is_list or bounds[0] < 0 or bounds[-1] > total or (np.diff(bounds) < 0).any():
                raise ValueError(f"the list of its {part} texts is wrong")
            parts[part] = MappedTexts(ids, width, bounds, characters)
        needed = [name for name in ("name", "fingerprint", "headers", "books") if name not in description]
        if needed:
            raise ValueError(f"it says no {needed[0]}")
    except ARRAY_ERRORS as error:
        raise CorpusError(f"{path} is incomplete ({error}); build it again.", path=path) from None
    return MappedCorpus(str(description["name"]), **parts, info=dict(description))
