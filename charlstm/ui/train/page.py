"""Train: train your own network and watch it learn; this file chooses the view."""

from __future__ import annotations

import streamlit as st

from charlstm.lm.train import training_runs
from charlstm.ui.shared.choices import choose
from charlstm.ui.shared.permissions import show_sharing
from charlstm.ui.shared.scroll_top import scroll_to_top
from charlstm.ui.shared.view_slots import view_slot
from charlstm.ui.shared.written_address import is_followed, write_address
from charlstm.ui.train import film, models, new, runs
from charlstm.ui.train.settings import ADDRESS, BESIDE, RUN, VIEW

VIEWS = {"new": "New", "runs": "Runs", "film": "Film", "models": "Models"}  # name in the address -> label


def page() -> None:
    """The page, top to bottom."""
    training_runs.start_queued()
    all_runs = training_runs.list_runs()
    running = next((run for run in all_runs if run.state == "running"), None)
    query = st.query_params.to_dict()
    if "view" in query and is_followed(ADDRESS, query):  # the visitor went back, or forward
        for setting in (VIEW, RUN, BESIDE, *(film.ADDRESSED if query["view"] == "film" else ())):
            setting.reload()
    if VIEW.get() not in VIEWS:
        VIEW.set("runs" if running else "new")
    st.title("Train", anchor=False)
    st.caption(
        "Train a network on tunes and watch it learn. Training continues when you leave this page or close the browser."
    )
    show_sharing()
    view = choose("View", list(VIEWS), VIEW, labels=VIEWS)
    scroll_to_top(view)
    with view_slot(view, VIEWS):
        if view == "new":
            new.show(running)
        elif view == "runs":
            runs.show(all_runs)
        elif view == "film":
            film.show()
        else:
            models.show()
    address = {"view": view}
    if view == "runs" and RUN.get():
        address["run"] = RUN.get()
        if BESIDE.get():
            address["with"] = BESIDE.get()
    elif view == "film":
        address = film.address()
    write_address(ADDRESS, address)


if __name__ == "__main__":  # as Streamlit runs a page
    page()
