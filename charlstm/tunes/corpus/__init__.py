"""The tunes that models learn from: where they come from, how they are cleaned, split and kept."""
