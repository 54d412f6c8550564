"""Why a connection failed, in words."""

from __future__ import annotations

import asyncio
import socket

import pytest

from glyphfeed.stream.bridges.tls import words


async def connect(host: str, port: int) -> None:
    """Connect as the bridges to NATS do."""
    await asyncio.open_connection(host, port)


@pytest.mark.parametrize(("host", "reason"), [("127.0.0.1", "Connection refused"), ("nobody.invalid", "its name is not known")])
def test_who_is_not_there_is_told_in_words_and_without_an_address(host: str, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with pytest.raises(OSError) as caught:  # noqa: PT011, its words are what is tested
        asyncio.run(connect(host, port))
    assert words(caught.value) == reason
