"""How the pages are reached, decided once at the start from where they are served.

Owns: that decision.  On loopback plain HTTP and no pairing; elsewhere TLS and pairing, unless plain HTTP for everybody was asked
for aloud.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.web.access.certificates import Given, Issued, default_folder
from glyphfeed.stream.web.access.devices import Devices
from glyphfeed.stream.web.access.machine import own_addresses, own_names, plain
from glyphfeed.stream.web.access.pairing import Pairing
from glyphfeed.stream.web.admission import authority, is_any, is_loopback

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from cryptography import x509

    from glyphfeed.stream.web.access.certificates import Certificate

_NAMES: Final = 32
"""As many names a certificate may have before it begins anew with those that are needed."""
PAIR_FRAGMENT: Final = "#pair="
"""What follows never leaves the browser, but in the request that pairs it."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the pages are reached: at a host and port, under these names and every address of this machine that it listens at."""

    host: str
    port: int
    names: frozenset[str]
    certificate: Certificate | None = None
    pairing: Pairing | None = None

    @property
    def scheme(self) -> str:
        """`https`, or `http` where nothing is encrypted."""
        return "http" if self.certificate is None else "https"

    @property
    def authority(self) -> x509.Certificate | None:
        """The certificate of the own authority, where it is used."""
        return self.certificate.authority if isinstance(self.certificate, Issued) else None

    @property
    def address(self) -> str:
        """The address for people and other machines."""
        return f"{self.scheme}://{authority(self._outward(), self.port, self.scheme)}/"

    def at(self, port: int) -> str:
        """The address of what is served beside it, at another port over plain HTTP."""
        return f"http://{authority(self._outward(), port)}/"

    def with_code(self, code: str, asked: str | None = None) -> str:
        """The address that pairs whoever opens it; under the name in a `Host` header where others can reach that one, too."""
        name = (asked or "").removesuffix(f":{self.port}").strip("[]")
        base = f"{self.scheme}://{asked}/" if asked and not is_loopback(name) else self.address
        return f"{base}{PAIR_FRAGMENT}{code}"

    def _outward(self) -> str:
        if isinstance(self.certificate, Given):
            # Browsers complain at any other name; one that begins with `*` is for many machines, of which this is one.
            names = self.certificate.names
            label = next(reversed(own_names()), "glyphfeed")
            return self.host if self.host in names else min(names, key=lambda name: ("*" in name, name)).replace("*", label)
        if not is_any(self.host):
            return self.host
        fitting = [address for address in own_addresses() if (":" in address) == (":" in self.host)]
        return next(iter(fitting), "localhost")

    def renew(self) -> None:
        """See that the certificate is still good; see `Certificate.renew`."""
        if self.certificate is not None:
            self.certificate.renew(_certified(self.host))

    def tls_at(self, address: str) -> ssl.SSLContext | None:
        """TLS for a connection to an address of this machine, which the certificate names from now on; None for plain HTTP.

        Raises:
            FeedError: there is no such certificate, as `renew` says.

        """
        if self.certificate is None:
            return None
        names, reached = self.certificate.names, plain(address)
        if isinstance(self.certificate, Issued) and is_any(self.host) and reached not in names:
            # A machine may have several addresses, and of IPv6 a new one each day: the old ones are let go at some time.
            before = names if len(names) < _NAMES else frozenset[str]()
            self.certificate.renew({*_certified(self.host), *before, reached})
        return self.certificate.context


def on_loopback(host: str = "127.0.0.1", port: int = 0) -> Access:
    """Plain HTTP, for this machine alone."""
    return Access(host, port, frozenset({host}))


def open_access(
    host: str,
    port: int,
    *,
    insecure: bool = False,
    certificate: tuple[Path, Path] | None = None,
    folder: Path | None = None,
) -> Access:
    """Decide how the pages are reached that are served at a host and port.

    `certificate` names files in PEM of a certificate of one's own and its key; `folder` is where the own authority and
    the devices are remembered.

    Raises:
        FeedError: a certificate, a key or the folder cannot be used, or what is asked for contradicts itself.

    """
    if insecure and certificate is not None:
        raise FeedError("Nothing is encrypted with --insecure, so that a certificate is of no use: leave one of the two out.")
    names = frozenset(() if is_any(host) else (host,)) | frozenset(() if is_loopback(host) else own_names())
    given = None if certificate is None else Given(*certificate)
    if is_loopback(host) or insecure:
        return Access(host, port, names | (given.names if given else frozenset()), given)
    folder = default_folder() if folder is None else folder
    pairing = Pairing(Devices(folder), port)
    if given is not None:
        return Access(host, port, names | given.names, given, pairing)
    issued = Issued(folder, _certified(host))
    if not is_any(host) and host not in issued.names:
        raise FeedError(
            f"The own authority vouches for addresses and names of local networks alone, and {host} is none: "
            "give a certificate for it with --cert and --key, or listen at an address."
        )
    return Access(host, port, names, issued, pairing)


def _certified(host: str) -> tuple[str, ...]:
    """What the own authority is to certify for a server that listens at a host."""
    return ("localhost", "127.0.0.1", "::1", *own_names(), *own_addresses()) if is_any(host) else (host, *own_names())
