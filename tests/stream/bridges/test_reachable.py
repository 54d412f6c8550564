from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.bridges import reachable
from glyphfeed.stream.bridges.reachable import EncryptedConnection, ForbiddenError, connect, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

SECRETS_OF_CLOUDS = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "fe80::a9fe:a9fe%eth0"]


@pytest.mark.parametrize(
    "host",
    [
        *SECRETS_OF_CLOUDS,
        *("0.0.0.0", "0.1.2.3", "169.254.0.1", "192.0.0.192", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "fe80::1", "fe80::1%3", "fec0::1", "ff02::1"),
        # The same in other clothes: mapped, by NAT64, by 6to4.
        *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"),
    ],
)
def test_nobody_is_sent_to_where_no_receiver_lives(host: str) -> None:
    for private in (True, False):
        assert verdict(host, private=private, encrypted=True) is not None


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "10.0.0.7", "172.16.1.1", "192.168.1.4", "100.64.0.1", "fd12::7", "::ffff:10.0.0.7"]
)
def test_the_own_network_is_allowed_unless_told_otherwise(host: str) -> None:
    for encrypted in (True, False):
        assert verdict(host, private=True, encrypted=encrypted) is None
        assert "is in the own network" in str(verdict(host, private=False, encrypted=encrypted))


@pytest.mark.parametrize("host", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::1"])
def test_what_leaves_the_own_network_is_encrypted(host: str) -> None:
    for private in (True, False):
        assert verdict(host, private=private, encrypted=True) is None
        assert "write https" in str(verdict(host, private=private, encrypted=False))


@given(st.ip_addresses())
def test_every_address_has_a_verdict_and_no_link_local_one_is_allowed(address: Any) -> None:
    refusal = verdict(str(address), private=True, encrypted=True)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        assert refusal is not None
    if verdict(str(address), private=False, encrypted=True) is None:
        assert reachable.inner(ip_address(address)).is_global


@contextlib.contextmanager
def listener(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A port of this machine that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        if tls is not None:
                            tls.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def resolving(monkeypatch: pytest.MonkeyPatch, port: int, *answers: list[str]) -> None:
    """Have the name server answer so, each time anew, and the last answer for ever."""
    left = list(answers)

    def getaddrinfo(*_: object, **__: object) -> list[Any]:
        hosts = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_a_name_is_judged_by_the_address_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener() as port:
        # The second answer is never asked for: what was judged is what is used.
        resolving(monkeypatch, port, ["127.0.0.1"], ["169.254.169.254"])
        with connect("evil.example", port, 5.0, private=True, encrypted=True) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)
        with pytest.raises(ForbiddenError, match=r"169\.254\.169\.254 is link-local"):
            connect("evil.example", port, 5.0, private=True, encrypted=True)


def test_the_first_address_that_may_be_and_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener() as port:
        resolving(monkeypatch, port, ["169.254.169.254", "127.0.0.2", "127.0.0.1"])
        with connect("receiver.example", port, 5.0, private=True, encrypted=False) as connection:
            assert connection.getpeername()[0] == "127.0.0.1"


def test_the_certificate_must_be_for_the_name_and_by_an_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("receiver.example").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with listener(server) as port:
        resolving(monkeypatch, port, ["127.0.0.1"])
        for host, client, is_fine in (
            ("receiver.example", trusting, True),
            ("other.example", trusting, False),
            ("receiver.example", ssl.create_default_context(), False),
        ):
            connection = EncryptedConnection(host, port, 5.0, private=True, tls=client)
            with (
                contextlib.closing(connection),
                contextlib.nullcontext() if is_fine else pytest.raises(ssl.SSLCertVerificationError),
            ):
                connection.connect()
