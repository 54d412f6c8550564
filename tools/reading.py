"""`glyphfeed read`: the text in still pictures, as lines for people or JSON for programs."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.feed.wire import text_body
from glyphfeed.stream.sources.images import find_files
from glyphfeed.stream.sources.stills import open_album
from glyphfeed.stream.understanding.noticing import understood
from glyphfeed.tools.errors import note, tell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.records import Snapshot, TextEntity
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.stream.understanding.settings import Settings


def read_pictures(addresses: Sequence[str], networks: Networks, settings: Settings | None, *, as_json: bool) -> int:
    """Read pictures, one after the other, with what the `settings` want; one that cannot be read is told of and passed over.

    Returns the exit code: 0, or 2 if a picture could not be read.

    Raises:
        EngineError: the networks cannot be loaded or run.

    """
    if as_json and isinstance(sys.stdout, io.TextIOWrapper):
        # JSON is UTF-8 whatever the terminal is.
        sys.stdout.reconfigure(encoding="utf-8")
    files, code = files_of(addresses)
    engines: Engines | None = None
    for file in files:
        try:
            album = open_album(file)
            pages = range(1, 2 if album.plays else album.count + 1)
            # The pages come first, as there may be fewer than the file says.
            for page, still in zip(pages, album.stills(), strict=False):
                # Not before there is something to read: a complaint need not wait for it.
                engines = engines or networks.load(live=False).result()
                from glyphfeed.stream.drivers.still import read_still

                snapshot = read_still(still.image, engines)
                if settings is not None:
                    snapshot = understood(snapshot, settings)
                number = page if len(pages) > 1 else None
                print(json_line(file, snapshot, number) if as_json else lines(file, snapshot, number), flush=True)
            if album.plays:
                note(f"{file} is an animation of {album.count} frames, and the first one was read; `glyphfeed watch` reads all")
        except SourceError as error:
            tell(error)
            code = 2
    return code


def files_of(addresses: Sequence[str]) -> tuple[list[Path], int]:
    """The files that addresses mean, and the exit code so far: 2 if one of them means none."""
    files: list[Path] = []
    code = 0
    for address in addresses:
        try:
            found, left_out = find_files(address, videos=False)
        except SourceError as error:
            tell(error)
            code = 2
            continue
        files += found
        if left_out:
            note(left_out)
    return files, code


def json_line(file: Path, snapshot: Snapshot, page: int | None = None) -> str:
    """Write what a picture says as one line of JSON, its texts as on the feed, and the page, from 1, if there are several."""
    body = text_body(snapshot)
    which = {"image": str(file)} if page is None else {"image": str(file), "page": page}
    line = {**which, "size": body["size"], "texts": body["texts"], "blocks": body["blocks"]}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def lines(file: Path, snapshot: Snapshot, page: int | None = None) -> str:
    """Write what a picture says for people: its name, then a line for each text in reading order, blocks apart."""
    texts = {text.id: f"  {text.confidence:.2f}  {text.text}{meaning(text)}" for text in snapshot.texts}
    blocks = ("\n".join(texts[identity] for identity in block) for block in snapshot.blocks)
    which = f"{file}" if page is None else f"{file}, page {page}"
    return "\n".join([f"{which}: {len(texts)} texts", "\n\n".join(blocks)]).rstrip()


def meaning(text: TextEntity) -> str:
    """Write the attributes of a text for people, to stand behind it."""
    return "".join(f"  [{each.kind}: {each.value} {each.unit}".rstrip() + "]" for each in text.attributes)
