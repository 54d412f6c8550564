"""A report as one HTML page that holds everything: crops, time line and filters; it asks nobody for anything.

Owns: what the page is filled with.  Its looks and its script are in page.html.
"""

from __future__ import annotations

import json
from base64 import b64encode
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from glyphfeed.tools.report.files import body_of, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glyphfeed.tools.report.gathering import Entry

MARK: Final = "__REPORT__"


def html_of(entries: Sequence[Entry], crops: Mapping[int, bytes], recording: str) -> str:
    """Write entries as a page, with the crops (JPEGs) that there are by the places of the entries."""
    texts = [
        {
            **body_of(entry),
            "said": [words_of(attribute) for attribute in entry.attributes],
            "crop": b64encode(crops[number]).decode() if number in crops else "",
        }
        for number, entry in enumerate(entries)
    ]
    data = json.dumps({"recording": recording, "texts": texts}, ensure_ascii=False)
    # What a sign says may look like the end of the script that it stands in.
    data = data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    template = files(__package__).joinpath("page.html").read_text("utf-8")
    # A lone surrogate, as of a name that is not UTF-8, has no form in a file.
    return template.replace(MARK, data).encode("utf-8", "replace").decode()
