"""Steering: directions in the space of a layer's states that stand for a concept, and interventions on a network.

A shared engine is never changed: an intervention is applied to it and gives another one. One of strength zero gives
the same tunes, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from charlstm.errors import ConfigError
from charlstm.lm.infer.engine import Engine
from charlstm.neurons.recording import Unit

Action = Literal["ablate", "clamp", "steer"]
Method = Literal["means", "probe"]
RIDGE = 0.1  # of the mean variance, added to every variance of a probe: more units than the characters can tell apart


@dataclass(frozen=True)
class Direction:
    """A direction in a layer's states: `vector` (H,) of length 1; `deviation` of the states along it."""

    layer: int
    vector: NDArray[np.float64]
    deviation: float


def direction(
    states: NDArray[np.floating], labels: NDArray[np.bool_], *, layer: int = 0, way: Method = "means"
) -> Direction:
    """The direction in which states go from characters without a concept to characters with it.

    means   d = m1 - m0, the difference of the mean states (Marks and Tegmark 2023 call it the mass mean)
    probe   d = (S + r I)^-1 (m1 - m0), Fisher's linear discriminant: S the covariance within the two classes, r a tenth
            of its mean variance; it takes less of what is common to both

    vector = d / |d|, and `deviation` is the standard deviation of vector . h over these characters.

    Parameters
    ----------
    states : float array, shape (T, H)
        Of one layer.
    labels : bool array, shape (T,)
    layer : int
        Which layer they are of.
    way : "means" or "probe"

    Raises
    ------
    ConfigError
        If all or none of the characters have the concept, or the two means are the same.
    """
    if labels.all() or not labels.any():
        raise ConfigError("concept", "holds at all or at none of these characters, so it has no direction.")
    h = states.astype(np.float64)
    means = h[labels].mean(axis=0), h[~labels].mean(axis=0)
    d = means[0] - means[1]
    if way == "probe":
        centred = h - np.where(labels[:, None], *means)
        within = centred.T @ centred / len(h)
        within[np.diag_indices_from(within)] += RIDGE * np.trace(within) / len(within) + 1e-12
        d = np.linalg.solve(within, d)
    length = float(np.linalg.norm(d))
    if length < 1e-9:
        raise ConfigError("concept", "has the same mean state as the rest, so it has no direction.")
    return Direction(layer, d / length, float((h @ (d / length)).std()))


@dataclass(frozen=True)
class Intervention:
    """What is done to a network after every symbol.

    Attributes
    ----------
    action : "ablate", "clamp" or "steer"
        ablate   h_u = 0
        clamp    h_u = strength
        steer    h_u = h_u + strength * deviation of u; along a direction, h = h + strength * deviation * vector
    units : tuple of Unit
        Which units; empty to steer along a direction.
    strength : float
        A value in [-1, 1] to clamp at; standard deviations to steer by; not used to ablate.
    along : Direction, optional
        Of a concept; only to steer.
    """

    action: Action
    units: tuple[Unit, ...] = ()
    strength: float = 0.0
    along: Direction | None = None

    def __post_init__(self) -> None:
        if self.along is not None and (self.units or self.action != "steer"):
            raise ConfigError("along", "is a direction to steer along, without units.")
        if self.along is None and not self.units:
            raise ConfigError("units", "are needed; choose one or more.")
        if self.action == "clamp" and not -1 <= self.strength <= 1:
            raise ConfigError("strength", "must be in [-1, 1], where a unit's values lie.")
        if not np.isfinite(self.strength):
            raise ConfigError("strength", "must be a finite number.")

    def apply(self, engine: Engine, deviations: NDArray[np.floating] | None = None) -> Engine:
        """A new engine with the intervention; `deviations` of h, (L, H), are needed to steer units."""
        if self.action == "ablate":
            return engine.ablate(self.units)
        if self.action == "clamp":
            return engine.ablate(self.units, self.strength)
        if self.along is not None:
            return engine.steer({self.along.layer: self.strength * self.along.deviation * self.along.vector})
        shape = engine.config.num_layers, engine.config.hidden_size
        if deviations is None or np.shape(deviations) != shape:
            raise ConfigError("deviations", f"steering units needs their standard deviations, shape {shape}.")
        engine.ablate(self.units)  # says which unit does not exist
        vectors = np.zeros(shape)
        for layer, index in self.units:
            vectors[layer, index] = self.strength * deviations[layer, index]
        return engine.steer({layer: vectors[layer] for layer in range(shape[0])})


def deviations(values: NDArray[np.floating], layers: int) -> NDArray[np.float64]:
    """Standard deviations of U rows of values as (L, H)."""
    spread: NDArray[np.float64] = values.astype(np.float64).std(axis=1).reshape(layers, -1)
    return spread
