"""The command, from its line to its files."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from glyphfeed.tools import cli
from glyphfeed.tools.evaluation.systems import told_fps
from tests.tools.evaluation.made import message, text, truth, write_clip, write_recording

if TYPE_CHECKING:
    from pathlib import Path

AT = (100.0, 100.0)
STILL = truth({1: "Exit"}, [{1: AT}] * 10)
RIGHT = [message(frame, text(1, "EXIT", AT, confidence=0.9)) for frame in range(10)]
PEER = """
import json, sys
from pathlib import Path

clip, out = map(Path, sys.argv[-2:])
with (Path(__file__).parent / "runs.txt").open("a") as log:
    log.write(clip.stem + "\\n")
truth = json.loads(clip.with_suffix(".gt.json").read_text())
with out.open("w") as file:
    for number, words in enumerate(truth["frames"]):
        texts = [{"id": i, "text": "exit", "state": "settled", "polygon": quad} for i, quad, _ in words]
        file.write(json.dumps({"frame": number, "texts": texts}) + "\\n")
print("loading")
print(json.dumps({"fps": 2.5}))
"""


def complaint(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """What a command line that cannot work says: one line on stderr, and nothing else."""
    assert cli.run(["evaluate", *map(str, arguments)]) == 2
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors.startswith("glyphfeed: ")
    assert errors.count("\n") == 1
    return errors.removeprefix("glyphfeed: ").rstrip("\n")


def reported(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    """The report of a command line that works."""
    assert cli.run(["evaluate", *map(str, arguments), "--json"]) == 0
    report: dict[str, Any] = json.loads(capfd.readouterr().out)
    return report


def write_peer(folder: Path, code: str = PEER) -> str:
    """A reader of its own, as a command."""
    path = folder / "peer.py"
    path.write_text(code, encoding="utf-8")
    return shlex.join([sys.executable, str(path)])


def test_help_shows_how_a_truth_is_called(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["evaluate", "--help"]) == 0
    output = capfd.readouterr().out
    assert "CLIP.gt.json" in output
    assert "--beside" in output


def test_a_recording_is_scored_without_a_network(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip, feed = write_clip(tmp_path, STILL), write_recording(tmp_path, RIGHT)
    out, page = tmp_path / "out", tmp_path / "page.md"
    assert cli.run(["evaluate", str(clip.video), "--feed", str(feed), "--out", str(out), "--markdown", str(page)]) == 0
    output, errors = capfd.readouterr()
    assert errors == ""
    assert "word F1 ↑" in output
    assert output.split("frames/s")[-1].split() == ["made", "glyphfeed", "1", "1.000", "1.000", "–"]
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["systems"][0]["figures"]["hota"] == 1.0
    assert "![Reliability of the confidences](reliability.png)" in (out / "report.md").read_text(encoding="utf-8")
    assert (out / "reliability.png").is_file()
    assert page.read_text(encoding="utf-8").startswith("# Benchmark\n")
    assert "![" not in page.read_text(encoding="utf-8")


def test_another_reader_stands_beside_and_its_runs_are_taken_up_again(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in ("a", "b"):
        write_clip(clips, STILL, name)
    feed, command = write_recording(tmp_path, RIGHT), write_peer(tmp_path)
    arguments = [clips, "--feed", feed, "--feed", feed, "--beside", f"other reader={command}", "--out", tmp_path / "out"]
    log = tmp_path / "runs.txt"
    first = reported(capfd, *arguments)
    assert [system["name"] for system in first["systems"]] == ["glyphfeed", "other reader"]
    assert first["systems"][1]["about"] == f"`{command} CLIP OUT.jsonl`"
    figures = first["systems"][1]["figures"]
    assert (figures["word_f1"], figures["frames_per_s"], figures["ece"]) == (1.0, 2.5, None)
    assert figures["cpu_s_per_s"] > 0
    assert log.read_text().split() == ["a", "b"]
    # Complete runs are taken up again; one that was interrupted, whose clip is another one or whose program has changed is not.
    assert reported(capfd, *arguments)["systems"] == first["systems"]
    assert log.read_text().split() == ["a", "b"]
    (summary,) = (tmp_path / "out" / "runs").glob("a-*.json")
    summary.unlink()
    reported(capfd, *arguments)
    assert log.read_text().split() == ["a", "b", "a"]
    (clips / "b.mp4").write_bytes(b"another take")
    reported(capfd, *arguments)
    assert log.read_text().split() == ["a", "b", "a", "b"]
    write_peer(tmp_path, PEER + "# mended\n")
    reported(capfd, *arguments)
    assert log.read_text().split() == ["a", "b", "a", "b", "a", "b"]


def test_our_own_reader_is_run_and_measured(capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path) -> None:
    report = reported(capfd, clip, "--out", tmp_path)
    (system,) = report["systems"]
    figures = system["figures"]
    assert figures["words"] == 3
    assert figures["word_f1"] > 0.7
    assert figures["ever_read"] == 1.0
    assert figures["mota"] > 0.5
    assert figures["overlay_median"] < 0.3
    assert figures["frames_per_s"] > 0
    assert 0 < figures["reads_per_frame"] < 1
    assert figures["changed_events"] == 0
    assert sum(one["count"] for one in system["reliability"]) > 60
    assert reported(capfd, clip, "--out", tmp_path)["systems"] == report["systems"]


def test_what_cannot_be_evaluated_is_said_in_one_sentence(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip, feed = write_clip(tmp_path, STILL).video, write_recording(tmp_path, RIGHT)
    assert "there is no such file or folder" in complaint(capfd, tmp_path / "none.mp4")
    assert "there are 2 --feed for 1 clips" in complaint(capfd, clip, "--feed", feed, "--feed", feed)
    assert "is not NAME=COMMAND; write for example" in complaint(capfd, clip, "--feed", feed, "--beside", "peer.py")
    assert "check its quotes" in complaint(capfd, clip, "--feed", feed, "--beside", "other='peer.py")
    assert "feed.none cannot be read" in complaint(capfd, clip, "--feed", tmp_path / "feed.none")
    assert "results cannot be kept in" in complaint(capfd, clip, "--feed", feed, "--out", feed)
    assert "the report cannot be written to" in complaint(
        capfd, clip, "--feed", feed, "--markdown", tmp_path / "none" / "page.md"
    )
    assert "it is a folder; give the name of a file in it" in complaint(capfd, clip, "--feed", feed, "--markdown", tmp_path)
    twice = ["--beside", "other=true", "--beside", "other=false"]
    assert complaint(capfd, clip, "--feed", feed, *twice) == "2 --beside are called other; give each a name of its own"
    (tmp_path / "made.gt.json").write_text("{", encoding="utf-8")
    assert "is no sound JSON" in complaint(capfd, clip, "--feed", feed)


def test_what_must_be_installed_is_said_in_one_sentence(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trackers.eval", None)
    said = complaint(capfd, write_clip(tmp_path, STILL).video)
    how = f"{sys.executable} -m pip install -e '.[evaluate]' in glyphfeed's folder"
    assert said == f"evaluating needs trackers.eval, which is not installed; run {how}"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("raise SystemExit('no networks here')", "ended with code 1 on {clip} (no networks here); run it by hand: "),
        ("print('done')", "wrote no OUT.jsonl on {clip} (done); run it by hand: "),
        ("import sys; open(sys.argv[2], 'w').write('rubbish')", "the recording OUT.jsonl of other on {clip} is none: line 1 "),
    ],
)
def test_another_reader_that_fails_is_said_in_one_sentence(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, code: str, sentence: str
) -> None:
    clip, feed = write_clip(tmp_path, STILL).video, write_recording(tmp_path, RIGHT)
    command = write_peer(tmp_path, code)
    said = complaint(capfd, clip, "--feed", feed, "--beside", f"other={command}")
    assert sentence.format(clip=clip) in said
    assert said.endswith(f"run it by hand: {command} {clip} OUT.jsonl") == ("run it by hand" in sentence)
    assert "glyphfeed-" not in said


def test_what_a_failed_run_left_is_not_the_result_of_the_next(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip, feed = write_clip(tmp_path, STILL).video, write_recording(tmp_path, RIGHT)
    code = """
