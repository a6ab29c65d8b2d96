"""Engine: a trained network in NumPy, to play with on a CPU. One step, a batch, a whole text with states and gates.

Knows no torch, no temperature and no ABC. An engine is never changed after it is built, and has no buffers, so all
threads and sessions may share one; what works in place is an InferenceSession, one for each text or batch.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from charlstm.lm.infer.batch import Trace, run
from charlstm.lm.infer.model import Clamps, Model, Vectors
from charlstm.lm.infer.session import InferenceSession, State, initial_state
from charlstm.lm.store.checkpoint import load_checkpoint
from charlstm.tunes.form_plan.plan import FormPlan

if TYPE_CHECKING:
    from charlstm.lm.cells import Array


class Engine(Model):
    """A network's weights, fused for reading and writing text: see `Model` for its parameters."""

    @cached_property
    def exact(self) -> Engine:
        """The same network in float64 arithmetic, made when first asked for."""
        if self.dtype == np.float64:
            return self
        twin = Engine(self.config, self.vocab, self.weights, checkpoint=self.checkpoint, dtype=np.float64)
        twin._intervene(*self.interventions)
        return twin

    @cached_property
    def rounding(self) -> float:
        """How far a logit may be from its exact value, up to a shift of all, which probabilities do not feel.

        Sixteen times the largest error in reading 256 random symbols with this network, measured when first asked
        for; that was five to ten times the largest in texts of the network's own, for networks of 64 to 512 units
        with logits off by 2e-6 to 3e-5. Logits 20 and more below the best are left out: they are large, and their
        probability is nothing.
        """
        if self.dtype == np.float64:
            return 0.0
        ids = np.random.default_rng(0).integers(2, len(self.vocab), 256)
        logits = self.exact.run(ids)[0]
        likely = logits > logits.max(axis=1, keepdims=True) - 20
        error = self.run(ids)[0] - logits
        error -= error.mean(axis=1, keepdims=True, where=likely)
        return 16 * float(np.abs(error, where=likely, out=np.zeros_like(error)).max()) + 1e-7

    def _intervene(self, clamps: Clamps, vectors: Vectors) -> None:
        for measured in ("exact", "rounding"):  # of the network as it was
            self.__dict__.pop(measured, None)
        super()._intervene(clamps, vectors)

    def initial_state(self, batch_size: int = 1) -> State:
        """The state before anything was read: zeros, and nothing to look back at."""
        return initial_state(self, batch_size)

    def step(self, ids: ArrayLike, state: State) -> tuple[Array, State]:
        """Read one symbol of each text.

        Parameters
        ----------
        ids : int array, shape (B,)
            START before the first character of a text; it also begins a new text for the side inputs.
        state : State
            Of the B texts; it is not changed.

        Returns
        -------
        logits : float array, shape (B, V)
            Unnormalised log probabilities of the next symbol.
        state : State
            After these symbols.
        """
        session = InferenceSession(self, state)
        return session.read(np.asarray(ids).tolist()), State(session.h, session.c, tuple(session.inputs))

    def run(self, ids: ArrayLike, plan: FormPlan | None = None) -> tuple[Array, Trace]:
        """Read a whole text from the initial state.

        The same as repeated `step`, faster, and with a record of what went on inside. Nothing is put before `ids`:
        for the losses and states of training, begin them with START.

        Parameters
        ----------
        ids : int array, shape (T,)
        plan : FormPlan, optional
            What the text was written by; else it is read as one without a plan.

        Returns
        -------
        logits : float array, shape (T, V)
            Row t: the next symbol's, after ids[:t + 1].
        trace : Trace
            h, c and gates, (L, T, H) each.
        """
        return run(self, np.asarray(ids, dtype=np.int32), plan)


def load(name_or_path: str | Path) -> Engine:
    """The engine of a checkpoint: its name in checkpoints/, or its folder. Raises CheckpointError."""
    checkpoint = load_checkpoint(name_or_path)
    return Engine(checkpoint.config, checkpoint.vocab, checkpoint.weights(), checkpoint=checkpoint)
