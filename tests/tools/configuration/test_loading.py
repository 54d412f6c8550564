from __future__ import annotations

import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glyphfeed.stream.bridges.settings import KINDS, BridgeSettings, Certificates, NatsSettings, WebhookSettings
from glyphfeed.stream.detecting.zones import Zones, parse_zone
from glyphfeed.stream.records import Action
from glyphfeed.stream.rules.rule import Rule
from glyphfeed.stream.sources.source import Pace
from glyphfeed.stream.web.admission import Listen
from glyphfeed.tools.configuration.loading import TABLES, ConfigurationError, load, read
from glyphfeed.tools.configuration.tables import Camera
from tests.tools.configuration.files import EXAMPLE, WHOLE, whole_example

if TYPE_CHECKING:
    from glyphfeed.tools.configuration.loading import Configuration

HERE = Path("/nowhere/glyphfeed.toml")
BRIDGE = "[[bridge]]\nkind = 'mqtt'\nname = 'home'\naddress = 'mqtt://broker.local'\n"
CAMERA = '[[camera]]\nname = "door"\naddress = "rtsp://10.0.0.7/live"\n'


def mistakes(text: str, path: Path = HERE) -> list[str]:
    """Everything that is wrong with a file, without its name."""
    with pytest.raises(ConfigurationError) as refused:
        read(text, path)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(f"{path.name}:") for line in lines)
    return [line.removeprefix(f"{path.name}:") for line in lines]


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    for name in ("DOOR_PASSWORD", "MQTT_PASSWORD", "NATS_TOKEN"):
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.chdir(tmp_path)
    return read(whole_example(tmp_path), tmp_path / "glyphfeed.toml")


def test_the_example_can_be_used_as_it_is_printed() -> None:
    (camera,) = read(EXAMPLE, HERE).cameras
    assert (camera.name, camera.address) == ("door", "rtsp://10.0.0.7/live")


def test_the_example_tells_of_every_field_with_its_default() -> None:
    told = tomllib.loads(WHOLE)
    for name, kind in TABLES.items():
        assert told[name].keys() == {field.name for field in fields(kind)}
    assert {key for camera in told["camera"] for key in camera} == {field.name for field in fields(Camera)}
    assert {key for rule in told["rule"] for key in rule} == {field.name for field in fields(Rule)}
    bridges = {bridge["kind"]: bridge.keys() - {"kind"} for bridge in told["bridge"]}
    shared = bridges["mqtt"] & {field.name for field in fields(BridgeSettings)}
    certificates = {field.name for field in fields(Certificates)}
    for kind, table in KINDS.items():
        # What is in each is told of once.
        assert bridges[kind] | shared | (certificates if kind != "mqtt" else set()) >= {field.name for field in fields(table)}


def test_the_whole_example_is_read(whole: Configuration, tmp_path: Path) -> None:
    door, yard, clip = whole.cameras
    assert door.zones == Zones()
    assert (yard.address, yard.size, yard.fps) == ("0", (1280, 720), 30.0)
    assert yard.zones == Zones((parse_zone("0,0.4 1,1"),), (parse_zone("0.7,0.02 1,0.08"),))
    assert clip.pace is Pace.LIVE
    # What a camera does not say is as the networks have it.
    assert [camera.languages for camera in whole.cameras] == [("en",), ("en", "de"), ("en",)]
    assert [camera.alphabet for camera in whole.cameras] == [(), ("latin",), ()]
    assert whole.networks.detector == tmp_path / "detector.onnx"
    assert whole.record is not None
    plan = whole.record.plan()
    assert (plan.path, plan.append, plan.topics, plan.most_bytes, plan.daily) == (
        tmp_path / "feed.jsonl",
        True,
        ("event/",),
        500_000_000,
        True,
    )
    assert whole.metrics is not None
    assert whole.metrics.listen == Listen("127.0.0.1", 9464)
    home, shop, hall = whole.bridges
    assert (home.name, home.endpoint, home.keys) == ("home", "tcp://127.0.0.1:5570", tmp_path / "home.key_secret")
    assert (home.sources, home.types, home.cursor) == (("door",), ("read", "changed"), tmp_path / "home.json")
    assert isinstance(shop, WebhookSettings)
    assert shop.secret == "${file:shop.secret}"
    assert isinstance(hall, NatsSettings)
    assert hall.max_bytes == 10**9
    sale, wanted, clean = whole.wanted.rules
    assert (sale.literal, sale.regex, sale.when[1]) == (("sale", "offer"), (r"\b\d+ ?%",), "price.label = now")
    assert sale.webhook is not None
    assert (sale.webhook.url, sale.command) == ("https://shop.example/sale", ("echo", "{source}", "{text}"))
    assert (wanted.watch, wanted.distance, wanted.cooldown) == (("B-AB 1234", "M-XY 55"), 0.5, 30)
    assert clean.action is Action.MASK
    assert clean.moderate is not None
    assert clean.moderate.own == {"brand": ("acme",)}
    assert (whole.wanted.understand.attributes, whole.wanted.understand.delay) == (True, 2.0)
    keys = whole.feed.server_keys()
    assert keys is not None
    assert keys.folder == tmp_path / "keys"


