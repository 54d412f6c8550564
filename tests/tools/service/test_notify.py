from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

import pytest

from glyphfeed.tools.service.notify import Notifier
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager's socket, which is named in the environment."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(DEADLINE_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listener


def told(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().splitlines()


def test_a_service_manager_is_told_in_its_words(manager: socket.socket) -> None:
    notifier = Notifier()
    # Children do not speak for us.
    assert "NOTIFY_SOCKET" not in os.environ
    notifier.ready()
    assert told(manager) == ["READY=1"]
    notifier.beat("2 live", alive=True)
    assert told(manager) == ["STATUS=2 live"]
    notifier.beat("2 live", alive=True)
    before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notifier.reloading()
    word, since = told(manager)
    assert word == "RELOADING=1"
    assert int(since.removeprefix("MONOTONIC_USEC=")) >= before_us
    notifier.stopping()
    assert told(manager) == ["STOPPING=1"]


def test_a_watchdog_hears_only_of_what_is_alive(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "4000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    notifier = Notifier()
    notifier.beat("", alive=False)
    notifier.beat("", alive=True)
    assert told(manager) == ["WATCHDOG=1"]
    deadline = time.monotonic() + DEADLINE_S
    manager.setblocking(False)
    while time.monotonic() < deadline:
        notifier.beat("", alive=True)
        try:
            assert told(manager) == ["WATCHDOG=1"]
            break
        except BlockingIOError:
            continue
    else:
        pytest.fail("there was no second beat")


def test_an_abstract_address_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"glyphfeed-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.settimeout(DEADLINE_S)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        Notifier().ready()
        assert told(listener) == ["READY=1"]


def test_without_a_service_manager_nobody_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Notifier().ready()
    # One that is gone does no harm.
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    monkeypatch.setenv("WATCHDOG_USEC", "soon")
    notifier = Notifier()
    notifier.ready()
    notifier.beat("fine", alive=True)
