"""A report as CSV for spreadsheets and as JSON for programs.

Owns: columns and fields.  Names are those of the feed, and of what the pages save.
"""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.records import Attribute
    from glyphfeed.tools.report.gathering import Entry

COLUMNS: Final = (
    *("source", "text", "earlier", "attributes", "rules", "first seen", "last seen", "seconds in view", "confidence"),
    *("frame", "left", "top", "right", "bottom", "id", "run"),
)
FORMULA: Final = re.compile(r"^[\s\0]*[=+\-@|%＝＋－＠]|^[\t\r\n]")
"""What spreadsheets take for the beginning of a formula, after spaces as well; see OWASP, CSV Injection."""


def csv_of(entries: Sequence[Entry]) -> str:
    """Write entries as CSV (RFC 4180), with a byte order mark, as spreadsheets read no umlauts without."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_safe(value) for value in _row(entry)] for entry in entries)
    return "\ufeff" + out.getvalue()


def _row(entry: Entry) -> list[object]:
    place = entry.place
    low, high = (place.polygon.min(axis=0), place.polygon.max(axis=0)) if place else ((), ())
    return [
        entry.source,
        entry.text,
        " | ".join(entry.earlier),
        " | ".join(words_of(attribute) for attribute in entry.attributes),
        " | ".join(sorted({flag.rule for flag in entry.flags.values()})),
        utc(entry.first_seen),
        utc(entry.last_seen),
        round(entry.in_view_s, 2),
        round(entry.confidence, 4),
        place.frame if place else "",
        *([round(float(edge), 1) for edge in (*low, *high)] if place else [""] * 4),
        entry.id,
        entry.epoch,
    ]


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and FORMULA.search(value) else value


def utc(unix_s: float) -> str:
    """Write a Unix time as ISO 8601 in UTC, with milliseconds."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def words_of(attribute: Attribute) -> str:
    """Write an attribute for people: `price 4.99 EUR (was)`."""
    value = attribute.value
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    others = [
        f"or {other if isinstance(other, str) else json.dumps(other, ensure_ascii=False)}" for other in attribute.alternatives
    ]
    label = f"({attribute.label})" if attribute.label else ""
    return " ".join(filter(None, (attribute.kind, said, attribute.unit, *others, label)))


def json_of(entries: Sequence[Entry], recording: str) -> str:
    """Write entries as JSON: all that a report knows."""
    return (
        json.dumps({"recording": recording, "texts": [body_of(entry) for entry in entries]}, ensure_ascii=False, indent=1) + "\n"
    )


def body_of(entry: Entry) -> dict[str, Any]:
    """An entry as fields, under the names that the feed has for them; `seen` are the Unix times between which it was in view."""
    place = entry.place
    return {
        "source": entry.source,
        "epoch": entry.epoch,
        "id": entry.id,
        "text": entry.text,
        "earlier": entry.earlier,
        "confidence": round(entry.confidence, 4),
        "first_seen": round(entry.first_seen, 3),
        "last_seen": round(entry.last_seen, 3),
        "in_view_s": round(entry.in_view_s, 3),
        "seen": [[round(begin, 3), round(end, 3)] for begin, end in entry.spans],
        "attributes": [
            {
                "kind": attribute.kind,
                "value": attribute.value,
                "span": list(attribute.span),
                "unit": attribute.unit,
                "label": attribute.label,
                "alternatives": list(attribute.alternatives),
            }
            for attribute in entry.attributes
        ],
        "flags": [{"rule": flag.rule, "span": list(flag.span), "action": flag.action} for flag in entry.flags.values()],
        "place": place
        and {
            "frame": place.frame,
            "pts": round(place.pts, 3),
            "size": list(place.size),
            "polygon": place.polygon.astype(float).round(1).tolist(),
        },
    }
