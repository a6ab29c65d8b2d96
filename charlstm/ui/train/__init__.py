"""The page Train: a network of one's own."""
