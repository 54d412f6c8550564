"""What a page asks of the access itself: what there is here, to be paired, and a code for another device.

Owns: those requests and their answers.  Does not own codes and cookies (pairing).
"""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.web.access.codes import rows
from glyphfeed.stream.web.access.devices import CODE_S
from glyphfeed.stream.web.access.pairing import device_of
from glyphfeed.stream.web.bodies import whole

if TYPE_CHECKING:
    from starlette.requests import Request

    from glyphfeed.stream.web.access.opening import Access

_LOG = logging.getLogger(__name__)
_BODY_LIMIT: Final = 1024
STATE, PAIR, ANOTHER = "/state.json", "/pair", "/pair/another"
OPEN: Final = (("GET", STATE), ("HEAD", STATE), ("POST", PAIR))
"""What of it is open to devices that are not paired."""
_PRIVATE: Final = {"cache-control": "no-store"}


class _Attempt(msgspec.Struct):
    code: str


def access_routes(access: Access, *, phones: bool) -> list[Route]:
    """The routes; `phones` says whether this feed takes pictures from phones."""

    async def state(request: Request) -> Response:
        paired = access.pairing is None or device_of(request.scope) is not None
        told: dict[str, Any] = {"paired": paired, "pairing": access.pairing is not None}
        if paired:
            # A stranger need not know what there is to be had.
            told |= {"phones": phones, "version": version("glyphfeed")}
        return JSONResponse(told, headers=_PRIVATE)

    async def pair(request: Request) -> Response:
        if access.pairing is None:
            return PlainTextResponse("Nothing is to be paired here.", 404)
        client = request.client.host if request.client else ""
        body = await whole(request, _BODY_LIMIT)
        # After that has come, so that many at once are no way round it.
        if not access.pairing.may_try(client):
            return PlainTextResponse("Too many attempts; wait a minute.", 429, headers={"retry-after": "60"})
        try:
            code = "" if body is None else msgspec.json.decode(body, type=_Attempt).code
        except (msgspec.MsgspecError, ValueError, RecursionError):
            code = ""
        try:
            cookie = access.pairing.pair(code, client)
        except FeedError as error:
            _LOG.error("%s", error)
            return PlainTextResponse("The device cannot be remembered; the server's log says why.", 500)
        if cookie is None:
            return PlainTextResponse("This code was used already, or is too old: scan a new one.", 403, headers=_PRIVATE)
        return Response(status_code=204, headers={"set-cookie": cookie, **_PRIVATE})

    async def another(request: Request) -> Response:
        if access.pairing is None:
            return PlainTextResponse("Nothing is to be paired here.", 404)
        try:
            address = access.with_code(access.pairing.devices.new_code(), request.headers["host"])
        except FeedError as error:
            _LOG.error("%s", error)
            return PlainTextResponse("There is no code now; the server's log says why.", 500)
        return JSONResponse({"address": address, "rows": rows(address), "seconds": CODE_S}, headers=_PRIVATE)

    return [
        Route(STATE, state, methods=["GET"]),
        Route(PAIR, pair, methods=["POST"]),
        Route(ANOTHER, another, methods=["POST"]),
    ]
