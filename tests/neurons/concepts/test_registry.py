"""The registry: what its fingerprint notices, and that the reference tunes show every concept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from charlstm.neurons.concepts.concept import Concept, domain
from charlstm.neurons.concepts.registry import CONCEPTS, REFERENCE, concepts_fingerprint


def test_the_reference_tunes_show_every_concept_and_tell_them_apart() -> None:
    labels = set()
    for concept in CONCEPTS.values():
        asked = np.concatenate([concept(text)[domain(text, concept.within)] for text in REFERENCE])
        assert asked.any() and not asked.all(), concept.name
        labels.add(b"".join(concept(text).tobytes() for text in REFERENCE))
    assert len(labels) == len(CONCEPTS)


def test_the_fingerprint_is_of_what_is_labelled_and_not_of_the_wording() -> None:
    leap = CONCEPTS["after_leap"]
    first = concepts_fingerprint()
    assert concepts_fingerprint({**CONCEPTS, "after_leap": replace(leap, about="Another wording.")}) == first
    more = Concept("every_note", "note letter", "on notes", "All of them.", "letters", CONCEPTS["note"].spans)
    narrower = replace(leap, spans=lambda text: list(leap.spans(text))[1:])
    others = [
        {**CONCEPTS, "every_note": more},
        {name: concept for name, concept in CONCEPTS.items() if name != "reel"},
        {**CONCEPTS, "after_leap": narrower},
        {**CONCEPTS, "after_leap": replace(leap, within="letters")},
        {**CONCEPTS, "after_leap": replace(leap, name="after_jump")},
    ]
    assert len({first, *map(concepts_fingerprint, others)}) == len(others) + 1


def test_every_concept_has_a_name_of_its_own_that_reads_as_english() -> None:
    titles = {name: concept.title for name, concept in CONCEPTS.items()}
    assert len(set(titles.values())) == len(titles)
    assert not any("_" in title for title in titles.values())
    assert titles["second_half"] == "second half of the bar"
    assert titles["fourth_of_four"] == "bar 4 of each phrase"
    assert titles["after_leap"] == "after a leap"
