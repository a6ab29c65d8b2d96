"""What Streamlit runs for each visit, and again at each click."""

from charlstm.ui.app import main

if __name__ == "__main__":  # as Streamlit runs it
    main()
