"""Reading a configuration file: from its text to its tables, or to everything that is wrong with it.

Owns: the file, and what its tables have to do with each other.  Does not own the tables (tables) nor how each is read (checking).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from glyphfeed.engines.errors import GlyphfeedError
from glyphfeed.stream.bridges.settings import KINDS, BridgeSettings
from glyphfeed.stream.captions.settings import CaptionSettings
from glyphfeed.stream.feed.endpoint import near
from glyphfeed.stream.feed.keys import ClientKeys
from glyphfeed.stream.placeholders import reveal
from glyphfeed.stream.records import NAME
from glyphfeed.tools.configuration.checking import Mistakes, read_table, unknown
from glyphfeed.tools.configuration.lines import lines_of
from glyphfeed.tools.configuration.rules import read_rule
from glyphfeed.tools.configuration.tables import (
    Camera,
    Display,
    Feed,
    Log,
    Metrics,
    NetworksTable,
    Record,
    Understand,
    Wanted,
    Web,
)
from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glyphfeed.stream.sources.source import Source
    from glyphfeed.tools.configuration.lines import Place

MOST_BYTES: Final = 1_000_000
"""No configuration is longer; a file that is named by mistake may be, or have no end."""
TABLES: Final = {
    "feed": Feed,
    "record": Record,
    "networks": NetworksTable,
    "web": Web,
    "log": Log,
    "metrics": Metrics,
    "display": Display,
    "understand": Understand,
    "caption": CaptionSettings,
}
"""Those of which there is one at most."""
OF_TEXTS: Final = ("rule", "understand", "caption")
"""Those that say what texts mean."""
LISTS: Final = ("camera", "bridge", "rule")
"""Those of which there may be several."""


class ConfigurationError(CommandError):
    """A configuration cannot be used: a line for each mistake, that begins with file and line."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that a file says; each camera has languages and an alphabet of its own, those of the networks where it names none."""

    path: Path
    cameras: tuple[Camera, ...]
    bridges: tuple[BridgeSettings, ...]
    feed: Feed
    record: Record | None
    networks: NetworksTable
    web: Web | None
    log: Log
    metrics: Metrics | None
    display: Display
    wanted: Wanted

    def open(self, camera: Camera) -> Source:
        """The source that a camera means, which is waited for where it cannot be had at once.

        Raises:
            SourceError: see `open_source`.

        """
        return open_camera(camera, self.path.parent)


def open_camera(camera: Camera, folder: Path) -> Source:
    """The source that a camera of a file in a folder means; see `Configuration.open`."""
    # With what decodes pictures, which takes time and memory.
    from glyphfeed.stream.sources.address import from_folder, open_source

    address = from_folder(camera.address, folder)
    return open_source(address, camera.name, camera.pace, camera_size=camera.size, camera_fps=camera.fps, patient=True)


def load(path: Path, *, cameras: bool = True) -> Configuration:
    """Read a file, without opening anything that it tells of; whether its `cameras` could be is looked at unless nobody will.

    Raises:
        ConfigurationError: it cannot be read, or there are mistakes in it.

    """
    path = path.absolute()
    return read(text_of(path), path, cameras=cameras)


def load_rules(path: Path) -> Wanted:
    """Read the rules of a file and what it wants of texts, whatever else is in it; opens nothing.

    Raises:
        ConfigurationError: it cannot be read, there are mistakes in those tables, or no rule.

    """
    path = path.absolute()
    values, mistakes = parsed_values(text_of(path), path)
    wanted = read_wanted({name: values[name] for name in OF_TEXTS if name in values}, path.parent, mistakes)
    if not wanted.rules and wanted.caption is None and not len(mistakes):
        mistakes.add((), "there is no rule; add a table [[rule]] with its name and what it asks")
    check(mistakes, path)
    return wanted


