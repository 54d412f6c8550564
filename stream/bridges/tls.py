"""TLS as the bridges speak it: certificates are always checked, against the system's authorities or those of a file.

Owns: the contexts, and the words for a connection that fails.
"""

from __future__ import annotations

import os
import socket
import ssl
from http.client import BadStatusLine
from typing import TYPE_CHECKING

from glyphfeed.stream.errors import BridgeError

if TYPE_CHECKING:
    from pathlib import Path


def trust(ca: Path | None, certificate: Path | None = None, certificate_key: Path | None = None) -> ssl.SSLContext:
    """Trust the authorities of a file, or the system's, and show a certificate where there is one; all in PEM.

    Raises:
        BridgeError: a file holds no such thing, or cannot be read.

    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise BridgeError(f"{ca} holds no certificates in PEM that could be trusted ({words(error)})") from None
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, certificate_key, lambda: b"")
        except OSError as error:
            raise BridgeError(
                f"{certificate} cannot be shown: it, or its key, is not in PEM without a password ({words(error)})"
            ) from None
    return context


def words(error: BaseException) -> str:
    """Why a connection failed, in a few words without an address."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or 'it was broken off'}"
        case socket.gaierror():
            return "its name is not known"
        case TimeoutError():
            return "it does not answer in time"
        case BadStatusLine() if not isinstance(error, OSError):
            # Whatever it is, it may be long and hold control characters.
            return "what it answers is no HTTP"
        case OSError(errno=int(number)):
            # asyncio's own words hold the address.
            return os.strerror(number)
    return str(error) or type(error).__name__
