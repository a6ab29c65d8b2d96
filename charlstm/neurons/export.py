"""What a researcher takes along from a unit: its activations as a file of arrays, and how to cite it. Knows no page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from charlstm import __version__
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.recording import Replay, Unit
from charlstm.neurons.recording_file import fingerprint

NO_SETTINGS: Mapping[str, float] = MappingProxyType({})
ABOUT_NPZ = (
    "Each signal of the network has shape (layers, characters, neurons): [l, t, k] is that of neuron k of layer l "
    "after character t of text. unit is [layer, index] of the neuron that was looked at; all count from 0. seed and "
    "temperature, where they are here, are those that the model wrote the tune with."
)


def activations_npz(
    engine: Engine,
    replay: Replay,
    unit: Unit | tuple[int, int],
    *,
    model: str,
    title: str,
    settings: Mapping[str, float] = NO_SETTINGS,
) -> bytes:
    """The activations of a model on a tune, as .npz.

    Holds every signal of the cell under its name, shape (L, T, H); "text", T characters; "model", "weights" (their
    fingerprint), "tune" and "unit" ([layer, index], from 0) say what they are of, and "about" says this in words.

    Parameters
    ----------
    engine : Engine
        That read the tune.
    replay : Replay
    unit : Unit
        That it is about.
    model, title : str
        Names of the model and of the tune.
    settings : mapping
        What the tune was written with, where it is known: "seed" and "temperature", each under its name.
    """
    arrays: dict[str, Any] = {kind: replay.activations(kind).values for kind in replay.kinds}
    arrays |= {"text": replay.text, "model": model, "weights": fingerprint(engine), "tune": title}
    arrays |= {"about": ABOUT_NPZ, **settings}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays, unit=np.array(tuple(unit)))
    return file.getvalue()


def citation(
    engine: Engine, unit: Unit | tuple[int, int], *, model: str, name: str = "", link: str = ""
) -> tuple[str, str]:
    """How to cite a unit: as text, and as BibTeX, with the fingerprints of its weights and of their corpus.

    Parameters
    ----------
    engine : Engine
    unit : Unit
    model : str
        Name of the model.
    name : str
        What the unit is known to follow: "header, AUROC 0.998".
    link : str
        An address that shows it.
    """
    layer, index = unit
    weights = fingerprint(engine)[:16]
    corpus = engine.checkpoint.corpus if engine.checkpoint else None
    what = f"Neuron {layer}:{index} of {model}" + (f" ({name})" if name else "")
    learned = "corpus not recorded"
    if corpus is not None and corpus.name:
        learned = f"trained on {corpus.name} {(corpus.fingerprint or '')[:16]}".rstrip()
    text = f"{what}. Weights {weights}, {learned}. charlstm {__version__}. {link}".rstrip()
    lines = [
        f"@misc{{charlstm-{model}-{layer}-{index},",
        f"  title = {{{what}}},",
        "  author = {{charlstm contributors}},",
        f"  note = {{Weights {weights}, {learned}; charlstm {__version__}}},",
        *([f"  url = {{{link}}}"] if link else []),
    ]
    return text, "\n".join(lines) + "\n}"
