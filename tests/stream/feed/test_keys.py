from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
import zmq.auth
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.keys import Client, ClientKeys, ServerKeys, allow, clients, issue, known, marks, revoke

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The keys of a feed with one client, whose own file is beside them."""
    issue(tmp_path / "keys", "phone", tmp_path / "phone.key_secret")
    return tmp_path / "keys"


@pytest.fixture
def open_umask() -> Iterator[None]:
    """New files are for everybody, where nobody says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def names(folder: Path) -> dict[str, bool]:
    return {client.name: client.is_allowed for client in known(folder)}


@pytest.mark.usefixtures("open_umask")
def test_nobody_else_can_read_what_is_written(tmp_path: Path) -> None:
    issue(tmp_path / "a" / "keys", "phone", tmp_path / "phone.key_secret")
    revoke(tmp_path / "a" / "keys", "phone")
    made = [tmp_path / "phone.key_secret", tmp_path / "a" / "keys", *(tmp_path / "a" / "keys").rglob("*")]
    assert len(made) == 6
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_both_ends_belong_together_and_zeromq_reads_their_files(folder: Path, tmp_path: Path) -> None:
    mine, server = ClientKeys.load(tmp_path / "phone.key_secret"), ServerKeys.load(folder)
    assert mine.server == server.public
    assert known(folder) == [Client("phone", mine.public, is_allowed=True)]
    assert zmq.auth.load_certificate(tmp_path / "phone.key_secret") == (mine.public.encode(), mine.secret.encode())
    assert zmq.auth.load_certificate(folder / "server.key_secret") == (server.public.encode(), server.secret.encode())
    assert zmq.auth.load_certificate(folder / "allowed" / "phone.key") == (mine.public.encode(), None)
    assert zmq.curve_public(server.secret.encode()) == server.public.encode()


def test_a_secret_is_not_shown(folder: Path, tmp_path: Path) -> None:
    for keys in (ClientKeys.load(tmp_path / "phone.key_secret"), ServerKeys.load(folder)):
        assert keys.secret not in f"{keys} {keys!r}"


def test_the_feed_has_one_pair_for_all_clients(folder: Path, tmp_path: Path) -> None:
    issue(folder, "wall", tmp_path / "wall.key_secret")
    phone, wall = (ClientKeys.load(tmp_path / f"{name}.key_secret") for name in ("phone", "wall"))
    assert phone.server == wall.server
    assert phone.public != wall.public


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_what_others_can_read_or_change_is_refused(folder: Path, tmp_path: Path, mode: int) -> None:
    (tmp_path / "phone.key_secret").chmod(mode)
    with pytest.raises(
        FeedError, match=r"Others than you may read or change .*phone.*: chmod 600 .*phone.* keeps it to yourself"
    ):
        ClientKeys.load(tmp_path / "phone.key_secret")
    (folder / "server.key_secret").chmod(mode)
    with pytest.raises(FeedError, match=r"chmod 600 .*server\.key_secret"):
        ServerKeys.load(folder)


def test_a_folder_that_others_can_look_into_is_refused(folder: Path, tmp_path: Path) -> None:
    folder.chmod(0o750)
    with pytest.raises(FeedError, match=r"chmod 700 "):
        ServerKeys.load(folder)
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    with pytest.raises(FeedError, match=r"chmod 700 "):
        issue(shared, "phone", tmp_path / "other")
    assert list(shared.iterdir()) == []


def test_no_file_is_written_over_and_no_link_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep me")
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    for out in ("precious", "link"):
        with pytest.raises(FeedError, match=r"There is a file .* already: remove it, or write elsewhere"):
            issue(folder, "wall", tmp_path / out)
    assert (tmp_path / "precious").read_text() == "keep me"
    assert names(folder) == {"phone": True}, "whose file could not be written is not let in"


def test_a_client_is_revoked_and_allowed_again(folder: Path, tmp_path: Path) -> None:
    public = ClientKeys.load(tmp_path / "phone.key_secret").public
    before = marks(folder)
    revoke(folder, "phone")
    assert known(folder) == [Client("phone", public, is_allowed=False)]
    assert marks(folder) != before
    revoke(folder, "phone")
    allow(folder, "phone")
    allow(folder, "phone", public)
    assert known(folder) == [Client("phone", public, is_allowed=True)]


