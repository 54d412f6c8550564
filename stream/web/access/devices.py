"""Which devices were paired, and the codes that let in another one.

Owns: the file that remembers both, as hashes, and how many and how old they may be.  Does not own cookies (gate) nor the asking
(routes).  Several processes may use the file at once: the server, and the commands that add a code or forget everything.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.keys import writing
from glyphfeed.stream.web.access.files import content, open_folder, unreadable, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_Hashed = TypeVar("_Hashed", "_Device", "_Code")

DEVICES: Final = 64
"""As many devices are remembered; one more, and that which was paired first is forgotten."""
DEVICE_S: Final = 180 * 86_400
"""So long a device is remembered: half a year, after which it is to be paired again."""
CODES: Final = 16
CODE_S: Final = 600
"""So long a code is good that somebody asked for."""
_FILE: Final = "devices.json"
_SECRET_BYTES: Final = 16
"""128 bits of chance, which nobody guesses, however fast and long."""


_Hash: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class _Device(msgspec.Struct, frozen=True):
    hash: _Hash
    since: float


class _Code(msgspec.Struct, frozen=True):
    hash: _Hash
    until: float


class _Known(msgspec.Struct, frozen=True):
    devices: tuple[_Device, ...] = ()
    codes: tuple[_Code, ...] = ()
    address: str = ""


class Devices:
    """The devices that were paired with the web server of this user, in a folder that only this user can enter.

    Raises:
        FeedError: the folder or its file cannot be used, or others can read them.

    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        open_folder(folder)
        self._mark: tuple[int, ...] | None = None
        self._last = _Known()
        self._known()

    @property
    def address(self) -> str:
        """Where the server is that uses these devices, "" where none has run yet."""
        return self._known().address

    def serve_at(self, address: str) -> None:
        """Remember where the server is, for who asks for a code elsewhere."""
        with self._changing() as known:
            # Else a full disk would keep a server from coming back that needs to write nothing.
            if address != known.address:
                self._write(known.devices, known.codes, address)

    def new_code(self) -> str:
        """A code that pairs one device within `CODE_S`."""
        code = secrets.token_urlsafe(_SECRET_BYTES)
        with self._changing() as known:
            codes = [*known.codes[1 - CODES :], _Code(_hash(code), time.time() + CODE_S)]
            self._write(known.devices, codes, known.address)
        return code

    def pair(self, code: str) -> str | None:
        """Remember one more device for a code, which is worth nothing from now on; its token, or None if the code is no good."""
        with self._changing() as known:
            used = _find(code, known.codes)
            if used is None:
                return None
            return self._add(known, [code for code in known.codes if code != used])

    def add(self) -> str:
        """Remember one more device; its token."""
        with self._changing() as known:
            return self._add(known, known.codes)

    def _add(self, known: _Known, codes: Iterable[_Code]) -> str:
        token = secrets.token_urlsafe(_SECRET_BYTES)
        devices = [*known.devices[1 - DEVICES :], _Device(_hash(token), time.time())]
        self._write(devices, codes, known.address)
        return token

    def find(self, token: str) -> str | None:
        """The name of the device with this token, which is no secret; None where it is not paired."""
        found = _find(token, self._known().devices)
        return None if found is None else found.hash

    def has(self, name: str) -> bool:
        """Whether a device of this name is still paired."""
        return any(device.hash == name for device in self._known().devices)

    def forget(self) -> int:
        """Forget all devices and codes; how many devices there were."""
        with self._changing() as known:
            self._write((), (), known.address)
            return len(known.devices)

    @contextmanager
    def _changing(self) -> Iterator[_Known]:
        """What is known, which nobody else changes meanwhile."""
        with writing(self._path):
            lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._mark = None
            yield self._known()
        finally:
            os.close(lock)

    def _known(self) -> _Known:
        """What the file holds of what is not too old, read again when another process has written it."""
        try:
            status = self._path.stat()
            mark = status.st_mtime_ns, status.st_ino, status.st_size
            if mark != self._mark:
                self._last = msgspec.json.decode(content(self._path, secret=True), type=_Known)
                self._mark = mark
        except FileNotFoundError:
            self._last, self._mark = _Known(), None
        except OSError as error:
            raise unreadable(self._path, error) from error
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise FeedError(f"{self._path} is damaged: remove it, and pair every device again.") from None
        now = time.time()
        devices = [device for device in self._last.devices if now - device.since < DEVICE_S]
        codes = [code for code in self._last.codes if now < code.until]
        return _Known(tuple(devices), tuple(codes), self._last.address)

    def _write(self, devices: Iterable[_Device], codes: Iterable[_Code], address: str) -> None:
        write(self._path, msgspec.json.encode(_Known(tuple(devices), tuple(codes), address)), replace=True)


def _hash(secret: str) -> str:
    # It is chance as long as a key, so that nothing slower is needed.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _find(secret: str, known: Iterable[_Hashed]) -> _Hashed | None:
    """The one that belongs to a secret, looking at each in the same time."""
    found, hashed = None, _hash(secret)
    for each in known:
        if hmac.compare_digest(each.hash, hashed):
            found = each
    return found
