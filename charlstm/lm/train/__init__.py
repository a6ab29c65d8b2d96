"""A network that learns, in torch."""
