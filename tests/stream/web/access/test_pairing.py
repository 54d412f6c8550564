from __future__ import annotations

import json
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing
from http.client import HTTPSConnection
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.web.access.devices import Devices
from glyphfeed.stream.web.access.files import write
from glyphfeed.stream.web.access.machine import own_addresses
from glyphfeed.stream.web.access.pairing import Attempts, Pairing
from tests.stream.feed.samples import DEADLINE_S
from tests.stream.web.access.clients import Browser
from tests.stream.web.serving import Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography import x509

NOBODY = "tcp://127.0.0.1:1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config") / "web"


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with Served(NOBODY, host="0.0.0.0", folder=folder) as served:
        yield served


@pytest.fixture
def devices(folder: Path) -> Devices:
    """What is remembered, as another process sees it."""
    return Devices(folder)


def authority_of(served: Served) -> x509.Certificate:
    assert served.access.authority is not None
    return served.access.authority


@pytest.fixture
def browser(served: Served) -> Browser:
    return Browser(served, authority_of(served))


@pytest.fixture
def paired(browser: Browser, devices: Devices) -> Browser:
    assert browser.pair(devices.new_code()).status == 204
    return browser


def ping(browser: Browser) -> None:
    with browser.socket() as page:
        page.send('{"op":"ping","id":1}')
        assert json.loads(page.recv(DEADLINE_S)) == {"id": 1}


def test_a_device_that_is_not_paired_gets_the_page_and_nothing_of_the_feed(browser: Browser) -> None:
    assert b"<title>glyphfeed</title>" in browser.ask("/").body
    assert browser.ask("/feed.js").status == browser.ask("/pairing.js", "HEAD").status == 200
    assert browser.ask("/state.json").json == {"paired": False, "pairing": True}
    for path in ("/feed", "/pair/another", "/poll/feed/open", "/none", "/static/../devices.json", "//", "/state.json/"):
        for method in ("GET", "POST"):
            answer = browser.ask(path, method)
            assert (answer.status, b"scan the code" in answer.body) == (401, True), (path, method)
    for cookie in ("", "__Host-glyphfeed=x", f"__Host-glyphfeed-{browser.served.port}=", "\xff=;;=", "a" * 5000):
        with pytest.raises(InvalidStatus, match="403"):
            browser.socket(cookie=cookie)


def test_a_code_pairs_one_device_whose_cookie_no_script_and_no_other_site_gets(browser: Browser, devices: Devices) -> None:
    code = devices.new_code()
    answer = browser.pair(code)
    assert (answer.status, answer.body) == (204, b"")
    name, _, attributes = answer.headers["set-cookie"].partition("=")
    assert name == f"__Host-glyphfeed-{browser.served.port}"
    assert set(attributes.split("; ")[1:]) == {"Path=/", "Max-Age=15552000", "Secure", "HttpOnly", "SameSite=Strict"}
    assert answer.headers["cache-control"] == "no-store"
    assert browser.ask("/state.json").json.keys() == {"paired", "pairing", "phones", "version"}
    ping(browser)
    assert browser.ask("/none").status == 404
    again = Browser(browser.served, authority_of(browser.served))
    assert (again.pair(code).status, again.cookie) == (403, "")


def test_what_is_no_code_is_refused_in_words(browser: Browser) -> None:
    for body in ({"code": ""}, {"code": "x" * 22}, {"code": 7}, ["code"], {"code": "\ud800"}, {"code": "x" * 5000}, None):
        answer = browser.ask("/pair", "POST", body)
        assert answer.status == 403, body
    assert browser.ask("/pair").status == 401


def test_other_sites_cannot_use_the_cookie(paired: Browser) -> None:
    ping(paired)
    port = paired.served.port
    for origin in (
        "https://evil.com",
        f"http://127.0.0.1:{port}",
        f"https://127.0.0.1:{port + 1}",
        f"https://localhost:{port}",
        "null",
    ):
        assert paired.ask("/pair/another", "POST", origin=origin).status == 403, origin
        assert b"own pages" in paired.ask("/pair", "POST", {"code": "x"}, origin=origin).body
        with pytest.raises(InvalidStatus, match="403"):
            paired.socket(origin=origin)
    for host in ("evil.com", f"evil.com:{port}", "127.0.0.1", f"127.0.0.1:{port}.evil.com", f"10.9.8.7:{port}"):
        for path in ("/", "/state.json"):
            answer = paired.ask(path, host=host)
            assert (answer.status, b"not an address of this server" in answer.body) == (400, True), host
        # As the client sends its own Host beside it, the parser may be the first to refuse.
        with pytest.raises(InvalidStatus, match=r"40[03]"):
            paired.socket(host=host, origin=f"https://{host}")


