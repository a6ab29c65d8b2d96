"""From the text a model wrote to the text that is shown, in whatever key: places, and marks. Knows no Streamlit.

Another key changes what stands in the K: line and in the tokens of the body, and the order of none. Backing puts chord
symbols between them.
"""

from __future__ import annotations

from charlstm.lm.sample.sampling import Sample
from charlstm.tunes.abc import body_tokens, split_header
from charlstm.ui.shared.overruled import Mark, overruled_mark
from charlstm.ui.shared.written_tunes import HEAD

Span = tuple[int, int]


def shown_spans(text: str, shown: str) -> list[Span]:
    """Where each character that a model wrote stands in the text that is shown.

    Parameters
    ----------
    text : str
        As the model wrote it, T characters.
    shown : str
        The same with its X: line, in any key, with or without backing.

    Returns
    -------
    list of T (start, end)
        In `shown`; all characters of a token that was changed have that of the whole token.
    """
    original = HEAD + text
    spans = [(at, at + 1) for at in range(len(original))]
    if original != shown:
        body, moved_body = split_header(original).body_start, split_header(shown).body_start
        key = original.rfind("\n", 0, max(body - 1, 0)) + 1  # the K: line ends the header
        spans[key:body] = [(key, moved_body)] * (body - key)
        old_tokens, new_tokens = body_tokens(original), body_tokens(shown)
        if not any(token.kind == "chord_symbol" for token in old_tokens):  # then they were written afterwards
            new_tokens = tuple(token for token in new_tokens if token.kind != "chord_symbol")
        for old, new in zip(old_tokens, new_tokens, strict=False):
            is_same = old.text == new.text
            for at in range(old.start, old.end):
                begin = new.start + at - old.start
                spans[at] = (begin, begin + 1) if is_same else (new.start, new.end)
    return spans[len(HEAD) :]


def guard_marks(sample: Sample, shown: str) -> list[Mark]:
    """The characters of the shown tune that the guard put, and what each of them cost."""
    spans = shown_spans(sample.text, shown)
    return [
        overruled_mark(*spans[one.index], one.nats)
        for one in sample.overruled
        if one.index < len(spans)  # else it is the tune's end
    ]


def written_lengths(text: str, shown: str) -> list[int]:
    """How many characters of the shown text are complete after each of those that the model wrote, shape (T,)."""
    spans = shown_spans(text, shown)
    following = [*spans[1:], (len(shown), len(shown))]
    return [start if after == (start, end) else end for (start, end), after in zip(spans, following, strict=True)]