def text_of(path: Path) -> str:
    """The text of a configuration file.

    Raises:
        ConfigurationError: it cannot be read.

    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}; check the path and its permissions") from None
    if len(content) > MOST_BYTES:
        raise ConfigurationError(f"{path} is longer than any configuration; name a TOML file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}:{line}: this is no text in UTF-8; save the file as UTF-8") from None


def read(text: str, path: Path, *, cameras: bool = True) -> Configuration:
    """Read the text of a file that lies there; see `load`.

    Raises:
        ConfigurationError: there are mistakes in it.

    """
    values, mistakes = parsed_values(text, path)
    found = read_values(values, path, mistakes, will_open=cameras)
    check(mistakes, path)
    assert found is not None
    return found


def parsed_values(text: str, path: Path) -> tuple[dict[str, Any], Mistakes]:
    """What the text of a file says, and no mistakes as yet.

    Raises:
        ConfigurationError: it is no TOML.

    """
    try:
        values = tomllib.loads(text)
        lines = lines_of(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(in_file(path, syntax_mistake(str(error), text))) from None
    except RecursionError:
        raise ConfigurationError(in_file(path, (1, "it is nested too deeply to be a configuration"))) from None
    return values, Mistakes(lines)


def check(mistakes: Mistakes, path: Path) -> None:
    """Accept a file without mistakes.

    Raises:
        ConfigurationError: there are some.

    """
    if len(mistakes):
        raise ConfigurationError("\n".join(in_file(path, mistake) for mistake in mistakes))


def in_file(path: Path, mistake: tuple[int, str]) -> str:
    """One line for a mistake."""
    line, sentence = mistake
    return f"{path.name}:{line}: {sentence}"


def syntax_mistake(complaint: str, text: str) -> tuple[int, str]:
    """The line of what is no TOML, and what is wrong there, out of tomllib's complaint."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", complaint, re.DOTALL)
    if found is None:
        return 1, complaint
    line = int(found[2]) if found[2] else text.count("\n") + (not text.endswith("\n"))
    where = f" at column {found[3]}" if found[3] else " at the end of the file"
    return line, f"this is no TOML: {found[1]}{where}"


def read_values(values: dict[str, Any], path: Path, mistakes: Mistakes, *, will_open: bool) -> Configuration | None:
    """Read the tables of a file, and note every mistake; None where there are such that keep it from being one."""
    forms = {name: f"[[{name}]]" for name in LISTS} | {name: f"[{name}]" for name in TABLES}
    for key in values.keys() - forms.keys():
        mistakes.add((key,), unknown(key, forms))
    single: dict[str, Any] = {}
    for name, kind in TABLES.items():
        if name in OF_TEXTS:
            continue
        if isinstance(values.get(name), list):
            mistakes.add((name,), f"write [{name}] once, as there is one only")
        elif name in values or name not in ("record", "web", "metrics"):
            single[name] = read_table(kind, values.get(name, {}), (name,), f"[{name}]", path.parent, mistakes)
    tables = several("camera", values, mistakes)
    cameras = [read_camera(table, place, path.parent, mistakes, will_open=will_open) for table, place in tables]
    if not cameras and "camera" not in values:
        alone = "; a file of rules alone is for watch --rules" if "rule" in values else ""
        mistakes.add((), f"there is no camera; add a table [[camera]] with its name and address{alone}")
    feed = single.get("feed")
    tables = several("bridge", values, mistakes)
    bridges = [read_bridge(table, place, feed, path.parent, mistakes) for table, place in tables]
    for several_of in ("camera", "bridge"):
        note_doubles(several_of, values, mistakes)
    wanted = read_wanted(values, path.parent, mistakes)
    display = single.get("display")
    if display is not None and display.film is not None and len(cameras) > 1:
        mistakes.add(("display", "film"), "[display]: a film shows one camera, and there are more")
    if len(mistakes):
        return None
    networks = single["networks"]
    return Configuration(
        path,
        tuple(
            replace(
                camera,
                languages=networks.languages if camera.languages is None else camera.languages,
                alphabet=networks.alphabet if camera.alphabet is None else camera.alphabet,
            )
            for camera in cameras
            if camera is not None
        ),
        tuple(bridge for bridge in bridges if bridge is not None),
        single["feed"],
        single.get("record"),
        networks,
        single.get("web"),
        single["log"],
        single.get("metrics"),
        single["display"],
        wanted,
    )


def read_wanted(values: dict[str, Any], folder: Path, mistakes: Mistakes) -> Wanted:
    """Read the rules and what is wanted of texts, without what is wrong with it."""
    tables = several("rule", values, mistakes)
    rules = [read_rule(table, place, name_for(table, place), folder, mistakes) for table, place in tables]
    note_doubles("rule", values, mistakes)
    told = values.get("understand", {})
    understand = read_table(Understand, told, ("understand",), "[understand]", folder, mistakes)
    caption = None
    if "caption" in values:
        caption = read_table(CaptionSettings, values["caption"], ("caption",), "[caption]", folder, mistakes)
        note_strangers(caption, values, mistakes)
    return Wanted(understand or Understand(), tuple(rule for rule in rules if rule is not None), caption)


