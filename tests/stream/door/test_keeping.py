from __future__ import annotations

import json
import socket
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.door import keeping
from glyphfeed.stream.door.framing import HOST, DoorKey
from glyphfeed.stream.door.keeping import Door
from glyphfeed.stream.door.orders import MESSAGE_BYTES, PhoneError
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed.stream.door.keeping import Place
    from glyphfeed.stream.door.orders import Hello

HELLO = b'{"op":"hello","phone":"0123456789abcdef"}'


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(4) + message


@pytest.fixture
def door() -> Iterator[Door]:
    """A door at which nobody is at home."""

    async def enter(hello: Hello) -> Place:
        raise PhoneError(f"There is no room for {hello.phone}.")

    with Door(enter, print) as door:
        yield door


def said_at(door: Door, message: bytes) -> bytes:
    """What is answered to this until the door hangs up."""
    answer = b""
    with socket.create_connection((HOST, door.key.port), DEADLINE_S) as knocking, suppress(ConnectionResetError):
        knocking.sendall(message)
        while more := knocking.recv(4096):
            answer += more
    return answer


def test_nothing_is_said_to_who_does_not_know_the_secret(door: Door) -> None:
    assert said_at(door, bytes(32) + framed(HELLO)) == b""
    assert said_at(door, door.key.secret + (MESSAGE_BYTES + 1).to_bytes(4) + HELLO) == b""


def test_who_knocks_and_says_nothing_keeps_nobody_out(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_KNOCKING_S", 1e6)
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection((HOST, door.key.port), DEADLINE_S)) for _ in range(70)]
        assert b"There is no room" in said_at(door, door.key.secret + framed(HELLO))
        # And they are hung up on.
        assert silent[0].recv(1) == b""


@pytest.mark.parametrize(
    ("hello", "refusal"),
    [(HELLO, "There is no room for 0123456789abcdef."), (b'{"op":"bye"}', "A phone says hello first."), (b"\0", "docs/feed.md")],
)
def test_who_is_not_let_in_is_told_why(door: Door, hello: bytes, refusal: str) -> None:
    said = said_at(door, door.key.secret + framed(hello))
    assert said[:4] == (len(said) - 4).to_bytes(4)
    told = json.loads(said[4:])
    assert told["op"] == "refused"
    assert refusal in told["detail"]


def test_its_key_is_told_in_one_word_and_shows_no_secret_by_accident() -> None:
    key = DoorKey(4711)
    assert DoorKey.parse(str(key)) == key
    assert key.secret.hex() not in repr(key)
    for none in ("", "4711", "4711:abc", f"4711:{'g' * 64}"):
        assert DoorKey.parse(none) is None
