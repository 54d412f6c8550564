from __future__ import annotations

import asyncio
import base64
import json
import logging
import secrets
import signal
import socket
import threading
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import nats
import nkeys
import pytest
import trustme

from glyphfeed.stream.bridges import jetstream as module
from glyphfeed.stream.bridges.jetstream import JetStream, covers
from glyphfeed.stream.bridges.settings import NatsSettings
from glyphfeed.stream.errors import BridgeError
from glyphfeed.stream.records import EventType, SourceState
from tests.stream.bridges.conftest import Way, nats_server, running
from tests.stream.bridges.messages import event_message, status_message
from tests.stream.feed.samples import DEADLINE_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from nats.js import JetStreamContext
    from nats.js.api import RawStreamMsg

    from tests.stream.bridges.conftest import Server

_numbers = count()


@pytest.fixture
def names() -> dict[str, str]:
    """Subjects, stream and bucket of this test alone."""
    number = next(_numbers)
    return {"subjects": f"test{number}.hall", "stream": f"TEST{number}", "bucket": f"test{number}"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of hundredths of a second."""
    monkeypatch.setattr(module, "pause_s", lambda *_: 0.02)


@contextmanager
def bridge(address: int | str, stopped: threading.Event | None = None, **others: Any) -> Iterator[JetStream]:
    address = f"nats://127.0.0.1:{address}" if isinstance(address, int) else address
    far = JetStream(NatsSettings(name="nats", address=address, **others), stopped or threading.Event())
    try:
        yield far
    finally:
        far.close()


def asked(port: int, question: Callable[[JetStreamContext], Awaitable[Any]], **options: Any) -> Any:
    """What another client of the server is answered."""

    async def ask() -> Any:
        async with await nats.connect(f"nats://127.0.0.1:{port}", **options) as client:
            return await question(client.jetstream())

    return asyncio.run(ask())


def stored(port: int, names: dict[str, str]) -> list[RawStreamMsg]:
    """Every message of the stream, in its order."""

    async def messages(stream: JetStreamContext) -> list[RawStreamMsg]:
        state = (await stream.stream_info(names["stream"])).state
        return [
            await stream.get_msg(names["stream"], seq) for seq in range(state.first_seq, state.last_seq + 1) if state.messages
        ]

    found: list[RawStreamMsg] = asked(port, messages)
    return found


def test_events_are_stored_once_in_order_under_subjects_by_camera_and_type(jetstream: Server, names: dict[str, str]) -> None:
    with bridge(jetstream.port, **names) as far:
        for message in (
            event_message(1),
            event_message(2, kind=EventType.LEFT),
            event_message(1, "Größe\udcff", source="10.0.0.7"),
        ):
            assert far.event(message).is_acknowledged
        # As after a restart that came between the acknowledgement and the cursor.
        assert far.event(event_message(2, kind=EventType.LEFT)).is_acknowledged
    got = stored(jetstream.port, names)
    assert [message.subject for message in got] == [
        f"{names['subjects']}.event.{rest}" for rest in ("cam1.read", "cam1.left", "10=0=0=7.read")
    ]
    assert [(message.headers or {})["Nats-Msg-Id"] for message in got] == [
        f"a03ab1f931d71767-{rest}" for rest in ("cam1-1", "cam1-2", "10=0=0=7-1")
    ]
    assert json.loads(got[2].data or b"") == event_message(1, "Größe\udcff", source="10.0.0.7").body


def test_a_consumer_chooses_by_subject(jetstream: Server, names: dict[str, str]) -> None:
    with bridge(jetstream.port, **names) as far:
        for seq in range(1, 6):
            far.event(event_message(seq, source="cam1"))
            far.event(event_message(seq, kind=EventType.LEFT, source="cam2"))

    async def take(stream: JetStreamContext) -> list[bytes]:
        taking = await stream.subscribe(f"{names['subjects']}.event.*.left", ordered_consumer=True)
        return [(await taking.next_msg(DEADLINE_S)).data for _ in range(5)]

    assert [json.loads(data)["seq"] for data in asked(jetstream.port, take)] == [1, 2, 3, 4, 5]


def test_the_stream_has_the_limits_of_the_settings_and_one_that_is_there_is_left_as_it_is(
    jetstream: Server, names: dict[str, str]
) -> None:
    with bridge(jetstream.port, **names, max_days=0.5, max_bytes=2_000_000) as far:
        far.event(event_message(1))
    with bridge(jetstream.port, **names, max_days=9, max_bytes=3_000_000) as far:
        far.event(event_message(2))

    async def look(stream: JetStreamContext) -> Any:
        return (await stream.stream_info(names["stream"])).config

    config = asked(jetstream.port, look)
    assert (config.max_age, config.max_bytes, config.duplicate_window, config.num_replicas) == (43_200, 2_000_000, 3600, 1)
    assert config.subjects == [f"{names['subjects']}.event.>"]
    assert len(stored(jetstream.port, names)) == 2


def test_how_a_camera_is_stands_under_its_name(jetstream: Server, names: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    async def look(stream: JetStreamContext) -> Any:
        bucket = await stream.key_value(names["bucket"])
        return {
            key: (json.loads(entry.value or b""), entry.revision)
            for key in await bucket.keys()
            for entry in [await bucket.get(key)]
        }

    with bridge(jetstream.port, **names) as far:
        for state in (SourceState.CONNECTING, SourceState.LIVE, SourceState.LIVE):
            far.state(status_message(state, source="10.0.0.7"))
        told = asked(jetstream.port, look)
        key = f"{names['subjects']}.10=0=0=7"
        assert told == {key: (status_message(SourceState.LIVE, source="10.0.0.7").body, 2)}, "the third said nothing new"
        monkeypatch.setattr(module, "STATUS_S", 0.0)
        far.state(status_message(SourceState.LIVE, source="10.0.0.7"))
        assert asked(jetstream.port, look)[key][1] == 3


@pytest.mark.parametrize("how", ["cut", "killed"])
def test_whatever_breaks_no_event_is_lost_none_is_twice_and_the_order_is_kept(
    tmp_path: Path, names: dict[str, str], how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "glyphfeed.bridges")
    with running(nats_server(tmp_path)) as server:
        way, done = Way(server.port), threading.Event()

        def break_it() -> None:
            while not done.wait(0.15):
                if how == "cut":
                    way.cut(for_good=False)
                else:
                    server.stop(signal.SIGKILL)
                    server.start()

        breaking = threading.Thread(target=break_it)
        with bridge(way.port, **names) as far:
            far.event(event_message(1))
            breaking.start()
            try:
                for seq in range(2, 801):
                    assert far.event(event_message(seq)).is_acknowledged
            finally:
                done.set()
                breaking.join()
            way.open()
        got = stored(server.port, names)
        way.close()
    assert [json.loads(message.data or b"")["seq"] for message in got] == list(range(1, 801))
    lines = caplog.messages
    assert lines
    assert all(("takes no events" in line) == (i % 2 == 0) for i, line in enumerate(lines)), "each outage once, each end once"


def test_of_several_servers_another_is_taken(jetstream: Server, names: dict[str, str]) -> None:
    way = Way(jetstream.port)
    with bridge(f"nats://127.0.0.1:{way.port}, nats://127.0.0.1:{jetstream.port}", **names) as far:
        far.event(event_message(1))
        way.cut()
        far.event(event_message(2))
        far.event(event_message(3))
    way.close()
    assert len(stored(jetstream.port, names)) == 3


def test_the_end_does_not_wait_for_a_server_that_is_not_there(names: dict[str, str]) -> None:
    stopped, receipts = threading.Event(), []
    with bridge(1, stopped, **names) as far:
        waiting = threading.Thread(target=lambda: receipts.append(far.event(event_message(1)).is_acknowledged))
        waiting.start()
        wait_until(lambda: far._failures > 1)
        stopped.set()
        waiting.join(DEADLINE_S)
        assert receipts == [False]
        # A status is not waited with either.
        far.state(status_message())


def test_a_server_without_jetstream_is_told(tmp_path: Path, names: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    server = nats_server(tmp_path)
    config = tmp_path / "nats.conf"
    config.write_text(config.read_text().splitlines()[0])
    with running(server), bridge(server.port, **names) as far:
        far.state(status_message())
        wait_until(lambda: bool(caplog.messages))
    assert "takes no events (JetStream does not answer there; is it switched on?)" in caplog.text


def test_a_stream_that_does_not_fit_is_named(jetstream: Server, names: dict[str, str]) -> None:
    async def make(stream: JetStreamContext) -> None:
        await stream.add_stream(name=names["stream"], subjects=[f"other.{names['subjects']}"])

    asked(jetstream.port, make)
    with (
        bridge(jetstream.port, **names) as far,
        pytest.raises(BridgeError, match=r"its stream TEST\d+ does not hold test\d+.hall.event"),
    ):
        far.event(event_message())
    with bridge(jetstream.port, **{**names, "stream": f"FIRST{names['stream']}"}) as far:
        far.event(event_message())
    with (
        bridge(jetstream.port, **{**names, "stream": f"SECOND{names['stream']}"}) as far,
        pytest.raises(BridgeError, match=r"another of its streams holds test\d+.hall.event.>; name that stream"),
    ):
        far.event(event_message())


@pytest.mark.parametrize(
    ("pattern", "subjects", "is_covered"),
    [
        ("site.hall.event.>", "site.hall.event.>", True),
        ("site.>", "site.hall.event.>", True),
        (">", "site.hall.event.>", True),
        ("site.*.event.>", "site.hall.event.>", True),
        ("*.*.*.>", "site.hall.event.>", True),
        ("site.hall.event.*", "site.hall.event.>", False),
        ("site.hall.event.*.read", "site.hall.event.>", False),
        ("site.hall.event", "site.hall.event.>", False),
        ("site.hall.event.cam1.>", "site.hall.event.>", False),
        ("site.yard.>", "site.hall.event.>", False),
    ],
)
def test_a_stream_may_be_made_for_more_than_one_bridge(pattern: str, subjects: str, is_covered: bool) -> None:
    assert covers(pattern, subjects) == is_covered


def test_who_is_not_let_in_ends_and_says_so(tmp_path: Path, names: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATS_TOKEN", "hush")
    with running(nats_server(tmp_path, 'authorization { token: "hush" }')) as server:
        for others in ({}, {"token": "wrong"}):
            with (
                bridge(server.port, **names, **others) as far,
                pytest.raises(BridgeError, match="lets nobody in so: check the user name"),
            ):
                far.event(event_message())
        with bridge(server.port, **names, token="${NATS_TOKEN}") as far:
            assert far.event(event_message()).is_acknowledged


def test_a_user_and_password_in_the_address(tmp_path: Path, names: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATS_PASSWORD", "hu@sh")
    with (
        running(nats_server(tmp_path, 'authorization { user: "door", password: "hu@sh" }')) as server,
        bridge(f"nats://door:${{NATS_PASSWORD}}@127.0.0.1:{server.port}", **names) as far,
    ):
        assert far.event(event_message()).is_acknowledged


def test_over_tls_the_server_must_be_the_one_it_says(
    tmp_path: Path, names: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(tmp_path / "server.key")
    leaf.cert_chain_pems[0].write_to_path(tmp_path / "server.pem")
    lines = f'tls {{ cert_file: "{tmp_path}/server.pem", key_file: "{tmp_path}/server.key" }}'
    with running(nats_server(tmp_path / "nats", lines)) as server:
        stopped = threading.Event()
        with bridge(f"tls://127.0.0.1:{server.port}", stopped, **names) as far:
            far.state(status_message())
        assert "its certificate is not trusted" in caplog.text
        with bridge(f"tls://127.0.0.1:{server.port}", ca=tmp_path / "ca.pem", **names) as far:
            assert far.event(event_message()).is_acknowledged


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def token_of(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, name: str, claims: dict[str, Any]) -> str:
    """A JWT as `nsc` writes it: who says what of whom."""
    body = {"jti": name, "iat": 1, "iss": issuer.public_key.decode(), "name": name, "sub": subject.public_key.decode()}
    parts = [{"typ": "JWT", "alg": "ed25519-nkey"}, {**body, "nats": {"version": 2, **claims}}]
    signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{encoded(issuer.sign(signed.encode()))}"


def test_a_file_of_credentials(tmp_path: Path, names: dict[str, str]) -> None:
    kinds = (nkeys.PREFIX_BYTE_OPERATOR, nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_USER)
    seeds = [nkeys.encode_seed(secrets.token_bytes(32), kind) for kind in kinds]
    operator, system, account, user = (nkeys.from_seed(seed) for seed in seeds)
    for_all = {"limits": {"subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "data": -1, "payload": -1}}
    for_all["limits"] |= {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
    makes = token_of(operator, operator, "O", {"type": "operator"})
    holds = token_of(operator, account, "A", {"type": "account", **for_all})
    is_in = token_of(account, user, "U", {"type": "user", "subs": -1, "data": -1, "payload": -1})
    (tmp_path / "bridge.creds").write_text(
        f"-----BEGIN NATS USER JWT-----\n{is_in}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seeds[3].decode()}\n------END USER NKEY SEED------\n"
    )
    watches = token_of(operator, system, "S", {"type": "account"})
    known = [f"{each.public_key.decode()}: {told}" for each, told in ((account, holds), (system, watches))]
    lines = [f"operator: {makes}", f"system_account: {system.public_key.decode()}", "resolver: MEMORY"]
    lines.append(f"resolver_preload {{\n{chr(10).join(known)}\n}}")
    with running(nats_server(tmp_path / "nats", *lines)) as server:
        with bridge(server.port, **names) as far, pytest.raises(BridgeError, match="lets nobody in so"):
            far.event(event_message())
        with bridge(server.port, **names, credentials=tmp_path / "bridge.creds") as far:
            assert far.event(event_message()).is_acknowledged


def test_a_password_does_not_go_over_a_connection_that_is_not_encrypted(names: dict[str, str]) -> None:
    said = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def pretend() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b'INFO {"server_id":"x","version":"2.15.0","headers":true,"max_payload":1048576}\r\n')
                while data := connection.recv(4096):
                    said.extend(data)

        pretending = threading.Thread(target=pretend)
        pretending.start()
        with bridge(f"tls://door:hush@127.0.0.1:{server.getsockname()[1]}", **names) as far:
            far.state(status_message())
            pretending.join(DEADLINE_S)
            assert not pretending.is_alive()
            assert far._failures == 1
    assert said == b""
