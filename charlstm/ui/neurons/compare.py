"""Compare: a model with itself earlier in training, or with another model. Chooses between the two."""

from __future__ import annotations

import streamlit as st

from charlstm.ui.neurons import compare_models, compare_training
from charlstm.ui.neurons.settings import one_of
from charlstm.ui.neurons.unit_picker import shown_unit
from charlstm.ui.neurons.view_context import ViewContext, send_sounds
from charlstm.ui.shared.choices import choose
from charlstm.ui.state import Setting

WAYS = {"training": "During training", "models": "Two models"}
WAY = Setting("compare.way", "training", query="by", parse=one_of(WAYS))
ADDRESSED = (WAY, *compare_training.ADDRESSED, *compare_models.ADDRESSED)


def show(context: ViewContext) -> None:
    """The view, top to bottom."""
    st.title("Compare", anchor=False)
    way = choose("Compare with", WAYS, WAY, labels=WAYS)
    shown_unit(context)  # the address's, before what follows writes another address
    if way == "training":
        compare_training.show(context)
    else:
        send_sounds(compare_models.show(context))
