"""Models on disk: checkpoints, epochs, archives, and a card in words."""
