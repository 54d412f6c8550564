from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from zmq.utils import z85

from glyphfeed.stream.feed.publishing.zap import LATER, NEVER, YES, Question, parse

KEY = bytes(range(32))
TEXT = z85.encode(KEY).decode()
FRAMES = [b"route", b"", b"1.0", b"7", b"glyphfeed", b"10.0.0.3", b"", b"CURVE", KEY]


def test_a_question_about_a_key_is_read_and_answered() -> None:
    question = parse(FRAMES)
    assert question == Question((b"route", b""), b"7", "10.0.0.3", TEXT)
    assert question.answer(YES, b"welcome") == [b"route", b"", b"1.0", b"7", b"200", b"welcome", TEXT.encode(), b""]
    for refused in (LATER, NEVER):
        assert question.answer(refused, b"no") == [b"route", b"", b"1.0", b"7", refused, b"no", b"", b""]


def test_a_question_without_a_key_is_read() -> None:
    assert parse([*FRAMES[:7], b"NULL"]) == Question((b"route", b""), b"7", "10.0.0.3", "")


def test_what_is_none_is_not_answered() -> None:
    for index, wrong in ((1, b"x"), (2, b"2.0"), (4, b"other"), (4, b""), (7, b"PLAIN"), (7, b"NULL"), (8, KEY[:31]), (8, b"")):
        assert parse([*FRAMES[:index], wrong, *FRAMES[index + 1 :]]) is None
    for length in range(len(FRAMES)):
        assert parse(FRAMES[:length]) is None


@given(st.lists(st.binary(max_size=40) | st.sampled_from(FRAMES), max_size=12))
def test_whatever_comes_is_read_or_left(frames: list[bytes]) -> None:
    question = parse(frames)
    assert question is None or question.answer(NEVER, b"no")[:2] == [frames[0], b""]
