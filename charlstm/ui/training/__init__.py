"""The views of the Train page: a new run, the runs there are, their films, and models that come and go."""
