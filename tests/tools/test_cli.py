from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import pytest

from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.receiving.client import connect
from glyphfeed.tools import cli
from glyphfeed.tools.logs import LogFormat, choose
from glyphfeed.tools.scenes.clip import render
from glyphfeed.tools.scenes.street import demo_scene
from tests.engines.described import own_networks
from tests.programs import program
from tests.stream.driving import ANY_PORT, recorded
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

STOP_S = 5.0
"""A second is what is promised; this many are allowed on a machine that has other things to do."""
PROGRAM = "from glyphfeed.tools.cli import main; main()"


def glyphfeed(*arguments: str | Path, **variables: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """The program in a process of its own."""
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return program(command, 6 * DEADLINE_S, env=os.environ | variables)


def complaint(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """What a command line that cannot work says: one line on stderr, and nothing else."""
    assert cli.run([str(argument) for argument in arguments]) == 2
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors.startswith("glyphfeed: ")
    assert errors.count("\n") == 1
    return errors.removeprefix("glyphfeed: ").rstrip("\n")


def test_watch_needs_nothing_that_only_unix_has() -> None:
    script = (
        "import sys; sys.modules |= dict.fromkeys(('fcntl', 'grp', 'pwd', 'resource', 'termios'))\n"
        "import glyphfeed.tools.service.serving, glyphfeed.tools.bridging, glyphfeed.stream.bridges.cursor"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=6 * DEADLINE_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_teaches_by_examples(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 0
    assert {"watch", "read", "listen", "models", "doctor", "demo"} <= set(capfd.readouterr().out.split())
    assert cli.run(["watch", "--help"]) == 0
    assert "glyphfeed watch rtsp://" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["watch"], "there is nothing to watch: give a SOURCE, or a file with --config; see glyphfeed watch --help"),
        (["watch", "0", "--config", "x.toml", "--fps", "5"], "everything has its place in that file, --fps, SOURCE too"),
        (["watch", "--config", "x.toml", "--rules", "r.toml"], "everything has its place in that file, --rules too"),
        (["watch", "--config", "none.toml"], "none.toml cannot be read: No such file or directory"),
        (["watch", "0", "--ignore", "0.5"], "'0.5' is no zone; write its corners as x,y with spaces between"),
        (["watch", "0", "--metrics", "here"], "'here' is not an address to listen at: write HOST:PORT such as 127.0.0.1:9464"),
        (["watch", "0", "--pace", "slow"], "'slow'"),
        (["watch", "0", "--size", "big"], "'big' is no size; write width x height, such as 1280x720; see glyphfeed watch --help"),
        (["walk"], "No such command 'walk'"),
        (["watch", "none.mp4"], "none.mp4: there is no such file or folder; check the path"),
        (["watch", "ftp://10.0.0.7/x"], "ftp is not supported"),
        (["watch", "a", "b", "--name", "x", "--name", "x"], "2 sources are called x; give each a name of its own"),
        (["watch", "a", "--name", "x", "--name", "y"], "there are 2 names for 1 sources"),
        (["watch", "a", "--append"], "it belongs to a recording; name its file with --record; see glyphfeed watch --help"),
        (
            ["watch", "a", "--record", "f", "--record-rotate", "weekly"],
            "'weekly' is no size; write day, or one such as",
        ),
        (["watch", "a", "--keep-days", "7"], "it belongs to events that are kept; name their folder with --keep"),
        (["watch", "a", "--keep", "f", "--keep-size", "much"], "'much' is no size; write one such as 500M"),
        (["watch", "a", "--keep", "f", "--keep-size", "10k"], "that holds hardly any; allow 1M at least"),
        (["listen", "5570"], "'5570' is not an address of a feed"),
        (["read", "none*.png"], "none*.png: no file matches this pattern"),
        (["read", "none.png"], "none.png cannot be read: No such file or directory; check the path"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sentence in complaint(capfd, *arguments)


def test_a_feed_that_cannot_be_published_is_said_in_one_sentence(
    capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path
) -> None:
    assert "is not an address of a feed" in complaint(capfd, "watch", clip, "--feed", "nowhere")
    assert "may not be published on tcp://0.0.0.0:5570" in complaint(capfd, "watch", clip, "--feed", "tcp://0.0.0.0:5570")
    (tmp_path / "file").touch()
    assert "file: it is no folder" in complaint(capfd, "watch", clip, "--feed", ANY_PORT, "--keep", tmp_path / "file")
    record = tmp_path / "none" / "feed.jsonl"
    assert f"Cannot record to {record}" in complaint(capfd, "watch", clip, "--feed", ANY_PORT, "--record", record)
    record = tmp_path / "feed.jsonl"
    record.write_text("an older recording")
    sentence = f"There is a file {record} already: continue it with --append, or record elsewhere."
    assert complaint(capfd, "watch", clip, "--feed", ANY_PORT, "--record", record) == sentence
    assert record.read_text() == "an older recording"
    with Publisher(ANY_PORT) as owner:
        assert "another program already uses this address" in complaint(capfd, "watch", clip, "--feed", owner.endpoint)


def test_networks_that_cannot_be_had_are_said_in_one_sentence(capfd: pytest.CaptureFixture[str], clip: Path) -> None:
    sentence = complaint(capfd, "watch", clip, "--feed", ANY_PORT, "--detector", "none.onnx")
    assert sentence == "none.onnx is not a file: give --detector the path of an ONNX file."
    sentence = complaint(capfd, "watch", clip, "--feed", ANY_PORT, "--quiet", "--languages", "en,klingon")
    assert sentence.startswith("there are no words of the language 'klingon'; choose from ar, de, en, ")
    sentence = complaint(capfd, "watch", clip, "--feed", ANY_PORT, "--quiet", "--alphabet", "latin,runic")
    assert sentence == "there is no alphabet 'runic'; choose from latin, greek, han, kana, or all"


def test_networks_of_a_user_s_own_read_by_their_paths(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture, options = own_networks(tmp_path)
    arguments = ["read", str(picture), "--json", *options]
    assert cli.run(arguments) == 0
    assert [text["text"] for text in json.loads(capfd.readouterr().out)["texts"]] == ["oxox"]
    assert complaint(capfd, "models", picture) == (
        f"{picture} needs sign.toml beside it, which tells how the network is fed and read; docs/engines.md shows what it holds"
    )


def test_a_window_needs_a_screen(capfd: pytest.CaptureFixture[str], clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "there is no screen here" in complaint(capfd, "watch", clip, "--window", "--feed", ANY_PORT)


def test_an_unexpected_error_is_one_sentence_and_a_traceback_only_on_demand(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> int:
        raise ZeroDivisionError("deep down")

    monkeypatch.setattr("glyphfeed.tools.models.show_models", broken)
    assert complaint(capfd, "models") == (
        "an unexpected error, ZeroDivisionError: deep down; run with GLYPHFEED_DEBUG=1 for the traceback"
    )
    monkeypatch.setenv("GLYPHFEED_DEBUG", "1")
    assert cli.run(["models"]) == 2
    assert "Traceback" in capfd.readouterr().err


def test_a_clip_is_watched_into_a_pipe_and_a_record(clip: Path, tmp_path: Path) -> None:
    record = tmp_path / "feed.jsonl"
    with glyphfeed("watch", clip, "--name", "wall", "--feed", ANY_PORT, "--record", record, "--chars") as child:
        output, errors = child.communicate()
    assert child.returncode == 0
    published, chosen = errors.splitlines()
    assert published.startswith("glyphfeed: the feed is published on tcp://127.0.0.1:")
    assert re.fullmatch(r"glyphfeed: \w+ runs the networks[:,] .+", chosen)
    lines = [line.split(maxsplit=3) for line in output.splitlines()]
    assert [line[1:3] for line in lines] == [["wall", "live"], ["wall", "read"], ["wall", "read"], ["wall", "ended"]]
    assert {"".join(line[3].split()[:-1]) for line in lines[1:3]} == {"EXIT12", "Bakery"}
    messages = recorded(record)
    assert [message.body["frame"] for message in messages if message.kind == "text"] == list(range(60))
    assert all("chars" in message.body["entity"] for message in messages if message.kind == "event")


@pytest.mark.parametrize("module", ["typer", "glyphfeed.tools.bridging", "glyphfeed.tools.doctor"])
def test_ctrl_c_while_modules_are_imported_ends_it_quietly(module: str) -> None:
    pressed = f"""
import os, signal, sys

class Pressed:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Pressed())
from glyphfeed.__main__ import main
main()
"""
    with program([sys.executable, "-c", pressed, "doctor"], 6 * DEADLINE_S) as child:
        output, errors = child.communicate()
    assert (child.returncode, output, errors) == (130, "", "")


@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_ctrl_c_and_a_service_manager_end_a_clip_played_live(clip: Path, ending: signal.Signals, code: int) -> None:
    with glyphfeed("watch", clip, clip, "--pace", "live", "--feed", ANY_PORT) as child:
        assert child.stdout is not None
        # The second source has a name of its own.
        names = {"wall", "wall-2"}
        while names:
            names.discard(child.stdout.readline().split()[1])
        child.send_signal(ending)
        begun_s = time.monotonic()
        output, errors = child.communicate()
        assert time.monotonic() - begun_s < STOP_S
    assert child.returncode == code
    assert errors.count("\n") == 2  # where the feed is, and what runs the networks
    assert output.count(" ended ") == 2


def test_a_file_says_what_to_watch_in_place_of_options(capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path) -> None:
    assert cli.run(["config", "example"]) == 0
    file = tmp_path / "glyphfeed.toml"
    file.write_text(capfd.readouterr().out)
    assert cli.run(["config", "check", str(file)]) == 0
    assert capfd.readouterr().out == f"{file} can be used; it reads door\n"
    file.write_text('[[camera]]\nname = "wall"\n[[camera]]\nname = "wall"\naddress = "none.mp4"\nspeed = 1\n')
    assert cli.run(["config", "check", str(file)]) == 2
    assert [line.split(": ")[:3] for line in capfd.readouterr().err.splitlines()] == [
        ["glyphfeed", "glyphfeed.toml:1", 'camera "wall"'],
        ["glyphfeed", "glyphfeed.toml:4", 'camera "wall"'],
        ["glyphfeed", "glyphfeed.toml:5", 'camera "wall"'],
        ["glyphfeed", "glyphfeed.toml:6", 'camera "wall"'],
    ]
    endpoint = f'[feed]\nendpoint = "{ANY_PORT}"\n'
    file.write_text(
        f'[[camera]]\nname = "wall"\naddress = "{clip}"\nread = ["0,0 1,0.5"]\n{endpoint}[record]\nfile = "f.jsonl"\n'
    )
    with glyphfeed("watch", "--config", file) as child:
        output, errors = child.communicate()
    assert child.returncode == 0
    assert [line.split()[1:3] for line in output.splitlines()] == [["wall", "live"], ["wall", "read"], ["wall", "ended"]]
    assert "Bakery" not in output
    # Who writes to no terminal tells when.
    assert all(
        re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d \w+ [a-z-]+: ", line) for line in errors.splitlines()
    )
    messages = recorded(tmp_path / "f.jsonl")
    assert [message.body["frame"] for message in messages if message.kind == "text"] == list(range(60))


def test_health_is_served_and_messages_are_written_for_programs(clip: Path) -> None:
    options = ["--metrics", "127.0.0.1:0", "--log-format", "json", "--feed", ANY_PORT, "--ignore", "0,0 1,0.5"]
    with glyphfeed("watch", clip, *options) as child:
        output, errors = child.communicate()
    assert child.returncode == 0
    assert "EXIT" not in output
    assert "Bakery" in output
    told = [json.loads(line) for line in errors.splitlines()]
    assert {line["level"] for line in told} == {"info"}
    assert told[0]["message"].startswith("the feed is published on tcp://127.0.0.1:")


@pytest.mark.parametrize("arguments", [["--fps", "x"], ["--zone", "0"], ["--size", "0"], ["--feed", "nowhere"]])
def test_what_cannot_work_is_written_for_programs_too(
    capfd: pytest.CaptureFixture[str], clip: Path, arguments: list[str]
) -> None:
    try:
        assert cli.run(["watch", str(clip), *arguments, "--log-format", "json"]) == 2
    finally:
        choose(LogFormat.PLAIN)
    (told,) = capfd.readouterr().err.splitlines()
    assert json.loads(told)["level"] == "error"


def test_a_grid_shows_where_zones_are(capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "zones.png"
    assert cli.run(["zones", str(clip), "--ignore", "0,0 1,0.5", "--out", str(out)]) == 0
    assert capfd.readouterr().out == f"{out}: 640x360 pixels; what is dark is not read\n"
    picture = cv2.imread(str(out))
    assert picture is not None
    # It is drawn larger than it is.
    assert picture.shape == (540, 960, 3)
    assert picture[:270].mean() < 0.5 * picture[270:].mean()
    file = tmp_path / "glyphfeed.toml"
    file.write_text(f'[[camera]]\nname = "wall"\naddress = "{clip}"\nread = ["0,0 1,0.5"]\n')
    assert cli.run(["zones", "wall", "--config", str(file), "--out", str(out)]) == 0
    capfd.readouterr()
    picture = cv2.imread(str(out))
    assert picture is not None
    assert picture[:270].mean() > 2 * picture[270:].mean()
    assert complaint(capfd, "zones", "door", "--config", file) == f"{file} has no camera 'door'; there are wall"
    assert (
        complaint(capfd, "zones", clip, "--out", tmp_path / "zones")
        == f"{tmp_path / 'zones'} is no name of a picture; end it in .png or .jpg"
    )


def test_ctrl_c_ends_the_wait_for_subscribers(tmp_path: Path) -> None:
    picture, options = own_networks(tmp_path)
    with glyphfeed("watch", picture, "--feed", ANY_PORT, "--wait-subscribers", "2", *options) as child:
        assert child.stderr is not None
        endpoint = child.stderr.readline().split()[-1]
        # Meanwhile the networks are loaded, and whichever is first tells of it.
        told = [child.stderr.readline() for _ in range(2)]
        assert f"glyphfeed: waiting for 2 subscribers at {endpoint}; Ctrl-C ends\n" in told
        child.send_signal(signal.SIGINT)
        assert child.wait(DEADLINE_S) == 130


def test_a_service_manager_that_asks_twice_gets_an_orderly_end(tmp_path: Path) -> None:
    picture, options = own_networks(tmp_path)
    with glyphfeed("watch", picture, "--feed", ANY_PORT, "--wait-subscribers", "1", *options) as child:
        assert child.stderr is not None
        told = "".join(child.stderr.readline() for _ in range(3))
        assert all(words in told for words in ("the feed is published", "runs the networks", "waiting for 1 subscriber"))
        child.send_signal(signal.SIGTERM)
        child.send_signal(signal.SIGTERM)
        assert child.wait(DEADLINE_S) == 0
        assert child.stderr.read() == ""


def test_a_subscriber_begins_it_and_a_reader_of_the_lines_that_goes_away_ends_it(clip: Path) -> None:
    with glyphfeed("watch", clip, "--pace", "live", "--feed", ANY_PORT, "--wait-subscribers", "1") as child:
        assert child.stdout is not None
        assert child.stderr is not None
        endpoint = child.stderr.readline().split()[-1]
        with connect(endpoint, ["text/"]) as subscriber:
            first = subscriber.receive(3 * DEADLINE_S)
            assert first is not None
            assert first.seq == 1
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read().count("\n") <= 2
        assert child.wait(DEADLINE_S) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the disk that is always full")
def test_a_source_that_fails_and_a_full_disk_are_both_said_at_the_end(clip: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(clip.read_bytes()[:2000])
    with glyphfeed("watch", clip, damaged, "--quiet", "--feed", ANY_PORT, "--record", "/dev/full") as child:
        output, errors = child.communicate()
    assert child.returncode == 2
    assert output == ""
    sentences = errors.splitlines()
    assert any(str(damaged) in sentence for sentence in sentences)
    assert sentences[-1] == "glyphfeed: The recording /dev/full is incomplete: No space left on device."


def test_pictures_are_read_as_json_and_the_others_passed_over(tmp_path: Path) -> None:
    street = tmp_path / "street.png"
    cv2.imwrite(str(street), render(demo_scene(), 0.2)[0])
    (tmp_path / "notes.png").write_text("no picture")
    with glyphfeed("read", tmp_path / "notes.png", street, "--json", PYTHONIOENCODING="ascii") as child:
        output, errors = child.communicate()
    assert child.returncode == 2
    assert errors == f"glyphfeed: {tmp_path / 'notes.png'} is not a picture that can be read; save it as .png or .jpg\n"
    line = json.loads(output)
    assert (line["image"], line["size"]) == (str(street), [960, 540])
    texts = {text["text"].replace(" ", "") for text in line["texts"]}
    assert {"CAFÉLUNA", "OPEN", "Espresso", "HOTEL"} <= texts
    assert all(text["state"] != "tentative" and len(text["polygon"]) >= 4 for text in line["texts"])
    said = {text["id"]: text["text"].replace(" ", "") for text in line["texts"]}
    blocks = [[said[number] for number in block] for block in line["blocks"]]
    assert blocks[0] == ["CAFÉLUNA"]
    # With its price.
    assert [len(block) for block in blocks if block[0] == "Espresso"] == [2]
