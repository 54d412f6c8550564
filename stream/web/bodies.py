"""What lies in a request.

Owns: how much of it is taken.  Does not own what it says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from starlette.requests import Request


async def whole(request: Request, limit: int) -> bytes | None:
    """All of a request's body; None where that has more than `limit` bytes, or does not come."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > limit:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
