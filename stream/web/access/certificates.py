"""The certificate that the server shows: one of the own authority, or one that was given.

Owns: their files, what is checked of them, and when they are read or issued anew.  Does not own what a certificate says
(authority).

The own authority lies in a folder that only its user can enter: `authority.pem` and `server.pem` hold a key and its certificate
each, so that no crash can part the two.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from platformdirs import user_config_path

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.web.access.authority import (
    Pair,
    fits,
    found_authority,
    is_certifiable,
    is_lasting,
    issue,
    names_of,
)
from glyphfeed.stream.web.access.files import content, open_folder, unreadable, write
from glyphfeed.stream.web.access.machine import own_names

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_AUTHORITY_FILE: Final = "authority.pem"
_SERVER_FILE: Final = "server.pem"
_STRANGE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` makes of files that hold something else, or something that it does not know."""


class Certificate(Protocol):
    """A certificate for the server, with its key."""

    @property
    def names(self) -> frozenset[str]:
        """The host names and addresses that it certifies."""

    @property
    def context(self) -> ssl.SSLContext:
        """TLS with it; another one after `renew`."""

    def renew(self, names: Collection[str]) -> None:
        """See that it is good for as many of these names as it can be, and as new as what lies on the disk.

        Raises:
            FeedError: what lies on the disk cannot be used; what there was before still is.

        """


class Issued:
    """A certificate of the own authority, both made where they are not there yet, or not fitting any more.

    Raises:
        FeedError: the files cannot be read or written, others can read them, or the authority is at its end.

    """

    def __init__(self, folder: Path, names: Collection[str]) -> None:
        self._folder = folder
        open_folder(folder)
        self._authority = self._open_authority()
        self._leaf: Pair | None = None
        self.renew(names)

    def _open_authority(self) -> Pair:
        path = self._folder / _AUTHORITY_FILE
        if not path.exists():
            machine = own_names()[-1] if own_names() else ""
            write(path, found_authority(machine, datetime.now(UTC)).pem(), replace=False)
        authority = _read_own(path)
        self._check_lasting(authority, datetime.now(UTC))
        return authority

    def _check_lasting(self, authority: Pair, now: datetime) -> None:
        if not is_lasting(authority, now):
            # Not made anew by itself: every device has to trust the new one, and a clock may be wrong.
            raise FeedError(
                f"The own authority in {self._folder / _AUTHORITY_FILE} is at its end: remove it, and have every device trust "
                "the new one."
            )

    @property
    def authority(self) -> x509.Certificate:
        """What devices must trust."""
        return self._authority.certificate

    @property
    def names(self) -> frozenset[str]:
        """See `Certificate`."""
        return frozenset(names_of(self._leaf.certificate)) if self._leaf else frozenset()

    @property
    def context(self) -> ssl.SSLContext:
        """See `Certificate`."""
        return self._context

    def renew(self, names: Collection[str]) -> None:
        """See `Certificate`."""
        path, now = self._folder / _SERVER_FILE, datetime.now(UTC)
        wanted = [name for name in names if is_certifiable(self._authority, name)]
        if self._leaf is not None and fits(self._leaf, self._authority, wanted, now):
            return
        leaf = None
        # One that is damaged costs nothing to make anew.
        with suppress(FileNotFoundError, *_STRANGE):
            leaf = Pair.read(content(path, secret=True))
        if leaf is None or not fits(leaf, self._authority, wanted, now):
            # It may have been made by a clock that was wrong, and that was set since.
            self._check_lasting(self._authority, now)
            leaf = issue(self._authority, wanted, now)
            write(path, leaf.pem(), replace=True)
        self._context, self._leaf = _context(path, path), leaf


class Given:
    """A certificate from elsewhere, in files of PEM, read again when they have changed.

    Raises:
        FeedError: they cannot be read, do not belong together, are not valid now, or others can read the key.

    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate, self._key = certificate, key
        self._marks = self._look()
        self._names, self._context = self._load()

    @property
    def names(self) -> frozenset[str]:
        """See `Certificate`."""
        return self._names

    @property
    def context(self) -> ssl.SSLContext:
        """See `Certificate`."""
        return self._context

    def renew(self, names: Collection[str]) -> None:  # noqa: ARG002 - it says what it says
        """See `Certificate`."""
        marks = self._look()
        if marks != self._marks:
            # Complained of once, if at all.
            self._marks = marks
            self._names, self._context = self._load()

    def _look(self) -> tuple[tuple[int, int], ...]:
        found = []
        for path in (self._certificate, self._key):
            with suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_ino))
        return tuple(found)

    def _load(self) -> tuple[frozenset[str], ssl.SSLContext]:
        try:
            certificate = x509.load_pem_x509_certificate(content(self._certificate))
            public_key, names = certificate.public_key(), frozenset(names_of(certificate))
        except FileNotFoundError as error:
            raise unreadable(self._certificate, error) from None
        except _STRANGE:
            raise FeedError(
                f"{self._certificate} holds no certificate that can be used: name a file in PEM, its own certificate first."
            ) from None
        try:
            key = serialization.load_pem_private_key(content(self._key, secret=True), None)
        except FileNotFoundError as error:
            raise unreadable(self._key, error) from None
        except TypeError:
            raise FeedError(
                f"The key in {self._key} is locked with a password: give one without, which only you can read."
            ) from None
        except _STRANGE:
            raise FeedError(f"{self._key} holds no private key that can be used: name a file in PEM.") from None
        if public_key != key.public_key():
            raise FeedError(
                f"The key in {self._key} is not that of the certificate in {self._certificate}: name two that belong together."
            )
        now = datetime.now(UTC)
        if now >= certificate.not_valid_after_utc:
            ended = certificate.not_valid_after_utc.date()
            raise FeedError(
                f"The certificate in {self._certificate} has ended on {ended}: renew it, or check this machine's clock."
            )
        if now < certificate.not_valid_before_utc:
            begins = certificate.not_valid_before_utc.date()
            raise FeedError(f"The certificate in {self._certificate} begins on {begins}: wait, or check this machine's clock.")
        if not names:
            raise FeedError(
                f"The certificate in {self._certificate} has no names (SAN), and no browser takes it: have it made with some."
            )
        return names, _context(self._certificate, self._key)


def default_folder() -> Path:
    """Where this user's authority and devices are."""
    return user_config_path("glyphfeed") / "web"


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Whoever asks for new keys again and again costs time, and nobody needs to.
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        # The password only keeps OpenSSL from asking for one on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise FeedError(
            f"TLS does not take the certificate in {certificate}: {getattr(error, 'reason', '') or error}."
        ) from error
    return context


def _read_own(path: Path) -> Pair:
    try:
        pair = Pair.read(content(path, secret=True))
        for kind in (x509.NameConstraints, x509.SubjectKeyIdentifier):
            pair.certificate.extensions.get_extension_for_class(kind)
        return pair
    except FileNotFoundError as error:
        raise unreadable(path, error) from error
    except _STRANGE:
        raise FeedError(f"{path} is damaged: restore it, or remove it and have every device trust the new authority.") from None
