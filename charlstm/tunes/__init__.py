"""What a tune is: ABC text. No neural network, no rendering. Durations are Fractions of a whole note."""
