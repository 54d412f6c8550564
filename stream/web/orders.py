"""What a page may ask of the server, and how that is written.

Owns: the orders, their limits, and the answers' ids.  Pure; does not own carrying them out (session).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

MESSAGE_LIMIT: Final = 16 * 1024
"""Bytes of the longest message that a page may send: 64 topics of 80 letters, and then some."""

_Id: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
_Number: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
_Topic: TypeAlias = Annotated[str, Meta(max_length=80)]
_Name: TypeAlias = Annotated[str, Meta(max_length=64)]


class Subscribe(msgspec.Struct, frozen=True, tag_field="op", tag="subscribe"):
    """Send topics that begin so from now on, and no others; the last text and status of each at once."""

    topics: Annotated[tuple[_Topic, ...], Meta(max_length=64)]


class Drawn(msgspec.Struct, frozen=True, tag_field="op", tag="drawn"):
    """The picture of this frame was drawn: the next one may come."""

    source: _Name
    frame: _Number


class Ping(msgspec.Struct, frozen=True, tag_field="op", tag="ping"):
    """Answer at once: a page cannot tell otherwise whether its connection still leads anywhere."""

    id: _Id


class Events(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="op", tag="events"):
    """The events of a source after one; see docs/feed.md."""

    id: _Id
    source: _Name
    epoch: _Name
    since: _Number
    last: _Number = 0


class Snapshot(msgspec.Struct, frozen=True, tag_field="op", tag="snapshot"):
    """The last text of every source; see docs/feed.md."""

    id: _Id


Request: TypeAlias = Events | Snapshot
"""What the feed itself is asked for."""
Order: TypeAlias = Subscribe | Drawn | Ping | Events | Snapshot


class _Numbered(msgspec.Struct):
    id: _Id | None = None


_ORDERS: Final[msgspec.json.Decoder[Order]] = msgspec.json.Decoder(Order)
_NUMBERED: Final = msgspec.json.Decoder(_Numbered)


class OrderError(ValueError):
    """What a page sent is no order, in words for who wrote the page."""


def order(message: str | bytes) -> Order:
    """Read an order.

    Raises:
        OrderError: it is none.

    """
    try:
        return _ORDERS.decode(message)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise OrderError(f"{str(error).rstrip('.')}; docs/feed.md says what may be asked.") from None


def request(order: Request) -> bytes:
    """Write a request as the feed takes it, which is without its id."""
    fields: dict[str, Any] = msgspec.to_builtins(order)
    del fields["id"]
    return msgspec.json.encode(fields)


def answer(number: int, body: bytes = b"{}") -> str:
    """Write the feed's answer, a JSON object, for the page that asked with this id."""
    return f'{{"id":{number}{"," if len(body) > 2 else ""}{body[1:].decode()}'


def complaint(words: str, message: str | bytes | None = None, number: int | None = None) -> str:
    """Write why an order was not carried out, with its id, which may be looked up in the message itself."""
    if number is None and message is not None:
        try:
            number = _NUMBERED.decode(message).id
        except (msgspec.MsgspecError, ValueError, RecursionError):
            number = None
    fields = {"error": words} if number is None else {"id": number, "error": words}
    return msgspec.json.encode(fields).decode()
