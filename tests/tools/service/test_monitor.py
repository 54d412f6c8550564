from __future__ import annotations

import socket
import urllib.error
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from glyphfeed.stream.feed.keys import ServerKeys, issue, revoke
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.receiving.client import connect
from glyphfeed.stream.records import EventType, Frame, SourceState
from glyphfeed.stream.web.admission import Listen
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.service.health import Health
from glyphfeed.tools.service.monitor import serving
from tests.stream.driving import ANY_PORT
from tests.stream.feed.samples import DEADLINE_S, event, of, snapshot, status, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAME = Frame(7, 0.25, 0.0, np.zeros((2, 2), np.uint8), lambda: np.zeros((2, 2, 3), np.uint8))


class Uncounted:
    subscribers = refused = 0


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with closing(error):
            return error.code, error.read().decode()


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def port(health: Health) -> Iterator[int]:
    with Publisher(ANY_PORT) as publisher, serving(Listen("127.0.0.1", 0), health, publisher) as port:
        yield port


def test_health_is_told_with_a_line_for_each_source(health: Health, port: int) -> None:
    assert ask(port, "/healthz") == (503, "starting\n")
    health.report(status(SourceState.LIVE, "it is fine"))
    assert ask(port, "/healthz") == (200, "cam1 is live: it is fine\n")
    assert ask(port, "/healthz?verbose") == (200, "cam1 is live: it is fine\n")
    assert ask(port, "/healthz", "HEAD") == (200, "")
    # The name of a file may not be UTF-8.
    health.report(status(SourceState.FAILED, "\udcff.mp4 is damaged"))
    assert ask(port, "/healthz") == (503, "cam1 is failed: \\udcff.mp4 is damaged\n")
    assert ask(port, "/") == (404, "there are /healthz and /metrics\n")


def test_metrics_tell_what_the_statuses_do_and_no_text(health: Health, port: int) -> None:
    health.publish(FRAME, snapshot(), [event("A SECRET"), event("A SECRET", EventType.CHANGED, "ANOTHER SECRET")])
    health.report(status(detail="why"))
    health.report(of("yard", status(SourceState.STALLED)))
    code, body = ask(port, "/metrics")
    assert code == 200
    assert "SECRET" not in body
    families = {family.name: family for family in text_string_to_metric_families(body)}
    values = {
        (sample.name, sample.labels.get("source")): sample.value for family in families.values() for sample in family.samples
    }
    assert values["glyphfeed_subscriptions", None] == values["glyphfeed_refused_total", None] == 0
    cam1 = {name.removeprefix("glyphfeed_source_"): value for (name, source), value in values.items() if source == "cam1"}
    assert cam1 == {
        "up": 1,
        "state": 1,
        "frames_in_per_second": 29.97,
        "frames_out_per_second": 29.5,
        "frames_dropped_total": 3,
        "latency_p50_seconds": pytest.approx(0.0123456),
        "latency_p95_seconds": pytest.approx(0.04),
        "detect_seconds": pytest.approx(0.0261),
        "reads_total": 11,
        "texts": 2,
        "uptime_seconds": 61.5,
        "events_read_total": 1,
        "events_changed_total": 1,
        "events_flagged_total": 0,
        "events_left_total": 0,
    }
    assert values["glyphfeed_source_up", "yard"] == 0
    assert values["glyphfeed_source_state", "yard"] == 2
    assert all(set(sample.labels) <= {"source"} for family in families.values() for sample in family.samples)
    assert values["process_resident_memory_bytes", None] > 0
    health.forget("yard")
    assert 'source="yard"' not in ask(port, "/metrics")[1]


def test_who_hangs_up_or_says_nothing_disturbs_nobody(health: Health, port: int) -> None:
    health.report(status())
    with socket.create_connection(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)) as other:
        other.sendall(b"GET /metrics HTTP/1.1\r\n")
        other.close()
        with socket.create_connection(("127.0.0.1", port)) as junk:
            junk.sendall(b"\x00\xff" * 40_000)
        assert ask(port, "/healthz")[0] == 200


def test_an_address_that_cannot_be_had_is_said_in_one_sentence(health: Health, port: int) -> None:
    for listen in (Listen("127.0.0.1", port), Listen("192.0.2.1", 0), Listen("no.such.host.invalid", 0)):
        with (
            pytest.raises(CommandError, match=r"metrics cannot be served at .+: .+; choose another address"),
            serving(listen, health, Uncounted()),
        ):
            pass


def test_connections_that_are_refused_are_counted(tmp_path: Path) -> None:
    key = tmp_path / "viewer.key_secret"
    issue(tmp_path / "keys", "viewer", key)
    revoke(tmp_path / "keys", "viewer")
    with Publisher(ANY_PORT, keys=ServerKeys.load(tmp_path / "keys")) as publisher:
        with serving(Listen("127.0.0.1", 0), Health(), publisher) as port, connect(publisher.endpoint, keys=key):
            wait_until(lambda: publisher.refused > 0)
            counted = [line for line in ask(port, "/metrics")[1].splitlines() if line.startswith("glyphfeed_refused_total ")]
        assert [float(line.split()[1]) >= 1 for line in counted] == [True]
