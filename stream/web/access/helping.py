"""The page that tells a device how to trust the own authority, over plain HTTP, as that comes before any trust.

Owns: its words, and that nothing else is there but the authority's certificate.  It holds no secret, and gives none away.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from glyphfeed.stream.web.access.authority import fingerprint
from glyphfeed.stream.web.admission import HEADERS, Admission

if TYPE_CHECKING:
    from cryptography import x509
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from glyphfeed.stream.web.access.opening import Access

CERTIFICATE: Final = "/glyphfeed.crt"
_STYLE: Final = (
    ":root{color-scheme:light dark;font:1.1rem/1.5 system-ui,sans-serif}"
    "body{max-width:40rem;margin:auto;padding:1rem}"
    "b a{display:inline-block;padding:.6rem 0}code,a{overflow-wrap:anywhere}li{margin:.4rem 0}"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trust glyphfeed</title>
<style>{style}</style>
<h1>Trust this glyphfeed</h1>
<p>A browser lets a page use the camera only over an encrypted connection to a server that it trusts. This machine vouches for
itself with an authority of its own, <b>{name}</b>, which can speak for addresses and for names of local networks, and for no web
site.</p>
<p><b><a href="{certificate}">Get its certificate</a></b></p>
<p>Do so only in a network that you trust, or compare what your device shows of it with the terminal. SHA-256:
<code>{fingerprint}</code></p>
<h2>iPhone and iPad</h2>
<ol>
<li>Open this page in Safari, get the certificate, and allow the download.
<li>Settings: <b>Profile Downloaded</b> at the top (or General, VPN &amp; Device Management): Install.
<li>Settings, General, About, at the bottom <b>Certificate Trust Settings</b>: switch on full trust for {name}. Without this step
the profile does nothing.
</ol>
<h2>Android</h2>
<ol>
<li>Get the certificate; it is among the downloads.
<li>Settings: search for <b>CA certificate</b> (Security, Encryption &amp; credentials, Install a certificate).
<li>Install anyway, and choose the file. Chrome looks there at once; Firefox does when <i>Use third party CA certificates</i> is
switched on among its secret settings.
</ol>
<h2>Computers</h2>
<ul>
<li>Firefox: Settings, Privacy &amp; Security, View Certificates, Authorities, Import; trust it for web sites.
<li>Chrome and Edge on Linux: <code>chrome://certificate-manager</code>, Custom, Trusted Certificates, Import.
<li>Windows: open the file, Install Certificate, Current User, Trusted Root Certification Authorities.
<li>macOS: open the file in Keychain Access, and set it to Always Trust.
</ul>
<p>Then scan the code that the terminal shows, or open <a href="{address}">{address}</a>. To undo it, remove {name} where you
installed it.</p>
</html>
"""


def helping(access: Access, authority: x509.Certificate) -> ASGIApp:
    """Put together that page and the certificate."""
    name = authority.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    words = {"name": str(name), "certificate": CERTIFICATE, "fingerprint": fingerprint(authority), "address": access.address}
    page = _PAGE.format(style=_STYLE, **{key: escape(value) for key, value in words.items()})
    pem = authority.public_bytes(Encoding.PEM)

    async def show(_: Request) -> Response:
        return HTMLResponse(page)

    async def give(_: Request) -> Response:
        # What phones install must be said to be that; https://www.iana.org/assignments/media-types knows no newer name.
        return Response(pem, media_type="application/x-x509-ca-cert")

    style = b64encode(sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    routes = [Route("/", show), Route(CERTIFICATE, give)]
    return Admission(Starlette(routes=routes), access.names, {**HEADERS, "content-security-policy": policy})
