"""The page: `streamlit run app.py`."""

from streamlit.starlette import App

from charlstm.ui.first_paint import routes
from charlstm.ui.server import SCRIPT, lifespan

app = App(SCRIPT, lifespan=lifespan, routes=routes())
