"""The keys of a feed: CURVE key pairs in files, and who may connect with one.

Owns: the folder of keys, its files, and who may read them.  Does not own connections (admission) nor the commands (tools.keys).

A folder holds `server.key_secret`, the feed's own pair, and the public key of each client: `allowed/NAME.key`, or
`revoked/NAME.key` once it is shut out.  What a client needs is one file that goes to its machine.  All are certificates as
ZeroMQ's libraries write them (ZPL), with keys as Z85 texts of 40 letters.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import zmq
from platformdirs import user_config_path

from glyphfeed.stream.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

VARIABLE: Final = "GLYPHFEED_KEYS"
"""The environment variable that holds the keys of a program that runs beside a feed, which has no file of its own."""
SECRET_SUFFIX: Final = ".key_secret"
_SERVER_FILE: Final = "server" + SECRET_SUFFIX
_ALLOWED, _REVOKED = "allowed", "revoked"
_PUBLIC_SUFFIX: Final = ".key"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
_FIELD = re.compile(r"^\s*(public-key|secret-key|server-key)\s*=\s*[\"']?([^\"'\s]*)[\"']?\s*$", re.MULTILINE)
# The alphabet of Z85, https://rfc.zeromq.org/spec/32/: 40 letters are the 32 bytes of a key.
_KEY = re.compile(r"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}", re.ASCII)
# Beyond what any certificate holds: a file that is named by mistake may be large, or have no end.
_MOST_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """What a client needs to get in: its own pair, and the public key of the feed, as Z85 texts."""

    public: str
    secret: str = field(repr=False)
    server: str

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read the file of a client, as `glyphfeed keys new` wrote it.

        Raises:
            FeedError: it cannot be read, others can read it too, or it is no such file.

        """
        found = _read(Path(path), secret=True)
        if found.keys() != {"public-key", "secret-key", "server-key"}:
            raise FeedError(f"{path} is not the key file of a client: take the one that glyphfeed keys new wrote.")
        return cls(found["public-key"], found["secret-key"], found["server-key"])

    def environment(self) -> dict[str, str]:
        """What hands them to a program that this one begins; it is secret."""
        return {VARIABLE: f"{self.public} {self.secret} {self.server}"}

    @classmethod
    def inherited(cls) -> Self | None:
        """Take over what the environment holds, and leave it to no further program; None where that is no keys."""
        found = os.environ.pop(VARIABLE, "").split(" ")
        return cls(*found) if len(found) == 3 and all(map(_KEY.fullmatch, found)) else None

    def apply(self, socket: zmq.Socket[bytes]) -> None:
        """Have a socket use these keys; call it before the socket connects."""
        socket.curve_serverkey = self.server.encode()
        socket.curve_publickey = self.public.encode()
        socket.curve_secretkey = self.secret.encode()


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """The feed's own pair, and the folder that says who may connect; beside them programs that run beside the feed, by `own`."""

    folder: Path
    public: str
    secret: str = field(repr=False)
    own: ClientKeys = field(repr=False, compare=False)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read the keys of a feed.

        Raises:
            FeedError: there are none, they cannot be read, or others can read them too.

        """
        path = Path(folder) / _SERVER_FILE
        if not path.exists():
            raise FeedError(f"There are no keys of a feed in {folder}: make the first one with {_command('new', folder)}.")
        refuse_shared(Path(folder), Path(folder).stat().st_mode)
        found = _read(path, secret=True)
        if found.keys() != {"public-key", "secret-key"}:
            raise FeedError(f"{path} is not the key file of a feed: name the folder that glyphfeed keys new made.")
        # In no file: it is good for as long as the feed is.
        public, secret = (key.decode() for key in zmq.curve_keypair())
        own = ClientKeys(public, secret, found["public-key"])
        return cls(Path(folder), found["public-key"], found["secret-key"], own)

    def apply(self, socket: zmq.Socket[bytes]) -> None:
        """Have a socket let in only whom the handler of its context allows (admission); call it before the socket binds."""
        socket.curve_server = True
        socket.curve_secretkey = self.secret.encode()


@dataclass(frozen=True, slots=True)
class Client:
    """Who may connect, or might once: a name, and the public key as Z85 text."""

    name: str
    public: str
    is_allowed: bool


def default_folder() -> Path:
    """Where the keys of this user are."""
    return user_config_path("glyphfeed") / "keys"


def clients(folder: Path) -> Iterator[Client | FeedError]:
    """All clients of a feed by their names, the allowed ones first; instead of one whose file cannot be used, why.

    Raises:
        OSError: the folder cannot be read; one that is not there is empty.

    """
    for room in (_ALLOWED, _REVOKED):
        with suppress(FileNotFoundError):
            for path in sorted((folder / room).iterdir()):
                name = path.name.removesuffix(_PUBLIC_SUFFIX)
                # Another name is that of a file which is being written, or none of ours.
                if name != path.name and _NAME.fullmatch(name):
                    try:
                        yield Client(name, _read(path)["public-key"], room == _ALLOWED)
                    except FeedError as error:
                        yield error


def marks(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What is different after a client was allowed or revoked.

    Raises:
        OSError: the folder cannot be read; one that is not there is empty.

    """
    found: list[tuple[str, int, int]] = []
    for room in (_ALLOWED, _REVOKED):
        with suppress(FileNotFoundError):
            for path in (folder / room).iterdir():
                status = path.stat()
                found.append((str(path), status.st_mtime_ns, status.st_ino))
    return tuple(sorted(found))


