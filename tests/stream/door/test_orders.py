from __future__ import annotations

import json

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.door.jpeg import JpegError, size_of
from glyphfeed.stream.door.orders import (
    HEADER_BYTES,
    LEAP,
    PICTURE_BYTES,
    Bye,
    Hello,
    PhoneError,
    Ping,
    check_name,
    order,
    shot,
)
from tests.stream.sources.media import jpeg, numbered

PLAIN = jpeg(numbered(5))
PROGRESSIVE = cv2.imencode(".jpg", numbered(5), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
SCAN = PLAIN.index(b"\xff\xda")


def message(frame: object = 7, jpeg: bytes = PLAIN, size: object = (160, 96), captured_at: object = 1.7e9) -> bytes:
    return json.dumps({"frame": frame, "captured_at": captured_at, "size": size}).encode() + b"\n" + jpeg


def test_a_picture_is_its_number_its_time_its_size_and_a_jpeg() -> None:
    taken = shot(message(), 7)
    assert (taken.frame, taken.captured_at, taken.size, taken.jpeg) == (7, 1.7e9, (160, 96), PLAIN)


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        (b"", "a line of JSON"),
        (PLAIN, "is not as it should be"),
        (b"{" * HEADER_BYTES + b"\n", "a line of JSON"),
        (b"[" * 400 + b"\n" + PLAIN, "is not as it should be"),
        (message(frame=6), "Picture 6 comes where 7 or one soon after it is due"),
        (message(frame=8 + LEAP), "numbers go up"),
        (message(frame=-1), "is not as it should be"),
        (message(frame=7.5), "is not as it should be"),
        (message(frame="7"), "is not as it should be"),
        (message(captured_at=float("nan")), "is not as it should be"),
        (message(captured_at=1e300), "is not as it should be"),
        (message(size=(160,)), "is not as it should be"),
        (message(size=(160, 97)), "has 160x96 pixels, and is said to have 160x97"),
        (message(size=(63, 96)), "63x96 pixels cannot be read"),
        (message(size=(4096, 4096)), "4096x4096 pixels cannot be read"),
        (message(size=(10**30, 96)), "is not as it should be"),
        (message(jpeg=b""), "it is no JPEG"),
        (message(jpeg=b"\x89PNG\r\n\x1a\n"), "it is no JPEG"),
        (message(jpeg=PLAIN[:-2]), "cut off"),
        (message(jpeg=PLAIN[:2] + PLAIN[-2:]), "no picture in it"),
        (message(jpeg=PROGRESSIVE), "not baseline"),
        # Ten bytes each, and each would cost a pass over all pixels.
        (message(jpeg=PLAIN[:SCAN] + PLAIN[SCAN : SCAN + 14] * 1000 + PLAIN[-2:]), "not baseline"),
        (message(jpeg=PLAIN + bytes(PICTURE_BYTES)), "has more than 2097152 bytes"),
    ],
)
def test_what_is_no_picture_is_told_in_a_sentence(sent: bytes, complaint: str) -> None:
    with pytest.raises(PhoneError, match=complaint):
        shot(sent, 7)


@given(st.binary(max_size=300), st.integers(0, len(PLAIN)), st.integers(0, 40))
def test_no_bytes_break_it(noise: bytes, at: int, cut: int) -> None:
    for content in (noise, PLAIN[:at] + noise + PLAIN[at + cut :], b"\xff\xd8" + noise + b"\xff\xd9"):
        try:
            width, height = size_of(content)
        except JpegError:
            continue
        assert 0 <= width < 65536
        assert 0 <= height < 65536
    with pytest.raises(PhoneError):
        shot(noise, 0)
    with pytest.raises(PhoneError):
        order(noise)


def test_orders_are_few() -> None:
    assert order('{"op":"hello","phone":"0123456789abcdef","name":"Küche"}') == Hello("0123456789abcdef", "Küche")
    assert order(b'{"op":"ping","id":7,"further":[1]}') == Ping(7)
    assert order('{"op":"bye"}') == Bye()
    for none in ("", "{}", '{"op":"next"}', '{"op":"hello","phone":"short"}', '{"op":"bye"}' + 1100 * " ", "[" * 1000):
        with pytest.raises(PhoneError):
            order(none)


def test_names_are_those_of_the_feed() -> None:
    check_name("kitchen-2")
    for name in ("", "a b", "Küche", "x" * 65, "a/b"):
        with pytest.raises(PhoneError, match="cannot be used"):
            check_name(name)
