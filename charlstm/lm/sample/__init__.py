"""Text out of a network: decoding, sampling, headers, continuation and infill."""
