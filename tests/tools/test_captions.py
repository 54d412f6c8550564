"""Captions from the command line to the feed: of a real clip, by a server that answers as a model does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glyphfeed.stream.feed.recordings.recording import read_messages
from glyphfeed.tools import cli
from glyphfeed.tools.scenes.clip import Scene, Sign, look, write_clip
from tests.stream.captions.models import completion, model

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_model_says_what_is_around_a_text_and_the_feed_tells_it(tmp_path: Path) -> None:
    clip, recording, rules = tmp_path / "exit.mp4", tmp_path / "feed.jsonl", tmp_path / "rules.toml"
    camera = look((320, 180), (160, 90))
    write_clip(clip, Scene((Sign("EXIT", (160, 90), 60),), lambda _: camera, seconds=3.0, size=(320, 180), wall=(320, 180)))
    with model((200, completion("A sign over a door."))) as server:
        rules.write_text(f'[caption]\naddress = "{server.endpoint}"\n', "utf-8")
        code = cli.run(
            [
                "watch",
                str(clip),
                "--pace",
                "live",
                "--rules",
                str(rules),
                "--record",
                str(recording),
                "-q",
                "--feed",
                "tcp://127.0.0.1:*",
            ]
        )
    assert code == 0
    told = [
        attribute
        for message in read_messages(recording)
        if message.kind == "text"
        for text in message.body["texts"]
        for attribute in text.get("attributes", ())
    ]
    assert told[0] == {"kind": "caption", "value": "A sign over a door.", "span": [0, 4]}
    assert len(server.asked) == 1


def test_mistakes_of_the_table_are_told_with_their_lines(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[caption]\naddress = "ftp://x"\nper_minute = 0\non = ["left"]\nwhat = 1\n', "utf-8")
    assert cli.run(["watch", "0", "--rules", str(rules), "--feed", "tcp://127.0.0.1:*"]) == 2
    errors = capfd.readouterr().err.splitlines()
    assert [line.split(": ")[1:4:2] for line in errors[:3]] == [
        ["rules.toml:2", "address"],
        ["rules.toml:3", "per_minute"],
        ["rules.toml:4", "on"],
    ]
    assert errors[3].startswith("glyphfeed: rules.toml:5: [caption]: what is not known here; there are address, model, ")
