from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.web.access import certificates
from glyphfeed.stream.web.access.authority import (
    AUTHORITY_DAYS,
    LEAF_DAYS,
    RENEWED_DAYS,
    Pair,
    fits,
    found_authority,
    is_certifiable,
    is_lasting,
    issue,
    names_of,
)
from glyphfeed.stream.web.access.certificates import Given, Issued
from glyphfeed.stream.web.access.files import write
from glyphfeed.stream.web.access.machine import own_addresses, own_names
from glyphfeed.stream.web.access.opening import open_access
from tests.stream.feed.samples import DEADLINE_S
from tests.stream.web.access.clients import Browser
from tests.stream.web.serving import Served

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path
    from typing import Self

NOBODY = "tcp://127.0.0.1:1"
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Pair:
    return found_authority("mypc", NOW)


def test_a_certificate_is_one_that_phones_take(authority: Pair) -> None:
    leaf = issue(authority, ["10.0.0.7", "fd00::7", "mypc.local"], NOW).certificate
    assert names_of(leaf) == {"10.0.0.7", "fd00::7", "mypc.local"}
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=LEAF_DAYS)
    assert leaf.not_valid_before_utc < NOW
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    leaf.verify_directly_issued_by(authority.certificate)
    assert "mypc" in authority.certificate.subject.rfc4514_string()


def test_it_is_made_anew_only_with_a_cause(authority: Pair) -> None:
    names = ["10.0.0.7", "mypc.local"]
    leaf = issue(authority, names, NOW)
    ends = leaf.certificate.not_valid_after_utc - timedelta(days=RENEWED_DAYS)
    assert fits(leaf, authority, names, NOW)
    assert fits(leaf, authority, ["10.0.0.7"], ends - timedelta(hours=1))
    assert not fits(leaf, authority, names, ends)
    assert not fits(leaf, authority, [*names, "10.0.0.8"], NOW)
    assert not fits(leaf, authority, names, NOW - timedelta(days=2))
    assert not fits(leaf, found_authority("mypc", NOW), names, NOW)


def test_near_the_end_of_the_authority_no_certificate_outlives_it(authority: Pair) -> None:
    late = NOW + timedelta(days=AUTHORITY_DAYS - 100)
    assert issue(authority, ["mypc.local"], late).certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc
    assert is_lasting(authority, late)
    assert not is_lasting(authority, late + timedelta(days=50))


def test_a_pair_that_does_not_belong_together_is_none(authority: Pair) -> None:
    other = issue(authority, ["mypc.local"], NOW)
    with pytest.raises(ValueError, match="not that of the certificate"):
        Pair.read(Pair(other.certificate, authority.key).pem())
    assert Pair.read(other.pem()).certificate == other.certificate


