"""The registry: all concepts by name, and their fingerprint.

A concept is a function with a decorator in one of the files of GROUPS; its docstring's first line is its definition.
Nothing else names it: the page, the neuron index and the documentation's table are made from here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from charlstm.neurons.concepts import bars, header, notes, sections, signs, tune_types
from charlstm.neurons.concepts.concept import Concept

GROUPS = (header, signs, notes, bars, sections, tune_types)  # in the order of the page
CONCEPTS: Mapping[str, Concept] = MappingProxyType(
    {
        value.name: value
        for module in GROUPS
        for value in vars(module).values()
        if isinstance(value, Concept) and value.spans.__module__ == module.__name__
    }
)

# Each concept holds at some characters of these tunes and not at others.
REFERENCE = (
    "T:One\nR:reel\nM:4/4\nL:1/8\nK:D\nA|:d2fd A>dfd|(3efg e2 ^ge c'g|B,2Fa bafd|edce d4|"
    "z2 a2 d'2 D2|gfed ^c2 e=c|D4 A,4|1 G2 F2 E4:|2 a2 g2 d4|]\n|:fgaf b2af|g2fg e3/2f/ ge|D8|d6:|",
    'T:Two\nR:jig\nM:6/8\nL:1/8\nK:Ador\n"Am"{Bc}A3 Bcd|"G"GAB d<BG|[ace]3 E3|Az2 a3||\n|:e2a {g}a_ge|'
    "edc B2A|GFG BGE|1 A6:|2 A3 A,3|]\n",
    "T:Three\nR:waltz\nM:3/4\nL:1/8\nK:G\nGA|B4 d2|c3 BAG|_e2 ^F4|G4:|\nB2|(3gag f2 e2|d6|b2 a2 g'2|G3 z|]",
    "T:Four\nR:hornpipe\nM:2/2\nL:1/8\nK:Gm\n|:(3DEF|G>AB>c d2 g>^f|g4 D4|c>BA>G F>E D2|G2 G2 G2:|",
    "M:9/8\nL:1/8\nK:Emix\nE2B B2A G3|E2B BAB dBA|c2z e3 E,3:|",
    "no header at all, and no music",
)


def concepts_fingerprint(concepts: Mapping[str, Concept] = CONCEPTS) -> str:
    """SHA-256 of some concepts in hex: their names, where they are asked about, and what they label in REFERENCE.

    Another concept, or another definition that labels any character of these tunes differently, has another
    fingerprint; another wording of the same definition has not.
    """
    return _fingerprint(tuple(concepts.values()))


@cache
def _fingerprint(concepts: tuple[Concept, ...]) -> str:
    digest = hashlib.sha256()
    for concept in concepts:
        digest.update(f"{concept.name}\0{concept.within}\0".encode())
        for text in REFERENCE:
            digest.update(concept(text).tobytes())
    return digest.hexdigest()
