from __future__ import annotations

import os
import signal
import socket
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from glyphfeed.tools import cli
from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    import subprocess
    from contextlib import AbstractContextManager
    from pathlib import Path

PROGRAM = "from glyphfeed.tools.cli import main; main()"
NOBODY = "tcp://127.0.0.1:1"


def web(*arguments: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """The command in a process of its own, on a free port."""
    command = [sys.executable, "-c", PROGRAM, "web", NOBODY, "--listen", "127.0.0.1:*", *arguments]
    return program(command, 6 * DEADLINE_S, env=dict(os.environ))


@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_it_says_where_the_page_is_and_ends_in_order(ending: signal.Signals, code: int) -> None:
    with web() as child, socket.socket() as stuck:
        assert child.stdout is not None
        line = child.stdout.readline()
        address, _, rest = line.partition(" ")
        assert rest == f"shows the feed at {NOBODY}.\n"
        with urllib.request.urlopen(address, timeout=DEADLINE_S) as page:
            assert b"<title>glyphfeed</title>" in page.read()
        stuck.connect(("127.0.0.1", int(address.rstrip("/").rpartition(":")[2])))
        stuck.sendall(b"GET /feed HTTP/1.1\r\n")
        child.send_signal(ending)
        _, errors = child.communicate(timeout=DEADLINE_S)
    assert (child.returncode, errors) == (code, "")


def test_what_cannot_work_is_said_in_one_sentence(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def complaint(*arguments: str) -> str:
        assert cli.run(["web", *arguments]) == 2
        output, errors = capfd.readouterr()
        assert output == ""
        assert errors.count("\n") == 1
        return errors

    assert "'nowhere' is not an address of a feed" in complaint("nowhere")
    assert "'5580' is not an address to listen at" in complaint("--listen", "5580")
    assert "or say --insecure if all may" in complaint("--listen", "0.0.0.0:5580")
    assert "cannot be read" in complaint("--keys", str(tmp_path / "none.key_secret"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        assert "another program already uses this address" in complaint("--listen", taken)
