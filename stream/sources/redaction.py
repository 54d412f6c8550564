"""Hiding the credentials in addresses, wherever an address or a message with one in it reaches people."""

from __future__ import annotations

import re

HIDDEN = "***"

# Up to the last @ of the word: a password that holds an unescaped @ or / would otherwise show its tail.  An @ in the path
# or the query then hides the host too, which is the lesser harm; what follows it in a query may be the tail of a secret.
_USER_INFO = re.compile(r"://(?:[^\s?]*(@)(?!\S*@)|\S*@[^&#\s]*)")
# Some cameras take the password in the path: /user=admin&password=...
_SECRET_VALUE = re.compile(
    r"([?&;/][^=&;/\s]*(?:pass|pwd|token|user|usr|login|auth|key|secret|sig|session|credential)[^=&;/\s]*=)[^&#\s]*",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Hide user names, passwords and secret query values of every address in a text.

    `rtsp://admin:secret@10.0.0.7/live?token=abc` becomes `rtsp://***@10.0.0.7/live?token=***`.  Addresses must not contain
    white space.
    """
    return _SECRET_VALUE.sub(rf"\1{HIDDEN}", _USER_INFO.sub(rf"://{HIDDEN}\1", text))
