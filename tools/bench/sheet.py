"""What a bench found out, as a table on the terminal, as Markdown or as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Console
from rich.table import Table

from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.markdown import table_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Cell: TypeAlias = "str | float | int | None"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of cells under column names; `notes` says what they mean, and on what machine they were taken."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    notes: tuple[str, ...] = ()


def show(sheets: Sequence[Sheet], *, command: str, as_json: bool, page: Path | None) -> None:
    """Print sheets, and write them as Markdown to `page` if there is one.

    Raises:
        CommandError: the page cannot be written.

    """
    if as_json:
        told = [{"title": sheet.title, "rows": records(sheet), "notes": sheet.notes} for sheet in sheets]
        print(json.dumps({"command": command, "sheets": told}, ensure_ascii=False))
    else:
        print_tables(sheets)
    # Last: what took minutes to measure is seen also where it cannot be kept.
    if page is not None:
        try:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(markdown(sheets, command), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"the report {page} cannot be written: {error.strerror}; check the path") from error


def print_tables(sheets: Sequence[Sheet]) -> None:
    """Print sheets for people."""
    # A pipe has no width to fit into.
    console = Console(width=None if sys.stdout.isatty() else 160)
    for sheet in sheets:
        table = Table(title=sheet.title, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for name in sheet.columns:
            numeric = is_numeric(sheet, name)
            table.add_column(name, justify="right" if numeric else "left", no_wrap=not numeric)
        for row in sheet.rows:
            table.add_row(*map(written, row))
        console.print(table)
        for line in sheet.notes:
            console.print(line, style="dim", highlight=False)
        console.print()


def markdown(sheets: Sequence[Sheet], command: str) -> str:
    """Write sheets as one page."""
    lines = ["Made with", "", "```sh", command, "```"]
    for sheet in sheets:
        lines += ["", f"## {sheet.title}", "", table_row(sheet.columns)]
        lines.append(table_row(["---:" if is_numeric(sheet, name) else "---" for name in sheet.columns]))
        lines += [table_row(list(map(written, row))) for row in sheet.rows]
        lines += ["", *sheet.notes]
    return "\n".join(lines).rstrip() + "\n"


def records(sheet: Sheet) -> list[dict[str, Cell]]:
    """The rows with their columns' names."""
    return [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]


def is_numeric(sheet: Sheet, column: str) -> bool:
    """Whether a column holds numbers, where it holds anything."""
    values = [record[column] for record in records(sheet)]
    return all(value is None or isinstance(value, int | float) for value in values)


def written(cell: Cell) -> str:
    """A cell for people: three digits of a number, a dash for none."""
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return str(cell)
