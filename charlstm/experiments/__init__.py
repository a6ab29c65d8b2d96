"""The studies of the original report, reproduced."""
