from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from glyphfeed.stream.drivers.gauges import Gauges
from glyphfeed.stream.records import Frame, Snapshot, SourceState
from tests.stream.feed.samples import entity


@dataclass
class Network:
    """What the figures need of a network: what it is called at the moment."""

    name: str = ""


def frame(index: int) -> Frame:
    grey = np.zeros((8, 8), np.uint8)
    return Frame(index, index / 30, 0.0, grey, lambda: np.repeat(grey[..., None], 3, 2))


def snapshot(index: int) -> Snapshot:
    return Snapshot("cam1", index, index / 30, 0.0, (8, 8), (entity(),))


def test_nothing_is_known_at_first() -> None:
    gauges = Gauges("cam1", 100.0, Network("detector"), Network("recogniser"))
    told = gauges.status(100.0)
    assert (told.state, told.fps_in, told.fps_out, told.dropped) == (SourceState.CONNECTING, 0, 0, 0)
    assert (told.latency_p50_ms, told.latency_p95_ms, told.detect_ms, told.read_ms) == (None, None, None, None)
    assert (told.detector, told.recogniser, told.uptime_s) == ("detector", "recogniser", 0)


def test_a_status_names_what_runs_a_network_at_the_moment() -> None:
    detector = Network("detector (onnxruntime, fp32, while tensorrt is built)")
    gauges = Gauges("cam1", 0.0, detector, Network())
    assert gauges.status(1.0).detector.endswith("while tensorrt is built)")
    detector.name = "detector (tensorrt, fp16)"
    assert gauges.status(2.0).detector == "detector (tensorrt, fp16)"


def test_rates_are_those_of_the_last_seconds_and_fall_when_nothing_comes() -> None:
    gauges = Gauges("cam1", 0.0, Network(), Network())
    for index in range(300):
        gauges.arrive(frame(index), index / 30)
        if index % 3 == 0:
            gauges.publish(snapshot(index), 7, 0.02, index / 30)
    told = gauges.status(10.0)
    assert told.fps_in == pytest.approx(30, abs=0.5)
    assert told.fps_out == pytest.approx(10, abs=0.5)
    assert gauges.status(12.5).fps_in == pytest.approx(15, abs=0.5)
    late = gauges.status(20.0)
    assert (late.fps_in, late.fps_out, late.latency_p50_ms) == (0, 0, None)
    assert (late.reads, late.texts, late.uptime_s) == (7, 1, 20)


def test_a_rate_is_right_from_the_first_second_on() -> None:
    gauges = Gauges("cam1", 0.0, Network(), Network())
    for index in range(30):
        gauges.arrive(frame(index), index / 30)
    assert gauges.status(1.0).fps_in == pytest.approx(30)


def test_gaps_in_the_index_are_dropped_frames_and_count_as_arrived() -> None:
    gauges = Gauges("cam1", 0.0, Network(), Network())
    for index in (0, 1, 5, 6):
        gauges.arrive(frame(index), 0.5)
        gauges.publish(snapshot(index), 0, None, 0.5)
    told = gauges.status(1.0)
    assert (told.dropped, told.fps_in, told.fps_out) == (3, 7, 4)


def test_latencies_are_percentiles_in_milliseconds() -> None:
    gauges = Gauges("cam1", 0.0, Network(), Network())
    for index in range(101):
        gauges.publish(snapshot(index), 0, index / 1000, 1.0)
    told = gauges.status(1.0)
    assert (told.latency_p50_ms, told.latency_p95_ms) == (pytest.approx(50), pytest.approx(95))


def test_durations_are_moving_averages_in_milliseconds() -> None:
    gauges = Gauges("cam1", 0.0, Network(), Network())
    gauges.detect(0.1)
    gauges.read(0.01)
    assert gauges.status(0.0).detect_ms == pytest.approx(100)
    for _ in range(50):
        gauges.detect(0.2)
    told = gauges.status(0.0)
    assert told.detect_ms == pytest.approx(200, abs=1)
    assert told.read_ms == pytest.approx(10)


def test_the_state_is_the_last_one_entered() -> None:
    gauges = Gauges("cam1", 0.0, Network(), Network())
    gauges.enter(SourceState.LIVE, "pictures arrive")
    gauges.enter(SourceState.STALLED, "no picture for 3 s")
    told = gauges.status(1.0)
    assert (told.state, told.detail) == (SourceState.STALLED, "no picture for 3 s")
