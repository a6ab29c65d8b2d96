from __future__ import annotations

import pytest

from charlstm.evaluate.validity import validity

HEADER = "M:4/4\nL:1/8\nK:D\n"
FOUR = "d2fd Adfd|e2ge cege|dfaf bafd|edce d4"
GOOD = f"{HEADER}|:{FOUR}:|\n|:{FOUR}:|"


def test_a_good_tune_has_no_fault() -> None:
    found = validity(GOOD)
    assert (found.valid, found.reasons, found.bars, found.bars_filled) == (True, (), 8, 1.0)


def test_the_number_of_a_tune_does_not_matter() -> None:
    assert validity(f"X:3\n{GOOD}") == validity(GOOD)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD.replace("K:D\n", ""), "no K: field"),
        (GOOD.replace("K:D", "K:H"), "K:H is not a key"),
        (GOOD.replace("M:4/4\n", ""), "no M: field"),
        (GOOD.replace("M:4/4", "M:4/"), "M:4/ is not a meter"),
        (GOOD.replace("L:1/8", "L:x"), "L:x is not a note length"),
        (GOOD.replace("M:4/4", "M:4/4\nM:4/4"), "2 M: fields"),
        (GOOD.replace("dfaf", "dfafd", 1), "Bar 3 lasts 9/8 of a whole note where 1 is needed."),
        (GOOD.replace("dfaf", "dfa"), "Bar 3 lasts 7/8 of a whole note where 1 is needed, and 1 more do not fit."),
        (GOOD.replace(":|\n|:", ":|\n|:A2f2 d4|\n|:"), "A repeat is opened and not closed"),
        (GOOD.removesuffix(":|") + "|", "no final bar line"),
        (f"{HEADER}|:{FOUR}:|", "It has 4 bars"),
        (GOOD.replace("edce", "ed#ce"), "'#' at character"),
        (GOOD.replace("d2fd", "[d2fd", 1), "brackets"),
        (GOOD.replace("d2fd", "{d2fd", 1), "braces"),
        (HEADER, "no notes"),
    ],
)
def test_each_fault_is_named(text: str, reason: str) -> None:
    assert any(reason in sentence for sentence in validity(text).reasons), validity(text).reasons


def test_one_fault_is_one_sentence() -> None:
    assert len(validity(GOOD.replace("dfaf", "dfafd", 1)).reasons) == 1


def test_a_pickup_counts_with_the_bar_that_completes_it() -> None:
    pickup = f"{HEADER}|:A2|{FOUR.removesuffix('d4')}d2:|\n|:A2|{FOUR.removesuffix('d4')}d2:|"
    assert validity(pickup).valid
    assert not validity(pickup.replace("|:A2|", "|:A|")).valid
