"""Bar arithmetic: which bars fill the meter, with pickups and repeats as tune books write them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from charlstm.tunes.views.bars import bars, filled, has_final_bar_line, misfits, repeats_balance

HEADER = "X:1\nM:4/4\nL:1/8\nK:C\n"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("C8|D8|E8|]", []),
        ("G2|C8|D6|]", []),  # pickup and the bar it completes
        ("|:G2|C8|D6:|", []),
        ("G2|:C8|D8:|", []),  # pickup before the repeat sign
        ("|:G2|C8|1 D6:|2 D8|]", []),
        ("|:G2|C8|1 D6:|2 D6||EF|C8|D6|]", []),
        ("C8|D4:|E4|F8|]", []),  # a bar cut in two by a repeat sign
        ("C8|D8:|\n|:EF|C8|D6:|", []),
        ("C8|D6|E8|]", [1]),  # short inside
        ("C8|D9|E8|]", [1]),  # long
        ("C8|D8|E6|]", [2]),  # a short last bar that no pickup completes
        ("G2|C8|D5|]", [2]),  # one that the pickup does not complete
    ],
)
def test_misfits(body, wrong):
    assert misfits(bars(HEADER + body)) == wrong


def test_filled_is_a_share():
    assert filled(HEADER + "C8|D6|E8|F8|]") == Fraction(3, 4)
    assert filled(HEADER) == 0


def test_free_time_fits():
    assert misfits(bars("M:none\nK:C\nC3|D8|E|]")) == []


def test_meter_changes_in_mid_tune():
    assert [bar.expected for bar in bars(HEADER + "C8|\nM:3/4\nC6|[M:2/4]C4|]")] == [1, Fraction(3, 4), Fraction(1, 2)]


def test_a_bar_knows_its_place_in_the_text():
    text = HEADER + "|:C2 D2|1 E4:|"
    assert [text[bar.start : bar.end] for bar in bars(text)] == ["C2 D2", "E4"]
    assert [bar.ending for bar in bars(text)] == ["", "1"]


@pytest.mark.parametrize("body", ["C8|]", "|:C8:|", "C8:|D8|]", "|:C8::D8:|", "|:C8|1 D8:|2 E8|]", "|:C8:|\n|:D8:|"])
def test_balanced_repeats(body):
    assert repeats_balance(HEADER + body)


@pytest.mark.parametrize("body", ["|:C8|]", "|:C8|:D8:|", "|:C8:|D8:|", "|:C8|1 D8||", "|:C8|1 D8|2 E8:|"])
def test_unbalanced_repeats(body):
    assert not repeats_balance(HEADER + body)


def test_final_bar_line():
    assert has_final_bar_line(HEADER + "C8|]") and has_final_bar_line(HEADER + "C8:|\n")
    assert not has_final_bar_line(HEADER + "C8|") and not has_final_bar_line(HEADER + "C8|:")
