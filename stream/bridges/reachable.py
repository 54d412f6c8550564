"""Which addresses a web hook may be sent to, and a connection that goes to no other.

Owns: the ranges, and that the address that was judged is the one that is connected to, whatever a name server says next.
"""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

Address: TypeAlias = IPv4Address | IPv6Address

NEVER: Final = tuple(
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/3"),
        *("::/128", "fe80::/10", "fec0::/10", "ff00::/8"),
        # What clouds tell their machines of themselves and of their keys, where that is not link-local: Alibaba, Azure, Amazon.
        *("100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32"),
    )
)
"""Nothing that takes messages lives there: link-local addresses, groups, no address at all, the doors to a cloud's secrets."""
_NAT64: Final = ip_network("64:ff9b::/96")


class ForbiddenError(OSError):
    """An address that is not sent to; why."""


def inner(address: Address) -> Address:
    """The IPv4 address that one of IPv6 leads to: mapped, by 6to4 or by NAT64; others as they are."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(address.packed[-4:])
        return address.ipv4_mapped or address.sixtofour or address
    return address


def verdict(host: str, *, private: bool, encrypted: bool) -> str | None:
    """Why nothing is sent to a numerical address, None where it may be.

    `private` allows this machine and its own network; what is not `encrypted` goes nowhere else.
    """
    address = inner(ip_address(host.partition("%")[0]))
    if any(address in network for network in NEVER):
        return f"{address} is link-local or another address that no receiver has"
    if not address.is_global and not private:
        return f"{address} is in the own network, to which these settings send nothing"
    if address.is_global and not encrypted:
        return f"{address} is outside of the own network, where everybody on the way could read along; write https"
    return None


def connect(host: str, port: int, timeout_s: float, *, private: bool, encrypted: bool) -> socket.socket:
    """Connect to the first address of a host that may be sent to and answers.

    Raises:
        OSError: there is none.

    """
    failure: OSError = ForbiddenError("it has no address")
    for family, kind, protocol, _, address in _addresses(host, port):
        refusal = verdict(str(address[0]), private=private, encrypted=encrypted)
        if refusal is not None:
            failure = ForbiddenError(refusal)
            continue
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(timeout_s)
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _addresses(host: str, port: int) -> Iterator[tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    yield from found  # type: ignore[misc]  # Of TCP, an address begins with a string.


class PlainConnection(HTTPConnection):
    """HTTP to an address that was judged."""

    def __init__(self, host: str, port: int, timeout_s: float, *, private: bool) -> None:
        super().__init__(host, port, timeout_s)
        self._timeout_s, self._private = timeout_s, private

    def connect(self) -> None:
        """See `HTTPConnection.connect`."""
        self.sock = connect(self.host, self.port, self._timeout_s, private=self._private, encrypted=False)


class EncryptedConnection(HTTPSConnection):
    """HTTPS to an address that was judged; the certificate must be for the name."""

    def __init__(self, host: str, port: int, timeout_s: float, *, private: bool, tls: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout_s, context=tls)
        self._timeout_s, self._private, self._tls = timeout_s, private, tls

    def connect(self) -> None:
        """See `HTTPSConnection.connect`."""
        bare = connect(self.host, self.port, self._timeout_s, private=self._private, encrypted=True)
        try:
            self.sock = self._tls.wrap_socket(bare, server_hostname=self.host)
        except BaseException:
            bare.close()
            raise
