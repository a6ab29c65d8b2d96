"""What the page lets a researcher take along from a neuron: its activations, and how to cite it with a link."""

from __future__ import annotations

from urllib.parse import urlencode

from charlstm.neurons import export
from charlstm.neurons.recording import Replay, Unit
from charlstm.ui.neurons.names import name_of
from charlstm.ui.neurons.view_context import ViewContext
from charlstm.ui.shared.models import engine


def activations_npz(context: ViewContext, title: str, replay: Replay, unit: Unit, *, composed: bool = False) -> bytes:
    """The activations of the model on a tune, the composed one or another, as `export.activations_npz` writes them."""
    tune = context.composed
    settings = {"seed": tune.seed, "temperature": tune.temperature} if composed else {}
    return export.activations_npz(
        engine(context.model), replay, unit, model=context.model, title=title, settings=settings
    )


def citation(context: ViewContext, unit: Unit, page: str, query: dict[str, str]) -> tuple[str, str]:
    """How to cite a neuron: as text, and as BibTeX.

    Parameters
    ----------
    page : str
        The address of the page, without its query.
    query : dict
        What the address says of the neuron.
    """
    name = name_of(context, unit)
    known = f"{name}, AUROC {max(name.auroc, 1 - name.auroc):.3f}" if name else ""
    link = f"{page}?{urlencode(query)}"
    return export.citation(engine(context.model), unit, model=context.model, name=known, link=link)
