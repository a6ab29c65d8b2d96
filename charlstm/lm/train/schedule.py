"""The learning rate of a step: linear warm-up, then a cosine from the peak to a share of it. Knows no clock."""

from __future__ import annotations

import math

from charlstm.lm.config import TrainConfig

WARMUP_SHARE = 0.05  # of a run by the clock: its warm-up ends then at the latest


def learning_rate(config: TrainConfig, step: int, done: float, total_steps: int) -> float:
    """The rate of a step as it is planned.

    Parameters
    ----------
    config : TrainConfig
    step : int
        Steps that are done.
    done : float
        Share of the run that is done: of its steps, or of its minutes.
    total_steps : int
        Of a run of so many epochs; not read in a run by the clock.
    """
    warmup = config.warmup_steps
    if config.minutes is None:  # a run of few steps must reach its peak too
        warmup = min(warmup, total_steps // 5)
    rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
    if config.minutes is not None:  # so must a run of few minutes
        rise = max(rise, min(1.0, done / WARMUP_SHARE))
    fall = (1 + math.cos(math.pi * min(1.0, done))) / 2
    return config.learning_rate * rise * (config.final_rate + (1 - config.final_rate) * fall)
