"""Lesson: six steps over the other pages, each with something to do and a question; printed, it is a worksheet."""

from __future__ import annotations

from html import escape

import streamlit as st

from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.neurons.directory.file import load_directory
from charlstm.ui.lesson.steps import Step, steps
from charlstm.ui.shared.models import models
from charlstm.ui.shared.notices import plain
from charlstm.ui.shared.printing import print_worksheet
from charlstm.ui.shared.share import home_address

LINES = 5  # for an answer, on paper: two steps fill a sheet


def page() -> None:
    """The page, top to bottom."""
    print_worksheet()
    name, checkpoint = next(iter(models().items()))
    st.title("Lesson", anchor=False)
    st.caption("Six steps to what a neural network knows about a tune, in about an hour. Print it for a worksheet.")
    st.html('<p class="on-paper">Name ____________________ &nbsp; Date ____________</p>')
    neurons = checkpoint.config.num_layers * checkpoint.config.hidden_size
    for number, step in enumerate(steps(name, _header_unit(checkpoint), neurons), 1):
        with st.container(key=f"step-{number}"):
            st.header(f"{number}. {step.title}", anchor=False)
            st.markdown(plain(step.about))
            with st.container(horizontal=True, gap="small"):
                for label, address in step.links:
                    st.link_button(label, address, icon=":material/open_in_new:", help="Opens in a new tab.")
            st.html(_printed_links(step))
            st.markdown(plain(step.task))
            st.markdown(f"**Question {number}.** {plain(step.question)}")
            st.html(f'<div class="on-paper">{"<hr>" * LINES}</div>')


def _printed_links(step: Step) -> str:
    """The links of a step with their addresses, to be typed from paper."""
    base = home_address(st.context.url or "").partition("://")[2]
    links = ((escape(label), escape(base + address.removeprefix("./"))) for label, address in step.links)
    return f'<p class="on-paper">{"<br>".join(f"{label}: <code>{address}</code>" for label, address in links)}</p>'


def _header_unit(checkpoint: Checkpoint) -> tuple[int, int] | None:
    """The header neuron of a model, as its stored index has it."""
    directory = load_directory(checkpoint.path)
    entry = directory.examples.get("header") if directory else None
    return (entry.unit.layer, entry.unit.index) if entry else None


if __name__ == "__main__":  # as Streamlit runs a page
    page()
