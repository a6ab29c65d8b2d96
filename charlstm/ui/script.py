"""What Streamlit runs for each visit, and again at each click."""

from charlstm.ui.app import main

main()
