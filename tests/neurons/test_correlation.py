from __future__ import annotations

import numpy as np

from charlstm.neurons.correlation import correlations, standardised


def test_correlations_are_numpys_and_a_row_that_never_moves_has_none() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(5, 40))
    rows = standardised(values)
    np.testing.assert_allclose(correlations(rows, rows[:2]), np.corrcoef(values)[:, :2], atol=1e-12)
    values[2] = 0.25
    rows = standardised(values)
    assert correlations(rows, rows)[2].tolist() == [0, 0, 0, 0, 0]
