"""The own authority: a certificate authority that this machine keeps for its web server alone.

Owns: what its certificates say, and for how long.  Pure; does not own the files (certificates).

Apple takes certificates of servers only with names beside the subject, for the use as a server, and for 825 days at most, and
from public authorities for 398 (https://support.apple.com/103769, /102028).  Whoever trusts an authority believes all that it
says, so this one is bound to names of local networks (RFC 5280, 4.2.1.10): with its key nobody can pretend to be a bank.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from glyphfeed.stream.web.access.machine import is_address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import Self

AUTHORITY_DAYS: Final = 3650
LEAF_DAYS: Final = 397
RENEWED_DAYS: Final = 30
"""So long before its end a certificate is issued anew."""
_CLOCKS_DIFFER: Final = timedelta(days=1)
LOCAL: Final = ("local", "localhost", "lan", "home.arpa", "internal")
"""Names that mean something in one network alone: RFC 6762, RFC 6761, what routers use, RFC 8375, and ICANN's choice of 2024."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def pem(self) -> bytes:
        """Both as text, the key first."""
        key = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return key + self.certificate.public_bytes(serialization.Encoding.PEM)

    @classmethod
    def read(cls, pem: bytes) -> Self:
        """Read what `pem` wrote.

        Raises:
            ValueError: it is something else, or the two do not belong together.

        """
        certificate = x509.load_pem_x509_certificate(pem)
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
            raise ValueError("the key is not that of the certificate")
        return cls(certificate, key)


def found_authority(machine: str, now: datetime) -> Pair:
    """Make an authority for the web server of a machine of this name, which may be empty."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named(f"glyphfeed on {machine}"[:64] if machine else "glyphfeed")
    permitted = [x509.DNSName(local) for local in dict.fromkeys([*LOCAL, *([machine] if machine else [])])]
    everywhere = [x509.IPAddress(ipaddress.ip_network(network)) for network in ("0.0.0.0/0", "::/0")]
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        _begun(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints([*permitted, *everywhere], None), critical=True)
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def issue(authority: Pair, names: Iterable[str], now: datetime) -> Pair:
    """Make a certificate of a server with these names, host names and IP addresses, all of which are certifiable."""
    key = ec.generate_private_key(ec.SECP256R1())
    ends = authority.certificate.not_valid_after_utc
    identifier = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _begun(_named("glyphfeed web"), authority.certificate.subject, key.public_key(), now, LEAF_DAYS, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in sorted(names)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def is_certifiable(authority: Pair, name: str) -> bool:
    """Whether an authority may certify a name: any IP address, and the names that it was bound to."""
    bounds = authority.certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or ()
    domains = [domain.value for domain in bounds if isinstance(domain, x509.DNSName)]
    return is_address(name) or any(name == domain or name.endswith(f".{domain}") for domain in domains)


def fits(leaf: Pair, authority: Pair, names: Iterable[str], now: datetime) -> bool:
    """Whether a certificate will do: of this authority, with all of these names, and not before its end."""
    certificate = leaf.certificate
    try:
        certificate.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    ends = certificate.not_valid_after_utc - timedelta(days=RENEWED_DAYS)
    return certificate.not_valid_before_utc <= now < ends and names_of(certificate) >= set(names)


def is_lasting(authority: Pair, now: datetime) -> bool:
    """Whether an authority is still good for a certificate that is not near its end already."""
    return now < authority.certificate.not_valid_after_utc - timedelta(days=2 * RENEWED_DAYS)


def names_of(certificate: x509.Certificate) -> set[str]:
    """The host names and IP addresses of a server's certificate, in small letters; empty where it has none."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    hosts = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
    return hosts | {str(address) for address in names.get_values_for_type(x509.IPAddress)}


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of a certificate as phones and browsers show it: pairs of hexadecimal digits."""
    return " ".join(re.findall("..", certificate.fingerprint(hashes.SHA256()).hex().upper()))


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    days: int,
    until: datetime | None = None,
) -> x509.CertificateBuilder:
    begins = now - _CLOCKS_DIFFER
    ends = begins + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends if until is None else min(ends, until))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)