def test_the_authority_cannot_speak_for_web_sites(authority: Pair, tmp_path: Path) -> None:
    for name in ("mypc", "cam.mypc", "mypc.local", "localhost", "10.0.0.7", "2001:db8::1"):
        assert is_certifiable(authority, name), name
    for name in ("google.com", "notmypc", "local.com", "evilocal"):
        assert not is_certifiable(authority, name), name
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed: apt install openssl")
    now = datetime.now(UTC)
    authority = found_authority("mypc", now)
    (tmp_path / "authority").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    said = {}
    for name in ("mypc.local", "10.0.0.7", "google.com"):
        (tmp_path / "leaf").write_bytes(issue(authority, [name], now).certificate.public_bytes(Encoding.PEM))
        command = [program, "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "authority", "leaf"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        said[name] = (done.returncode, "permitted subtree violation" in done.stderr)
    assert said == {"mypc.local": (0, False), "10.0.0.7": (0, False), "google.com": (2, True)}


def test_files_are_kept_over_a_restart_and_a_new_address_costs_a_new_certificate_alone(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    first = Issued(folder, ["10.0.0.7"])
    kept = {file: file.read_bytes() for file in folder.iterdir()}
    assert sorted(file.name for file in kept) == ["authority.pem", "server.pem"]
    assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    again = Issued(folder, ["10.0.0.7"])
    again.renew(["10.0.0.7"])
    assert {file: file.read_bytes() for file in folder.iterdir()} == kept
    context = again.context
    again.renew(["10.0.0.8"])
    assert again.context is not context
    assert again.names == {"10.0.0.8"}
    assert (folder / "authority.pem").read_bytes() == kept[folder / "authority.pem"]
    assert again.authority == first.authority
    (folder / "server.pem").write_text("half a fi")
    assert Issued(folder, ["10.0.0.8"]).authority == first.authority


def test_an_authority_that_others_read_or_that_is_damaged_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    Issued(folder, [])
    (folder / "authority.pem").chmod(0o640)
    with pytest.raises(FeedError, match=r"Others than you may read or change .*authority\.pem: chmod 600 "):
        Issued(folder, [])
    (folder / "authority.pem").chmod(0o600)
    (folder / "authority.pem").write_text("half a fi")
    with pytest.raises(FeedError, match=r"authority\.pem is damaged: restore it, or remove it"):
        Issued(folder, [])
    folder.chmod(0o750)
    with pytest.raises(FeedError, match=r"Others than you may read or change .*: chmod 700 "):
        Issued(folder, [])


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", *own_addresses(), *own_names()])
def test_a_client_that_trusts_the_authority_reaches_the_server_under_each_of_its_names(name: str, tmp_path: Path) -> None:
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed: apt install curl")
    any_host = "::" if ":" in name else "0.0.0.0"
    with Served(NOBODY, host=any_host, folder=tmp_path / "web") as served:
        page = f"http://{f'[{name}]' if ':' in name else '127.0.0.1'}:{served.help_port}/"
        subprocess.run(
            [program, "-sS", "-f", "-o", "authority.crt", f"{page}glyphfeed.crt"], cwd=tmp_path, check=True, timeout=60
        )
        # Names of mDNS are known where a service for that runs.
        to = "[::1]" if ":" in name else "127.0.0.1"
        resolve = [] if ":" in name or name[0].isdigit() else ["--resolve", f"{name}:{served.port}:{to}"]
        url = f"https://{f'[{name}]' if ':' in name else name}:{served.port}/state.json"
        command = [program, "-sS", "--cacert", "authority.crt", *resolve, url]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert (done.stdout, done.stderr) == ('{"paired":false,"pairing":true}', "")


def test_the_help_page_gives_the_certificate_and_nothing_else(tmp_path: Path) -> None:
    with Served(NOBODY, host="0.0.0.0", folder=tmp_path / "web") as served:

        def get(path: str, host: str = "", method: str = "GET") -> bytes:
            with socket.create_connection(("127.0.0.1", served.help_port), DEADLINE_S) as raw:
                host = host or f"127.0.0.1:{served.help_port}"
                raw.sendall(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                answer = b""
                while data := raw.recv(65536):
                    answer += data
            return answer

        page, certificate = get("/"), get("/glyphfeed.crt")
        assert b"Certificate Trust Settings" in page
        assert served.access.address.encode() in page
        assert b"content-security-policy: default-src 'none'; style-src 'sha256-" in page
        assert b"content-type: application/x-x509-ca-cert" in certificate
        assert served.access.authority is not None
        assert certificate.endswith(served.access.authority.public_bytes(Encoding.PEM))
        assert b"PRIVATE" not in page + certificate
        for path in ("/feed.js", "/state.json", "/feed", "/pair", "/authority.pem", "/..%2fauthority.pem", "/../authority.pem"):
            assert get(path).startswith(b"HTTP/1.1 404 "), path
        assert get("/", method="POST").startswith(b"HTTP/1.1 405 ")
        assert get("/", "evil.com").startswith(b"HTTP/1.1 400 ")


def given(folder: Path, pair: Pair, key: bytes | None = None) -> tuple[Path, Path]:
    """The files of a certificate of one's own."""
    certificate, secret = folder / "own.crt", folder / "own.key"
    certificate.write_bytes(pair.certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key or pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    secret.chmod(0o600)
    return certificate, secret


def test_a_certificate_of_one_s_own_is_shown_and_its_names_are_those_of_the_server(tmp_path: Path) -> None:
    authority = found_authority("elsewhere", datetime.now(UTC))
    files = given(tmp_path, issue(authority, ["localhost", "cam.elsewhere"], datetime.now(UTC)))
    with Served(NOBODY, host="0.0.0.0", certificate=files, folder=tmp_path / "web") as served:
        assert served.help_port == 0
        assert not (tmp_path / "web" / "authority.pem").exists()
        assert served.access.address == f"https://cam.elsewhere:{served.port}/"
        browser = Browser(served, authority.certificate, "localhost")
        assert browser.ask("/state.json", host=f"cam.elsewhere:{served.port}").status == 200
        assert browser.ask("/state.json", host=f"other.elsewhere:{served.port}").status == 400
        # As it is renewed every other month elsewhere.
        renewed = issue(authority, ["localhost"], datetime.now(UTC))
        given(tmp_path, renewed)
        served.access.renew()
        with closing(
            browser.tls.wrap_socket(socket.create_connection(("127.0.0.1", served.port)), server_hostname="localhost")
        ) as tls:
            shown = tls.getpeercert(binary_form=True)
        assert shown == renewed.certificate.public_bytes(Encoding.DER)
        files[0].write_text("half a fi")
        with pytest.raises(FeedError, match="holds no certificate"):
            served.access.renew()
        assert browser.ask("/state.json").status == 200


def test_a_certificate_for_all_names_of_a_domain_does_for_each(tmp_path: Path) -> None:
    authority = found_authority("example.org", datetime.now(UTC))
    files = given(tmp_path, issue(authority, ["*.example.org"], datetime.now(UTC)))
    access = open_access("0.0.0.0", 5580, certificate=files, folder=tmp_path / "web")
    assert re.fullmatch(r"https://[a-z0-9-]+\.example\.org:5580/", access.address)


def test_what_is_wrong_with_a_given_certificate_is_said(tmp_path: Path, authority: Pair) -> None:
    now = datetime.now(UTC)
    good = issue(found_authority("mypc", now), ["mypc.local"], now)

    def complaint(pair: Pair = good, key: bytes | None = None, mode: int = 0o600) -> str:
        certificate, secret = given(tmp_path, pair, key)
        secret.chmod(mode)
        with pytest.raises(FeedError) as caught:
            Given(certificate, secret)
        return str(caught.value)

    locked = good.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    other = found_authority("other", now)
    assert "own.key is not that of the certificate in" in complaint(Pair(good.certificate, other.key))
    assert "is locked with a password" in complaint(key=locked)
    assert "own.key holds no private key" in complaint(key=b"nothing")
    assert "may read or change" in complaint(mode=0o640)
    assert "has ended on 20" in complaint(issue(authority, ["mypc.local"], NOW - timedelta(days=1000)))
    assert "begins on 20" in complaint(issue(authority, ["mypc.local"], now + timedelta(days=1000)))
    assert "has no names (SAN)" in complaint(found_authority("mypc", now))
    builder = x509.CertificateBuilder().subject_name(other.certificate.subject).issuer_name(other.certificate.subject)
    strange = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x05junk!")
    signed = (
        builder.public_key(other.key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(strange, critical=False)
        .sign(other.key, SHA256())
    )
    assert "holds no certificate that can be used" in complaint(Pair(signed, other.key))
    (tmp_path / "own.crt").unlink()
    with pytest.raises(FeedError, match=r"own\.crt cannot be read: No such file"):
        Given(tmp_path / "own.crt", tmp_path / "own.key")
    given(tmp_path, good)
    with pytest.raises(FeedError, match=r"none\.key cannot be read: No such file"):
        Given(tmp_path / "own.crt", tmp_path / "none.key")
    # Nobody writes to it, and nobody waits for that.
    os.mkfifo(tmp_path / "pipe")
    for pair in (("pipe", "own.key"), ("own.crt", "pipe")):
        with pytest.raises(FeedError, match="pipe cannot be read: it is no regular file"):
            Given(*(tmp_path / name for name in pair))


def test_an_authority_that_a_wrong_clock_made_is_told_of_once_the_clock_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        """As it stands on a small computer until it has heard of the time."""

        year_zero = True

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(1970, 1, 2, tzinfo=tz) if cls.year_zero else super().now(tz)

    monkeypatch.setattr(certificates, "datetime", Clock)
    issued = Issued(tmp_path, ["mypc.local"])
    Clock.year_zero = False
    with pytest.raises(FeedError, match=r"authority\.pem is at its end: remove it"):
        issued.renew(["mypc.local"])


def test_an_authority_that_is_none_of_ours_is_not_used(tmp_path: Path) -> None:
    pair = issue(found_authority("mypc", datetime.now(UTC)), ["mypc.local"], datetime.now(UTC))
    write(tmp_path / "authority.pem", pair.pem(), replace=True)
    tmp_path.chmod(0o700)
    with pytest.raises(FeedError, match=r"authority\.pem is damaged: restore it"):
        Issued(tmp_path, ["mypc.local"])


def test_what_contradicts_itself_or_cannot_be_certified_is_said(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="Nothing is encrypted with --insecure"):
        open_access("0.0.0.0", 5580, insecure=True, certificate=(tmp_path, tmp_path))
    with pytest.raises(FeedError, match=r"cam\.example\.org is none: give a certificate for it with --cert and --key"):
        open_access("cam.example.org", 5580, folder=tmp_path / "web")


def test_everybody_is_let_in_without_encryption_where_that_was_asked_for_aloud(tmp_path: Path) -> None:
    with Served(NOBODY, host="0.0.0.0", insecure=True, folder=tmp_path / "web") as served:
        assert served.access.address.startswith("http://")
        answer = served.exchange(
            f"GET /state.json HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nConnection: close\r\n\r\n".encode()
        )
        assert b'"paired":true,"pairing":false' in answer
    assert not (tmp_path / "web").exists()


def test_an_address_that_is_reached_is_certified_from_then_on(tmp_path: Path) -> None:
    with Served(NOBODY, host="0.0.0.0", folder=tmp_path / "web") as served:
        assert served.access.authority is not None
        # Any address of loopback is one of this machine, and hardly anybody knows it.
        for name in ("127.0.0.77", "127.0.0.1"):
            browser = Browser(served, served.access.authority, name)
            assert browser.ask("/state.json").status == 200
        certificate = served.access.certificate
        assert certificate is not None
        assert {"127.0.0.77", "127.0.0.1"} <= certificate.names
        for number in range(100):
            served.access.tls_at(f"127.0.1.{number}")
        assert "127.0.1.99" in certificate.names
        assert len(certificate.names) < 50
