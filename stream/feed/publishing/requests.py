"""Where clients ask: a ROUTER socket beside the feed, and the thread that answers there.

Owns: that thread, how a request is framed, and how much of the machine requests may take.  Does not own what is answered
(answering), nor the binding (publisher).
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import zmq

from glyphfeed.stream.feed.publishing.answering import answer

if TYPE_CHECKING:
    from glyphfeed.stream.feed.publishing.admission import Admission
    from glyphfeed.stream.feed.publishing.answering import Told

_log = logging.getLogger("glyphfeed.feed")

REST: Final = 4.0
"""After each answer the thread rests this many times as long as it has worked: requests take a fifth of one core at most, whoever
asks how often."""
# So many are read between two answers, and so many wait to be answered; more than any clients have on their way.
_BATCH, _MOST_WAITING = 1000, 1000
_FRAMES_LIMIT: Final = 8
"""A request comes in two or three frames, in a few more through proxies."""


class RequestServer:
    """Answers what comes at a bound ROUTER socket, in a thread of its own, to which the socket belongs until `close`.

    Waits for nobody: who does not take its answers loses them.
    """

    def __init__(self, router: zmq.Socket[bytes], told: Told, admission: Admission) -> None:
        self._router, self._told, self._admission = router, told, admission
        self._stopped = threading.Event()
        self._awake, self._waker = socket.socketpair()
        self._pool = ThreadPoolExecutor(1, "glyphfeed-requests")
        self._serving = self._pool.submit(self._serve)

    def _serve(self) -> None:
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(self._awake, zmq.POLLIN)
        waiting: deque[list[zmq.Frame]] = deque()
        while not self._stopped.is_set():
            # Ends with a request, or with the close.
            poller.poll(0 if waiting else None)
            self._take_in(waiting)
            while waiting and not self._admission.is_connected(waiting[0][-1]):
                waiting.popleft()
            if waiting:
                began_s = time.thread_time()
                self._answer(waiting.popleft())
                self._stopped.wait(REST * (time.thread_time() - began_s))

    def _take_in(self, waiting: deque[list[zmq.Frame]]) -> None:
        """Read what has come, so that whoever floods the socket is cut off long before all of that could be answered."""
        with suppress(zmq.Again):
            for _ in range(_BATCH):
                frames = self._router.recv_multipart(zmq.NOBLOCK, copy=False)
                if self._admission.admits(frames[-1]) and len(frames) <= _FRAMES_LIMIT and len(waiting) < _MOST_WAITING:
                    waiting.append(frames)

    def _answer(self, frames: list[zmq.Frame]) -> None:
        """Answer a request in its own framing: what came before the last frame says whose it is."""
        try:
            answered = answer(frames[-1].bytes, self._told)
        # Whatever it is: without this thread nobody would be answered any more.
        except Exception as error:
            _log.error("The feed stumbled over a request: %r.", error)
            answered = b'{"error":"This cannot be answered."}'
        # ROUTER never blocks: it drops where the client is gone, or too many answers wait for it.
        self._router.send_multipart([*frames[:-1], answered], zmq.NOBLOCK)

    def close(self) -> None:
        """End the thread; twice is fine."""
        self._stopped.set()
        with suppress(OSError):
            self._waker.send(b"\0")
        self._pool.shutdown()
        self._awake.close()
        self._waker.close()
        self._serving.result()
