"""What `glyphfeed read` prints of a picture."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from glyphfeed.tools.reading import json_line, lines, read_pictures
from tests.stream.feed.samples import entity, snapshot
from tests.stream.sources.heif import heic
from tests.stream.sources.media import picture_bytes, write_video

if TYPE_CHECKING:
    import pytest

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.records import Colour
    from glyphfeed.stream.running.networks import Networks

SIGN = Path("sign.jpg")


def test_texts_are_printed_in_reading_order_and_blocks_apart() -> None:
    read = replace(snapshot(0, entity(3, "PARKING"), entity(5, "Café"), entity(8, "NO")), blocks=((8, 3), (5,)))
    assert lines(SIGN, read) == "sign.jpg: 3 texts\n  0.99  NO\n  0.99  PARKING\n\n  0.99  Café"
    assert json.loads(json_line(SIGN, read))["blocks"] == [[8, 3], [5]]


def test_a_picture_without_text_is_one_line() -> None:
    assert lines(SIGN, snapshot(0)) == "sign.jpg: 0 texts"


def sign(text: str) -> Colour:
    """A white picture with a text on it."""
    image = np.full((160, 640, 3), 250, np.uint8)
    cv2.putText(image, text, (40, 110), cv2.FONT_HERSHEY_DUPLEX, 2.2, (20, 20, 20), 5, cv2.LINE_AA)
    return image


@dataclass
class Loaded:
    """Networks that are there already."""

    engines: Engines

    def load(self, **_: Any) -> Future[Engines]:
        future: Future[Engines] = Future()
        future.set_result(self.engines)
        return future


def read(engines: Engines, *files: Path, as_json: bool = True) -> int:
    return read_pictures([str(file) for file in files], cast("Networks", Loaded(engines)), None, as_json=as_json)


def said(capfd: pytest.CaptureFixture[str]) -> tuple[list[dict[str, Any]], str]:
    """The lines of JSON printed, and the complaints."""
    output, errors = capfd.readouterr()
    return [json.loads(line) for line in output.splitlines()], errors


def texts_of(line: dict[str, Any]) -> list[str]:
    return [text["text"] for text in line["texts"]]


def test_letters_without_a_ground_are_read(engines: Engines, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    alpha = 255 - sign("TRANSIT MAP")[:, :, :1]
    files = []
    for name, ink in (("black", 0), ("white", 255)):
        files.append(tmp_path / f"{name}.png")
        cv2.imwrite(str(files[-1]), np.concatenate([np.full((160, 640, 3), ink, np.uint8), alpha], axis=2))
    assert read(engines, *files) == 0
    assert [texts_of(line) for line in said(capfd)[0]] == [["TRANSIT MAP"], ["TRANSIT MAP"]]


def test_each_page_of_a_document_is_read(engines: Engines, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pages.tif"
    path.write_bytes(picture_bytes("TIFF", sign("PAGE ONE"), sign("PAGE TWO")))
    assert read(engines, path) == 0
    read_as_json, errors = said(capfd)
    assert [(line["page"], texts_of(line)) for line in read_as_json] == [(1, ["PAGE ONE"]), (2, ["PAGE TWO"])]
    assert list(read_as_json[0]) == ["image", "page", "size", "texts", "blocks"]
    assert errors == ""
    read(engines, path, as_json=False)
    assert f"{path}, page 2: 1 texts\n" in capfd.readouterr().out


def test_of_an_animation_the_first_frame_is_read_and_that_is_said(
    engines: Engines, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "anim.gif"
    path.write_bytes(picture_bytes("GIF", sign("FIRST EXIT"), sign("SECOND EXIT"), duration=500))
    assert read(engines, path) == 0
    (line,), errors = said(capfd)
    assert texts_of(line) == ["FIRST EXIT"]
    assert "page" not in line
    assert errors == (f"glyphfeed: {path} is an animation of 2 frames, and the first one was read; `glyphfeed watch` reads all\n")


def test_a_folder_of_photos_from_a_phone_is_read_and_the_rest_told(
    engines: Engines, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "1.heic").write_bytes(heic(sign("BAKERY OPEN")))
    (tmp_path / "2.jpg").write_bytes(heic(sign("GATE SEVEN")))
    (tmp_path / "3.jpg").write_bytes(heic(sign("GATE SEVEN"))[:900])
    (tmp_path / "notes.txt").write_text("of no use")
    write_video(tmp_path / "4.mov", 3)
    assert read(engines, tmp_path) == 2
    read_as_json, errors = said(capfd)
    assert [texts_of(line) for line in read_as_json] == [["BAKERY OPEN"], ["GATE SEVEN"]]
    assert errors.splitlines() == [
        f"glyphfeed: {tmp_path}: left out as no picture: notes.txt; left out as a video, which `glyphfeed watch` reads: 4.mov",
        f"glyphfeed: {tmp_path / '3.jpg'} was cut off (HEIC); copy it again, or save it as .png or .jpg",
    ]
