"""A screen without a monitor (Xvfb), whose pixels are looked at and whose keys are pressed, in as much of X11 as that takes.

The requests are as in https://www.x.org/releases/X11R7.7/doc/xproto/x11protocol.html and .../xextproto/xtest.html, the picture as
in XWDFile.h.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glyphfeed.stream.records import Colour

KEYS = {"Escape": 9, "1": 10, "2": 11, "0": 19, "Tab": 23, "q": 24, "space": 65}
"""The codes of some keys of a usual keyboard."""


class Screen:
    """A running Xvfb: `display` is its name for programs."""

    def __init__(self, display: str, picture: Path) -> None:
        self.display, self._picture = display, picture
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(f"/tmp/.X11-unix/X{display[1:]}")
        self._socket.sendall(struct.pack("<cxHHHHxx", b"l", 11, 0, 0, 0))
        told = self._receive(struct.unpack("<6xH", self._receive(8))[0] * 4)
        vendor, formats = struct.unpack_from("<16xHxxxB", told)
        (self._root,) = struct.unpack_from("<I", told, 32 + (vendor + 3) // 4 * 4 + 8 * formats)
        name = b"XTEST"
        answer = self._ask(struct.pack("<BxHHxx8s", 98, 4, len(name), name))
        self._xtest = answer[9]

    def pixels(self) -> Colour:
        """What the screen shows, blue-green-red."""
        raw = self._picture.read_bytes()
        (header,) = struct.unpack_from(">I", raw)
        width, height = struct.unpack_from(">II", raw, 16)
        (stride,) = struct.unpack_from(">I", raw, 48)
        (colours,) = struct.unpack_from(">I", raw, 76)
        rows = np.frombuffer(raw, np.uint8, stride * height, header + 12 * colours).reshape(height, stride)
        return rows[:, : 4 * width].reshape(height, width, 4)[..., :3]

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        for kind in (2, 3):
            self._socket.sendall(struct.pack("<BBHBBxxII8xhh7xB", self._xtest, 2, 9, kind, KEYS[key], 0, self._root, 0, 0, 0))

    def windows(self) -> list[int]:
        """The windows on the screen."""
        answer = self._ask(struct.pack("<BxHI", 15, 2, self._root))
        (count,) = struct.unpack_from("<16xH", answer)
        return list(struct.unpack(f"<{count}I", answer[32:]))

    def resize(self, width: int, height: int) -> None:
        """Give every window another size, as who pulls at its edge does."""
        for window in self.windows():
            self._socket.sendall(struct.pack("<BxHIHxxII", 12, 5, window, 4 | 8, width, height))

    def _ask(self, request: bytes) -> bytes:
        self._socket.sendall(request)
        # Everybody is told of changes of the keyboard, which are no answers.
        while (answer := self._receive(32))[0] > 1:
            pass
        assert answer[0] == 1, f"the X server answers {answer!r}"
        return answer + self._receive(4 * struct.unpack_from("<4xI", answer)[0])

    def _receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            part = self._socket.recv(count - len(received))
            assert part, "the X server has gone"
            received += part
        return received

    def close(self) -> None:
        self._socket.close()


@contextmanager
def screen(program: str, folder: Path, size: tuple[int, int] = (1400, 900)) -> Iterator[Screen]:
    """A screen of a width and height; its picture is kept in a folder."""
    reading, writing = os.pipe()
    # Of two that look for a free number at the same time both may take the first one, and windows open on either.
    own = f":{100 + os.getpid() % 30_000}"
    where = [own, "-displayfd", str(writing), "-fbdir", str(folder)]
    options = [*where, "-screen", "0", f"{size[0]}x{size[1]}x24", "-nolisten", "tcp"]
    with subprocess.Popen([program, *options], pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as told:
                display = f":{told.readline().strip()}"
            shown = Screen(display, folder / "Xvfb_screen0")
            try:
                yield shown
            finally:
                shown.close()
        finally:
            server.terminate()
