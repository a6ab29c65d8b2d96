"""The page Experiments: the report's studies."""
