"""Laws of foreign text on the page."""

from __future__ import annotations

import re

import pytest

from charlstm.ui.shared.notices import plain

# What mdast-util-gfm-autolink-literal, in Streamlit's page, takes for links in the text that Markdown has come to.
LINKS = (
    re.compile(r"(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)", re.IGNORECASE),
    re.compile(r"[-.\w+]+@[-\w]+(\.[-\w]+)+"),
)


@pytest.mark.parametrize(
    "text", ["**a**", "[a](http://b)", "![a](http://b)", "<b>", ":material/home:", "$x$", "`a`", "# a"]
)
def test_plain_leaves_no_mark_unescaped(text: str) -> None:
    escaped = plain(text)
    assert escaped.replace("\\", "").replace("\u2060", "") == text
    assert all(escaped[i - 1] == "\\" for i, c in enumerate(escaped) if c in "*[]()<>!:$`#")


@pytest.mark.parametrize(
    "text",
    ["www.evil.example", "WWW.Evil.example/x", "see http://evil.example/x", "https://evil.example", "a@evil.example",
     "(www.a.b)http://a.b HTTPS://c.d e.f+g@h.i"],
)  # fmt: skip
def test_no_address_in_a_title_becomes_a_link(text: str) -> None:
    """Escaped it is a link all the same: links are looked for in the text that Markdown has come to."""
    assert any(link.search(text) for link in LINKS)
    shown = plain(text).replace("\\", "")
    assert not any(link.search(shown) for link in LINKS)
    assert shown.replace("\u2060", "") == text
