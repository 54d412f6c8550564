"""The tables of a configuration file: which fields there are, what they may be, and what they are where nothing is said.

Owns: names and defaults, the same as those of `glyphfeed watch`.  Does not own reading them (checking, loading), nor the tables
of bridges (bridges.settings).  tools/configuration/example.toml and docs/service.md tell of each.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from glyphfeed.engines.alphabets import known
from glyphfeed.engines.errors import GlyphfeedError
from glyphfeed.engines.lexicon import known_languages
from glyphfeed.stream.captions.settings import CaptionSettings
from glyphfeed.stream.detecting.zones import Zone, Zones, parse_zone
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT, check_bind
from glyphfeed.stream.feed.keys import ServerKeys
from glyphfeed.stream.feed.publishing.kept import MOST_BYTES, MOST_DAYS, KeepIn
from glyphfeed.stream.feed.recordings.recording import RecordTo
from glyphfeed.stream.records import NAME
from glyphfeed.stream.rules.attribute_conditions import KINDS
from glyphfeed.stream.rules.rule import Rule
from glyphfeed.stream.sources.source import Pace
from glyphfeed.stream.understanding.wanted import LONGEST_S, check_region
from glyphfeed.stream.web.admission import DEFAULT_LISTEN, Listen
from glyphfeed.tools.configuration.checking import Between, Parsed
from glyphfeed.tools.keys import feed_keys
from glyphfeed.tools.options import DEFAULT_METRICS, Backend, parse_keep_size, parse_rotation, parse_size

Size = Annotated[tuple[int, int], Parsed(parse_size)]
Drawn = Annotated[Zone, Parsed(parse_zone)]


def expectation_mistakes(languages: tuple[str, ...] | None, alphabet: tuple[str, ...] | None) -> Iterator[tuple[str, str]]:
    """What is wrong with languages and alphabets."""
    for language in languages or ():
        if language not in (there := known_languages()):
            yield "languages", f"there are no words of {language!r}; choose from {', '.join(there)}, or []"
    try:
        known(alphabet or ())
    except GlyphfeedError as error:
        yield "alphabet", str(error).replace(", or all", ", or [] for all")


def missing_files(table: object, *names: str) -> Iterator[tuple[str, str]]:
    """Which of the fields that name files name none."""
    for name in names:
        path: Path | None = getattr(table, name)
        if path is not None and not path.is_file():
            yield name, f"there is no file {path}; write the path of one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """`[[camera]]`: what is read under a name: a camera's number, a network address, or a path as seen from the file's folder."""

    name: str
    address: Annotated[str, Parsed(str)] = field(repr=False)
    pace: Pace | None = None
    size: Size = (1280, 720)
    fps: Annotated[float, Between(1, 1000)] = 30
    languages: tuple[str, ...] | None = None
    """None for those of the networks, and the alphabets likewise."""
    alphabet: tuple[str, ...] | None = None
    read: tuple[Drawn, ...] = ()
    ignore: tuple[Drawn, ...] = ()

    @property
    def zones(self) -> Zones:
        """Where in its pictures text is read."""
        return Zones(self.read, self.ignore)

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """What is wrong: a field's name, and a sentence."""
        if not NAME.fullmatch(self.name):
            yield "name", f"{self.name!r} cannot be used on the feed; use 1 to 64 letters, digits, dots, _ or -"
        yield from expectation_mistakes(self.languages, self.alphabet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """`[feed]`: where it is published, and how much is told."""

    endpoint: str = DEFAULT_ENDPOINT
    keys: Path | None = None
    insecure: bool = False
    keep: Path | None = None
    keep_size: Annotated[int, Parsed(parse_keep_size)] = MOST_BYTES
    keep_days: Annotated[float, Between(0.001, 1e6)] = MOST_DAYS
    chars: bool = False
    wait_subscribers: Annotated[int, Between(0, 1000)] = 0

    def keeping(self) -> KeepIn | None:
        """Where its events are kept, if they are."""
        return KeepIn(self.keep, self.keep_size, self.keep_days) if self.keep else None

    def server_keys(self) -> ServerKeys | None:
        """The keys that it asks for; see `feed_keys`."""
        return feed_keys(self.endpoint, self.keys, insecure=self.insecure)

    @property
    def asks_for_keys(self) -> bool:
        """Whether only who has a key may connect."""
        try:
            return self.server_keys() is not None
        except GlyphfeedError:
            return False

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """See `Camera.mistakes`."""
        field = "keys"
        try:
            has_keys = self.server_keys() is not None
            field = "endpoint"
            check_bind(self.endpoint, protected=has_keys or self.insecure)
        except GlyphfeedError as error:
            yield field, str(error).rstrip(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Understand:
    """`[understand]`: what is told of texts beyond what they say: attributes, all or some kinds of them, as a region writes them;
    codes in view; and how many seconds later that is.
    """

    attributes: bool | tuple[str, ...] = False
    region: str | None = None
    codes: bool = False
    delay: Annotated[float, Between(0, LONGEST_S)] | None = None

    def mistakes(self) -> Iterator[tuple[str | tuple[str | int, ...], str]]:
        """See `Camera.mistakes`."""
        for number, kind in enumerate(() if isinstance(self.attributes, bool) else self.attributes):
            if kind not in KINDS:
                yield ("attributes", number), f"{kind!r} is no kind of attribute; there are {', '.join(sorted(KINDS))}"
        if self.region is not None:
            try:
                check_region(self.region)
            except InputError as error:
                yield "region", str(error)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file says of texts: what is told of them, the tables `[[rule]]`, and who describes what is around them."""

    understand: Understand
    rules: tuple[Rule, ...] = ()
    caption: CaptionSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`[record]`: a file that keeps every message; a service that is started again continues it."""

    file: Path
    append: bool = True
    topics: tuple[str, ...] = ()
    rotate: tuple[Annotated[str, Parsed(lambda word: parse_rotation([word], "rotate") and word)], ...] = ()

    def plan(self) -> RecordTo:
        """The same for the publisher."""
        return RecordTo(self.file, self.append, self.topics, *parse_rotation(self.rotate, "rotate"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworksTable:
    """`[networks]`: which networks read, what runs them, and whose words and letters they expect where a camera says nothing."""

    engine: Backend = "auto"
    detector: Path | None = None
    recogniser: Path | None = None
    languages: tuple[str, ...] = ("en",)
    alphabet: tuple[str, ...] = ()

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """See `Camera.mistakes`."""
        yield from expectation_mistakes(self.languages, self.alphabet)
        yield from missing_files(self, "detector", "recogniser")


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """`[web]`: the feed for browsers, and who may see it; `cert` and `key` are a certificate of one's own."""

    listen: Annotated[str, Parsed(lambda words: Listen.parse(words) and words)] = DEFAULT_LISTEN
    insecure: bool = False
    cert: Path | None = None
    key: Path | None = None

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """See `Camera.mistakes`."""
        if (self.cert is None) != (self.key is None):
            yield ("cert" if self.key is None else "key"), "it belongs together with the other one of cert and key; name both"
        elif self.cert is not None and self.insecure:
            yield "insecure", "nothing is encrypted so, and a certificate is of no use; leave one of the two out"
        else:
            yield from missing_files(self, "cert", "key")

    def options(self) -> list[str]:
        """The same for the command line of `glyphfeed web`."""
        certificate = [] if self.cert is None else ["--cert", str(self.cert), "--key", str(self.key)]
        return ["--listen", self.listen, *certificate, *(["--insecure"] if self.insecure else [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """`[log]`: how the log is written to stderr; with `quiet` errors alone, and nothing on stdout."""

    format: Literal["plain", "text", "json"] | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """`[metrics]`: where /metrics and /healthz are served."""

    listen: Annotated[Listen, Parsed(lambda word: Listen.parse(word, DEFAULT_METRICS))] = field(
        default_factory=lambda: Listen.parse(DEFAULT_METRICS)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """`[display]`: a window with the pictures, and a film of them, for who watches while it runs."""

    window: bool = False
    film: Path | None = None
