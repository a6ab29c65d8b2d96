"""Laws of a tune in an address: it comes back whole, and whatever an address holds is a tune or one sentence."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.errors import NotationError
from charlstm.ui.shared.tune_link import MAX_LINK, MAX_TEXT, pack_tune, unpack_tune
from tests.conftest import TUNES


@pytest.mark.parametrize("text", [*TUNES, "", "T:Föhn <b>\nK:D\n♯"])
def test_a_tune_comes_back_whole(text: str) -> None:
    code = pack_tune(text)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", code)
    assert unpack_tune(code) == text


@given(st.text(max_size=300))
def test_an_address_is_a_tune_or_a_sentence(code: str) -> None:
    with contextlib.suppress(NotationError):  # anything else would be a traceback
        assert len(unpack_tune(code)) <= MAX_TEXT


def test_a_long_tune_is_refused_and_a_bomb_is_not_unpacked() -> None:
    random = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(60))
    with pytest.raises(NotationError, match="as a file"):
        pack_tune(random)
    packer = zlib.compressobj(9, wbits=-15)
    bomb = base64.urlsafe_b64encode(packer.compress(b"A" * 1_000_000) + packer.flush()).decode().rstrip("=")
    assert len(bomb) < MAX_LINK
    with pytest.raises(NotationError):
        unpack_tune(bomb)
    with pytest.raises(NotationError):
        unpack_tune(pack_tune(TUNES[0])[:-9])
