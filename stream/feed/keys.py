"""The keys of a feed: CURVE key pairs in files, and who may connect with one.

Owns: the folder of keys, its files, and who may read them.  Does not own connections (admission).

A folder holds `server.key_secret`, the feed's own pair, and for each client its public key: `allowed/NAME.key`, or
`revoked/NAME.key` if it was shut out.  What a client needs is one file that goes to its machine.  All are certificates as
ZeroMQ's libraries write them (ZPL), with Z85 texts of 40 letters.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import zmq
from platformdirs import user_config_path

from glyphfeed.stream.errors import FeedError

if TYPE_CHECKING:
    from typing import Self

SERVER_FILE: Final = "server.key_secret"
CLIENT_SUFFIX: Final = ".key_secret"
"""How the file of a client ends, by what ZeroMQ's libraries expect of one with a secret."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
_FIELD = re.compile(r"^\s*(public-key|secret-key|server-key)\s*=\s*[\"']?([^\"'\s]*)[\"']?\s*$", re.MULTILINE)
# The alphabet of Z85, https://rfc.zeromq.org/spec/32/: 40 letters are the 32 bytes of a key.
_KEY = re.compile(r"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}", re.ASCII)
# Beyond what any certificate holds: a file that is named by mistake may be large, or have no end.
_MOST_BYTES: Final = 65_536


def default_folder() -> Path:
    """Where the keys of this user are."""
    return user_config_path("glyphfeed") / "keys"


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """What a client needs to get in: its own pair, and the public key of the feed, as Z85 texts."""

    public: str
    secret: str = field(repr=False)
    server: str

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read the file that `glyphfeed keys new` wrote.

        Raises:
            FeedError: it cannot be read, others can read it too, or it is no such file.

        """
        found = _read_secret(Path(path))
        if found.keys() != {"public-key", "secret-key", "server-key"}:
            raise FeedError(f"{path} is not the key file of a client; take the one that glyphfeed keys new wrote.")
        return cls(found["public-key"], found["secret-key"], found["server-key"])

    def apply(self, socket: zmq.Socket[bytes]) -> None:
        """Have a socket use these keys; call it before it connects."""
        socket.curve_serverkey = self.server.encode()
        socket.curve_publickey = self.public.encode()
        socket.curve_secretkey = self.secret.encode()


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """The feed's own pair, and the folder that says who may connect."""

    folder: Path
    public: str
    secret: str = field(repr=False)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read the keys of a feed.

        Raises:
            FeedError: there are none, they cannot be read, or others can read them too.

        """
        folder = Path(folder)
        if not folder.exists():
            raise FeedError(f"There are no keys in {folder}: make the first one with glyphfeed keys new NAME.")
        _refuse_shared(folder)
        found = _read_secret(folder / SERVER_FILE)
        if not {"public-key", "secret-key"} <= found.keys():
            raise FeedError(f"{folder / SERVER_FILE} is not the key file of a feed; glyphfeed keys new makes one elsewhere.")
        return cls(folder, found["public-key"], found["secret-key"])

    def apply(self, socket: zmq.Socket[bytes]) -> None:
        """Have a socket let in only who has an allowed key; call it before it binds.

        Whom that is the handler of `admission` says: without a domain libzmq would ask nobody, and let everybody in.
        """
        socket.curve_server = True
        socket.curve_secretkey = self.secret.encode()
        socket.zap_domain = b"glyphfeed"
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)


def _refuse_shared(path: Path) -> None:
    """Refuse a file or folder that others may read or change.

    Raises:
        FeedError: they may, or it cannot be asked.

    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise _unreadable(path, error) from error
    if stat.S_IMODE(mode) & 0o077:
        fitting = "700" if stat.S_ISDIR(mode) else "600"
        raise FeedError(f"Others than you may read or change {path}: keep it to yourself with chmod {fitting} {path}.")


def _read_secret(path: Path) -> dict[str, str]:
    _refuse_shared(path)
    return _read(path)


def _read(path: Path) -> dict[str, str]:
    """The keys in a certificate, by their names in it.

    Raises:
        FeedError: it cannot be read, or one of them is no key.

    """
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise _unreadable(path, error) from error
    found = dict(_FIELD.findall(text))
    if not found or not all(map(_KEY.fullmatch, found.values())):
        raise FeedError(f"{path} is not a key file, or is damaged; glyphfeed keys new writes such files.")
    return found


def _unreadable(path: Path, error: OSError) -> FeedError:
    return FeedError(f"The key file {path} cannot be read: {error.strerror}; check the path.")
