"""The table behind `glyphfeed models`: which networks there are, what is told of them, and whether they are whole.

Owns the table and the exit code.  Finding, fetching and hashing belong to engines.weights, descriptions to engines.models.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from glyphfeed.engines.models import DESCRIPTIONS, Ctc, describe, parse
from glyphfeed.engines.weights import KNOWN, State, locate, verify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glyphfeed.engines.models import DetectorModel

_COLOURS = {State.READY: "green", State.DAMAGED: "red", State.MISSING: "yellow"}


def show_models(files: Sequence[Path] = (), *, fetch: bool = False, demand: bool = False) -> int:
    """Print some ONNX files with what is told of them, or else all known weights; first fetch those missing where `fetch` is set.

    Returns the exit code: 0, or 1 where `demand` is set and a file is missing or has a wrong SHA-256 sum.

    Raises:
        WeightsError: a file cannot be fetched.
        ModelError: of a file too little is told.

    """
    rows = [(path, describe(path), path.stat().st_size, State.READY) for path in files]
    if not files:
        if fetch:
            for weights in KNOWN:
                locate(weights)
        for weights in KNOWN:
            path, state = verify(weights)
            rows.append((path, parse(DESCRIPTIONS / f"{weights.name}.toml", weights.name), weights.size, state))
    table = Table("model", "head", "sees", "size", "licence", "state", box=None, pad_edge=False)
    table.add_column("path", overflow="fold")
    for path, model, size, state in rows:
        coloured = f"[{_COLOURS[state]}]{state}[/]"
        table.add_row(path.stem, model.head, sight(model), f"{size / 1e6:.1f} MB", model.licence, coloured, str(path))
    # A pipe has no width to fit into: there, paths stay on one line.
    Console(width=None if sys.stdout.isatty() else 300).print(table)
    return 1 if demand and any(state is not State.READY for _, _, _, state in rows) else 0


def sight(model: DetectorModel | Ctc) -> str:
    """What a network sees, in pixels: lines of a height, or pictures of a width and height."""
    if isinstance(model, Ctc):
        return f"lines {model.input.height} high"
    return " ".join(f"{width}x{height}" for height, width in (*model.input.sizes, *model.input.coarse_sizes))