import sys
from pathlib import Path

failed = Path(__file__).with_name("failed")
if not failed.exists():
    failed.touch()
    Path(sys.argv[2]).write_text('{"frame": 0, "texts": []}')
    sys.exit("interrupted")
"""
    arguments = [clip, "--feed", feed, "--out", tmp_path / "out", "--beside", f"other={write_peer(tmp_path, code)}"]
    assert "ended with code 1" in complaint(capfd, *arguments)
    assert "wrote no OUT.jsonl" in complaint(capfd, *arguments)


def test_a_recording_of_another_clip_is_not_scored(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip = write_clip(tmp_path, STILL).video
    sized = [one | {"size": [640, 360]} for one in RIGHT]
    assert reported(capfd, clip, "--feed", write_recording(tmp_path, sized))["systems"][0]["figures"]["word_f1"] == 1.0
    for messages, sentence in (
        ([*RIGHT, message(20)], "goes on to frame 20, past the 10 frames of made; give the --feed in the order of the clips"),
        ([*sized, message(9, size=[1280, 720])], "is of a picture of 1280x720 pixels, not of the 640x360 of made; give "),
        ([], "holds no text message"),
    ):
        feed = write_recording(tmp_path, messages)
        assert complaint(capfd, clip, "--feed", feed).startswith(f"the recording {feed} {sentence}")


def test_a_clip_is_not_scored_by_the_truth_of_a_shorter_one(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip, feed = write_clip(tmp_path, STILL), write_recording(tmp_path, RIGHT)
    peer = write_peer(tmp_path, """import sys; open(sys.argv[2], 'w').write('{"frame": 90, "texts": []}')""")
    said = complaint(capfd, clip.video, "--feed", feed, "--beside", f"other={peer}")
    assert said == (f"what other read of {clip.video} goes on to frame 90, past the 10 frames of {clip.truth}; give it its own")


def test_what_another_reader_started_ends_with_the_command(tmp_path: Path) -> None:
    clip, feed = write_clip(tmp_path, STILL).video, write_recording(tmp_path, RIGHT)
    child = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        peer = write_peer(tmp_path, f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}, '{port}'])")
        command = [sys.executable, "-m", "glyphfeed", "evaluate", clip, "--feed", feed, "--beside", f"other={peer}"]
        server.settimeout(60)
        with subprocess.Popen(command) as evaluating:
            connection, _ = server.accept()
            with connection:
                evaluating.terminate()
                connection.settimeout(60)
                # The end of the child ends the connection.
                assert connection.recv(1) == b""
            assert evaluating.wait(60) == 130


@pytest.mark.parametrize(
    ("output", "fps"),
    [('loading\n{"fps": 2.5}\n', 2.5), ('{"fps": NaN}', None), ('{"fps": 1e999}', None), ('{"fps": 0}', None), ("", None)],
)
def test_only_a_number_above_0_is_a_frame_rate(output: str, fps: float | None) -> None:
    assert told_fps(output) == fps


def test_another_reader_that_is_not_there_is_said_in_one_sentence(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip, feed = write_clip(tmp_path, STILL).video, write_recording(tmp_path, RIGHT)
    said = complaint(capfd, clip, "--feed", feed, "--beside", "other=no-such-reader --fast")
    assert said == "other cannot be started: no-such-reader: No such file or directory; check its --beside"