def test_a_paired_device_gets_a_code_for_another_at_an_address_that_others_reach(paired: Browser) -> None:
    answer = paired.ask("/pair/another", "POST")
    told = answer.json
    address, _, code = told["address"].partition("#pair=")
    reachable = next(iter(own_addresses()), "localhost")
    assert address == f"https://{reachable}:{paired.served.port}/"
    assert answer.headers["cache-control"] == "no-store"
    assert len(told["rows"]) == len(told["rows"][0]) >= 21
    assert set("".join(told["rows"])) == {"0", "1"}
    other = Browser(paired.served, authority_of(paired.served))
    assert other.pair(code).status == 204
    ping(other)


def test_devices_outlive_the_server_and_are_cut_off_when_they_are_forgotten(tmp_path: Path) -> None:
    with Served(NOBODY, host="0.0.0.0", folder=tmp_path / "web") as served:
        browser = Browser(served, authority_of(served))
        assert browser.pair(Devices(tmp_path / "web").new_code()).status == 204
        port, cookie = served.port, browser.cookie
    with Served(NOBODY, host="0.0.0.0", folder=tmp_path / "web") as served:
        browser = Browser(served, authority_of(served))
        # As it would be if it came back at its old port.
        browser.cookie = cookie.replace(str(port), str(served.port))
        ping(browser)
        with browser.socket() as page:
            assert Devices(tmp_path / "web").forget() == 1
            with pytest.raises(ConnectionClosed, match="1008"):
                page.recv(DEADLINE_S)
        assert browser.pair(Devices(tmp_path / "web").new_code()).status == 204
        line = browser.ask("/poll/feed/open", "POST").json["session"]
        with ThreadPoolExecutor() as others:
            # Of two at once one is refused, so that the other is known to wait.
            asking = [others.submit(browser.ask, "/poll/feed/receive", "POST", **{"poll-session": line}) for _ in range(2)]
            assert next(as_completed(asking, DEADLINE_S)).result().status == 410
            Devices(tmp_path / "web").forget()
            assert {each.result(DEADLINE_S).status for each in asking} == {410, 401}
        assert browser.ask("/state.json").json == {"paired": False, "pairing": True}
        with pytest.raises(InvalidStatus, match="403"):
            browser.socket()


def test_the_terminal_s_code_is_good_until_it_was_used_and_then_there_is_another(served: Served, browser: Browser) -> None:
    shown: list[str] = []
    assert served.access.pairing is not None
    served.access.pairing.show_with(shown.append)
    assert browser.pair(shown[0]).status == 204
    assert browser.pair(shown[0]).status == 403
    assert browser.pair(shown[1]).status == 204
    assert len(set(shown)) == 3


def test_there_is_no_code_before_one_is_shown(tmp_path: Path) -> None:
    with Served(NOBODY, host="0.0.0.0", folder=tmp_path / "web") as served:
        assert Browser(served, authority_of(served)).pair("").status == 403


