"""What sources and the feed complain with; all errors that explain themselves have one base, which stands with the engines."""

from __future__ import annotations

from glyphfeed.engines.errors import GlyphfeedError


class SourceError(GlyphfeedError):
    """A source cannot deliver: one sentence that names it (without credentials) and what to do."""


class FeedError(GlyphfeedError):
    """The feed cannot be published, recorded or received: one sentence that names what and says what to do."""
