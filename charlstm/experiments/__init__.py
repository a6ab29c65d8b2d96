"""The report's tables, again."""
