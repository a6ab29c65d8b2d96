"""From ABC text to events: bar, onset, pitch and the characters they come from."""
