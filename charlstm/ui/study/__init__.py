"""What the Experiments page is made of: its charts, and the box that runs a study again."""
