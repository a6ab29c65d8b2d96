"""The neuron index on disk: directory.json in the model's folder, with the weights, tunes and concepts it is of.

It is measured once and read from then on. A file of other weights, tunes or concepts is stale and counts as none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from charlstm.errors import CorpusError
from charlstm.files import parse_json, write_atomic
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.concepts.registry import concepts_fingerprint
from charlstm.neurons.directory.entries import ConceptEntry, Directory, NeuronEntry, UnitEntry
from charlstm.neurons.directory.naming import directory
from charlstm.neurons.recording import Unit
from charlstm.neurons.recording_file import fingerprint
from charlstm.paths import writable
from charlstm.progress import Report
from charlstm.tunes.corpus.model import Corpus

FILE = "directory.json"
FORMAT = "charlstm-directory/1"
MAX_BYTES = 64 * 2**20
# The fingerprint of the concepts of version 0.1, whose files do not say it.
DEFINITIONS_0_1 = "4ae7302939483602c899dc9f236e38e713a2626184a949173406c4d800a74b6e"
_DIGITS = 4
_RENAMED = {"mean_abs_activation": "loudness"}  # names in the file, which stay


def measure(engine: Engine, corpus: Corpus, *, tunes: int | None = None, report: Report | None = None) -> Directory:
    """The neuron index of a model: chosen on a corpus's validation tunes, scored on its test tunes.

    Parameters
    ----------
    engine : Engine
    corpus : Corpus
        Tunes with a character that the model has never seen are left out.
    tunes : int, optional
        At most so many of each part.
    report : callable, optional
        Told how far the work is; it may raise to stop.

    Raises
    ------
    CorpusError
        If no tune of one part is left.
    """
    choose, score = (_readable(engine, part)[:tunes] for part in (corpus.validation, corpus.test))
    for name, part in (("validation", choose), ("test", score)):
        if not part:
            raise CorpusError(
                f"the corpus {corpus.name} has no {name} tunes that this model can read, and neurons are chosen on "
                "validation tunes and scored on test tunes; take another corpus, or build one with both."
            )
    source = {"name": corpus.name, "fingerprint": corpus.fingerprint}
    return directory(engine, choose, score, model=fingerprint(engine), corpus=source, report=report)


def _readable(engine: Engine, texts: Sequence[str]) -> list[str]:
    known = engine.vocab.ids.keys()
    return [text for text in texts if text and known >= set(text)]


def save_directory(index: Directory, folder: Path) -> Path:
    """Write directory.json into a model's folder, by rename; of a shipped model into the home. Raises OSError."""
    lines = []
    for key, value in {**to_dict(index), "definitions": index.definitions}.items():
        text = json.dumps(value, allow_nan=False)
        if isinstance(value, list) and value:  # an entry a line: easier to read and to compare
            text = "[\n    " + ",\n    ".join(json.dumps(entry, allow_nan=False) for entry in value) + "\n  ]"
        lines.append(f"  {json.dumps(key)}: {text}")
    path = writable(folder) / FILE
    write_atomic(path, "{\n" + ",\n".join(lines) + "\n}\n")
    return path


def directory_path(folder: Path) -> Path:
    """The directory.json of a model's folder; of a shipped model the one that was measured here, if there is one."""
    own = writable(folder) / FILE
    return own if own.exists() else folder / FILE


def load_directory(folder: Path) -> Directory | None:
    """The neuron index in a model's folder; None if there is none that can be read."""
    path = directory_path(folder)
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return from_dict(parse_json(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def is_current(index: Directory, engine: Engine) -> bool:
    """Whether a neuron index is of these weights and of the concepts as they are now defined."""
    return index.model == fingerprint(engine) and index.definitions == concepts_fingerprint()


def is_fresh(index: Directory, engine: Engine, corpus: Corpus) -> bool:
    """Whether a neuron index is of these weights, these tunes and the concepts as they are now defined."""
    return is_current(index, engine) and index.corpus.get("fingerprint") == corpus.fingerprint


def open_directory(engine: Engine, corpus: Corpus) -> Directory | None:
    """The stored neuron index of a model for a corpus; None if there is none, or a stale one."""
    if engine.checkpoint is None:
        return None
    index = load_directory(engine.checkpoint.path)
    return index if index is not None and is_fresh(index, engine, corpus) else None


def to_dict(index: Directory) -> dict[str, Any]:
    """A neuron index as JSON values: units as "layer:index", `scores` in thousandths, a row a unit.

    The fingerprint of the concepts is left out; it is the file's.
    """
    return {
        "format": FORMAT,
        "model": index.model,
        "corpus": index.corpus,
        "tunes": index.tunes,
        "characters": index.characters,
        "concepts": [_plain(asdict(entry)) for entry in index.concepts],
        "neurons": [_plain(asdict(entry)) for entry in index.neurons],
        "examples": {role: _plain(asdict(entry)) for role, entry in index.examples.items()},
        "scores": np.rint(index.scores * 1000).astype(int).tolist(),
        "seconds": round(index.seconds, 1),
    }


def from_dict(values: Mapping[str, Any]) -> Directory:
    """A neuron index from JSON values. Raises ValueError, TypeError or KeyError if they are not one."""
    if values["format"] != FORMAT:
        raise ValueError(f"{values['format']!r} is not {FORMAT!r}")
    concepts = tuple(
        ConceptEntry(**{**entry, "best": tuple(map(_unit_entry, entry["best"])), **_tuples(entry)})
        for entry in values["concepts"]
    )
    names = {name: key for key, name in _RENAMED.items()}
    neurons = tuple(
        NeuronEntry(
            **{**{names.get(key, key): value for key, value in entry.items()}, "score": _unit_entry(entry["score"])}
        )
        for entry in values["neurons"]
    )
    scores = (np.array(values["scores"], dtype=np.float32) / 1000).astype(np.float32)
    measured = sum(bool(entry.best) for entry in concepts)
    if scores.shape != (len(neurons), measured):
        raise ValueError("scores do not fit the units and the concepts")
    return Directory(
        str(values["model"]),
        {str(key): str(value) for key, value in values["corpus"].items()},
        _pair(values["tunes"]),
        _pair(values["characters"]),
        concepts,
        neurons,
        {str(role): _unit_entry(entry) for role, entry in values["examples"].items()},
        scores,
        float(values["seconds"]),
        str(values.get("definitions", DEFINITIONS_0_1)),
    )


def _pair(values: Sequence[int]) -> tuple[int, int]:
    first, second = values
    return int(first), int(second)


def _tuples(entry: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    return {key: tuple(map(float, entry[key])) for key in entry if key.startswith("probes")}


def _unit_entry(entry: Mapping[str, Any]) -> UnitEntry:
    layer, index = entry["unit"].split(":")
    scores = {key: float(entry[key]) for key in ("chosen", "held_out", "low", "high")}
    return UnitEntry(Unit(int(layer), int(index)), **scores)


def _plain(value: Any) -> Any:
    """JSON values: numbers rounded, units written out."""
    if isinstance(value, Unit):
        return str(value)
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {_RENAMED.get(key, key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
