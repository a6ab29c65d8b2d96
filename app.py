"""The page: `streamlit run app.py`."""

from charlstm.ui.app import main

main()
