from __future__ import annotations

import socket

import pytest

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.web.admission import Listen, is_ours


@pytest.mark.parametrize(
    ("words", "host", "port"),
    [
        ("127.0.0.1:5580", "127.0.0.1", 5580),
        ("localhost:*", "localhost", 0),
        ("[::1]:80", "::1", 80),
        ("127.9.9.9:65535", "127.9.9.9", 65535),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("5580", "127.0.0.1", 5580),
        ("*", "127.0.0.1", 0),
    ],
)
def test_addresses_of_this_machine_are_taken(words: str, host: str, port: int) -> None:
    assert Listen.parse(words) == Listen(host, port)


@pytest.mark.parametrize(
    "words", ["", ":5580", "127.0.0.1", "127.0.0.1:65536", "::1:80", "a b:80", "*:80", "rtsp://10.0.0.7:554"]
)
def test_what_is_no_address_is_said(words: str) -> None:
    with pytest.raises(FeedError, match=r"is not an address to listen at: write HOST:PORT such as 127\.0\.0\.1:5580"):
        Listen.parse(words)


@pytest.mark.parametrize(
    ("name", "names", "reached"),
    [
        ("127.0.0.1:5580", ["127.0.0.1"], ("127.0.0.1", 5580)),
        ("LocalHost:5580", ["127.0.0.1"], ("127.0.0.1", 5580)),
        ("[::1]:5580", ["::1"], ("::1", 5580)),
        ("localhost", [], ("127.0.0.1", 80)),
        ("10.0.0.7:5580", [], ("10.0.0.7", 5580)),
        ("[fe80::7]:5580", [], ("fe80::7%eth0", 5580)),
        ("MyPC.local:5580", ["mypc.local", "mypc"], ("10.0.0.7", 5580)),
        ("Cam.example.org:5580", ["*.example.org"], ("10.0.0.7", 5580)),
    ],
)
def test_the_server_answers_to_its_names(name: str, names: list[str], reached: tuple[str, int]) -> None:
    assert is_ours(name, names, reached)


def test_browsers_leave_out_the_port_that_is_usual() -> None:
    assert is_ours("10.0.0.7", [], ("10.0.0.7", 443), "https")
    assert not is_ours("10.0.0.7", [], ("10.0.0.7", 80), "https")
    assert not is_ours("10.0.0.7:443", [], ("10.0.0.7", 443), "https")


@pytest.mark.parametrize(
    ("name", "names", "reached"),
    [
        (None, ["127.0.0.1"], ("127.0.0.1", 5580)),
        ("", ["127.0.0.1"], ("127.0.0.1", 5580)),
        ("evil.com:5580", ["127.0.0.1"], ("127.0.0.1", 5580)),
        ("127.0.0.1:5581", ["127.0.0.1"], ("127.0.0.1", 5580)),
        ("127.0.0.1", ["127.0.0.1"], ("127.0.0.1", 5580)),
        ("127.0.0.1:5580.evil.com", ["127.0.0.1"], ("127.0.0.1", 5580)),
        ("localhost:5580", [], ("10.0.0.7", 5580)),
        ("10.0.0.8:5580", [], ("10.0.0.7", 5580)),
        ("evil.com:5580", [], ("10.0.0.7", 5580)),
        ("0.0.0.0:5580", [], ("127.0.0.1", 5580)),
        ("example.org:5580", ["*.example.org"], ("10.0.0.7", 5580)),
        ("a.b.example.org:5580", ["*.example.org"], ("10.0.0.7", 5580)),
        ("evil.com:5580", ["*.example.org"], ("10.0.0.7", 5580)),
    ],
)
def test_and_to_no_others(name: str | None, names: list[str], reached: tuple[str, int]) -> None:
    assert not is_ours(name, names, reached)


def test_an_address_that_is_taken_or_not_here_is_said_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            FeedError, match=rf"cannot be served at 127\.0\.0\.1:{port}: another program already uses this address"
        ):
            Listen("127.0.0.1", port).bind()
    # An address for documentation, which no machine has.
    with pytest.raises(FeedError, match=r"cannot be served at 192\.0\.2\.1:8080: [^()]*; choose another address"):
        Listen("192.0.2.1", 8080).bind()
    with pytest.raises(FeedError, match=r"cannot be served at nobody\.invalid:8080: there is no such address; choose"):
        Listen("nobody.invalid", 8080).bind()
    for name in ("cam..local", f"{'x' * 64}.local"):
        with pytest.raises(FeedError, match="there is no such address; choose"):
            Listen(name, 8080).bind()
    with Listen("127.0.0.1", 0).bind() as bound:
        assert bound.getsockname()[1] > 0
