"""Laws of the instrument and the key in an address."""

from __future__ import annotations

import pytest

from charlstm.ui.shared.sound import parse_instrument, parse_transpose


@pytest.mark.parametrize(
    ("query", "sound"),
    [
        ({}, ("piano", 0)),
        ({"instrument": "banjo", "transpose": "-12"}, ("banjo", -12)),
        ({"instrument": "Banjo", "transpose": "13"}, ("piano", 0)),
        ({"instrument": "<script>", "transpose": "1e1"}, ("piano", 0)),
        ({"transpose": "²"}, ("piano", 0)),
        ({"transpose": "+3"}, ("piano", 3)),
        ({"transpose": "--3"}, ("piano", 0)),
    ],
)
def test_an_address_names_an_instrument_and_a_key_or_none(query: dict[str, str], sound: tuple[str, int]) -> None:
    instrument, transpose = (
        parse_instrument(query.get("instrument", "piano")),
        parse_transpose(query.get("transpose", "0")),
    )
    assert (instrument or "piano", transpose or 0) == sound
