from __future__ import annotations

import time

import pytest

from glyphfeed.stream.sources.phone import LATE_S, Clock, PhoneSource
from tests.stream.feed.samples import wait_until
from tests.stream.sources.media import jpeg, numbered
from tests.stream.sources.taker import Taker


class Hand:
    """The way to a phone, that remembers what went over it."""

    def __init__(self) -> None:
        self.credits = 0
        self.complaints: list[str] = []
        self.dismissed = False

    def taken(self) -> None:
        self.credits += 1

    def complain(self, detail: str) -> None:
        self.complaints.append(detail)

    def let_go(self) -> None:
        self.dismissed = True


def test_frames_are_the_phones_own_whatever_its_size_clock_and_gaps() -> None:
    source, hand = PhoneSource("phone-1", 100), Hand()
    shown = [(100, 160, 96, 5.0), (101, 160, 96, 5.1), (104, 128, 192, 5.4), (105, 640, 480, 2.0), (109, 160, 96, 2.5)]
    shown.append((110, 160, 96, 3.0))
    with Taker(source) as taker:
        source.enter(hand)
        for n, (number, width, height, captured_at) in enumerate(shown):
            source.offer(number, captured_at, jpeg(numbered(number, width, height)))
            taker.wait_until(lambda n=n: len(taker.frames) == n + 1)
    assert [frame.index + source.first for frame in taker.frames] == [number for number, *_ in shown]
    assert [frame.number for frame in taker.frames] == [number for number, *_ in shown]
    assert [frame.size for frame in taker.frames] == [(width, height) for _, width, height, _ in shown]
    steps = [later.pts - frame.pts for frame, later in zip(taker.frames, taker.frames[1:], strict=False)]
    assert steps[:2] == pytest.approx([0.1, 0.3])
    # Where the phone's clock goes back the step is that of the arrival, and the next one as well.
    assert 0 < steps[2] < 20
    assert 0 < steps[3] < 20
    assert steps[4] == pytest.approx(0.5)
    assert all(abs(frame.captured_at - time.time()) < 60 for frame in taker.frames)
    assert hand.credits == len(shown)
    assert hand.dismissed
    assert [state for _, state, _ in taker.states] == ["connecting", "live", "ended"]
    assert source.due == 111


def test_what_cannot_be_decoded_is_complained_of_and_passed_over() -> None:
    source, hand = PhoneSource("phone-1", 0), Hand()
    good = jpeg(numbered(3))
    with Taker(source) as taker:
        source.enter(hand)
        source.offer(0, 1.0, b"\xff\xd8\xff\xd9")
        wait_until(lambda: hand.complaints != [])
        source.offer(3, 1.1, good)
        taker.wait_until(lambda: len(taker.frames) == 1)
    assert hand.complaints == ["Picture 0 cannot be decoded; send a baseline JPEG."]
    assert taker.frames[0].index == 3


def test_its_states_say_what_a_phone_does() -> None:
    source, hand = PhoneSource("phone-1", 0), Hand()
    with Taker(source) as taker:
        source.enter(hand)
        for number in range(3):
            source.offer(number, float(number), jpeg(numbered(number)))
            taker.wait_until(lambda number=number: len(taker.frames) == number + 1)
        taker.wait_until(lambda: taker.states[-1][1] == "stalled")
        source.leave(hand)
        taker.wait_until(lambda: taker.states[-1][1] == "connecting")
        assert source.absent_s > 0
        source.enter(hand)
        source.offer(7, 8.0, jpeg(numbered(7)))
        taker.wait_until(lambda: taker.states[-1][1] == "live")
        assert source.absent_s == 0
    sentences = [detail for _, _, detail in taker.states]
    assert sentences[0] == "waiting for the first picture of the phone"
    assert sentences[1] == "the phone sends pictures"
    assert "the phone sends nothing new" in sentences[2]
    assert any("waiting for the phone to come back" in sentence for sentence in sentences)
    assert sentences[-1] == "the phone was let go after 8 pictures"


def test_a_clock_that_is_wrong_is_moved_onto_ours() -> None:
    clock = Clock()
    # A phone that is an hour behind, whose second picture is the quickest.
    assert clock.place(6400.0, 10_000.2) == (6400.0, pytest.approx(10_000.2))
    assert clock.place(6401.0, 10_001.1) == (6401.0, pytest.approx(10_001.1))
    # One that takes longer lies where the phone says, seen from the quickest.
    assert clock.place(6402.0, 10_003.0) == (6402.0, pytest.approx(10_002.1, abs=0.01))
    assert clock.place(6403.0, 10_003.0 + 0.9 * LATE_S) == (6403.0, pytest.approx(10_003.1, abs=0.01))
    # The phone's clock is set ahead, and back again, and stands.
    assert clock.place(20_000.0, 10_006.0) == (20_000.0, pytest.approx(10_006.0))
    assert clock.place(6406.0, 10_007.0) == (None, pytest.approx(10_007.0))
    assert clock.place(6406.0, 10_007.5) == (None, pytest.approx(10_007.5))
    assert clock.place(6407.5, 10_008.5) == (6407.5, pytest.approx(10_008.5, abs=0.01))


def test_a_phone_without_a_clock_is_placed_by_when_its_pictures_come() -> None:
    source = PhoneSource("phone-1", 0)
    with Taker(source) as taker:
        source.enter(Hand())
        for number in range(4):
            source.offer(number, 0.0, jpeg(numbered(number)))
            taker.wait_until(lambda number=number: len(taker.frames) == number + 1)
            time.sleep(0.05)
    first, *_, last = taker.frames
    assert last.pts - first.pts >= 0.15
    assert last.captured_at - first.captured_at >= 0.15
