"""What sources, the feed and the library's calls complain with; the base of errors that explain themselves is the engines'."""

from __future__ import annotations

from glyphfeed.engines.errors import GlyphfeedError


class SourceError(GlyphfeedError):
    """A source cannot deliver: one sentence that names it (without credentials) and what to do."""


class InputError(GlyphfeedError, ValueError):
    """What a program handed over cannot be used: one sentence that names it and says what is wanted."""


class FeedError(GlyphfeedError):
    """The feed cannot be published, recorded or received: one sentence that names what and says what to do."""


class BridgeError(GlyphfeedError):
    """A bridge cannot go on: one sentence that names the far side (without credentials) and says what to do."""
