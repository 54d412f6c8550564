"""Pages beside the reading, as `glyphfeed watch --web` serves them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from websockets.sync.client import connect

from glyphfeed.stream.feed.keys import issue
from glyphfeed.tools import cli
from glyphfeed.tools.options import with_addresses
from tests.engines.described import own_networks
from tests.programs import program
from tests.stream.driving import ANY_PORT
from tests.stream.feed.samples import DEADLINE_S, wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

PROGRAM = "from glyphfeed.tools.cli import main; main()"


@contextmanager
def watching(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with program([sys.executable, "-c", PROGRAM, "watch", "--feed", ANY_PORT, *arguments], 9 * DEADLINE_S) as child:
        yield child


def pages_of(pid: int) -> dict[int, str]:
    """The processes that serve pages for a process, with their command lines."""
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child): Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in pids}


def lives(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_an_address_may_follow_and_a_source_too() -> None:
    usual = "--web=127.0.0.1:5580"
    assert with_addresses(["watch", "0", "--web"]) == ["watch", "0", usual]
    assert with_addresses(["watch", "--web", "0"]) == ["watch", usual, "0"]
    assert with_addresses(["watch", "--web", "rtsp://10.0.0.7:554/live"]) == ["watch", usual, "rtsp://10.0.0.7:554/live"]
    for address in ("0.0.0.0:5580", "127.0.0.1:*", "[::1]:80", "pc.local:99999"):
        assert with_addresses(["watch", "--web", address, "0"]) == ["watch", "--web", address, "0"]
    # A number alone is a camera where there may be one.
    assert with_addresses(["watch", "--web", "63"]) == ["watch", usual, "63"]
    for port in ("64", "8080", "99999"):
        assert with_addresses(["watch", "--web", port, "clip.mp4"]) == ["watch", "--web", port, "clip.mp4"]
    assert with_addresses(["watch", "--web=0.0.0.0:1"]) == ["watch", "--web=0.0.0.0:1"]


def test_what_contradicts_itself_is_said_before_anything_begins(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for arguments, complaint in (
        (["0", "--web-insecure"], "it belongs to pages for browsers; ask for them with --web"),
        (["0", "--web", "--web-key", "key.pem"], "it belongs together with the other one of cert and key"),
        (["0", "--web", "pc.local:99999"], "'pc.local:99999' is not an address to listen at"),
        (["0", "--web", "99999"], "'99999' is not an address to listen at"),
        (["--web", "--film", str(tmp_path / "film.mp4")], "a film shows one source, and 0 are read"),
    ):
        assert cli.run(["watch", *arguments, "--feed", ANY_PORT]) == 2
        output, errors = capfd.readouterr()
        assert output == ""
        assert errors.count("\n") == 1
        assert complaint in errors


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc to see processes in")
def test_pages_get_in_to_a_feed_with_keys_take_phones_and_end_with_the_reader(tmp_path: Path) -> None:
    _, options = own_networks(tmp_path)
    issue(tmp_path / "keys", "viewer", tmp_path / "viewer.key_secret")
    with watching("--web", "127.0.0.1:*", "--keys", str(tmp_path / "keys"), *options) as child:
        assert child.stderr is not None
        said = ""
        while (found := re.search(r"(http://[\d.:]+/) shows the feed at", said)) is None:
            said += next(child.stderr)
        address = found[1]
        with urllib.request.urlopen(f"{address}state.json", timeout=DEADLINE_S) as answer:
            assert json.load(answer)["phones"]
        with connect(f"{address.replace('http', 'ws')}feed", open_timeout=DEADLINE_S) as page:
            page.send(json.dumps({"op": "snapshot", "id": 1}))
            assert json.loads(page.recv(DEADLINE_S)) == {"id": 1, "texts": []}
        ((pid, told),) = pages_of(child.pid).items()
        assert re.search(r"web tcp://127\.0\.0\.1:\d+ --listen 127\.0\.0\.1:\* $", told)
        # One that was killed comes back, at a port of its own.
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: {*pages_of(child.pid)} - {pid} != set(), 2 * DEADLINE_S)
        (pid,) = {*pages_of(child.pid)} - {pid}
        child.kill()
        child.wait(DEADLINE_S)
        wait_until(lambda: not lives(pid))


def test_pages_that_cannot_be_served_are_refused_before_anything_is_read(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missing = ["--feed", ANY_PORT, "--detector", str(tmp_path / "no network is looked for.onnx")]
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        for address, reason in ((taken, "another program already uses this address"), ("192.0.2.1:5580", "")):
            assert cli.run(["watch", *missing, "--web", address]) == 2
            output, errors = capfd.readouterr()
            assert output == ""
            assert errors.startswith(f"glyphfeed: The pages cannot be served at {address}: {reason}")
            assert errors.count("\n") == 1
