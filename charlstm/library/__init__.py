"""The tunes that visitors keep, in one SQLite file. Knows no page and no model."""
