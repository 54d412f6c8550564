"""What this machine is called, and where others reach it.

Owns: those names and addresses.  Opens no connection, and asks nobody.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from contextlib import suppress
from typing import Final

_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
# For documentation (RFC 5737, RFC 3849): nobody has them, so that the way to them is the way to everywhere else.
_ELSEWHERE: Final = ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1"))
MDNS: Final = ".local"
"""Where the names are that machines in one network give themselves (RFC 6762)."""


def own_names() -> tuple[str, ...]:
    """What others in the same network may call this machine: its name, and that of mDNS; none where it has no usable name."""
    label = socket.gethostname().partition(".")[0].lower()
    return (label + MDNS, label) if _LABEL.fullmatch(label) and label != "localhost" else ()


def own_addresses() -> tuple[str, ...]:
    """The addresses that this machine has in the networks that lead elsewhere, IPv4 first; none where it is alone."""
    found = []
    for family, elsewhere in _ELSEWHERE:
        # Connecting a UDP socket sends nothing: it only looks up which way a packet would take.
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            found.append(plain(probe.getsockname()[0]))
    return tuple(found)


def plain(address: str) -> str:
    """An IP address as it is commonly written, without the network that one of IPv6 may name."""
    read = ipaddress.ip_address(address.partition("%")[0])
    mapped = read.ipv4_mapped if isinstance(read, ipaddress.IPv6Address) else None
    return str(mapped or read)


def is_address(name: str) -> bool:
    """Whether a name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
