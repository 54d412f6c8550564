"""The table behind `glyphfeed models`: which weights there are, where they lie, and whether they are whole.

Owns the table and the exit code.  Finding, fetching and hashing belong to engines.weights.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from engines.weights import KNOWN, State, locate, verify

_COLOURS = {State.READY: "green", State.DAMAGED: "red", State.MISSING: "yellow"}


def show_models(*, fetch: bool = False, demand: bool = False) -> int:
    """Print all known weights; first fetch the missing ones where `fetch` is set.

    Returns the exit code: 0, or 1 where `demand` is set and a file is missing or has a wrong SHA-256 sum.

    Raises:
        WeightsError: a file cannot be fetched.

    """
    if fetch:
        for model in KNOWN:
            locate(model)
    table = Table("model", "role", "size", "licence", "state", box=None, pad_edge=False)
    table.add_column("path", overflow="fold")
    states = []
    for model in KNOWN:
        path, state = verify(model)
        states.append(state)
        coloured = f"[{_COLOURS[state]}]{state}[/]"
        table.add_row(model.name, model.role, f"{model.size / 1e6:.1f} MB", model.licence, coloured, str(path))
    # A pipe has no width to fit into: there, paths stay on one line.
    Console(width=None if sys.stdout.isatty() else 300).print(table)
    return 1 if demand and any(state is not State.READY for state in states) else 0
