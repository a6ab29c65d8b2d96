"""What every view of the page Neurons is given, and what all of them do alike. A view is a file with `show(context)`.

A view raises CharlstmError for what it cannot do; the page shows it. A view that wants another view or neuron on the
page calls `settings.go` in a widget's callback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from charlstm.lm.store.checkpoint import Checkpoint
from charlstm.ui.shared.drawing import draw
from charlstm.ui.shared.player import sound_tune
from charlstm.ui.shared.session_tune import publish
from charlstm.ui.shared.url_state import ComposeSettings
from charlstm.ui.shared.written_address import WrittenAddress, note_written
from charlstm.ui.state import Setting

ADDRESS: WrittenAddress = Setting("neurons.address", None)
Sounds = list[tuple[str, str]]  # texts whose sound is still to be sent, with the keys of their players


@dataclass(frozen=True)
class ViewContext:
    """What a view is given."""

    view: str
    model: str  # that reads; its shared engine is charlstm.ui.shared.models.engine(model), which is never changed
    stamp: int  # of the model's files: a part of every cache key, so that a retrained model is another one
    checkpoint: Checkpoint
    composed: ComposeSettings  # of the tune of the visit

    @property
    def layers(self) -> int:
        """How many layers the model has."""
        return self.checkpoint.config.num_layers

    @property
    def size(self) -> int:
        """How many neurons a layer of it has."""
        return self.checkpoint.config.hidden_size

    @property
    def key(self) -> tuple[str, int]:
        """What every cached result of this model depends on."""
        return self.model, self.stamp

    def publish(self, *settings: Setting[Any], **more: str) -> None:
        """Put the view, these settings where they are not the default, and what else it shows into the address bar."""
        reader = {} if self.model == self.composed.model else {"reader": self.model}
        values = [(setting, setting.get()) for setting in settings]
        written = {setting.query: setting.write(value) for setting, value in values if value != setting.default}
        address = {"view": self.view, **reader, **written, **more}
        note_written(ADDRESS, address)
        publish(self.composed, **address)


def send_sounds(sounds: Iterable[tuple[str, str]]) -> None:
    """Send the sounds of a view's players; the last thing in a view, because it takes longest."""
    for text, key in sounds:
        sound_tune(draw(text), key=key)
