"""NumPy's BLAS has one thread where an engine is, but for batches in the main thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LAW = """
import threading
import numpy as np
from threadpoolctl import ThreadpoolController

def threads():
    own = [c for c in ThreadpoolController().lib_controllers if c.user_api == "blas" and "numpy" in c.filepath]
    return {c.num_threads for c in own}

before = threads()
from charlstm.lm.infer.blas import batch_blas_threads
from tests.conftest import VOCAB, make_weights
from charlstm.lm.config import ModelConfig
from charlstm.lm.infer.engine import Engine

shape = ModelConfig(hidden_size=4, embedding_size=4)
Engine(shape, VOCAB, make_weights(shape, VOCAB))
assert threads() <= {1}
with batch_blas_threads():
    assert threads() == before
assert threads() <= {1}
found = []
def elsewhere():
    with batch_blas_threads():
        found.append(threads())
worker = threading.Thread(target=elsewhere)
worker.start()
worker.join()
assert found[0] <= {1}
"""


def test_an_engine_has_one_thread_and_a_batch_of_the_main_thread_all() -> None:
    done = subprocess.run([sys.executable, "-c", LAW], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
