"""Store: what every unit did over a whole corpus, prepared once, on disk, and mapped into memory to be searched.

Knows no concept. On disk: one .npy of float16, shape (L H, T): a row is a unit over all texts, joined in their order.
So one unit's read, or a search with a few units, touches a few megabytes of 250; and a text's characters are a run of
each row. float16 keeps three digits: values in [-1, 1] are off by 0.0005 at most.

The file's name holds the fingerprints of the model, of what was changed in it, and of the texts. It is written under
another name, flushed and renamed, so a file is whole or not there; one of the wrong size is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.infer.batch import read_texts
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.recording import Activations, Unit
from charlstm.paths import cache_path
from charlstm.tunes.corpus.model import Corpus

CHARACTERS = 500_000  # of a corpus at most, by default; of a network of more than 250 units fewer
NUMBERS = 125_000_000  # of a store by default, which takes 250 MB
KEPT_BYTES = 2 << 30  # of all stores; the longest unused go first
_FORMAT = "1"
_STALE = 86_400  # seconds after which a half-written file belongs to nobody

Progress = Callable[[int, int], None]  # characters read, of how many; may raise to stop


@dataclass(frozen=True, eq=False)
class Store:
    """What every unit did over some texts.

    Attributes
    ----------
    texts : tuple of str
    values : float16 array, shape (L H, T)
        Hidden states, mapped into memory and read-only. Row layer * H + index is a unit; column `starts[i] + t` is
        after character t of text i.
    layers, size : int
        L and H.
    path : Path
        The file.
    """

    texts: tuple[str, ...]
    values: NDArray[np.float16]
    layers: int
    size: int
    path: Path

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each text begins, and behind the last where all end: shape (number of texts + 1,)."""
        return np.concatenate([[0], np.cumsum([len(text) for text in self.texts])]).astype(np.int64)

    @property
    def characters(self) -> int:
        """T, the characters of all texts."""
        return int(self.starts[-1])

    def row(self, unit: Unit | tuple[int, int]) -> int:
        """The row of a unit. Raises ConfigError if there is none."""
        layer, index = unit
        if not (0 <= layer < self.layers and 0 <= index < self.size):
            last = f"{self.layers - 1}:{self.size - 1}"
            raise ConfigError("unit", f"{layer}:{index} does not exist; units go from 0:0 to {last}.")
        return layer * self.size + index

    def unit(self, unit: Unit | tuple[int, int]) -> NDArray[np.float32]:
        """One unit over all texts, shape (T,)."""
        values: NDArray[np.float32] = self.values[self.row(unit)].astype(np.float32)
        return values

    def text(self, index: int) -> Activations:
        """All units over one text."""
        start, end = self.starts[index : index + 2].tolist()
        values = self.values[:, start:end].astype(np.float32).reshape(self.layers, self.size, end - start)
        return Activations(self.texts[index], np.ascontiguousarray(values.transpose(0, 2, 1)))

    def place(self, column: int) -> tuple[int, int]:
        """Which text a column is of, and which character of it."""
        index = int(np.searchsorted(self.starts, column, "right")) - 1
        return index, int(column - self.starts[index])


