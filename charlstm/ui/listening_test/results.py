"""What the votes of the listening test show: recognition, ratings, the votes as a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

from charlstm.evaluate.blind_test import Comparison, Proportion, Rating, proportion, ratings
from charlstm.library.votes import FIRST, SECOND, Vote, Votes, to_csv
from charlstm.ui.chart_style import chart, intervals, names_axis, rule, tips
from charlstm.ui.listening_test.settings import TESTS
from charlstm.ui.palette import FAINT, VALIDATION
from charlstm.ui.shared.figures import show_figure
from charlstm.ui.shared.notices import plain


def show_results(votes: Votes) -> None:
    """The visitor's own figures, everybody's, and the files. Raises LibraryError."""
    everybody, own = votes.all(), votes.own()
    if not everybody:
        st.caption("There are no votes yet.")
        return
    if (mine := recognized(own)) is not None:
        st.markdown(plain(f"You: {in_words(mine)}"))
    entries = table(everybody)
    st.dataframe(entries, hide_index=True, width="stretch")
    st.caption(
        "Guessing gets 50% right on average. In brackets: Wilson 95% interval; p: how often guessing alone would "
        "end at least this far from 50% (binomial test)."
    )
    if rated := ratings(comparisons(everybody)):
        st.markdown("**What people like**")
        caption = (
            "Bradley-Terry ratings in Elo points, mean 0, with 95% intervals: of two that are 100 points apart, the "
            "higher-rated one is preferred in 64 of 100 pairs."
        )
        show_figure(rating_chart(rated), title="What people like", caption=caption, key="listening_test.ratings")
        st.caption(caption)
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Votes (CSV)", to_csv(everybody), "votes.csv", "text/csv", key="listening_test.csv", on_click="ignore",
            icon=":material/download:", help="All visitors' votes; visitors are numbers.",
        )  # fmt: skip
        if own:
            with st.popover("Delete my votes", icon=":material/delete:"):
                st.button(
                    f"Delete my {len(own)} vote{'s' if len(own) > 1 else ''}", key="listening_test.delete",
                    on_click=votes.delete_own,
                )  # fmt: skip


def recognized(votes: Sequence[Vote]) -> Proportion | None:
    """How often which was which was recognized; None without answers."""
    answers = [vote.is_right for vote in votes if vote.is_right is not None]
    return proportion(sum(answers), len(answers))


def in_words(share: Proportion) -> str:
    """ "7 of 10 right (70%; 95% interval 40% to 89%; ...)"."""
    right = round(share.value * share.n)
    return (
        f"{right} of {share.n} right ({share.value:.0%}; 95% interval {share.low:.0%} to {share.high:.0%}; "
        f"p = {share.p:.2g} for guessing)."
    )


def comparisons(votes: Sequence[Vote]) -> list[Comparison]:
    """What was liked better, pair by pair."""
    scores = {FIRST: 1.0, SECOND: 0.0}
    return [Comparison(vote.first, vote.second, scores.get(vote.liked, 0.5)) for vote in votes]


def table(votes: Sequence[Vote]) -> list[dict[str, Any]]:
    """A line for each two that were compared: how many votes, how often recognized, which was liked better."""
    groups: dict[tuple[str, str, str], list[Vote]] = defaultdict(list)
    for vote in votes:
        low, high = sorted((vote.first, vote.second))
        groups[vote.test, low, high].append(vote)
    entries = []
    for (test, low, high), group in groups.items():
        share = recognized(group)
        liked = [{FIRST: vote.first, SECOND: vote.second}.get(vote.liked) for vote in group]
        entries.append(
            {
                "test": TESTS.get(test, test),
                "tunes of": low,
                "and of": high,
                "votes": len(group),
                "visitors": len({vote.visitor for vote in group}),
                "recognized": "-" if share is None else f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%})",
                "p": "-" if share is None else f"{share.p:.2g}",
                "liked better": f"{liked.count(low)} / {liked.count(high)} / {liked.count(None)} alike",
            }
        )
    return entries


def rating_chart(rated: Sequence[Rating]) -> Any:
    """A dot for each rating, a bar for its interval."""
    rows = [{"name": r.name, "mean": r.elo, "low": r.low, "high": r.high, "n": r.n} for r in rated]
    order = [rating.name for rating in rated]
    base = chart(rows).encode(y=alt.Y("name:N", sort=order, title=None, axis=names_axis(grid=True)))
    points = intervals(
        base, "x", alt.X("mean:Q", title="rating, Elo points"), low=alt.X("low:Q"), color=VALIDATION,
        tooltip=tips(("name:N", "tunes of"), ("mean:Q", "rating", ".0f"), ("low:Q", "from", ".0f"),
                     ("high:Q", "to", ".0f"), ("n:Q", "pairs")),
    )  # fmt: skip
    return alt.layer(rule({"mean": 0}, FAINT, x=alt.X("mean:Q")), points).properties(height=30 * len(rows) + 70)
