from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta, timezone

import pytest

from glyphfeed.tools import logs
from glyphfeed.tools.logs import LogFormat, line

NOW = datetime(2026, 11, 30, 8, 0, 1, 250_000, timezone(timedelta(hours=1)))


def test_a_line_is_written_for_people_for_files_and_for_programs() -> None:
    told = ("door is stalled", "warning", "door", NOW)
    assert line(LogFormat.PLAIN, *told) == "glyphfeed: door is stalled"
    assert line(LogFormat.TEXT, *told) == "2026-11-30T08:00:01.250+01:00 warning door: door is stalled"
    assert line(LogFormat.TEXT, "two\nlines", "info", "", NOW) == "2026-11-30T08:00:01.250+01:00 info -: two lines"
    assert json.loads(line(LogFormat.JSON, *told)) == {
        "time": "2026-11-30T08:00:01.250+01:00",
        "level": "warning",
        "source": "door",
        "message": "door is stalled",
    }
    assert "source" not in json.loads(line(LogFormat.JSON, "é\n\u2028", "info", "", NOW))


@pytest.mark.parametrize("form", LogFormat)
def test_no_line_has_credentials(form: LogFormat) -> None:
    told = line(form, "rtsp://admin:geheim@10.0.0.7/live?token=abc is gone", "error", "", NOW)
    assert "geheim" not in told
    assert "abc" not in told
    assert "rtsp://***@10.0.0.7/live?token=***" in told


def test_what_is_logged_has_its_level_and_its_source(capfd: pytest.CaptureFixture[str]) -> None:
    handler = logs.Handler()
    try:
        logs.choose(LogFormat.JSON, "shop")
        handler.emit(
            logging.makeLogRecord({"msg": "%s is gone", "args": ("door",), "levelno": 40, "levelname": "ERROR", "source": "door"})
        )
        logs.write("well")
    finally:
        logs.choose(LogFormat.PLAIN)
    logs.write("well")
    first, second, third = capfd.readouterr().err.splitlines()
    assert (json.loads(first)["level"], json.loads(first)["source"], json.loads(first)["message"]) == (
        "error",
        "door",
        "door is gone",
    )
    assert json.loads(second)["source"] == "shop"
    assert third == "glyphfeed: well"