def note_strangers(caption: CaptionSettings | None, values: dict[str, Any], mistakes: Mistakes) -> None:
    """Note rules that captions are asked for, and that are not in the file."""
    known = {table.get("name") for table, _ in several("rule", values, Mistakes({(): 1})) if isinstance(table, dict)}
    for name in caption.rules if caption is not None else ():
        if name not in known:
            mistakes.add(("caption", "rules"), f"[caption]: rules: there is no rule {name!r}")


def several(name: str, values: dict[str, Any], mistakes: Mistakes) -> Iterator[tuple[Any, Place]]:
    """The tables of a name of which there may be several, each with its place."""
    tables = values.get(name, [])
    if not isinstance(tables, list):
        mistakes.add((name,), f"write [[{name}]] with two brackets, as there may be several")
        return
    yield from ((table, (name, number)) for number, table in enumerate(tables))


def read_camera(values: Any, place: Place, folder: Path, mistakes: Mistakes, *, will_open: bool) -> Camera | None:
    """Read the table of a camera, and see whether it could be opened where it will be; None where there were mistakes."""
    named = name_for(values, place)
    camera = read_table(Camera, values, place, named, folder, mistakes)
    if camera is not None and will_open:
        try:
            # Whatever it is called, as that is said elsewhere.
            open_camera(replace(camera, name="camera"), folder)
        except GlyphfeedError as error:
            mistakes.add((*place, "address"), f"{named}: {error}")
            return None
    return camera


def read_bridge(values: Any, place: Place, feed: Feed | None, folder: Path, mistakes: Mistakes) -> BridgeSettings | None:
    """Read the table of a bridge, which leads from the feed of the file unless it says so; None where it cannot be read."""
    named = name_for(values, place)
    kind = values.get("kind") if isinstance(values, dict) else None
    if isinstance(values, dict) and not (isinstance(kind, str) and kind in KINDS):
        mistakes.add((*place, "kind"), f"{named}: kind must be one of {', '.join(KINDS)}{'' if kind else ', and is missing'}")
        return None
    told = {name: value for name, value in values.items() if name != "kind"} if isinstance(values, dict) else values
    if isinstance(told, dict) and feed is not None:
        told = {"endpoint": near(feed.endpoint)} | told
    bridge = read_table(KINDS[str(kind)] if kind else BridgeSettings, told, place, named, folder, mistakes)
    if bridge is None or feed is None:
        return bridge
    if bridge.keys is not None or bridge.endpoint == near(feed.endpoint):
        note_keys(bridge.keys, feed, place, named, mistakes)
    for field in fields(bridge):
        value = getattr(bridge, field.name)
        try:
            if isinstance(value, str):
                reveal(value)
        except GlyphfeedError as error:
            mistakes.add((*place, field.name), f"{named}: {field.name}: {error}")
    return bridge


def note_keys(keys: Path | None, feed: Feed, place: Place, named: str, mistakes: Mistakes) -> None:
    """Note where a client of the feed has no keys and needs some, or has some that cannot be used."""
    if keys is None:
        if feed.asks_for_keys:
            mistakes.add(place, f"{named}: keys is missing: the feed lets in only who has one, see glyphfeed keys new")
        return
    try:
        ClientKeys.load(keys)
    except GlyphfeedError as error:
        mistakes.add((*place, "keys"), f"{named}: keys: {error}")


def name_for(values: Any, place: Place) -> str:
    """What a table of several is called in a mistake: by its name, or by its number where it has none that can be told."""
    kind, number = place
    name = values.get("name") if isinstance(values, dict) else None
    return f'{kind} "{name}"' if isinstance(name, str) and NAME.fullmatch(name) else f"{kind} {int(number) + 1}"


def note_doubles(kind: str, values: dict[str, Any], mistakes: Mistakes) -> None:
    """Note names that more than one table of a kind has."""
    first: dict[str, int] = {}
    for table, place in several(kind, values, Mistakes({(): 1})):
        name = table.get("name") if isinstance(table, dict) else None
        if isinstance(name, str) and name in first:
            before = f"the {kind} in line {first[name]} has the same name"
            mistakes.add((*place, "name"), f"{name_for(table, place)}: {before}; give each one of its own")
        elif isinstance(name, str):
            first[name] = mistakes.line((*place, "name"))
