"""What a phone may send, and what it is told: the orders, their limits, and how both are written.

Owns: the limits on a picture's bytes and pixels, on numbers and on clocks.  Pure; does not own carrying anything out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from glyphfeed.stream.door.jpeg import JpegError, size_of
from glyphfeed.stream.records import NAME

PICTURE_BYTES: Final = 2 * 1024 * 1024
"""Of one JPEG: that of 3840 x 2160 pixels at a quality of 80 has about 1.2 MB."""
PIXELS: Final = 3840 * 2160
SIDE_PX: Final = (64, 4096)
"""The shortest and the longest side of a picture."""
HEADER_BYTES: Final = 512
"""Of the line before it."""
MESSAGE_BYTES: Final = HEADER_BYTES + PICTURE_BYTES + 1
"""As much is looked at of a message."""
ORDER_BYTES: Final = 1024
CREDITS: Final = 2
"""So many pictures may be asked for and not there yet: one is on its way while another is read."""
LEAP: Final = 100_000
"""So far the number of a picture may lie ahead of the last one's: about an hour of a camera's pictures."""

_Id: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
_Side: TypeAlias = Annotated[int, Meta(ge=1, le=2**16 - 1)]


class Hello(msgspec.Struct, frozen=True, tag_field="op", tag="hello"):
    """Let this phone in: it is known by `phone`, which it keeps to itself, and would like to be called `name`."""

    phone: Annotated[str, Meta(min_length=16, max_length=128)]
    name: Annotated[str, Meta(max_length=200)] | None = None


class Ping(msgspec.Struct, frozen=True, tag_field="op", tag="ping"):
    """Answer at once."""

    id: _Id


class Bye(msgspec.Struct, frozen=True, tag_field="op", tag="bye"):
    """The phone sends no more; its source goes at once."""


Order: TypeAlias = Hello | Ping | Bye


class _Header(msgspec.Struct, frozen=True):
    frame: Annotated[int, Meta(ge=0, le=2**53)]
    captured_at: Annotated[float, Meta(ge=0, le=2**40)]
    size: tuple[_Side, _Side]


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a phone: its number there, Unix seconds by the phone's clock, (width, height) in pixels, and a JPEG."""

    frame: int
    captured_at: float
    size: tuple[int, int]
    jpeg: bytes


_ORDERS: Final[msgspec.json.Decoder[Order]] = msgspec.json.Decoder(Order)
_HEADERS: Final = msgspec.json.Decoder(_Header)


class PhoneError(ValueError):
    """What a phone sent, or wants, cannot be had: one sentence for whoever holds it, or wrote its program."""


def order(message: str | bytes) -> Order:
    """Read an order of a phone.

    Raises:
        PhoneError: it is none.

    """
    if len(message) > ORDER_BYTES:
        raise PhoneError(f"An order has {ORDER_BYTES} bytes at most.")
    try:
        return _ORDERS.decode(message)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise PhoneError(f"{str(error).rstrip('.')}; docs/feed.md says what a phone may send.") from None


def check_name(name: str) -> None:
    """Accept what a phone would like to be called.

    Raises:
        PhoneError: that cannot stand on the feed.

    """
    if not NAME.fullmatch(name):
        raise PhoneError("This name cannot be used: take 1 to 64 letters, digits, dots, _ or -.")


def shot(message: bytes, first: int) -> Shot:
    """Read a picture, whose number is at least `first`.

    Raises:
        PhoneError: it is none, it is too large, or its number is that of an earlier one.

    """
    head, line, jpeg = message[:HEADER_BYTES].partition(b"\n")
    if not line:
        raise PhoneError("A picture comes as a line of JSON, a newline, and a JPEG.")
    try:
        header = _HEADERS.decode(head)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise PhoneError(f"The line before the JPEG is not as it should be: {str(error).rstrip('.')}.") from None
    if not first <= header.frame <= first + LEAP:
        raise PhoneError(f"Picture {header.frame} comes where {first} or one soon after it is due; numbers go up.")
    jpeg = message[len(head) + 1 :]
    _check_size(header.size)
    if len(jpeg) > PICTURE_BYTES:
        raise PhoneError(f"Picture {header.frame} has more than {PICTURE_BYTES} bytes; make it smaller.")
    try:
        size = size_of(jpeg)
    except JpegError as error:
        raise PhoneError(f"Picture {header.frame} cannot be read: {error}.") from None
    if size != header.size:
        told, is_so = ("x".join(map(str, each)) for each in (header.size, size))
        raise PhoneError(f"Picture {header.frame} has {is_so} pixels, and is said to have {told}.")
    return Shot(header.frame, header.captured_at, header.size, jpeg)


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    low, high = SIDE_PX
    if not (low <= min(size) and max(size) <= high and width * height <= PIXELS):
        raise PhoneError(
            f"A picture of {width}x{height} pixels cannot be read: each side has {low} to {high}, and all of it {PIXELS} at most."
        )


def welcome(source: str, first: int) -> bytes:
    """Tell a phone what it is called, and from which number on its pictures are counted."""
    return msgspec.json.encode({"op": "welcome", "source": source, "first": first})


BYE: Final = b'{"op":"bye"}'
"""How the door is told that a phone has taken leave."""
NEXT: Final = b'{"op":"next"}'
"""One credit: take the newest picture and send it."""


def refused(detail: str, *, is_replaced: bool = False) -> bytes:
    """Tell a phone why it is not let in, or not any more; nothing follows.

    One that `is_replaced` by another page of its own would replace that in its turn, if it came back by itself.
    """
    return msgspec.json.encode({"op": "refused", "detail": detail, **({"replaced": True} if is_replaced else {})})


def complaint(detail: str) -> bytes:
    """Tell a phone what was wrong with something that it sent, which is passed over."""
    return msgspec.json.encode({"error": detail})


class Told(msgspec.Struct, frozen=True):
    """What a phone is told, as far as who passes it on needs to know; `op` is "" of a complaint."""

    op: str = ""
    source: str = ""


_TOLD: Final = msgspec.json.Decoder(Told)


def told(message: bytes) -> Told:
    """Read what a phone is told."""
    return _TOLD.decode(message)
