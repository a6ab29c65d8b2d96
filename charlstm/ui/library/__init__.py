"""The page Library: the tunes one keeps."""
