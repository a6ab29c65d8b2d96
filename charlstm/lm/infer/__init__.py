"""A trained network in NumPy: one step, a batch, a whole text."""
