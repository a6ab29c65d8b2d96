"""Is it new? A tune beside the training tune with which it shares most."""
