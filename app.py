"""The page: `streamlit run app.py`. Names the pages and runs the one that is asked for."""

from pathlib import Path

import streamlit as st

from charlstm.ui.common import warm_up

ICON = Path(__file__).parent / "charlstm" / "ui" / "icon.svg"

st.set_page_config(page_title="charlstm", page_icon=str(ICON), layout="wide")
warm_up()
st.logo(str(ICON))
page = st.navigation(
    [
        st.Page("charlstm/ui/compose.py", title="Compose", icon=":material/music_note:", default=True),
        st.Page("charlstm/ui/own.py", title="Your tune", icon=":material/edit_note:"),
        st.Page("charlstm/ui/shelf.py", title="Shelf", icon=":material/book_2:"),
        st.Page("charlstm/ui/neurons.py", title="Neurons", icon=":material/neurology:"),
        st.Page("charlstm/ui/train.py", title="Train", icon=":material/model_training:"),
        st.Page("charlstm/ui/experiments.py", title="Experiments", icon=":material/science:"),
    ],
    position="top",
)
with st.container(horizontal_alignment="center"), st.container(width=1100):
    page.run()
