"""What the units of a network do: record their activations over a text, then analyse the record."""
