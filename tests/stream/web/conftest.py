"""Node, where it is installed, and a feed that says what a test likes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zmq

from glyphfeed.stream.web.server import FILES
from tests.stream.feed.samples import DEADLINE_S
from tests.stream.web.serving import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY_PORT = "tcp://127.0.0.1:*"


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Node in a folder with the page's modules, the feed's client as one who has fetched it, and the tests' programs."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("Node is not installed: apt install nodejs")
    folder = tmp_path_factory.mktemp("node")
    for file in [*FILES.glob("*.js"), *(Path(__file__).parent / "javascript").glob("*.mjs")]:
        shutil.copy(file, folder)
    shutil.copy(FILES / "feed.js", folder / "feed.mjs")
    (folder / "package.json").write_text('{"type": "module"}')
    return Node(program, folder)


@pytest.fixture
def feed() -> Iterator[zmq.Socket[bytes]]:
    """A socket on which a test can publish what it likes."""
    with zmq.Context() as context, context.socket(zmq.XPUB) as feed:
        feed.setsockopt(zmq.LINGER, 0)
        feed.setsockopt(zmq.RCVTIMEO, int(DEADLINE_S * 1000))
        feed.bind(ANY_PORT)
        yield feed
