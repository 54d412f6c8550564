from __future__ import annotations

import pytest

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.endpoint import check_bind, check_connect, requests_endpoint

LOCAL = ["tcp://127.0.0.1:5570", "tcp://127.8.9.1:1", "tcp://localhost:65534", "tcp://[::1]:5570", "ipc:///run/feed"]
REMOTE = [
    "tcp://0.0.0.0:5570",
    "tcp://*:5570",
    "tcp://192.168.1.4:5570",
    "tcp://[::]:5570",
    "tcp://eth0:5570",
    "tcp://127.0.0.1.example.org:5570",
    "tcp://localhost.example.org:5570",
    "tcp://10.0.0.1;127.0.0.1:5570",
]
NONSENSE = [
    "",
    "5570",
    "127.0.0.1:5570",
    "tcp://127.0.0.1",
    "tcp://127.0.0.1:0",
    "tcp://127.0.0.1:65535",
    "tcp://127.0.0.1:65536",
    "tcp://127.0.0.1:5570/feed",
    "tcp://127.0.0.1:5570 ",
    "http://127.0.0.1:5570",
    "inproc://feed",
    "ipc://",
]


@pytest.mark.parametrize("endpoint", [*LOCAL, "tcp://127.0.0.1:*"])
def test_addresses_of_this_machine_may_be_bound(endpoint: str) -> None:
    check_bind(endpoint)


@pytest.mark.parametrize("endpoint", REMOTE)
def test_addresses_that_others_reach_may_not_be_bound(endpoint: str) -> None:
    with pytest.raises(FeedError, match=r"without keys.*glyphfeed keys new NAME") as refusal:
        check_bind(endpoint)
    assert endpoint in str(refusal.value)


@pytest.mark.parametrize("endpoint", [*LOCAL, "tcp://192.168.1.4:5570", "tcp://camera-host.example.org:5570"])
def test_a_client_may_connect_anywhere(endpoint: str) -> None:
    check_connect(endpoint)


@pytest.mark.parametrize("endpoint", NONSENSE)
def test_what_is_no_address_is_refused_with_an_example(endpoint: str) -> None:
    for check in (check_bind, check_connect):
        with pytest.raises(FeedError, match="is not an address of a feed: write tcp://"):
            check(endpoint)


@pytest.mark.parametrize(
    ("endpoint", "beside"),
    [
        ("tcp://127.0.0.1:5570", "tcp://127.0.0.1:5571"),
        ("tcp://[::1]:65534", "tcp://[::1]:65535"),
        ("tcp://camera-host.example.org:5570", "tcp://camera-host.example.org:5571"),
        ("ipc:///run/a:1", "ipc:///run/a:1.requests"),
    ],
)
def test_requests_are_answered_beside_the_feed(endpoint: str, beside: str) -> None:
    assert requests_endpoint(endpoint) == beside


def test_a_client_cannot_connect_to_any_free_port() -> None:
    for connect in (check_connect, requests_endpoint):
        with pytest.raises(FeedError, match="is not an address"):
            connect("tcp://127.0.0.1:*")