def test_failures_are_few_from_one_address_and_others_are_not_in_the_way() -> None:
    attempts = Attempts()

    def tried(address: str, now: float) -> bool:
        may = attempts.may(address, now)
        if may:
            attempts.failed(address, now)
        return may

    assert [tried("10.0.0.7", 100.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert tried("10.0.0.8", 100.0)
    assert [tried("10.0.0.7", 106.0) for _ in range(2)] == [True, False]
    assert [tried(f"2001:db8::{number:x}", 100.0) for number in range(12)] == [True] * 10 + [False] * 2
    assert tried("2001:db8:0:1::1", 100.0)
    assert [tried("10.0.0.7", 1000.0) for _ in range(12)] == [True] * 10 + [False] * 2
    for number in range(3000):
        attempts.failed(f"10.1.{number // 250}.{number % 250}", 1000.0)
    assert tried("10.0.0.7", 1000.0)


def test_too_many_attempts_are_said_and_loopback_asks_for_none(tmp_path: Path) -> None:
    with Served(NOBODY, host="0.0.0.0", folder=tmp_path / "web") as served:
        browser = Browser(served, authority_of(served))
        assert [browser.pair("wrong").status for _ in range(12)] == [403] * 10 + [429] * 2
        good = Devices(tmp_path / "web").new_code()
        assert browser.pair(good).headers["retry-after"] == "60"
    with Served(NOBODY) as served:
        answer = served.exchange(
            f"GET /state.json HTTP/1.1\r\nHost: localhost:{served.port}\r\nConnection: close\r\n\r\n".encode()
        )
        state = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert (state["paired"], state["pairing"], state["phones"]) == (True, False, False)


@pytest.mark.parametrize(
    "content", [b"", b"null", b'{"address":"\xff"}', b'{"x":' * 50_000, '{"devices":[{"hash":"é","since":9e9}]}'.encode()]
)
def test_a_file_of_devices_that_is_damaged_is_said_to_be(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "web" / "devices.json", content, replace=Devices(tmp_path / "web").address == "")
    with pytest.raises(FeedError, match=r"devices\.json is damaged: remove it, and pair every device again"):
        Devices(tmp_path / "web")


def test_a_server_that_comes_back_writes_nothing(tmp_path: Path) -> None:
    Devices(tmp_path / "web").serve_at("https://10.0.0.7:5580/")
    before = (tmp_path / "web" / "devices.json").stat().st_ino
    Devices(tmp_path / "web").serve_at("https://10.0.0.7:5580/")
    assert (tmp_path / "web" / "devices.json").stat().st_ino == before
    Devices(tmp_path / "web").serve_at("https://10.0.0.8:5580/")
    assert Devices(tmp_path / "web").address == "https://10.0.0.8:5580/"


def test_where_the_file_of_devices_leads_nowhere_nobody_is_let_in(tmp_path: Path) -> None:
    pairing = Pairing(Devices(tmp_path / "web"), 5580)
    token = pairing.devices.add()
    asking = {"headers": [(b"cookie", f"__Host-glyphfeed-5580={token}".encode())]}
    assert pairing.device(asking) is not None
    file = tmp_path / "web" / "devices.json"
    file.unlink()
    file.symlink_to(file)
    assert pairing.device(asking) is None
    with pytest.raises(FeedError, match=r"devices\.json cannot be read: Too many levels of symbolic links"):
        Devices(tmp_path / "web")


def test_of_several_cookies_the_first_is_looked_at(tmp_path: Path) -> None:
    pairing = Pairing(Devices(tmp_path / "web"), 5580)
    name = "__Host-glyphfeed-5580"
    token = pairing.devices.add()
    assert pairing.device({"headers": [(b"cookie", f"a=b; {name}={token}; {name}=x".encode())]}) is not None
    assert pairing.device({"headers": [(b"cookie", f"{name}=x; {name}={token}".encode())]}) is None


def test_attempts_that_begin_at_once_are_counted_too(tmp_path: Path) -> None:
    with Served(NOBODY, host="0.0.0.0", folder=tmp_path / "web") as served, ExitStack() as stack:
        browser = Browser(served, authority_of(served))
        asking = [
            stack.enter_context(closing(HTTPSConnection("127.0.0.1", served.port, context=browser.tls, timeout=DEADLINE_S)))
            for _ in range(12)
        ]
        body = b'{"code":"wrong"}'
        for each in asking:
            each.putrequest("POST", "/pair")
            each.putheader("Content-Length", str(len(body)))
            each.endheaders(body[:5])
        # All of them are on their way when it has answered this.
        assert browser.ask("/state.json").status == 200
        for each in asking:
            each.send(body[5:])
        assert sorted(each.getresponse().status for each in asking) == [403] * 10 + [429] * 2


def test_no_token_or_code_lies_on_the_disk(folder: Path, paired: Browser, devices: Devices) -> None:
    code, token = devices.new_code(), paired.cookie.partition("=")[2]
    for file in folder.iterdir():
        content = file.read_text()
        assert code not in content, file
        assert token not in content, file
        assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_nothing_is_said_over_plain_http_at_the_encrypted_port(served: Served) -> None:
    answer = served.exchange(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
    assert b"glyphfeed" not in answer


def test_old_tls_is_refused(served: Served) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", served.port), DEADLINE_S) as raw,
        pytest.raises(OSError, match=r"(?i)version|protocol|reset"),
    ):
        context.wrap_socket(raw)
