"""The page Compose: settings in, a tune out."""
