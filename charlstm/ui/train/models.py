"""Models as files: export one, delete one that was added here, import one."""

from __future__ import annotations

import streamlit as st

from charlstm.errors import CharlstmError
from charlstm.lm.store.added import delete, owner_of
from charlstm.lm.store.archive import MAX_BYTES, clean_name, pack, unpack
from charlstm.lm.store.checkpoint import Checkpoint, list_checkpoints
from charlstm.ui.shared.models import describe
from charlstm.ui.shared.notices import plain, sentence
from charlstm.ui.shared.permissions import check_disk, is_allowed, owner_id, require
from charlstm.ui.state import Setting
from charlstm.ui.train.settings import MESSAGE, PROBLEM, attempt, show_messages

EXPORT, IMPORT_NAME = Setting("train.export", ""), Setting("train.import_name", "")
READ = Setting("train.import_read", 0)  # files, taken or refused: the next one has a fresh widget


def show() -> None:
    """The view, top to bottom."""
    show_messages()
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Export model", anchor=False)
        _export({checkpoint.name: checkpoint for checkpoint in list_checkpoints()})
    with right:
        st.header("Import model", anchor=False)
        _import()


def _export(available: dict[str, Checkpoint]) -> None:
    if not available:
        st.caption("There are no models yet: train one and keep it.")
        return
    name = st.selectbox("Model", list(available), key=EXPORT.widget(available))
    st.caption(plain(describe(available[name])))
    with st.container(horizontal=True):
        st.download_button(
            "Download", lambda: pack(available[name]), f"{name}.zip", "application/zip", key="train.download",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip
        owner = owner_of(name)
        if owner is not None and is_allowed(owner):
            with st.popover("Delete", icon=":material/delete:"):
                st.caption("Deletes the model for everybody here. A run that it was kept from stays.")
                st.button("Delete it", on_click=attempt, args=(lambda: _delete(name),), icon=":material/delete:",
                          key=f"train.delete.{name}")  # fmt: skip


def _delete(name: str) -> None:
    if (owner := owner_of(name)) is not None:
        require(owner)
        delete(name)
        MESSAGE.set(f"The model {name} is deleted.")


def _import() -> None:
    file = st.file_uploader(
        "A model that was exported here or elsewhere", type=["zip"], key=f"train.import.{READ.get()}",
        max_upload_size=MAX_BYTES // 2**20,
    )  # fmt: skip
    if file is None:
        return
    name = st.text_input("Name", key=IMPORT_NAME.of(file.name).widget(default=clean_name(file.name)), max_chars=60)
    if not st.button("Import", type="primary", key="train.add"):
        return
    try:
        check_disk()
        model = unpack(file.getvalue(), clean_name(name), owner=owner_id())
    except (CharlstmError, OSError) as error:
        PROBLEM.set(sentence(error))
    else:
        MESSAGE.set(f"{model.name} is now a model on every page.")
    READ.set(READ.get() + 1)
    st.rerun()
