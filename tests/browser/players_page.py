"""A page with two players, for the tests: what no page of the app shows at once."""

from __future__ import annotations

import math

import streamlit as st

from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.player import show_tune, sound_tune

ONE = "X:1\nT:<b onclick=window.HACKED=4>One</b>\nM:4/4\nL:1/8\nK:D\n|:A|d2fd Adfd|e2ge cege|dfaf bafd|edce d3:|\n"
TWO = "X:1\nT:Two\nM:6/8\nL:1/8\nK:G\n|:GAB def|gfe dBG:|\n"
MARKS = [(ONE.index("d2fd"), ONE.index("fd Adfd")), (ONE.index("|e2ge"), ONE.index("e cege"))]  # d2, then |e2g
BOX = (MARKS[0][0], MARKS[0][0] + 1, "Why <b>this</b>")  # within what is outlined, a character with words


def main() -> None:
    """Two tunes side by side; the first has values, a curve and outlines, and its characters can be chosen."""
    st.set_page_config(layout="wide")
    unit = st.toggle("Unit")
    values = [math.sin(place / 5) for place in range(len(ONE))]
    one, two = draw(ONE), draw(TWO)
    left, right = st.columns(2)
    with left:
        chosen = show_tune(
            one, key="one", values=[abs(v) for v in values] if unit else values, label="<i>Sine</i>",
            scale="unit" if unit else "diverging", trace=True, marks=[*MARKS, BOX], selectable=True,
        )  # fmt: skip
        st.text(f"Chosen: {ONE[chosen.start : chosen.end] if chosen else 'nothing'}.")
    with right:
        show_tune(two, key="two")
    sound_tune(one, key="one")
    sound_tune(two, key="two")


if __name__ == "__main__":  # as Streamlit runs a page
    main()
