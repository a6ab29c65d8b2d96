"""How good a model and its tunes are: one measure a file, each with the docstring that defines it."""
