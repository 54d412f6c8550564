"""The files of the pages as they are sent: packed once, and without the comments, which are a third of them.

Owns: what is sent for which path.  Does not own who may have it (admission).  The client of the feed is sent whole, as whoever
fetches it is to read it.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

_WHOLE: Final = ("feed.js",)
_FIRST: Final = "index.html"
# Those of more than one line begin a line, and no line of a string looks like the beginning of one.
_COMMENTS: Final = re.compile(r"^[ \t]*(/\*(?:(?!\*/).)*\*/[ \t]*|//[^\n]*)\n", re.DOTALL | re.MULTILINE)
_TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript"}
"""Those that are another one on some systems, where browsers then refuse them."""


@dataclass(frozen=True, slots=True)
class _File:
    media_type: str
    content: bytes
    packed: bytes
    etag: str


class PageFiles:
    """Sends the files of a folder, which are read once, under their names, and `index.html` at its root, too (ASGI)."""

    def __init__(self, folder: Path) -> None:
        paths = [path for path in folder.rglob("*") if path.is_file()]
        self._files = {f"/{path.relative_to(folder).as_posix()}": _read(path) for path in paths}
        self._files["/"] = self._files[f"/{_FIRST}"]

    @property
    def paths(self) -> list[str]:
        """Where there is something, which holds nothing of the feed."""
        return list(self._files)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "websocket":
            # There is none here: the answer is 403.
            await send({"type": "websocket.close"})
        else:
            await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        file = self._files.get(scope["path"])
        headers = {name.lower(): value for name, value in scope["headers"]}
        if file is None:
            return PlainTextResponse("Not Found", 404)
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Method Not Allowed", 405, {"allow": "GET, HEAD"})
        further = {"etag": file.etag, "vary": "accept-encoding"}
        if file.etag.encode() in headers.get(b"if-none-match", b""):
            return Response(status_code=304, headers=further)
        if b"gzip" in headers.get(b"accept-encoding", b""):
            return Response(file.packed, headers=further | {"content-encoding": "gzip"}, media_type=file.media_type)
        return Response(file.content, headers=further, media_type=file.media_type)


def _read(path: Path) -> _File:
    content = path.read_bytes()
    if path.suffix in (".js", ".css") and path.name not in _WHOLE:
        content = _COMMENTS.sub("", content.decode()).encode()
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    # Weak, as it stands for what is packed and what is not.
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:16]}"'
    return _File(media_type, content, gzip.compress(content, 9, mtime=0), etag)
