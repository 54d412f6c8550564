"""What engines complain with."""

from __future__ import annotations


class EngineError(Exception):
    """A network cannot be loaded or run: one sentence that names it and what to do."""


class PlanError(EngineError):
    """A plan cannot be loaded: there is none, or what was built is damaged, or for another machine."""