def store_texts(engine: Engine, corpus: Corpus, *, characters: int | None = None) -> tuple[str, ...]:
    """The tunes of a corpus to prepare: test, validation, then train, whole tunes up to a number of characters.

    By default 500,000, or what fits into 250 MB if that is less.

    Tunes with a character that the model does not know are left out. What the model was not trained on comes first,
    so that a small store is of unseen tunes.
    """
    if characters is None:
        characters = min(CHARACTERS, NUMBERS // (engine.config.num_layers * engine.config.hidden_size))
    kept: list[str] = []
    total = 0
    for text in (*corpus.test, *corpus.validation, *corpus.train):
        if text and engine.vocab.ids.keys() >= set(text):
            total += len(text)
            if total > characters and kept:
                break
            kept.append(text)
    return tuple(kept)


def fingerprint(engine: Engine) -> str:
    """SHA-256 of a network: its shape, symbols, weights, and the units that are held or pushed; in hex."""
    held, pushes = engine.changes
    said = [engine.config.to_dict(), engine.vocab.symbols, str(engine.dtype), sorted(held.items())]
    digest = hashlib.sha256(json.dumps(said).encode())
    for name in sorted(engine.weights):
        digest.update(name.encode() + np.ascontiguousarray(engine.weights[name]).tobytes())
    for layer in sorted(pushes):
        digest.update(f"push {layer}".encode() + pushes[layer].tobytes())
    return digest.hexdigest()


def open_store(engine: Engine, texts: Sequence[str]) -> Store | None:
    """The store of a network over some texts, if it was prepared before; None if not, or if its file is torn."""
    path = _path(engine, texts)
    shape = engine.config.num_layers * engine.config.hidden_size, sum(map(len, texts))
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
        os.utime(path)  # used now
    except (OSError, ValueError, EOFError):
        return None
    if values.shape != shape or values.dtype != np.float16 or not values.flags.c_contiguous:
        return None
    return Store(tuple(texts), values, engine.config.num_layers, engine.config.hidden_size, path)


def prepare_store(engine: Engine, texts: Sequence[str], *, progress: Progress | None = None) -> Store:
    """The store of a network over some texts: opened, or made, which takes seconds.

    Parameters
    ----------
    engine : Engine
    texts : sequence of str
        Model texts, none empty, such as `store_texts` chooses.
    progress : callable, optional
        Called with the characters read so far and their number; if it raises, nothing is left behind.

    Raises
    ------
    ConfigError
        If there are no texts, or no room on the disk.
    VocabularyError
        If the model does not know a character.
    """
    if not any(texts):
        raise ConfigError("texts", "hold no character that this model could read.")
    if found := open_store(engine, texts):
        return found
    path = _path(engine, texts)
    starts = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
    rows, columns = engine.config.num_layers * engine.config.hidden_size, int(starts[-1])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent, room=KEPT_BYTES - 2 * rows * columns)
        if shutil.disk_usage(path.parent).free < 2 * rows * columns + (64 << 20):
            raise OSError("the disk is full")
        handle, name = tempfile.mkstemp(prefix=f"{path.stem}.", suffix=".part", dir=path.parent)
        os.fchmod(handle, 0o644)  # for other users of the folder too
        os.close(handle)
    except OSError as error:
        need = f"{2 * rows * columns / 1e6:,.0f} MB"
        raise ConfigError("store", f"{path.parent} cannot take {need} of activations ({error}).") from None
    part = Path(name)
    try:
        _write(engine, texts, starts, part, progress)
        os.replace(part, path)
    except OSError as error:
        raise ConfigError("store", f"{path} cannot be written ({error}).") from None
    finally:
        part.unlink(missing_ok=True)
    made = open_store(engine, texts)
    if made is None:
        raise ConfigError("store", f"{path} was written and cannot be read; is something else clearing the folder?")
    return made


def _write(
    engine: Engine, texts: Sequence[str], starts: NDArray[np.int64], part: Path, progress: Progress | None
) -> None:
    """Write a whole file; its room on the disk is taken first, because a full disk kills whoever writes to memory."""
    rows, columns = engine.config.num_layers * engine.config.hidden_size, int(starts[-1])
    values = np.lib.format.open_memmap(part, mode="w+", dtype=np.float16, shape=(rows, columns))
    with open(part, "rb+") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, part.stat().st_size)
    for reading in read_texts(engine, texts, progress=progress):
        states = reading.trace.h[:, 1:].transpose(0, 2, 1).reshape(rows, -1)
        values[:, starts[reading.index] : starts[reading.index + 1]] = states
    values.flush()
    del values
    with open(part, "rb+") as file:
        os.fsync(file.fileno())


def _path(engine: Engine, texts: Sequence[str]) -> Path:
    digest = hashlib.sha256(_FORMAT.encode())
    for text in texts:
        digest.update(text.encode() + b"\0")
    return cache_path() / "activations" / f"{fingerprint(engine)[:24]}-{digest.hexdigest()[:24]}.npy"


def _sweep(folder: Path, *, room: int) -> None:
    """Remove half-written files of long ago, and the longest unused stores until the rest fits into `room` bytes."""
    for part in folder.glob("*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _STALE:
                part.unlink()
    stores = []
    for path in folder.glob("*.npy"):
        with suppress(OSError):
            stores.append((path.stat().st_mtime, path.stat().st_size, path))
    for _, size, path in sorted(stores, reverse=True):
        room -= size
        if room < 0:
            with suppress(OSError):
                path.unlink()  # whoever has it open keeps it
