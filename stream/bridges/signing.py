"""What a web hook carries after Standard Webhooks 1.0: a body of type, timestamp and data, and headers that sign it.

Owns: the body's form, and the signature.  Pure; does not own sending (webhook).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.bridges.settings import HOW_TO_MAKE_A_SECRET
from glyphfeed.stream.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.feed.wire import Message

_PREFIX: Final = "whsec_"
_LEAST_BYTES: Final = 24


def keys_of(secrets: str) -> list[bytes]:
    """The keys in `whsec_...` secrets, one or several with spaces between.

    Raises:
        InputError: one of them is none; it is not repeated.

    """
    keys = []
    for secret in secrets.split():
        try:
            keys.append(base64.b64decode(secret.removeprefix(_PREFIX), validate=True))
        except (binascii.Error, ValueError):
            keys.append(b"")
        if not secret.startswith(_PREFIX) or len(keys[-1]) < _LEAST_BYTES:
            raise InputError(f"secret: it is not {_PREFIX} and at least {_LEAST_BYTES} bytes in base64; {HOW_TO_MAKE_A_SECRET}")
    return keys


def body_of(message: Message) -> bytes:
    """The body that tells of an event: `type` such as `text.read`, `timestamp` of what happened, and the event as on the feed."""
    happened = datetime.fromtimestamp(float(message.body["captured_at"]), UTC)
    body = {
        "type": f"text.{message.body['type']}",
        "timestamp": happened.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "data": message.body,
    }
    # A lone surrogate has no UTF-8 form; backslashreplace writes its JSON escape.
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def headers_of(identity: str, sent_at: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The three headers of an attempt at `sent_at`, Unix seconds; `identity` names the message and holds no dot.

    Without keys there is no signature.
    """
    signed = f"{identity}.{sent_at}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
    signed_by = {"webhook-signature": " ".join(f"v1,{signature}" for signature in signatures)} if keys else {}
    return {"webhook-id": identity, "webhook-timestamp": str(sent_at), **signed_by}
