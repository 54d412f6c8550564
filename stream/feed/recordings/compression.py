"""A gzip file that is whole after every write, so that whoever is killed leaves one that every tool reads.

Owns: the bytes of such a file, and reading one that was cut nevertheless.  Does not own what is in it, nor when it is written
(recording).
"""

from __future__ import annotations

import os
import struct
import zlib
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

_MAGIC: Final = b"\x1f\x8b"
# By RFC 1952: deflate, no flags, no time, nothing more, an unknown system.
_HEADER: Final = _MAGIC + b"\x08" + bytes(6) + b"\xff"
# By RFC 1951: a last block with fixed codes that holds nothing but its end.
_LAST_BLOCK: Final = b"\x03\x00"
# Beyond any message: what has no lines is not to be read in one go.
_LONGEST: Final = 10_000_000
_CHUNK: Final = 65_536


class GzipWriter:
    """Writes a member at the end of a gzip file that is open for writing at any place.

    Each write replaces the end of the member, by what is new and the end that belongs to it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._end = file.seek(0, os.SEEK_END)
        self._deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self._check = self._length = 0
        self._head = _HEADER

    def write(self, data: bytes) -> int:
        """Append data; tells by how many bytes the file grows.

        Raises:
            OSError: it cannot be written.

        """
        packed = self._head + self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        self._head = b""
        self._check, self._length = zlib.crc32(data, self._check), (self._length + len(data)) % 2**32
        self._file.seek(self._end)
        self._file.write(packed + _LAST_BLOCK + struct.pack("<II", self._check, self._length))
        self._end += len(packed)
        return len(packed)

    def flush(self) -> None:
        """Leave what was written to the system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def is_gzip(file: BufferedReader) -> bool:
    """Whether a file that has just been opened begins as a gzip file, whatever its name."""
    return file.peek().startswith(_MAGIC)


def lines_of(file: BufferedReader) -> Iterator[bytes]:
    """Yield the lines of a file that has just been opened, with their ends, unpacked where it is a gzip file.

    Raises:
        EOFError: it is a gzip file that was cut, after the lines that were yielded.
        OSError: it cannot be read.
        zlib.error: it is damaged.

    """
    if not is_gzip(file):
        yield from iter(partial(file.readline, _LONGEST), b"")
        return
    rest = b""
    for data in _unpack(file):
        *lines, rest = (rest + data).split(b"\n")
        yield from (line + b"\n" for line in lines)
        if len(rest) > _LONGEST:
            yield rest
            rest = b""
    if rest:
        yield rest


def _unpack(file: BufferedReader) -> Iterator[bytes]:
    """Unpack one member after the other."""
    unpacker, packed, is_whole = _unpacker(), b"", True
    while packed or (packed := file.read(_CHUNK)):
        if is_whole and not _MAGIC.startswith(packed[:2]):
            # No further member: the end of the last one was replaced since it was read.
            raise EOFError
        yield unpacker.decompress(packed)
        is_whole, packed = unpacker.eof, unpacker.unused_data
        if is_whole:
            unpacker = _unpacker()
    if not is_whole:
        raise EOFError


def _unpacker() -> zlib._Decompress:
    # Of the formats that zlib knows, gzip's.
    return zlib.decompressobj(wbits=zlib.MAX_WBITS + 16)
