"""How many threads NumPy's matrix products take: one, but for batches on a command line.

A step of a network is a product of some hundred microseconds. OpenBLAS would split it over all cores and spin until the
slowest is done: beside one busy process a tune then takes twice its time, and spinning costs the others too. Knows no
network; leaves torch's and SciPy's own threads alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np  # noqa: F401 (its BLAS must be loaded to be seen)
from threadpoolctl import ThreadpoolController


@cache
def _libraries() -> tuple[tuple[Any, int], ...]:
    """NumPy's BLAS, with the number of threads it had at first, which is 1 from here on."""
    libraries = [c for c in ThreadpoolController().lib_controllers if c.user_api == "blas" and "numpy" in c.filepath]
    counted = tuple((library, library.num_threads) for library in libraries)
    for library, _ in counted:
        library.set_num_threads(1)
    return counted


def one_blas_thread() -> None:
    """Give NumPy's BLAS one thread, once a process: an engine does so when it is made."""
    _libraries()


@contextmanager
def batch_blas_threads() -> Iterator[None]:
    """All of its threads within the block, where that is safe: in the main thread, so that no page works beside it."""
    libraries = _libraries()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        for library, threads in libraries:
            library.set_num_threads(threads)
        yield
    finally:
        for library, _ in libraries:
            library.set_num_threads(1)