def test_paths_are_seen_from_the_file_and_addresses_are_left_alone(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "wall.mp4").write_bytes(clip.read_bytes())
    found = read('[[camera]]\nname = "a"\naddress = "clips/wall.mp4"\n', tmp_path / "glyphfeed.toml")
    source = found.open(found.cameras[0])
    assert source.name == "a"
    assert next(iter(source.frames(lambda *_: None))).size == (640, 360)
    # A camera that is not plugged in is waited for.
    found = read('[[camera]]\nname = "a"\naddress = 63\n', tmp_path / "glyphfeed.toml")
    assert found.open(found.cameras[0]).live


def test_all_mistakes_are_told_at_once_each_with_its_line() -> None:
    text = f"""\
[feed]
endpont = "x"
chars = "yes"

[networks]
engine = "cuda2"
languages = ["en", "kl"]
detector = "none.onnx"

[cameras]
x = 1

[[camera]]
name = "door"
adress = "rtsp://admin:geheim@10.0.0.7/live"
fps = 0
size = "big"
ignore = [
  "0,0 1,0.1",
  "0.5 0.6",
  [[0, 0], [1, 1]],
]

{CAMERA}
[[camera]]
name = "my yard"
address = "ftp://admin:geheim@10.0.0.7/x"

[metrics]
listen = "9464:"
"""
    told = mistakes(text)
    begins = [
        "2: [feed]: endpont is not known here; did you mean endpoint?",
        "3: [feed]: chars must be true or false, and is text",
        "6: [networks]: engine is 'cuda2', and must be one of auto, tensorrt, ",
        "7: [networks]: languages: there are no words of 'kl'; choose from ar, de, en, ",
        "8: [networks]: detector: there is no file /nowhere/none.onnx; write the path of one",
        "10: cameras is not known here; did you mean [[camera]]?",
        '13: camera "door": address is missing',
        '15: camera "door": adress is not known here; did you mean address?',
        '16: camera "door": fps is 0, and must be 1 to 1000',
        "17: camera \"door\": size cannot be used: 'big' is no size; write width x height, such as 1280x720",
        "20: camera \"door\": ignore [1] cannot be used: '0.5 0.6' is no zone; write its corners",
        '21: camera "door": ignore [2] must be text, such as "this", and is a list',
        '25: camera "door": the camera in line 14 has the same name; give each one of its own',
        "29: camera 3: name: 'my yard' cannot be used on the feed; use 1 to 64 letters",
        "30: camera 3: ftp://***@10.0.0.7/x: ftp is not supported; use rtsp, ",
        "33: [metrics]: listen cannot be used: '9464:' is not an address to listen at: write HOST:PORT such as "
        "127.0.0.1:9464, or * for a free port",
    ]
    assert len(told) == len(begins)
    for sentence, begin in zip(told, begins, strict=True):
        assert sentence.startswith(begin)
    assert "geheim" not in "".join(told)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "1: there is no camera; add a table [[camera]] with its name and address"),
        ("camera = 1", "1: write [[camera]] with two brackets, as there may be several"),
        ("[camera]\nname = 'a'", "1: write [[camera]] with two brackets, as there may be several"),
        ("camera = [1]", "1: camera 1 is a table, and not a whole number"),
        (f"{CAMERA}[[feed]]", "4: write [feed] once, as there is one only"),
        (f"{CAMERA}feed = 1", '4: camera "door": feed is not known here; there are name, address, pace, '),
        (f"feed = 2026-11-30\n{CAMERA}", "1: [feed] is a table, and not a date or time"),
        (f"{CAMERA}x = [", "4: this is no TOML: Invalid value at the end of the file"),
        (f"{CAMERA}fps =\n", "4: this is no TOML: Invalid value at column 6"),
        (f"{CAMERA}name = 'b'\n", "4: this is no TOML: Cannot overwrite a value at"),
        ("x = " + "[" * 5000, "1: it is nested too deeply to be a configuration"),
        (f"{CAMERA}languages = 'en'", '4: camera "door": languages must be a list, such as [...], and is text'),
        (f"{CAMERA}alphabet = ['runic']", "4: camera \"door\": alphabet: there is no alphabet 'runic'; choose from latin, "),
        (f"{CAMERA}fps = nan", '4: camera "door": fps is nan, and must be 1 to 1000'),
        (f"{CAMERA}fps = true", '4: camera "door": fps must be a number, and is true or false'),
        (f"{CAMERA}pace = 'slow'", "4: camera \"door\": pace is 'slow', and must be one of every-frame, live"),
        (f"{CAMERA}pace = 'every-frame'", '3: camera "door": rtsp://10.0.0.7/live is live and cannot be read at the pace'),
        (f"{CAMERA}[[bridge]]\nname='a'", '4: bridge "a": kind must be one of mqtt, webhook, nats, and is missing'),
        (f"{CAMERA}[[bridge]]\nname='a'\nkind=['nats']", '6: bridge "a": kind must be one of mqtt, webhook, nats'),
        (f"{CAMERA}[[bridge]]\nname='a'\nkind='smtp'", '6: bridge "a": kind must be one of mqtt, webhook, nats'),
        (f"{CAMERA}[bridge]\nname='a'", "4: write [[bridge]] with two brackets, as there may be several"),
        (f"{CAMERA}{BRIDGE}prefx='x'", '8: bridge "home": prefx is not known here; did you mean prefix?'),
        (f"{CAMERA}{BRIDGE}prefix='#'", "8: bridge \"home\": prefix: '#' cannot begin a topic; use A-Z a-z"),
        (f"{CAMERA}{BRIDGE}keys='none'", '8: bridge "home": keys: The keys in /nowhere/none cannot be read'),
        (f"{CAMERA}{BRIDGE}{BRIDGE}", '10: bridge "home": the bridge in line 6 has the same name; give each one of its own'),
        (f"{CAMERA}{BRIDGE.replace('//', '//a:geheim${NO_SUCH}@')}", "address: the secret ${NO_SUCH} is not set, or empty"),
        (f"{CAMERA}{BRIDGE}[feed]\nendpoint='tcp://127.0.0.1:*'", "4: bridge \"home\": endpoint: 'tcp://127.0.0.1:*' is not an"),
        (f"{CAMERA}[web]\nlisten='0.0.0.0'", "5: [web]: listen cannot be used: '0.0.0.0' is not an address to listen at"),
        (f"{CAMERA}[web]\nkey='web.pem'", "5: [web]: key: it belongs together with the other one of cert and key"),
        (f"{CAMERA}[web]\ncert='a'\nkey='b'\ninsecure=true", "7: [web]: insecure: nothing is encrypted so"),
        (f"{CAMERA}[record]", "4: [record]: file is missing"),
        (f"{CAMERA}[record]\nfile=''", "5: [record]: file is a path, and there can be none like this"),
        (
            f"{CAMERA}[record]\nfile='f'\nrotate=['day','1X']",
            "6: [record]: rotate [1] cannot be used: '1X' is no size; write day, or one such as 500M",
        ),
        (f"{CAMERA}[feed]\nendpoint='5570'", "5: [feed]: endpoint: '5570' is not an address of a feed"),
        (f"{CAMERA}[feed]\nendpoint='tcp://0.0.0.0:5570'", "5: [feed]: endpoint: The feed may not be published on "),
        (f"{CAMERA}[feed]\nkeys='none'", "5: [feed]: keys: There are no keys of a feed in /nowhere/none"),
        (
            f"{CAMERA}{CAMERA.replace('door', 'yard')}[display]\nfilm='f.mp4'",
            "8: [display]: a film shows one camera, and there are",
        ),
        (
            CAMERA.replace("10.0.0.7", "a:${NO_SUCH_SECRET}@b"),
            "the secret ${NO_SUCH_SECRET} is not set, or empty; set and export",
        ),
        (CAMERA.replace("rtsp:/", "rtsp:"), '3: camera "door": there is no such file or folder; if this is a network address'),
        (
            CAMERA.replace("rtsp://10.0.0.7/live", "clip.mp4"),
            '3: camera "door": /nowhere/clip.mp4: there is no such file or folder',
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line(text: str, sentence: str) -> None:
    (told,) = mistakes(text)
    assert sentence in told


def test_files_that_are_none_are_told_in_one_line(tmp_path: Path) -> None:
    def told(content: bytes | None) -> str:
        path = tmp_path / "glyphfeed.toml"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ConfigurationError) as refused:
            load(path)
        assert "\n" not in str(refused.value)
        return str(refused.value)

    assert "cannot be read: No such file or directory" in told(None)
    assert "glyphfeed.toml:3: this is no text in UTF-8" in told(b"# a\n\n# \xff\n")
    assert "is longer than any configuration" in told(b"#" * 2_000_000)
    # An editor may begin a file with a mark.
    (tmp_path / "glyphfeed.toml").write_bytes(b"\xef\xbb\xbf" + CAMERA.replace("\n", "\r\n").encode())
    assert [camera.name for camera in load(tmp_path / "glyphfeed.toml").cameras] == ["door"]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("configuration")
    text = whole_example(folder).replace("rtsp://10.0.0.7/live", "rtsp://admin:geheim@10.0.0.7/live")
    text = text.replace("${MQTT_PASSWORD}", "geheim").replace("${NATS_TOKEN}", "geheim").replace("${file:shop.secret}", "geheim")
    return text, folder / "glyphfeed.toml"


