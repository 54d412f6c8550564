"""Nothing phones home: what runs networks looks nobody up, and leaves nothing in the home folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.engines.described import own_networks
from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from pathlib import Path

WATCHER = """
// Notes every name that a program looks up and every address that it sends to, and lets nothing out.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

static void note(const char *target) {
    const char *path = getenv("WATCHER_NOTES");
    int notes = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (notes < 0) abort();
    dprintf(notes, "%s\\n", target ? target : "");
    close(notes);
}

static bool refused(const sockaddr *address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const sockaddr_in *)address)->sin_addr, text, sizeof text);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const sockaddr_in6 *)address)->sin6_addr, text, sizeof text);
    else
        return false;
    note(text);
    errno = ENETUNREACH;
    return true;
}

extern "C" int getaddrinfo(const char *name, const char *, const addrinfo *, addrinfo **) {
    note(name);
    return EAI_FAIL;
}

extern "C" hostent *gethostbyname(const char *name) {
    note(name);
    return nullptr;
}

extern "C" int connect(int descriptor, const sockaddr *address, socklen_t size) {
    static const auto next = (decltype(&connect))dlsym(RTLD_NEXT, "connect");
    return refused(address) ? -1 : next(descriptor, address, size);
}

extern "C" ssize_t sendto(int descriptor, const void *data, size_t length, int flags, const sockaddr *address, socklen_t size) {
    static const auto next = (decltype(&sendto))dlsym(RTLD_NEXT, "sendto");
    return refused(address) ? -1 : next(descriptor, data, length, flags, address, size);
}
"""

TALKER = """
import socket
from contextlib import suppress

with suppress(OSError):
    socket.getaddrinfo("telemetry.invalid", 443)
with suppress(OSError), socket.socket() as stream:
    stream.connect(("192.0.2.1", 443))
with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as datagram:
    datagram.sendto(b"home", ("2001:db8::1", 53))
"""


@pytest.fixture(scope="module")
def watcher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not sys.platform.startswith("linux"):
        pytest.skip("a program is watched by what its linker lays before the C library, which is done so on Linux alone")
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed, and without it no program can be watched")
    folder = tmp_path_factory.mktemp("watcher")
    (folder / "watcher.cpp").write_text(WATCHER)
    command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "watcher.cpp", "-o", "watcher.so", "-ldl"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "watcher.so"


def watched(watcher: Path, folder: Path, *arguments: str) -> tuple[str, list[str], list[str]]:
    """Run Python for a user who has no files yet: what it printed, whom it would have called, and the files that it left."""
    home, notes = folder / "home", folder / "notes"
    (home / "tmp").mkdir(parents=True)
    # Nothing else of the environment: where it tells of continuous integration, the libraries keep quiet by themselves.
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    places = {"HOME": str(home), "TMPDIR": str(home / "tmp"), "GLYPHFEED_CACHE": str(folder / "cache")}
    environment = kept | places | {"LD_PRELOAD": str(watcher), "WATCHER_NOTES": str(notes)}
    with program([sys.executable, "-c", *arguments], 6 * DEADLINE_S, env=environment) as child:
        output, errors = child.communicate()
    assert child.returncode == 0, errors
    left = sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())
    return output, notes.read_text().splitlines() if notes.exists() else [], left


def test_the_watcher_sees_look_ups_and_connections(watcher: Path, tmp_path: Path) -> None:
    assert watched(watcher, tmp_path, TALKER) == ("", ["telemetry.invalid", "192.0.2.1", "2001:db8::1"], [])


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_nobody_is_told_of_a_run(watcher: Path, tmp_path: Path, engine: str) -> None:
    """ONNX Runtime's look-up would come later than this run lasts, but its identifier at once."""
    picture, options = own_networks(tmp_path)
    arguments = ["read", str(picture), "--engine", engine, "--languages", "none", *options]
    output, called, left = watched(watcher, tmp_path, "from glyphfeed.tools.cli import main; main()", *arguments)
    assert "oxox" in output
    assert (called, left) == ([], [])


def test_nobody_is_told_of_what_converts_networks(watcher: Path, tmp_path: Path) -> None:
    assert watched(watcher, tmp_path, "import glyphfeed.engines, nncf") == ("", [], [])
