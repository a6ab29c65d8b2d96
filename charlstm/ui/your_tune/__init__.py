"""The page Your tune: a tune of the visitor's own."""
