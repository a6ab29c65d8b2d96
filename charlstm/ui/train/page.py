"""Train: a network of one's own, seen while it learns; this file chooses the view."""

from __future__ import annotations

import streamlit as st

from charlstm.lm.train import training_runs
from charlstm.ui.train import film, models, new, runs

VIEWS = {"new": "New", "runs": "Runs", "film": "Film", "models": "Models"}  # name in the address -> label


def page() -> None:
    """The page, top to bottom."""
    state, query = st.session_state, st.query_params
    found = training_runs.list_runs()
    running = next((run for run in found if run.state == "running"), None)
    if state.get("train.view") not in VIEWS:
        wanted = query.get("view", state.get("train.last_view", ""))
        state["train.view"] = wanted if wanted in VIEWS else "runs" if running else "new"
    if "train.run" not in state and (named := query.get("run", state.get("train.last_run", ""))):
        state["train.run"] = named  # the view checks that there is such a run
    st.header("Train", anchor=False)
    st.caption(
        "Let a network learn from tunes, and watch it. It goes on when you leave this page or close the browser."
    )
    st.segmented_control(
        "View",
        list(VIEWS),
        key="train.view",
        required=True,
        label_visibility="collapsed",
        format_func=VIEWS.__getitem__,
    )
    view = state["train.last_view"] = state["train.view"]
    if view == "new":
        new.show(running)
    elif view == "runs":
        runs.show(found)
    elif view == "film":
        film.show()
    else:
        models.show()
    address = {"view": view}
    if view == "runs" and state.get("train.run"):
        address["run"] = state["train.last_run"] = state["train.run"]
    if query.to_dict() != address:
        query.from_dict(address)


if __name__ == "__main__":  # as Streamlit runs a page
    page()
