from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import zmq

from glyphfeed.stream.feed.keys import ClientKeys, ServerKeys
from glyphfeed.tools import cli
from glyphfeed.tools.keys import feed_keys
from tests.tools.test_cli import complaint

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home without keys, in which commands are typed."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    # A process that tests beside others was begun by another name.
    monkeypatch.setattr(sys, "argv", ["glyphfeed"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_three_commands_lead_from_a_camera_to_another_machine(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["keys", "new", "phone"]) == 0
    told = capfd.readouterr().out
    assert "phone may connect with the key in phone.key_secret." in told
    assert "glyphfeed watch 0 --feed 'tcp://*:5570'\n" in told
    assert "glyphfeed listen tcp://HOST:5570 --keys phone.key_secret\n" in told
    keys = ClientKeys.load(home / "phone.key_secret")
    assert keys.secret not in told
    served = feed_keys("tcp://*:5570", None, insecure=False)
    assert served is not None
    assert served.public == keys.server


def test_keys_are_listed_revoked_and_allowed(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder, own = str(home / "keys"), zmq.curve_keypair()[0].decode()
    assert cli.run(["keys", "new", "phone", "--keys", folder, "--out", "p"]) == 0
    assert f"--keys {folder}" in capfd.readouterr().out
    assert cli.run(["keys", "allow", "wall", "--keys", folder, "--", own]) == 0
    assert ServerKeys.load(folder).public in capfd.readouterr().out
    assert cli.run(["keys", "revoke", "phone", "--keys", folder]) == 0
    capfd.readouterr()
    assert cli.run(["keys", "list", "--keys", folder]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split() for line in lines[1:3]] == [["wall", "yes", own], ["phone", "revoked", ClientKeys.load("p").public]]
    assert cli.run(["keys", "allow", "phone", "--keys", folder]) == 0
    assert capfd.readouterr().out.startswith("phone may connect.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["keys", "list"], "There are no keys of a feed in "),
        (["keys", "revoke", "phone"], "There are no keys of a feed in "),
        (["keys", "new", "../phone"], "'../phone' cannot name a key: "),
        (["watch", "photo.png", "--feed", "tcp://*:5570"], "The feed may not be published on tcp://*:5570 without keys"),
        (
            ["watch", "photo.png", "--keys", "none"],
            "There are no keys of a feed in none: make the first one with glyphfeed keys new NAME --keys none",
        ),
        (["watch", "photo.png", "--keys", "none", "--insecure"], "--insecure publishes without keys, and --keys with them"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(
    arguments: list[str], sentence: str, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cv2.imwrite(str(home / "photo.png"), np.zeros((32, 32, 3), np.uint8))
    assert complaint(capfd, *arguments).startswith(sentence)


@pytest.mark.usefixtures("home")
def test_keys_are_used_where_others_could_connect_or_where_they_are_named() -> None:
    assert cli.run(["keys", "new", "phone"]) == 0
    for local in ("tcp://127.0.0.1:5570", "ipc:///run/feed"):
        assert feed_keys(local, None, insecure=False) is None
    own = feed_keys("tcp://192.168.1.4:5570", None, insecure=False)
    assert own is not None
    assert feed_keys("tcp://127.0.0.1:5570", own.folder, insecure=False) == own
    assert feed_keys("tcp://192.168.1.4:5570", None, insecure=True) is None
