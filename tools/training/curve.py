"""How far a training has come, as a table and a picture."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from glyphfeed.engines.files import write_whole
from glyphfeed.tools.errors import writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def draw_curve(folder: Path, validations: Sequence[tuple[int, float, float]], figure: str) -> None:
    """Write curve.csv and curve.png into a folder: samples seen, loss, and the figure of that name, 0..1.

    Raises:
        CommandError: they cannot be written.

    """
    table, picture = io.StringIO(), io.BytesIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["samples", "loss", figure])
    rows.writerows((samples, f"{loss:.4f}", f"{reached:.4f}") for samples, loss, reached in validations)
    samples, losses, figures = zip(*validations, strict=True)
    canvas = Figure(figsize=(8, 4), layout="constrained")
    axes = canvas.add_subplot()
    axes.plot(samples, figures, color="tab:blue")
    axes.set(xlabel="samples seen", ylabel=figure, ylim=(0, 1))
    axes.grid(alpha=0.3)
    other = axes.twinx()
    other.plot(samples, losses, color="tab:orange", alpha=0.6)
    other.set(ylabel="loss", ylim=(0, None))
    canvas.savefig(picture, format="png", dpi=110)
    with writing(folder):
        write_whole(folder / "curve.csv", table.getvalue().encode())
        write_whole(folder / "curve.png", picture.getvalue())
