"""A tune's text in an address: compressed, in characters that an address may have. Knows no Streamlit.

An address is somebody else's text: what it unpacks to is bounded, and a bad one is one sentence.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib

from charlstm.errors import NotationError

QUERY = "abc"  # name in the address
MAX_LINK = 2000  # characters of what is sent; longer addresses are cut by some programs
MAX_TEXT = 12_000  # characters


def pack_tune(text: str) -> str:
    """A tune as letters, digits, - and _.

    Raises
    ------
    NotationError
        If it is too long for a link.
    """
    packer = zlib.compressobj(9, wbits=-15)
    data = packer.compress(text.encode()) + packer.flush()
    code = base64.urlsafe_b64encode(data).decode().rstrip("=")
    if len(code) > MAX_LINK:
        raise NotationError(
            f"this tune takes {len(code):,} characters as a link, and a link can have at most {MAX_LINK:,}; "
            "send it as a file instead"
        )
    return code


def unpack_tune(code: str) -> str:
    """The tune of an address. Raises NotationError where it holds none."""
    try:
        if len(code) > MAX_LINK or not re.fullmatch(r"[A-Za-z0-9_-]+", code):
            raise ValueError("not packed by us")
        data = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
        unpacker = zlib.decompressobj(wbits=-15)
        text = unpacker.decompress(data, 4 * MAX_TEXT + 1).decode()
        if not unpacker.eof or len(text) > MAX_TEXT:
            raise ValueError("cut off, or too long")
    except (ValueError, binascii.Error, zlib.error) as error:
        raise NotationError("this address holds no tune that can be read; perhaps it was cut off") from error
    return text
