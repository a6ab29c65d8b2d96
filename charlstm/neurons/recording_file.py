"""Recordings on disk: the hidden states over a whole corpus, recorded once and mapped into memory to be searched.

One .npy of float16 a recording, shape (U, T): a row is a unit over all texts. So one unit's values, or a search with a
few units, touch a few megabytes of 250; and a text's characters are a run of each row.

The file's name holds the fingerprints of the model, of its interventions, and of the texts. It is replaced by a rename,
so a file is whole or not there; one of the wrong size is recorded again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from charlstm.errors import ConfigError
from charlstm.files import ARRAY_ERRORS, replacing
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.recording import Activations, from_rows, record_texts
from charlstm.paths import cache_path
from charlstm.progress import Report
from charlstm.tunes.corpus.model import Corpus

CHARACTERS = 500_000  # of a corpus at most, by default; of a network of more than 250 units fewer
NUMBERS = 125_000_000  # of a recording by default, which takes 250 MB
CACHE_BYTES = 2 << 30  # of all recordings; the least recently used go first
_RESERVE = 64 << 20  # bytes of the disk that stay free
_LEFT_OVER = 86_400  # seconds after which a half-written file belongs to nobody
_FORMAT = "1"


def texts_to_record(engine: Engine, corpus: Corpus, *, characters: int | None = None) -> tuple[str, ...]:
    """The tunes of a corpus to record: test, validation, then train, whole tunes up to a number of characters.

    By default 500,000, or what fits into 250 MB if that is less. Tunes with a character that the model does not know
    are left out. What the model was not trained on comes first, so that a short recording is of unseen tunes.
    """
    if characters is None:
        characters = min(CHARACTERS, NUMBERS // (engine.config.num_layers * engine.config.hidden_size))
    texts: list[str] = []
    total = 0
    for text in (*corpus.test, *corpus.validation, *corpus.train):
        if text and engine.vocab.ids.keys() >= set(text):
            total += len(text)
            if total > characters and texts:
                break
            texts.append(text)
    return tuple(texts)


def fingerprint(engine: Engine) -> str:
    """SHA-256 of a network in hex: its shape, symbols, weights, and the interventions on its units."""
    clamped, steered = engine.interventions
    shape = [engine.config.to_dict(), engine.vocab.symbols, str(engine.dtype), sorted(clamped.items())]
    digest = hashlib.sha256(json.dumps(shape).encode())
    for name in sorted(engine.weights):
        digest.update(name.encode() + np.ascontiguousarray(engine.weights[name]).tobytes())
    for layer in sorted(steered):
        digest.update(f"push {layer}".encode() + steered[layer].tobytes())
    return digest.hexdigest()


def open_recording(engine: Engine, texts: Sequence[str]) -> Activations | None:
    """The recording of a network over some texts, if there is one; None if not, or if its file is torn."""
    path = _path(engine, texts)
    try:
        rows = np.load(path, mmap_mode="r", allow_pickle=False)
        os.utime(path)  # used now
    except ARRAY_ERRORS:
        return None
    if rows.shape != _shape(engine, texts) or rows.dtype != np.float16 or not rows.flags.c_contiguous:
        return None
    return from_rows(texts, rows, engine.config.num_layers, path=path)


def record_to_file(engine: Engine, texts: Sequence[str], *, report: Report | None = None) -> Activations:
    """The recording of a network over some texts: opened, or recorded, which takes seconds.

    Parameters
    ----------
    engine : Engine
    texts : sequence of str
        Model texts, none empty, such as `texts_to_record` chooses.
    report : callable, optional
        Told how many characters are read; if it raises, nothing is left behind.

    Raises
    ------
    ConfigError
        If there are no texts, or no room on the disk.
    VocabularyError
        If the model does not know a character.
    """
    if not any(texts):
        raise ConfigError("texts", "hold no character that this model could read.")
    if recording := open_recording(engine, texts):
        return recording
    path, shape = _path(engine, texts), _shape(engine, texts)
    size = 2 * shape[0] * shape[1]  # bytes
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(path.parent, CACHE_BYTES - size)
        if shutil.disk_usage(path.parent).free < size + _RESERVE:
            raise OSError("the disk is full")
        with replacing(path) as part:
            rows = np.lib.format.open_memmap(part, mode="w+", dtype=np.float16, shape=shape)
            if hasattr(os, "posix_fallocate"):  # a disk that fills up later would kill whoever writes to the mapping
                with open(part, "rb+") as file:
                    os.posix_fallocate(file.fileno(), 0, part.stat().st_size)
            record_texts(engine, texts, rows=rows, report=report)
            rows.flush()
    except OSError as error:
        raise ConfigError(
            "recording", f"of {size / 1e6:,.0f} MB cannot be written to {path.parent} ({error})."
        ) from None
    recording = open_recording(engine, texts)
    if recording is None:
        raise ConfigError("recording", f"{path} was written but cannot be read; is something clearing the folder?")
    return recording


def _shape(engine: Engine, texts: Sequence[str]) -> tuple[int, int]:
    return engine.config.num_layers * engine.config.hidden_size, sum(map(len, texts))


def _path(engine: Engine, texts: Sequence[str]) -> Path:
    digest = hashlib.sha256(_FORMAT.encode())
    for text in texts:
        digest.update(text.encode() + b"\0")
    return cache_path() / "activations" / f"{fingerprint(engine)[:24]}-{digest.hexdigest()[:24]}.npy"


def _make_room(folder: Path, room: int) -> None:
    """Remove what killed processes left, and the least recently used recordings beyond `room` bytes."""
    for part in folder.glob("*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _LEFT_OVER:
                part.unlink()
    files = []
    for path in folder.glob("*.npy"):
        with suppress(OSError):
            files.append((path.stat().st_mtime, path.stat().st_size, path))
    for _, size, path in sorted(files, reverse=True):
        room -= size
        if room < 0:
            with suppress(OSError):
                path.unlink()  # a process that has it open keeps its mapping
