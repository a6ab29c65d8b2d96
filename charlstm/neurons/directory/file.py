"""The directory on disk: directory.json in the model's folder, which says of which weights and which tunes it is.

It is measured once and shown at once from then on. A file of other weights or other tunes is stale and counts as none.
Knows nothing of how it is measured (`directory.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from charlstm.errors import CorpusError
from charlstm.lm.infer.engine import Engine
from charlstm.lm.store.checkpoint import replace_file
from charlstm.neurons.directory.naming import ConceptEntry, Directory, NeuronEntry, UnitEntry, directory
from charlstm.neurons.directory.unit_scores import Report
from charlstm.neurons.recording import Unit
from charlstm.neurons.store import fingerprint
from charlstm.paths import writable
from charlstm.tunes.corpus.model import Corpus

FILE = "directory.json"
FORMAT = "charlstm-directory/1"
MAX_BYTES = 64 * 2**20
_DIGITS = 4


def measure(engine: Engine, corpus: Corpus, *, tunes: int | None = None, report: Report | None = None) -> Directory:
    """The directory of a model: chosen on a corpus's validation tunes, scored on its test tunes.

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
    said = {"name": corpus.name, "fingerprint": corpus.fingerprint}
    return directory(engine, choose, score, model=fingerprint(engine), corpus=said, report=report)


def _readable(engine: Engine, texts: Sequence[str]) -> list[str]:
    known = engine.vocab.ids.keys()
    return [text for text in texts if text and known >= set(text)]


def save_directory(found: Directory, folder: Path) -> Path:
    """Write directory.json into a model's folder, by rename; of a shipped model into the home. Raises OSError."""
    lines = []
    for key, value in to_dict(found).items():
        text = json.dumps(value, allow_nan=False)
        if isinstance(value, list) and value:  # an entry a line: kind to readers and diffs
            text = "[\n    " + ",\n    ".join(json.dumps(entry, allow_nan=False) for entry in value) + "\n  ]"
        lines.append(f"  {json.dumps(key)}: {text}")
    path = writable(folder) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
    return path


def directory_path(folder: Path) -> Path:
    """The directory.json of a model's folder; of a shipped model the one that was measured here, if there is one."""
    own = writable(folder) / FILE
    return own if own.exists() else folder / FILE


def load_directory(folder: Path) -> Directory | None:
    """The directory of a model's folder; None if there is none that can be read."""
    path = directory_path(folder)
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def is_fresh(found: Directory, engine: Engine, corpus: Corpus) -> bool:
    """Whether a directory is of these weights and these tunes."""
    return found.model == fingerprint(engine) and found.corpus.get("fingerprint") == corpus.fingerprint


def open_directory(engine: Engine, corpus: Corpus) -> Directory | None:
    """The stored directory of a model for a corpus; None if there is none, or a stale one."""
    if engine.checkpoint is None:
        return None
    found = load_directory(engine.checkpoint.path)
    return found if found is not None and is_fresh(found, engine, corpus) else None


def to_dict(found: Directory) -> dict[str, Any]:
    """A directory as JSON values: units as "layer:index", `scores` in thousandths, a row a unit."""
    values: dict[str, Any] = {"format": FORMAT}
    for field in fields(found):
        values[field.name] = getattr(found, field.name)
    values["concepts"] = [_plain(asdict(entry)) for entry in found.concepts]
    values["neurons"] = [_plain(asdict(entry)) for entry in found.neurons]
    values["examples"] = {role: _plain(asdict(entry)) for role, entry in found.examples.items()}
    values["scores"] = np.rint(found.scores * 1000).astype(int).tolist()
    values["seconds"] = round(found.seconds, 1)
    return values


def from_dict(values: Mapping[str, Any]) -> Directory:
    """A directory from JSON values. Raises ValueError, TypeError or KeyError if they are none."""
    if values["format"] != FORMAT:
        raise ValueError(f"{values['format']!r} is not {FORMAT!r}")
    concepts = tuple(
        ConceptEntry(**{**entry, "best": tuple(map(_unit_entry, entry["best"])), **_tuples(entry)})
        for entry in values["concepts"]
    )
    neurons = tuple(NeuronEntry(**{**entry, "score": _unit_entry(entry["score"])}) for entry in values["neurons"])
    scores = (np.array(values["scores"], dtype=np.float32) / 1000).astype(np.float32)
    measured = sum(bool(entry.best) for entry in concepts)
    if scores.shape != (len(neurons), measured):
        raise ValueError("scores do not fit the units and the concepts")
    examples = {str(role): _unit_entry(entry) for role, entry in values["examples"].items()}
    return Directory(
        str(values["model"]),
        {str(key): str(value) for key, value in values["corpus"].items()},
        _pair(values["tunes"]),
        _pair(values["characters"]),
        concepts,
        neurons,
        examples,
        scores,
        float(values["seconds"]),
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
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
