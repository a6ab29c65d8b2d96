"""The three recurrent cells in NumPy: a layer as a function that moves its state one symbol on, in place.

Knows no characters and no stack of layers. PyTorch's equations, with sigmoid(x) written as (tanh(x / 2) + 1) / 2,
because tanh is the fast one of the two in NumPy: `arrange` halves the rows of the sigmoid gates beforehand (exact in
binary) and puts them first, so that one tanh and one scaling serve them all.

    lstm   i, f, o = sigmoid(.)   g = tanh(.)   c' = f c + i g            h' = o tanh(c')
    gru    r, z = sigmoid(.)      n = tanh(x_n + r (W_n h + b_n))         h' = (1 - z) n + z h
    rnn    h' = tanh(.)

A state of one text is a few hundred numbers, so that a ufunc takes half a microsecond whatever it does; hence no
allocation, no slicing and no conversion of Python numbers within a step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
# Called with the layer's input product (B, G); reads and overwrites h and c, and leaves the gates in `gates`.
Advance = Callable[[Array], None]

GATES = {"lstm": "ifog", "gru": "rzn", "rnn": "h"}  # in the order of the columns here
_PYTORCH = {"lstm": "ifgo", "gru": "rzn", "rnn": "h"}
_SIGMOIDS = "ifozr"
_ONE, _HALF = np.float32(1), np.float32(0.5)


def arrange(cell: str, rows: Array) -> Array:
    """Put the gates of a PyTorch matrix or bias, shape (G, ...), in the order and scale used here; float64."""
    blocks = dict(zip(_PYTORCH[cell], np.split(rows.astype(np.float64), len(_PYTORCH[cell])), strict=True))
    return np.concatenate([blocks[gate] * (0.5 if gate in _SIGMOIDS else 1.0) for gate in GATES[cell]])


def make_layer(cell: str, w: Array, b: Array, h: Array, c: Array, gates: Array) -> Advance:
    """One layer at work on B texts.

    Parameters
    ----------
    cell : "lstm", "gru" or "rnn"
    w : float array, shape (H, G)
        Recurrent weights, arranged and transposed; G is H times the number of gates.
    b : float array, shape (H,)
        b_hn of a GRU; not read by the others.
    h, c, gates : float arrays, shapes (B, H), (B, H), (B, G)
        Overwritten at each call; c is an LSTM's only.
    """
    size = h.shape[1]
    parts = [gates[:, k : k + size] for k in range(0, gates.shape[1], size)]
    sigmoids, spare = gates[:, : gates.shape[1] - size], np.empty_like(h)

    def lstm(x: Array) -> None:
        np.dot(h, w, gates)
        np.add(gates, x, gates)
        np.tanh(gates, gates)
        np.add(sigmoids, _ONE, sigmoids)
        np.multiply(sigmoids, _HALF, sigmoids)
        np.multiply(c, f, c)
        np.multiply(i, g, spare)
        np.add(c, spare, c)
        np.tanh(c, spare)
        np.multiply(spare, o, h)

    def gru(x: Array) -> None:
        np.dot(h, w, product)
        np.copyto(gates, x)
        np.add(sigmoids, product_rz, sigmoids)
        np.tanh(sigmoids, sigmoids)
        np.add(sigmoids, _ONE, sigmoids)
        np.multiply(sigmoids, _HALF, sigmoids)
        np.add(product_n, b, product_n)
        np.multiply(product_n, r, product_n)
        np.add(n, product_n, n)
        np.tanh(n, n)
        np.subtract(h, n, h)
        np.multiply(h, z, h)
        np.add(h, n, h)

    def rnn(x: Array) -> None:
        np.dot(h, w, gates)
        np.add(gates, x, gates)
        np.tanh(gates, h)

    if cell == "lstm":
        i, f, o, g = parts
        return lstm
    if cell == "gru":
        r, z, n = parts
        product = np.empty_like(gates)
        product_rz, product_n = product[:, : 2 * size], product[:, 2 * size :]
        return gru
    return rnn
