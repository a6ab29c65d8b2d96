"""What the page Library remembers of a visit, and what its buttons do to it."""

from __future__ import annotations

from collections.abc import Sequence

from charlstm.library.store import Library
from charlstm.library.tune import LibraryTune
from charlstm.ui.shared.written_address import WrittenAddress
from charlstm.ui.state import Setting

ALL, KEPT = "All", "Kept"
LIST = "all"  # in the address: no tune was chosen
LARGEST = 2**63 - 1  # of SQLite's numbers


def parse_numbers(text: str) -> tuple[int, ...] | None:
    """The one or two tunes of an address: "5" or "5,7". Raises ValueError, for LIST too."""
    numbers = tuple(int(number) for number in text.split(","))
    return numbers if len(numbers) <= 2 and max(numbers) <= LARGEST else None


SHOWN: Setting[tuple[int, ...]] = Setting("library.shown", (), query="tune", parse=parse_numbers)  # numbers of tunes
# Whether they were chosen: a phone shows them then, and the list of all tunes otherwise.
READING = Setting("library.reading", False, query="tune", parse=lambda text: parse_numbers(text) is not None)
ADDRESS: WrittenAddress = Setting("library.address", None)
PLAYS = Setting("library.plays", 0)  # how often "Listen" was pressed
WHICH = Setting("library.which", ALL)
PAGE = Setting("library.page", 1)
SEARCH = Setting("library.search", "")
NAME = Setting("library.name", "")
RATING: Setting[int | None] = Setting("library.rating", None)
TAGS = Setting("library.tags", "")
NOTE = Setting("library.note", "")
BOOK_TITLE = Setting("library.book", "My tunes")
WITH_SOUND = Setting("library.sound", False)
IMPORTED = Setting("library.imported", "")  # what the import has to say
FILES: Setting[dict[tuple[str, str], bytes] | None] = Setting("library.files", None)  # (tunes' hash, kind) -> file


def shown_tunes(library: Library) -> list[LibraryTune]:
    """The one or two tunes that are looked at; the newest where none is."""
    tunes = [tune for number in SHOWN.get()[-2:] if (tune := library.get(number)) is not None]
    return tunes or library.newest()[:1]


def show(numbers: Sequence[int], *, play: bool = False) -> None:
    """Show these tunes; for callbacks of buttons."""
    SHOWN.set(tuple(numbers))
    READING.set(bool(numbers))
    if play:
        PLAYS.set(PLAYS.get() + 1)


def show_list() -> None:
    """Show a phone the list again; for callbacks of buttons."""
    READING.set(False)
