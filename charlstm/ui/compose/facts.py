"""A composed tune at a glance. Knows no Streamlit."""

from __future__ import annotations

import numpy as np

from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.views.bar_numbers import printed_bars
from charlstm.ui.shared.overruled import overruled_words


def facts(sample: Sample, text: str) -> str:
    """How the tune ended, whether its bars are complete, and how sure the model was.

    Where the guard overruled it, how often, and what that cost. `text` is the tune as it is drawn.
    """
    length = len(sample.text)
    complete, bars = printed_bars(text).complete()
    sentences = [
        f"The model ended the tune after {length} characters."
        if sample.stopped == "end"
        else f"The tune was cut off after {length} characters; a longer one may end."
    ]
    if bars:
        sentences.append(
            f"All {bars} bars are complete." if complete == bars else f"{complete} of {bars} bars are complete."
        )
    if len(sample.log_probs):
        perplexity = float(np.exp(-sample.log_probs.mean()))
        count = max(round(perplexity), 1)
        choices = "1 likely choice" if count == 1 else f"{count} likely choices"
        sentences.append(f"Perplexity {perplexity:.1f}: about {choices} per character.")
    return " ".join([*sentences, overruled_words(sample.overruled)]).rstrip()
