"""Where the guard overruled a model, as places in the tune that is shown, in whatever key. Knows no Streamlit."""

from __future__ import annotations

from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.abc import body_tokens

Mark = tuple[int, int, str]  # first character, behind the last, and what is said of them
HEAD = "X:1\n"  # what a composed tune is shown with


def guard_marks(sample: Sample, shown: str) -> list[Mark]:
    """The overruled characters, and what each of them cost.

    Parameters
    ----------
    sample : Sample
    shown : str
        The tune with its X: line, in any key: another key changes what stands in its tokens, and no token's place.
    """
    text = HEAD + sample.text
    places = [(token.start, token.end) for token in body_tokens(text)]
    moved = [(token.start, token.end) for token in body_tokens(shown)]
    marks = []
    for one in sample.overruled:
        at = one.index + len(HEAD)
        words = f"“Always playable” overruled the model here. Cost: {one.nats:.2g} nats."
        if at >= len(text):  # the end of the tune
            continue
        if text == shown or not places or at < places[0][0]:  # the lines before K: are the same in every key
            marks.append((at, at + 1, words))
        elif len(places) == len(moved):
            marks += [(*new, words) for old, new in zip(places, moved, strict=True) if old[0] <= at < old[1]]
    return marks
