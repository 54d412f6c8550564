"""How messages go through the door: each with its length before it, after the secret that lets the web server in.

Owns: the address and the secret as an environment variable holds them.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

VARIABLE: Final = "GLYPHFEED_PHONES"
"""The environment variable that leads the web server to the door: not an argument, which everybody on this machine can read."""
HOST: Final = "127.0.0.1"
_KEY: Final = re.compile(r"(\d{1,5}):([0-9a-f]{64})", re.ASCII)
_LENGTH_BYTES: Final = 4
BUFFER_BYTES: Final = 1024 * 1024
"""So much of a message may lie in the process before it is taken: all of a usual picture."""


@dataclass(frozen=True, slots=True)
class DoorKey:
    """Where the door is, and what opens it."""

    port: int
    secret: bytes = field(repr=False, default_factory=lambda: secrets.token_bytes(32))

    @classmethod
    def parse(cls, words: str) -> DoorKey | None:
        """Read what `VARIABLE` holds; None where that is no key."""
        match = _KEY.fullmatch(words)
        return None if match is None else cls(int(match[1]), bytes.fromhex(match[2]))

    def __str__(self) -> str:
        """What `VARIABLE` holds."""
        return f"{self.port}:{self.secret.hex()}"


class Line:
    """One connection through the door, for messages of up to `limit` bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int) -> None:
        self._reader, self._writer, self._limit = reader, writer, limit

    @classmethod
    async def open(cls, key: DoorKey, limit: int) -> Line:
        """Knock, and show the secret.

        Raises:
            OSError: nobody is there.

        """
        reader, writer = await asyncio.open_connection(HOST, key.port, limit=BUFFER_BYTES)
        writer.write(key.secret)
        return cls(reader, writer, limit)

    @classmethod
    async def admit(cls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: DoorKey, limit: int) -> Line | None:
        """Look at the secret of who knocks; None where it is another, or does not come."""
        shown = b""
        with suppress(asyncio.IncompleteReadError, OSError):
            shown = await reader.readexactly(len(key.secret))
        return cls(reader, writer, limit) if hmac.compare_digest(shown, key.secret) else None

    async def receive(self) -> bytes | None:
        """The next message; None at the end, which is also where one is longer than allowed."""
        with suppress(asyncio.IncompleteReadError, OSError):
            length = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES))
            if length <= self._limit:
                return await self._reader.readexactly(length)
        return None

    async def send(self, message: bytes) -> None:
        """Send a message, waiting while the other end takes nothing; nothing where it is gone."""
        with suppress(OSError):
            self.put(message)
            await self._writer.drain()

    def put(self, message: bytes) -> None:
        """Send a short message without waiting; nothing where it was hung up."""
        if self._writer.is_closing():
            return
        self._writer.write(len(message).to_bytes(_LENGTH_BYTES))
        self._writer.write(message)

    def close(self) -> None:
        """Hang up; what was put is sent before."""
        self._writer.close()
