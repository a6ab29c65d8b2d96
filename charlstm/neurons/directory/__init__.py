"""The neuron index of a model (directory.json): which unit tells which concept, and which units have no name."""
