"""What the page Listening test remembers of a visit."""

from __future__ import annotations

from charlstm.library.votes import Vote
from charlstm.ui.listening_test.pair import Pair
from charlstm.ui.state import Setting

TESTS = {"real": "Real or machine", "temperature": "Two temperatures", "model": "Two models"}


def parse_test(text: str) -> str | None:
    """The test of an address."""
    return text if text in TESTS else None


TEST = Setting("listening_test.test", "real", query="test", parse=parse_test)
MODEL, OTHER_MODEL = Setting("listening_test.model", ""), Setting("listening_test.other_model", "")
TEMPERATURE, OTHER_TEMPERATURE = (
    Setting("listening_test.temperature", 0.8),
    Setting("listening_test.other_temperature", 1.2),
)
PAIR: Setting[Pair | None] = Setting("listening_test.pair", None)
VOTE: Setting[Vote | None] = Setting("listening_test.vote", None)  # of this pair, once it is cast
ANSWER: Setting[str | None] = Setting("listening_test.answer", None)  # of a pair each
LIKED: Setting[str | None] = Setting("listening_test.liked", None)
