"""MIDI files read as tunes in ABC."""
