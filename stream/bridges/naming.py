"""What a message and a source are called on the far sides, where not every letter may stand that a source's name has.

Pure.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glyphfeed.stream.feed.wire import Message

_OUTSIDE = re.compile(r"[^A-Za-z0-9_=-]")


def token(source: str) -> str:
    """A source's name without dots, which mean something in the subjects of NATS and in what is signed of a web hook.

    `=` stands for each: no source has one in its name, so that two sources stay two.
    """
    return source.replace(".", "=")


def message_id(message: Message) -> str:
    """Name a message for whoever may get it twice: the same `epoch-source-seq` whenever it is sent.

    It has only letters, digits and `-_=`.
    """
    # The epoch is the publisher's, who may be anybody.
    return _OUTSIDE.sub("=", f"{message.epoch}-{token(message.source)}-{message.seq}")


def slug(source: str) -> str:
    """A source's name of small letters, digits and `_`, as Home Assistant's ids are; where it was another, it ends in a hash."""
    plain = re.sub(r"[^a-z0-9_]", "_", source.lower())
    return plain if plain == source else f"{plain}_{hashlib.sha256(source.encode()).hexdigest()[:6]}"