def issue(folder: Path, name: str, out: Path) -> None:
    """Make a pair of keys for a new client, allow it, and write what its machine needs to `out`; where there are no keys of the
    feed yet, make these first.  A revoked client gets a new pair so.

    Raises:
        FeedError: there is such a client, or such a file, or a file cannot be written.

    """
    _check_name(name)
    if any(client.name == name and client.is_allowed for client in known(folder)):
        how = _command("revoke", folder, name)
        raise FeedError(f"There is a key {name} already: choose another name, or revoke it first with {how}.")
    server = _open_folder(folder)
    public, secret = (key.decode() for key in zmq.curve_keypair())
    _create(out, {"public-key": public, "secret-key": secret, "server-key": server.public})
    try:
        _admit(folder, name, public)
    except BaseException:
        out.unlink()
        raise


def allow(folder: Path, name: str, public: str | None = None) -> None:
    """Let in a client by its own public key, a Z85 text; without one, a client that was revoked.

    Raises:
        FeedError: there is no such client, or another one of this name or with this key, or a file cannot be written.

    """
    _check_name(name)
    ServerKeys.load(folder)
    for client in known(folder):
        if client.name == name and public in (None, client.public):
            _admit(folder, name, client.public)
            return
        if client.name == name:
            raise FeedError(f"There is another key {name} already: choose another name.")
        if client.public == public:
            raise FeedError(f"This is the key of {client.name} already: allow it with {_command('allow', folder, client.name)}.")
    if public is None:
        raise FeedError(f"There is no key {name}: make one with {_command('new', folder, name)}.")
    if not _KEY.fullmatch(public):
        raise FeedError(f"{public!r} is not a public key: it is a Z85 text of 40 letters; put it between single quotes.")
    _admit(folder, name, public)


def revoke(folder: Path, name: str) -> None:
    """Shut a client out; a feed that runs notices at once.

    Raises:
        FeedError: there is no such client, or its file cannot be moved.

    """
    _check_name(name)
    ServerKeys.load(folder)
    if not any(client.name == name for client in known(folder)):
        raise FeedError(f"There is no key {name}: glyphfeed keys list tells which there are.")
    with writing(folder / _REVOKED):
        (folder / _REVOKED).mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            _public_file(folder, _ALLOWED, name).replace(_public_file(folder, _REVOKED, name))


def known(folder: Path) -> list[Client]:
    """All clients of a feed whose files can be used; see `clients`."""
    try:
        return [client for client in clients(folder) if isinstance(client, Client)]
    except OSError as error:
        raise _unreadable(folder, error) from error


def _open_folder(folder: Path) -> ServerKeys:
    """The keys of a feed, made where there are none."""
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_shared(folder, folder.stat().st_mode)
    if not (folder / _SERVER_FILE).exists():
        public, secret = (key.decode() for key in zmq.curve_keypair())
        _create(folder / _SERVER_FILE, {"public-key": public, "secret-key": secret})
    return ServerKeys.load(folder)


def _admit(folder: Path, name: str, public: str) -> None:
    """Put a public key among those that are allowed, whole or not at all, as a feed may be looking there."""
    path = _public_file(folder, _ALLOWED, name)
    with writing(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.unlink(missing_ok=True)
        _create(unfinished, {"public-key": public})
        unfinished.replace(path)
        _public_file(folder, _REVOKED, name).unlink(missing_ok=True)


def _public_file(folder: Path, room: str, name: str) -> Path:
    return folder / room / f"{name}{_PUBLIC_SUFFIX}"


def _create(path: Path, keys: dict[str, str]) -> None:
    """Write a certificate that only this user can read; a file that is there already is left alone, and a link not followed."""
    lines = ["metadata", '    made-by = "glyphfeed"', "curve", *(f'    {name} = "{key}"' for name, key in keys.items())]
    with writing(path):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise FeedError(f"There is a file {path} already: remove it, or write elsewhere.") from None
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")


def _read(path: Path, *, secret: bool = False) -> dict[str, str]:
    """The keys in a certificate, by their names in it.

    Raises:
        FeedError: it cannot be read, it is `secret` and others can read it too, or it holds no key.

    """
    try:
        with path.open("rb") as file:
            if secret:
                refuse_shared(path, os.fstat(file.fileno()).st_mode)
            text = file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise _unreadable(path, error) from error
    found = dict(_FIELD.findall(text))
    if "public-key" not in found or not all(map(_KEY.fullmatch, found.values())):
        raise FeedError(f"{path} is not a key file, or is damaged: glyphfeed keys new writes such files.")
    return found


def refuse_shared(path: Path, mode: int) -> None:
    """Refuse a file or folder that others than its owner may read or change."""
    if stat.S_IMODE(mode) & 0o077:
        fitting = "700" if stat.S_ISDIR(mode) else "600"
        # Without a full stop behind a command: it would be taken for a part of the path.
        command = f"chmod {fitting} {shlex.quote(str(path))}"
        raise FeedError(f"Others than you may read or change {path}: {command} keeps it to yourself.")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise FeedError(f"{name!r} cannot name a key: take up to 64 letters, digits, dots, dashes and underscores.")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FeedError(f"{path} cannot be written: {error.strerror}; check the path and whose it is.") from error


def _unreadable(path: Path, error: OSError) -> FeedError:
    return FeedError(f"The keys in {path} cannot be read: {error.strerror}; check the path.")


def _command(verb: str, folder: str | Path, name: str = "NAME") -> str:
    """The command that helps, as it is to be typed."""
    elsewhere = "" if Path(folder) == default_folder() else f" --keys {shlex.quote(str(folder))}"
    return f"glyphfeed keys {verb} {name}{elsewhere}"
