"""The pages. The only room that imports streamlit."""
