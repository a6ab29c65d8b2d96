"""What a researcher takes along from a neuron: its activations as a file of arrays, and how to cite it."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlencode

import numpy as np

from charlstm import __version__
from charlstm.neurons.recording import Replay, Unit
from charlstm.neurons.recording_file import fingerprint
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.models import engine


def activations_npz(context: ViewContext, title: str, text: str, replay: Replay, unit: Unit) -> bytes:
    """The activations of a model on a tune, as .npz.

    Holds every signal of the cell under its name, shape (L, T, H); "text", T characters; "model", "weights" (their
    fingerprint), "tune" and "unit" ([layer, index], from 0) say what they are of.
    """
    arrays: dict[str, Any] = {kind: replay.activations(kind).values for kind in replay.kinds}
    arrays |= {"text": text, "model": context.model, "weights": fingerprint(engine(context.model)), "tune": title}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays, unit=np.array(unit))
    return file.getvalue()


def citation(context: ViewContext, unit: Unit, page: str, query: dict[str, str]) -> tuple[str, str]:
    """How to cite a neuron: as text, and as BibTeX.

    Parameters
    ----------
    page : str
        The address of the page, without its query.
    query : dict
        What the address says of the neuron.
    """
    weights = fingerprint(engine(context.model))[:16]
    corpus = context.checkpoint.corpus
    name = name_of(context, unit)
    what = f"Neuron {unit} of {context.model}"
    if name:
        what += f" ({name}, AUROC {max(name.auroc, 1 - name.auroc):.3f})"
    learned = f"trained on {corpus.name} {(corpus.fingerprint or '')[:16]}" if corpus.name else "corpus not recorded"
    link = f"{page}?{urlencode(query)}"
    text = f"{what}. Weights {weights}, {learned}. charlstm {__version__}. {link}"
    bibtex = (
        f"@misc{{charlstm-{context.model}-{unit.layer}-{unit.index},\n"
        f"  title = {{{what}}},\n"
        f"  author = {{{{charlstm contributors}}}},\n"
        f"  note = {{Weights {weights}, {learned}; charlstm {__version__}}},\n"
        f"  url = {{{link}}}\n}}"
    )
    return text, bibtex
