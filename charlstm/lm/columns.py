"""Side inputs as columns of ids: which a network of some configuration reads beside the current character.

Each column is an embedding of its own, or shares one with others, and all are put behind the character's. What the ids
say is in lm/infer/inputs/. Knows no text and no weights.
"""

from __future__ import annotations

from typing import NamedTuple

from charlstm.lm.config import ModelConfig
from charlstm.tunes.form_plan.plan import LINES

# Durations in quarters of the unit note length: 0 to 64, then more than is there, then unknown.
DURATIONS = 67
METERS = ("4/4", "6/8", "3/4", "2/4", "9/8", "12/8", "3/8", "6/4", "3/2", "2/2", "5/4", "7/8")  # then others, unknown
SHARPS, MODES = 15, 7  # key signatures from seven flats to seven sharps, then unknown
SHORTEST_MATCH, LONGEST_MATCH = 2, 6  # characters that stood in the tune before; one alone tells little
PLAN_KINDS = 6  # no plan, new, return, variant, after the last bar, before the first one
BARS_LEFT = 17  # 0 to 16, and more; then unknown


class Column(NamedTuple):
    """A column of ids: its embedding's name, how many rows that has, and how wide it is."""

    table: str
    rows: int
    width: int

    @property
    def weight(self) -> str:
        """The embedding's name among the weights of a checkpoint."""
        return f"{self.table}.weight"


def side_columns(config: ModelConfig, vocab_size: int) -> tuple[Column, ...]:
    """The columns that a network of V symbols reads, in their order."""
    columns = [Column("lookback_embedding", vocab_size + 1, config.lookback_size)] * len(config.lookback_bars)
    if config.clock:
        columns += [
            Column("clock_missing_embedding", DURATIONS, 24),
            Column("clock_pickup_embedding", DURATIONS, 8),
            Column("clock_key_embedding", SHARPS * MODES + 1, 16),
            Column("clock_meter_embedding", len(METERS) + 2, 8),
        ]
    if config.plan:
        columns += [
            Column("plan_kind_embedding", PLAN_KINDS, 16),
            Column("plan_character_embedding", vocab_size + 1, 32),
            Column("plan_line_embedding", len(LINES) + 1, 16),
            Column("plan_missing_embedding", DURATIONS, 24),
            Column("plan_left_embedding", BARS_LEFT + 1, 8),
            Column("plan_degree_embedding", 8, 8),
        ]
    if config.match:
        columns.append(Column("match_embedding", (LONGEST_MATCH - SHORTEST_MATCH + 1) * vocab_size + 1, 32))
    return tuple(columns)


def side_tables(config: ModelConfig, vocab_size: int) -> dict[str, tuple[int, int]]:
    """The embeddings of those columns by name, each once: rows and width."""
    return {column.table: (column.rows, column.width) for column in side_columns(config, vocab_size)}
