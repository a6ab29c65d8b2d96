"""What is read off the events of a tune: its bars, its melody, its form."""
