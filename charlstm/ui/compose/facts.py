"""What can be said of a composed tune at a glance. Knows no Streamlit."""

from __future__ import annotations

import numpy as np

from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.views.bar_numbers import printed_bars


def facts(sample: Sample) -> str:
    """How the tune ended, whether its bars are complete, and how sure the model was."""
    length = len(sample.text)
    complete, count = printed_bars(sample.text).complete()
    sentences = [
        f"The model ended the tune after {length} characters."
        if sample.stopped == "end"
        else f"The tune was cut off after {length} characters; a longer one may end."
    ]
    if count:
        sentences.append(
            f"All {count} bars are complete." if complete == count else f"{complete} of {count} bars are complete."
        )
    if len(sample.log_probs):
        perplexity = float(np.exp(-sample.log_probs.mean()))
        sentences.append(f"Perplexity {perplexity:.1f}: about {_choices(perplexity)} per character.")
    return " ".join(sentences)


def _choices(perplexity: float) -> str:
    words = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    count = max(round(perplexity), 1)
    return f"{words[count - 1] if count <= len(words) else count} likely choice{'s' if count > 1 else ''}"
