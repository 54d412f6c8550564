from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from glyphfeed.stream.bridges.signing import body_of, headers_of, keys_of
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.records import EventType
from tests.stream.bridges.messages import event_message

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_signature_is_what_the_publishers_of_the_standard_say() -> None:
    # The example of their own tests: https://github.com/standard-webhooks/standard-webhooks
    headers = headers_of("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}', keys_of(SECRET))
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.binary(min_size=24, max_size=64), st.binary(), st.integers(0, 2**33))
def test_a_signature_is_that_of_the_published_algorithm(key: bytes, body: bytes, sent_at: int) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = headers_of("e-cam1-7", sent_at, body, keys_of(secret))
    expected = hmac.new(key, b"e-cam1-7." + str(sent_at).encode() + b"." + body, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()


def test_the_library_of_the_standard_accepts_what_is_sent() -> None:
    body = body_of(event_message(41, "Größe\n\udcff", EventType.CHANGED, "10.0.0.7", "OPEN"))
    headers = headers_of("e-10=0=0=7-41", int(time.time()), body, keys_of(SECRET))
    told = Webhook(SECRET).verify(body, headers)
    assert (told["type"], told["timestamp"]) == ("text.changed", "2023-11-14T22:13:20.250000Z")
    assert (told["data"]["seq"], told["data"]["entity"]["text"], told["data"]["previous"]) == (41, "Größe\n\udcff", "OPEN")


def test_while_a_secret_is_replaced_both_sign() -> None:
    other = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    body = body_of(event_message())
    headers = headers_of("e-cam1-1", int(time.time()), body, keys_of(f"{SECRET}  {other}\n"))
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (SECRET, other):
        assert Webhook(secret).verify(body, headers) == json.loads(body)


@pytest.mark.parametrize(
    "wrong",
    ["hush", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", f"{SECRET} hush", "whsec_é" + "A" * 40],
)
def test_a_secret_that_is_none_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(InputError, match="secret: it is not whsec_ and at least 24 bytes in base64") as caught:
        keys_of(wrong)
    assert wrong not in str(caught.value) or wrong == "whsec_"
