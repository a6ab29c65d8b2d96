"""Text strings: the accents, entities and escapes in titles, names and words, as letters (ABC 2.1, 8.2)."""

from __future__ import annotations

import html
import re
import unicodedata

_COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "=": "\u0304", "u": "\u0306",
    "v": "\u030c", "H": "\u030b", "c": "\u0327", ";": "\u0328", ".": "\u0307", "r": "\u030a",
}  # fmt: skip
_LIGATURES = {
    "AA": "Å", "aa": "å", "AE": "Æ", "ae": "æ", "OE": "Œ", "oe": "œ", "ss": "ß", "DH": "Ð", "dh": "ð", "TH": "Þ",
    "th": "þ", "/O": "Ø", "/o": "ø", "/L": "Ł", "/l": "ł", "/D": "Đ", "/d": "đ",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\u(?P<u>[0-9a-fA-F]{4})|\\U(?P<U>[0-9a-fA-F]{8})|\\(?P<ligature>" + "|".join(_LIGATURES) + r")"
    r"|\\(?P<mark>[`'^~\"=uvHc;.r])(?P<letter>[A-Za-z])|\\(?P<sign>[%&\\])"
    r"|(?P<entity>&(?:#\d{1,6}|#x[0-9a-fA-F]{1,6}|[A-Za-z]\w{1,30});)"
)


def decode_escapes(value: str) -> str:
    r"""Text on one line, its escapes as characters: `\'Eire` Éire, `gro\ss` groß, `&eacute;` é, `\u00fc` ü, `\%` %.

    Everything else stays.
    """
    value = re.sub(r"[\x85\u2028\u2029]", " ", value)
    return _ESCAPE.sub(_character, value) if "\\" in value or "&" in value else value


def _character(match: re.Match[str]) -> str:
    code = match["u"] or match["U"]
    if code:
        return chr(int(code, 16)) if int(code, 16) < 0x110000 and not 0xD800 <= int(code, 16) < 0xE000 else match[0]
    if match["ligature"]:
        return _LIGATURES[match["ligature"]]
    if match["mark"]:
        letter = unicodedata.normalize("NFC", match["letter"] + _COMBINING[match["mark"]])
        return letter if len(letter) == 1 else match[0]
    return match["sign"] or html.unescape(match["entity"])
