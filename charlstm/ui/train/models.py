"""Models that come and go: one as a file to give away, a file to take in."""

from __future__ import annotations

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.store.archive import MAX_BYTES, clean_name, pack, unpack
from charlstm.lm.store.checkpoint import Checkpoint, list_checkpoints
from charlstm.ui.shared.models import describe
from charlstm.ui.shared.notices import plain


def show() -> None:
    """The view, top to bottom."""
    if said := st.session_state.pop("train.said", ""):
        st.success(plain(said))
    found = {checkpoint.name: checkpoint for checkpoint in list_checkpoints()}
    out, into = st.columns(2, gap="large")
    with out:
        st.subheader("Give away", anchor=False)
        _export(found)
    with into:
        st.subheader("Take in", anchor=False)
        _import()


def _export(found: dict[str, Checkpoint]) -> None:
    if not found:
        st.caption("There are no models yet: train one and keep it.")
        return
    if st.session_state.get("train.export") not in found:
        st.session_state["train.export"] = next(iter(found))
    name = st.selectbox("Model", list(found), key="train.export")
    st.caption(plain(describe(found[name])))
    st.download_button(
        "Save as a file",
        lambda: pack(found[name]),
        f"{name}.zip",
        "application/zip",
        key="train.download",
        on_click="ignore",
        icon=":material/download:",
    )


def _import() -> None:
    file = st.file_uploader(
        "A model that was saved here or elsewhere", type=["zip"], key="train.import", max_upload_size=MAX_BYTES // 2**20
    )
    if file is None:
        return
    name = st.text_input("Its name here", value=clean_name(file.name), key="train.import_name", max_chars=60)
    if not st.button("Add it", type="primary", key="train.add"):
        return
    try:
        model = unpack(file.getvalue(), clean_name(name))
    except (CharlstmError, OSError) as error:
        st.error(plain(str(error)))
        return
    st.session_state["train.said"] = f"{model.name} is among the models now: every page offers it."
    st.rerun()
