"""The language model: characters in, characters out. Axis letters: B batch, T characters, V vocabulary, H hidden
units, L layers, E embedding. Knows nothing of scores or sound."""
