"""What hostile clients cannot do to a feed, and that the benchmark measures what it says."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.feed.endpoint import requests_endpoint
from glyphfeed.stream.feed.publishing import admission
from glyphfeed.tools.bench import feed
from glyphfeed.tools.bench.feed import CROWD, HOSTILE, NOBODY, Times, late_joiner, revoked_key, times_sheet
from glyphfeed.tools.bench.hostile import (
    DEALER,
    PATIENCE_S,
    SUB,
    Attacker,
    Attempt,
    address_of,
    await_ready,
    corpus,
    floods,
    frame,
    greeting,
    inputs,
    ready,
)
from tests.stream.feed.publishing.test_admission import connected, publishing
from tests.stream.feed.samples import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable

ANY_PORT = "tcp://127.0.0.1:*"


def test_frames_are_as_the_protocol_has_them() -> None:
    assert frame(b"\x01text/") == b"\x00\x06\x01text/"
    assert frame(b"x" * 256, flags=1) == b"\x03" + (256).to_bytes(8, "big") + b"x" * 256
    assert frame(b"x", size=2**63) == b"\x02\x80" + bytes(7) + b"x"
    assert len(greeting()) == 64
    assert ready(b"SUB") == b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"


def test_inputs_are_the_corpus_and_what_is_made_from_it_by_a_seed() -> None:
    first = list(islice(inputs(1), 600))
    assert first[: len(corpus())] == corpus()
    assert first == list(islice(inputs(1), 600))
    assert first != list(islice(inputs(2), 600))
    assert len(set(first)) > 590


def disturb(endpoint: str, attempts: Iterable[Attempt]) -> None:
    attacker = Attacker(endpoint)
    for attempt in attempts:
        attacker.send(attempt)
    attacker.close()


@pytest.mark.parametrize("floods_too", [False, True])
def test_whatever_is_sent_to_a_feed_others_go_on_and_newcomers_get_in(floods_too: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "BARRED_S", 0.2)
    monkeypatch.setattr("glyphfeed.stream.feed.publishing.sockets._HANDSHAKE_MS", 500)
    with publishing(ANY_PORT, None) as published, connected(published, prefix=b"event/") as witness:
        assert witness.gets()
        seqs = witness.event_seqs()
        disturb(published.endpoint, floods() if floods_too else islice(inputs(0), 500))
        before = len(seqs)
        wait_until(lambda: bool(seqs.extend(witness.event_seqs()) or len(seqs) > before + 10))
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        assert witness.is_answered()
        with connected(published) as newcomer:
            assert newcomer.gets()
            assert newcomer.is_answered()


@pytest.mark.parametrize("client", [SUB, DEALER])
def test_a_ping_behind_a_flood_that_breaks_off_does_not_end_the_program(client: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    # What libzmq 4.3.5 does where it has stopped reading because too much waits, see `sockets`: nothing could catch that here.
    monkeypatch.setattr(admission, "BARRED_S", 0.2)
    monkeypatch.setattr("glyphfeed.stream.feed.publishing.sockets._HANDSHAKE_MS", 500)
    flood = frame(b"\x01text/") if client is SUB else frame(b'{"op":"snapshot"}')
    ping = frame(b"\x04PING\x00\x10context", flags=4)
    with publishing(ANY_PORT, None) as published:
        address = address_of(requests_endpoint(published.endpoint) if client.requests else published.endpoint)
        for _ in range(3):
            with socket.create_connection(address, PATIENCE_S) as connection:
                connection.sendall(client.handshake)
                await_ready(connection)
                with suppress(OSError):
                    connection.sendall((flood * 40 + ping) * 100)
                # The other side is told that the connection is broken.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with connected(published) as newcomer:
            assert newcomer.gets()
            assert newcomer.is_answered()


def test_who_comes_late_and_who_is_revoked_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "JOINS", 3)
    monkeypatch.setattr(feed, "REVOKED", 1)
    late = late_joiner()
    assert late.measured.split()[0].replace(".", "").isdigit()
    assert "another one lost 0 of " in revoked_key().measured


def test_times_are_compared_within_each_round() -> None:
    # The second round was on a slower machine.
    times = {
        NOBODY: Times([[2.0, 2.0, 9.0], [20.0]], [[5.0], [50.0]]),
        CROWD: Times([[2.1, 2.1, 2.1], [21.0]], [[5.0], [50.0]]),
        HOSTILE: Times([[3.0], [26.0]], [[5.0], [50.0]]),
    }
    rows = times_sheet("street.mp4", times).rows
    assert [(row[0], row[1], row[6], row[7]) for row in rows] == [
        (NOBODY, 4, 1.0, "yes"),
        (CROWD, 4, pytest.approx(1.05), "yes"),
        (HOSTILE, 2, pytest.approx(1.4), "no"),
    ]
