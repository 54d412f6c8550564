"""`glyphfeed attributes`: what texts say, as prices, dates, numbers and so on.

Owns: how attributes are told.  What they are is found by stream.attributes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from glyphfeed.tools.errors import bringing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.records import Attribute


def attributes(
    texts: Annotated[
        list[str], typer.Argument(metavar="TEXT", show_default=False, help="The lines of one block, from top to bottom.")
    ],
    region: Annotated[str, typer.Option(metavar="CC", help="Where it is read, an ISO 3166 code such as DE.")] = "US",
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON an attribute.")] = False,
) -> None:
    """Tell what texts say: prices, dates, telephone numbers and more.

    [bold]Examples[/]

    glyphfeed attributes "Tel. 030/1234567" --region DE
    glyphfeed attributes "NET WT" "500 g" --json
    """
    from glyphfeed.stream.attributes.line import Line
    from glyphfeed.stream.understanding.wanted import check_region, extractor_of

    with bringing("understand"):
        extractor = extractor_of(region, ())
    check_region(region)
    found = extractor.of_block([Line(text) for text in texts])
    tell = _tell_json if as_json else _tell_table
    tell(texts, found)


def _tell_json(texts: Sequence[str], found: Sequence[Sequence[Attribute]]) -> None:
    for number, (text, own) in enumerate(zip(texts, found, strict=True)):
        for each in own:
            said = {"kind": each.kind, "value": each.value, "span": each.span, "text": text[slice(*each.span)], "line": number}
            told = {"unit": each.unit, "label": each.label, "alternatives": each.alternatives}
            print(json.dumps(said | {key: value for key, value in told.items() if value}, ensure_ascii=False))


def _tell_table(texts: Sequence[str], found: Sequence[Sequence[Attribute]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("text", "kind", "value", "unit", "label", "or"):
        table.add_column(column)
    for text, own in zip(texts, found, strict=True):
        for each in own:
            others = ", ".join(map(_shown, each.alternatives))
            table.add_row(text[slice(*each.span)], each.kind, _shown(each.value), each.unit, each.label, others)
    if table.row_count:
        Console(highlight=False, markup=False, soft_wrap=True).print(table)
    else:
        print("Nothing is found.")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(map(str, value.values()))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
