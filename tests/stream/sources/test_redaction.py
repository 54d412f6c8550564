"""Credentials are hidden wherever an address may appear."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.sources.redaction import redact

SECRET = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1).map(lambda text: f"SECRET{text}SECRET")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin:pass@10.0.0.7:554/live", "rtsp://***@10.0.0.7:554/live"),
        ("rtsp://admin@10.0.0.7/live", "rtsp://***@10.0.0.7/live"),
        ("rtsp://10.0.0.7:554/live", "rtsp://10.0.0.7:554/live"),
        ("http://h/cam?user=a&password=b&size=640", "http://h/cam?user=***&password=***&size=640"),
        ("http://h/cam?Access_Token=b#top", "http://h/cam?Access_Token=***#top"),
        ("rtsp://h/user=a&pwd=b&channel=1", "rtsp://h/user=***&pwd=***&channel=1"),
        ("[Errno 5] failed: 'rtsp://a:b@h/x' and rtsp://c:d@i/y", "[Errno 5] failed: 'rtsp://***@h/x' and rtsp://***@i/y"),
        ("http://a:b@h/cam?to=c@d&size=640", "http://***&size=640"),
        ("street.mp4", "street.mp4"),
        ("mail me@example.org", "mail me@example.org"),
    ],
)
def test_redact(text: str, shown: str) -> None:
    assert redact(text) == shown


@given(SECRET, SECRET)
def test_no_user_or_password_survives(user: str, password: str) -> None:
    assert "SECRET" not in redact(f"opening rtsp://{user}:{password}@host:554/stream failed")


@given(SECRET.filter(lambda text: not set(text) & set("&#")), st.sampled_from(["password", "token", "api_key", "PWD", "auth"]))
def test_no_secret_query_value_survives(secret: str, name: str) -> None:
    assert "SECRET" not in redact(f"http://host/cam?channel=1&{name}={secret}&size=2")


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)
