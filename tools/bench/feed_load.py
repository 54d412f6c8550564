"""Clients of a feed for its benchmark, as processes of their own.

Owns: what they do, and what they write down of it.  Does not own what is measured (feed).

`python -m glyphfeed.tools.bench.feed_load subscribe ENDPOINT NUMBER` takes messages on so many sockets until its standard input
ends, `... check ENDPOINT` holds them against the contract meanwhile; `... join ENDPOINT TIMES` connects so many times and waits
for the state of all sources; `... follow ENDPOINT KEYS` tells of each event when it came.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import zmq

from glyphfeed.stream.feed.conformance import Conformance
from glyphfeed.stream.feed.endpoint import requests_endpoint
from glyphfeed.stream.feed.keys import ClientKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOPICS: Final = (b"text/", b"event/", b"status/")
PATIENCE_MS: Final = 10_000


def subscribe(endpoint: str, number: str) -> None:
    """Take all messages on so many sockets, and do nothing with them."""
    for _ in messages(endpoint, int(number)):
        pass


def check(endpoint: str) -> None:
    """Hold all messages against the contract; tell in the end how many there were, and how many breaches."""
    rules = Conformance()
    breaches = sum(len(rules.take(message)) for message in messages(endpoint, 1))
    print(json.dumps({"messages": rules.messages, "breaches": breaches}))


def messages(endpoint: str, number: int) -> Iterator[bytes]:
    """What comes on so many sockets, until the end of the standard input."""
    ended = threading.Event()
    threading.Thread(target=await_end, args=(ended,), daemon=True).start()
    with zmq.Context() as context:
        poller = zmq.Poller()
        for _ in range(number):
            subscriber = context.socket(zmq.SUB)
            subscriber.setsockopt(zmq.LINGER, 0)
            for topic in TOPICS:
                subscriber.subscribe(topic)
            subscriber.connect(endpoint)
            poller.register(subscriber, zmq.POLLIN)
        while not ended.is_set():
            for subscriber, _ in poller.poll(100):
                yield subscriber.recv()
        context.destroy()


def await_end(ended: threading.Event) -> None:
    """Wait for the end of the standard input."""
    sys.stdin.read()
    ended.set()


def join(endpoint: str, times: str) -> None:
    """Connect so many times, each with a context of its own, and tell how long it took in seconds until the texts of all sources
    that there are had come: by subscribing, and by asking.
    """
    taken = []
    for _ in range(int(times)):
        asking_s, sources = asked(endpoint)
        taken.append((subscribed(endpoint, sources), asking_s))
    print(json.dumps(list(zip(*taken, strict=True))))


def asked(endpoint: str) -> tuple[float, int]:
    """How long it takes to ask for the last texts, seconds, and how many there are."""
    with zmq.Context() as context, context.socket(zmq.REQ) as requester:
        began_s = time.monotonic()
        requester.setsockopt(zmq.LINGER, 0)
        requester.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
        requester.connect(requests_endpoint(endpoint))
        requester.send(b'{"op":"snapshot"}')
        answer = requester.recv()
        return time.monotonic() - began_s, len(json.loads(answer)["texts"])


def subscribed(endpoint: str, sources: int) -> float:
    """How long it takes until the last text of so many sources has come by itself, seconds."""
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        began_s = time.monotonic()
        subscriber.setsockopt(zmq.LINGER, 0)
        subscriber.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
        subscriber.subscribe(TOPICS[0])
        subscriber.connect(endpoint)
        seen: set[bytes] = set()
        while len(seen) < sources:
            seen.add(subscriber.recv().partition(b" ")[0])
        return time.monotonic() - began_s


def follow(endpoint: str, keys: str) -> None:
    """Tell of each event its number, and when it came, Unix seconds."""
    for seq, came_s in events(endpoint, ClientKeys.load(keys)):
        print(seq, came_s, flush=True)


def events(endpoint: str, keys: ClientKeys) -> Iterator[tuple[int, float]]:
    """The events of a feed, without end."""
    subscriber = zmq.Context().socket(zmq.SUB)
    keys.apply(subscriber)
    subscriber.subscribe(TOPICS[1])
    subscriber.connect(endpoint)
    while True:
        message = subscriber.recv()
        yield int(json.loads(message.partition(b" ")[2])["seq"]), time.time()


def main(what: str, *arguments: str) -> None:
    """Do one of these, at the lowest priority, as clients stand for other machines."""
    os.nice(19)
    commands: dict[str, Callable[..., None]] = {"subscribe": subscribe, "check": check, "join": join, "follow": follow}
    commands[what](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
