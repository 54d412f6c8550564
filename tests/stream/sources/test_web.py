"""Pictures as web servers send them: whatever stands between them, each JPEG is found where it begins and ends."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.sources.web import Splitter
from tests.stream.sources.media import jpeg, noisy, numbered

PICTURES = [
    jpeg(numbered(1)),
    jpeg(noisy(2, 160, 96)),
    cv2.imencode(".jpg", noisy(3, 64, 48), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes(),
    cv2.imencode(".jpg", noisy(4, 64, 48), [cv2.IMWRITE_JPEG_RST_INTERVAL, 2])[1].tobytes(),
]


def with_thumbnail(picture: bytes) -> bytes:
    """A JPEG with another one in its metadata, as some cameras send them."""
    inner = b"Exif\0\0" + PICTURES[2]
    return picture[:2] + b"\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner + picture[2:]


@given(
    st.lists(st.sampled_from([*PICTURES, with_thumbnail(PICTURES[0])]), max_size=4),
    st.sampled_from(
        [b"", b"--frame\r\nContent-Type: image/jpeg\r\n\r\n", b"frame\r\nContent-Length: 3\r\n\r\n", b"\xff\xd8", b"\xff"]
    ),
    st.lists(st.integers(1, 3000), min_size=1, max_size=5),
)
def test_every_picture_is_found_in_whatever_pieces_it_comes(pictures: list[bytes], between: bytes, lengths: list[int]) -> None:
    content = between.join([b"", *pictures, b""])
    splitter, found, at = Splitter(), [], 0
    while at < len(content):
        length = lengths[at % len(lengths)]
        found += splitter.take(content[at : at + length])
        at += length
    assert found == pictures


def test_a_picture_that_breaks_off_takes_no_other_along() -> None:
    splitter = Splitter()
    assert splitter.take(PICTURES[1][:2000] + PICTURES[0] + PICTURES[0]) == [PICTURES[0]] * 2


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_no_picture(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, 200_000, np.uint8).tobytes()
    splitter = Splitter()
    assert splitter.take(noise) == []
    assert splitter.take(bytes(70_000) + PICTURES[0]) in ([], [PICTURES[0]])
