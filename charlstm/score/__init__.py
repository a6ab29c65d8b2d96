"""What a tune looks and sounds like: ABC text in, music21 score, SVG, MIDI and WAV out. Knows nothing of the model."""
