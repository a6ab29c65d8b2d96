"""Concepts of tune types: the whole body of a tune in a meter, of a rhythm or in a mode; or nothing of it."""

from __future__ import annotations

from charlstm.neurons.concepts.concept import Spans, concept
from charlstm.neurons.concepts.layout import Layout
from charlstm.tunes.abc import is_compound


@concept("meter", "in compound meter")
def compound_meter(text: Layout) -> Spans:
    """The body of a tune whose beat goes in threes: 6/8, 9/8, 12/8."""
    return _body_if(text, is_compound(text.field("M")))


@concept("meter", "in triple meter")
def triple_meter(text: Layout) -> Spans:
    """The body of a tune with three beats in a bar: 3/4, 3/8, 3/2, 9/8."""
    return _body_if(text, text.field("M").split("/")[0].strip() in ("3", "9"))


@concept("rhythm", "in reels")
def reel(text: Layout) -> Spans:
    """The body of a tune whose R: field says reel."""
    return _body_if(text, "reel" in text.field("R").lower())


@concept("rhythm", "in jigs")
def jig(text: Layout) -> Spans:
    """The body of a tune whose R: field says jig, of any kind."""
    return _body_if(text, "jig" in text.field("R").lower())


@concept("rhythm", "in hornpipes")
def hornpipe(text: Layout) -> Spans:
    """The body of a tune whose R: field says hornpipe."""
    return _body_if(text, "hornpipe" in text.field("R").lower())


@concept("mode", "in minor tunes")
def minor_mode(text: Layout) -> Spans:
    """The body of a tune with a minor third: minor, dorian or phrygian by its K: field."""
    return _body_if(text, text.key is not None and text.key.mode in ("minor", "dorian", "phrygian"))


def _body_if(text: Layout, holds: bool) -> Spans:
    return [text.body] if holds else []