def test_a_revoked_client_gets_a_new_key(folder: Path, tmp_path: Path) -> None:
    old = ClientKeys.load(tmp_path / "phone.key_secret").public
    with pytest.raises(FeedError, match=r"There is a key phone already: .* first with glyphfeed keys revoke phone --keys"):
        issue(folder, "phone", tmp_path / "new")
    revoke(folder, "phone")
    issue(folder, "phone", tmp_path / "new")
    assert known(folder) == [Client("phone", ClientKeys.load(tmp_path / "new").public, is_allowed=True)]
    assert old != ClientKeys.load(tmp_path / "new").public


def test_a_client_brings_its_own_key(folder: Path) -> None:
    public = zmq.curve_keypair()[0].decode()
    allow(folder, "wall", public)
    assert Client("wall", public, is_allowed=True) in known(folder)
    with pytest.raises(FeedError, match=r"This is the key of wall already: allow it with glyphfeed keys allow wall"):
        allow(folder, "ceiling", public)
    with pytest.raises(FeedError, match="There is another key wall already"):
        allow(folder, "wall", zmq.curve_keypair()[0].decode())


@pytest.mark.parametrize("key", ["", "abc", "x" * 41, "'" * 40, "\n" * 40, "é" * 40])
def test_what_is_no_key_is_not_allowed(folder: Path, key: str) -> None:
    with pytest.raises(FeedError, match="is not a public key: it is a Z85 text of 40 letters"):
        allow(folder, "wall", key)
    assert names(folder) == {"phone": True}


@pytest.mark.parametrize("name", ["", ".", "..", "../phone", "a/b", ".hidden", "-x", "é", "a b", "x" * 65, "a\n"])
def test_a_name_stays_inside_its_folder(folder: Path, tmp_path: Path, name: str) -> None:
    for change in (lambda: issue(folder, name, tmp_path / "out"), lambda: allow(folder, name), lambda: revoke(folder, name)):
        with pytest.raises(FeedError, match="cannot name a key"):
            change()
    assert not (tmp_path / "out").exists()


def test_where_there_are_no_keys_it_is_told_how_to_make_some(tmp_path: Path) -> None:
    for missing in (tmp_path, tmp_path / "none"):
        for use in (lambda: ServerKeys.load(missing), lambda: allow(missing, "phone"), lambda: revoke(missing, "phone")):  # noqa: B023
            with pytest.raises(FeedError, match=r"There are no keys of a feed in .*: make .* with glyphfeed keys new "):
                use()
    with pytest.raises(FeedError, match=r"none cannot be read: No such file or directory"):
        ClientKeys.load(tmp_path / "none")
    assert known(tmp_path / "none") == []


def test_a_client_that_nobody_knows_is_named(folder: Path) -> None:
    with pytest.raises(FeedError, match="There is no key wall: glyphfeed keys list tells which there are"):
        revoke(folder, "wall")
    with pytest.raises(FeedError, match="There is no key wall: make one with glyphfeed keys new wall --keys"):
        allow(folder, "wall")


def test_the_keys_of_one_end_are_not_those_of_the_other(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="is not the key file of a client"):
        ClientKeys.load(folder / "server.key_secret")
    (tmp_path / "phone.key_secret").replace(folder / "server.key_secret")
    with pytest.raises(FeedError, match="is not the key file of a feed"):
        ServerKeys.load(folder)


def test_a_damaged_file_shuts_out_its_client_alone(folder: Path, tmp_path: Path) -> None:
    issue(folder, "wall", tmp_path / "wall.key_secret")
    (folder / "allowed" / "phone.key").write_text('curve\n    public-key = "short"\n')
    (folder / "allowed" / "notes.txt").write_text("not ours")
    found = list(clients(folder))
    assert [str(one) for one in found if isinstance(one, FeedError)] == [
        f"{folder}/allowed/phone.key is not a key file, or is damaged: glyphfeed keys new writes such files."
    ]
    assert [one.name for one in found if isinstance(one, Client)] == ["wall"]


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f'curve\n public-key = "{text}"\n'.encode()))
def test_no_file_is_taken_for_keys_that_it_does_not_hold(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.key_secret"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(FeedError, match="is not"):
        ClientKeys.load(path)