edits = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 30),
        st.text('[]{}"=,.#\n 0aé', max_size=4)
        | st.sampled_from(["[[camera]]\n", "[feed]\n", "name = 1\n", '"', "[", "nan", "-1"]),
    ),
    min_size=1,
    max_size=4,
)


@given(edits)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_that_was_changed_anyhow_is_read_or_told_of_in_lines(
    used: tuple[str, Path], changes: list[tuple[float, int, str]]
) -> None:
    text, path = used
    secrets = [line for line in text.splitlines() if "geheim" in line]
    for where, length, put in changes:
        start = int(where * len(text))
        text = text[:start] + put + text[start + length :]
    try:
        found = read(text, path)
    except ConfigurationError as error:
        for line in str(error).splitlines():
            number = re.match(r"glyphfeed\.toml:(\d+): .", line)
            assert number is not None, line
            assert 1 <= int(number[1]) <= text.count("\n") + 1
            # A secret that stands where none belongs is not known for one.
            assert "geheim" not in line or not {*secrets} <= {*text.splitlines()}
    else:
        assert found.cameras
        assert "geheim" not in repr(found)


parts = st.text("rtsp:/@.*?[]#%:a1é ", max_size=12) | st.sampled_from(
    ["rtsp://admin:", "mqtt://a:", "http:/", "10.0.0.7/live", "h"]
)


@given(parts, parts, st.sampled_from(["camera", "mqtt", "webhook", "nats"]))
@settings(max_examples=150)
def test_no_mistake_shows_the_password_of_an_address_however_wrong_that_is(before: str, after: str, kind: str) -> None:
    address = json.dumps(f"{before}geheim@{after}")
    if kind == "camera":
        text = f"[[camera]]\nname = 'door'\naddress = {address}\n"
    else:
        text = f"{CAMERA}[[bridge]]\nkind = '{kind}'\nname = 'home'\naddress = {address}\n"
    try:
        told = repr(read(text, HERE))
    except ConfigurationError as error:
        told = str(error)
    assert "geheim" not in told
