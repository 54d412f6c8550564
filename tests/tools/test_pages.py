from __future__ import annotations

import json
import os
import pty
import signal
import socket
import ssl
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

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
    listen = [] if "--listen" in arguments else ["--listen", "127.0.0.1:*"]
    command = [sys.executable, "-c", PROGRAM, "web", NOBODY, *listen, *arguments]
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
        said = f"glyphfeed: Nobody publishes at {NOBODY} yet; the pages show it as soon as somebody does.\n"
        if ending is signal.SIGINT:
            # After some seconds, and once.
            assert child.stderr is not None
            assert next(child.stderr) == said
        child.send_signal(ending)
        _, errors = child.communicate(timeout=DEADLINE_S)
    # Where the machine has other things to do, it is said before it ends.
    assert child.returncode == code
    assert errors in ("", said)


def test_what_cannot_work_is_said_in_one_sentence(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def complaint(*arguments: str) -> str:
        assert cli.run(["web", *arguments]) == 2
        output, errors = capfd.readouterr()
        assert output == ""
        assert errors.count("\n") == 1
        return errors

    assert "'nowhere' is not an address of a feed" in complaint("nowhere")
    assert "'localhost:x' is not an address to listen at" in complaint("--listen", "localhost:x")
    assert "--cert and --key belong together" in complaint("--cert", str(tmp_path / "own.crt"))
    assert "own.crt cannot be read" in complaint(
        "--listen", "127.0.0.1:*", "--cert", str(tmp_path / "own.crt"), "--key", str(tmp_path / "own.key")
    )
    assert "choose one" in complaint("--pair", "--unpair")
    assert "stands alone: leave out --listen, --insecure, or --pair" in complaint("--pair", "--listen", "x:1", "--insecure")
    assert "stands alone: leave out ENDPOINT, or --unpair" in complaint(NOBODY, "--unpair")
    assert "cannot be read" in complaint("--keys", str(tmp_path / "none.key_secret"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        assert "another program already uses this address" in complaint("--listen", taken)


@pytest.fixture
def own_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_for_other_machines_it_encrypts_and_keeps_codes_out_of_logs(
    own_configuration: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["web", "--pair"]) == 2
    assert "No server of this user has asked for pairing yet" in capfd.readouterr().err
    with web("--listen", "0.0.0.0:*") as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(3)]
        address = lines[0].partition(" ")[0]
        assert address.startswith("https://")
        assert " tells how a device comes to trust it: " in lines[1]
        assert lines[2] == "glyphfeed web --pair shows a code that lets a device in.\n"
        assert cli.run(["web", "--pair"]) == 0
        shown = capfd.readouterr().out
        assert f"open {address}#pair=" in shown
        code = shown.partition("#pair=")[2].partition(" ")[0]
        authority = x509.load_pem_x509_certificate((own_configuration / "glyphfeed/web/authority.pem").read_bytes())
        context = ssl.create_default_context(cadata=authority.public_bytes(Encoding.PEM).decode())
        own = f"https://127.0.0.1:{address.rstrip('/').rpartition(':')[2]}"
        request = urllib.request.Request(f"{own}/pair", json.dumps({"code": code}).encode(), {"origin": own})
        with urllib.request.urlopen(request, timeout=DEADLINE_S, context=context) as answer:
            assert answer.status == 204
        assert cli.run(["web", "--unpair"]) == 0
        assert capfd.readouterr().out == "1 device forgotten: each is to be paired anew.\n"
        child.send_signal(signal.SIGTERM)
        output, errors = child.communicate(timeout=DEADLINE_S)
    assert (child.returncode, output, errors) == (0, "", "")


def test_a_terminal_shows_a_code_and_another_once_it_was_used(own_configuration: Path) -> None:
    terminal, end = pty.openpty()
    command = [sys.executable, "-c", PROGRAM, "web", NOBODY, "--listen", "0.0.0.0:*"]
    with program(command, 6 * DEADLINE_S, env=dict(os.environ), stdout=end), os.fdopen(terminal, "rb") as output:
        os.close(end)

        def address_shown() -> str:
            while b"Scan this" not in (line := output.readline()):
                assert b"#pair=" not in line
            return line.decode().partition("open ")[2].partition(" ")[0]

        first = address_shown()
        base, _, code = first.partition("#pair=")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        own = base.rstrip("/")
        request = urllib.request.Request(f"{own}/pair", json.dumps({"code": code}).encode(), {"origin": own})
        with urllib.request.urlopen(request, timeout=DEADLINE_S, context=context) as answer:
            assert answer.status == 204
        second = address_shown()
        assert second.startswith(base)
        assert second != first
    assert (own_configuration / "glyphfeed/web/devices.json").exists()


def test_that_everybody_is_let_in_is_said_where_others_reach_it() -> None:
    with web("--listen", "0.0.0.0:*", "--insecure") as child:
        assert child.stderr is not None
        assert "whoever reaches this address sees what is read" in next(child.stderr)
