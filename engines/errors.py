"""The base of every error that explains itself, and what engines complain with."""

from __future__ import annotations


class GlyphfeedError(Exception):
    """Something cannot be done: one sentence that names the thing and says what to do, and holds no credentials."""


class EngineError(GlyphfeedError):
    """A network cannot be loaded or run: one sentence that names it and what to do."""


class PlanError(EngineError):
    """A plan cannot be loaded: there is none, or what was built is damaged, or for another machine."""
