"""Laws of foreign text on the page."""

from __future__ import annotations

import pytest

from charlstm.ui.shared.notices import plain


@pytest.mark.parametrize(
    "text", ["**a**", "[a](http://b)", "![a](http://b)", "<b>", ":material/home:", "$x$", "`a`", "# a"]
)
def test_plain_leaves_no_mark_unescaped(text: str) -> None:
    escaped = plain(text)
    assert escaped.replace("\\", "") == text
    assert all(escaped[i - 1] == "\\" for i, c in enumerate(escaped) if c in "*[]()<>!:$`#")
