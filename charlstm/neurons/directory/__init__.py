"""The neuron index: measured, named, and kept on disk."""
