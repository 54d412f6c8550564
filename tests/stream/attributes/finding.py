"""What finders find in a line, in short."""

from __future__ import annotations

from typing import Any

from glyphfeed.stream.attributes.extractor import Extractor
from glyphfeed.stream.attributes.line import Line


def found(text: str, region: str = "DE", *kinds: str) -> list[tuple[str, Any, str]]:
    """Kind, value, and the part of the text."""
    return [(each.kind, each.value, text[slice(*each.span)]) for each in Extractor(region, kinds).of_line(Line(text))]


def values(text: str, region: str, kind: str) -> list[Any]:
    """The values of one kind, in the order of the text."""
    return [value for each, value, _ in found(text, region) if each == kind]
