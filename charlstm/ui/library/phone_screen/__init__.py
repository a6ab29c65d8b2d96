"""A component without a look: on a phone, another screen begins at its top, and the list where it was left.

Which screen a phone shows, the list or a tune, is a matter of shared/page_style.css.
"""

from __future__ import annotations

from charlstm.ui.shared.component import component

_component = component("phone_screen", __file__, html="<section></section>")


def begin_screen(tune: str, row: str) -> None:
    """Called when the page's elements are there.

    Parameters
    ----------
    tune : str
        What a phone shows in place of the list; "" for the list.
    row : str
        Key of the container in the list that the visitor comes back to; "" for none.
    """
    _component(key="library.screen", data={"tune": tune, "row": row.replace(".", "-")}, height=1)
