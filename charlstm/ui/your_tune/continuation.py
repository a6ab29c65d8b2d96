"""The tool of Your tune with which a model continues the tune after a bar."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from charlstm.errors import CharlstmError, ConfigError
from charlstm.lm.sample.continuation import continue_tune
from charlstm.tunes.views.bar_numbers import PrintedBars
from charlstm.ui.shared.models import engine
from charlstm.ui.shared.notices import plain, stop_with
from charlstm.ui.shared.overruled import SWITCH_OFF
from charlstm.ui.shared.session_library import add_to_library
from charlstm.ui.shared.writing import watch
from charlstm.ui.shared.written_tunes import next_seed
from charlstm.ui.your_tune.model_settings import ask_model, ask_reading, ask_seed
from charlstm.ui.your_tune.settings import CONTINUED, KEEP_BARS, NEXT_SEED, Continuation
from charlstm.ui.your_tune.tune_document import TuneDocument

MAX_ADDED = 800  # characters


def show_continuation(document: TuneDocument, printed: PrintedBars) -> None:
    """Widgets that ask for a continuation; pressing the button puts it in place of the tune."""
    highest = printed.highest
    model = ask_model()
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    keep_bars = left.number_input(
        "Keep bars up to", 0, highest, key=KEEP_BARS.widget(default=highest, bounds=(0, highest)),
        help=f"Of {highest}. The model replaces what follows; 0 keeps the header alone. Or select a bar in the score.",
    )  # fmt: skip
    ask_seed(middle, "another continuation")
    asked = right.button(
        "Continue", type="primary", width="stretch", icon=":material/edit_note:", key="your_tune.continue"
    )
    model = ask_reading(model, document.text)
    writing = st.empty()
    if not asked:
        return
    # Asked again for what is there already: another way.
    if CONTINUED.get() == Continuation(document.text, keep_bars, model):
        model = replace(model, seed=next_seed(model.seed))
    keep = printed.up_to(keep_bars) if keep_bars else 0
    try:
        written = continue_tune(
            engine(model.model), document.text, keep, config=model.config(max_length=MAX_ADDED), seed=model.seed,
            nearest=model.nearest,
        )  # fmt: skip
        continued = watch(written, writing)
    except ConfigError as error:
        st.error(plain(f"{error} {SWITCH_OFF if model.guard else ''}"))
        return
    except CharlstmError as error:
        stop_with(error)
    settings = model.query | {
        "prime": continued.prime, "bars_kept": keep, "max_length": MAX_ADDED + len(continued.prime),
    }  # fmt: skip
    marks = [(continued.start, len(continued.text))]
    document.put(continued.text, how="continued", settings=settings, marks=marks, overruled=continued.overruled)
    add_to_library(continued.text, "continued", settings=settings)
    CONTINUED.set(Continuation(continued.text, keep_bars, model))
    NEXT_SEED.set(model.seed)
    st.rerun()
