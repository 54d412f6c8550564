"""The calls of the public interface: `glyphfeed.watch` and `glyphfeed.read`.

Owns: what programs write, and the words of their complaints.  Does not own how sources are read (watching, drivers).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glyphfeed.engines.codes import check_codes
from glyphfeed.engines.lexicon import LANGUAGES
from glyphfeed.stream.drivers.still import read_still
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.running.networks import AUTO, borrowed, networks_of
from glyphfeed.stream.running.pushed import planes_of
from glyphfeed.stream.running.watching import Watch
from glyphfeed.stream.sources.address import open_sources
from glyphfeed.stream.sources.source import Pace
from glyphfeed.stream.sources.stills import open_picture
from glyphfeed.stream.understanding.noticing import understood
from glyphfeed.stream.understanding.wanted import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from glyphfeed.stream.records import Status, TextEntity
    from glyphfeed.stream.rules.rulebook import Rulebook


def watch(
    *addresses: str | int | os.PathLike[str],
    names: Sequence[str] = (),
    pace: Pace | str | None = None,
    size: tuple[int, int] = (1280, 720),
    fps: float = 30,
    chars: bool = False,
    codes: bool = False,
    attributes: bool | Collection[str] = False,
    region: str | None = None,
    rules: Rulebook | None = None,
    delay: float | None = None,
    on_status: Callable[[Status], object] | None = None,
    engine: str = AUTO,
    detector: str | Path | None = None,
    recogniser: str | Path | None = None,
    languages: Sequence[str] = LANGUAGES,
    alphabets: Sequence[str] = (),
) -> Watch:
    """Read the text in cameras, streams and files: iterate what comes back.

    Args:
        addresses: cameras' numbers, rtsp:// or http:// addresses, videos, pictures, folders of such, or patterns such as `*.jpg`.
        names: what the first sources are called in their sights; the others by their addresses.
        pace: `every-frame` of files, the default, or `live`, played like a camera.
        size: picture size to ask of a camera, (width, height).
        fps: frame rate to ask of a camera.
        chars: whether texts are told down to their single characters.
        codes: whether QR and bar codes are read as well.
        attributes: whether texts are told with what they mean, or the kinds of which that is told, such as `price`.
        region: the country by whose ways of writing attributes are meant, an ISO 3166 code such as DE; US unless told.
        rules: what is looked for in texts, and what is hidden of them and of the pictures.
        delay: how many seconds later everything is told and shown.
        on_status: called with the health of each source once a second and at each change, in a thread of the reader.
        engine: what runs the networks: `auto` for the best that works here, or a back-end's name.
        detector: an ONNX file instead of the default model, with its description beside it.
        recogniser: likewise.
        languages: whose common words to expect where letters are in doubt, by two letters, such as en.
        alphabets: whose letters to read, of latin, greek, han and kana; all without any.

    Raises:
        SourceError: an address means nothing, what it means is missing, or a name cannot be used.
        InputError: there is no address, no such pace, region or delay, or what attributes need is not installed.
        EngineError: there is nothing here that reads codes.

    """
    if not addresses:
        raise InputError("there is nothing to watch: give a camera's number, a network address, a file or a folder")
    try:
        pace = None if pace is None else Pace(pace)
    except ValueError:
        raise InputError(f"{pace!r} is no pace; choose {' or '.join(Pace)}") from None
    if codes:
        check_codes()
    if isinstance(names, str):
        raise InputError(f"names are several, such as ['door'], and this is the one text {names!r}")
    sources = open_sources([text_of(address) for address in addresses], names, pace, size, fps)
    networks = networks_of(engine, detector, recogniser, languages, alphabets)
    settings = settings_of(attributes, region, rules, delay)
    return Watch(sources, networks, chars=chars, codes=codes, settings=settings, on_status=on_status)


def text_of(address: object) -> str:
    """Write an address as a command line has it.

    Raises:
        InputError: it is none.

    """
    if isinstance(address, int):
        return str(address)
    if isinstance(address, str | os.PathLike) and isinstance(text := os.fspath(address), str):
        return text
    raise InputError(f"{address!r} is no address: give a camera's number, a network address, or a path")


def read(
    picture: str | os.PathLike[str] | NDArray[Any],
    *,
    codes: bool = False,
    attributes: bool | Collection[str] = False,
    region: str | None = None,
    engine: str = AUTO,
    detector: str | Path | None = None,
    recogniser: str | Path | None = None,
    languages: Sequence[str] = LANGUAGES,
    alphabets: Sequence[str] = (),
) -> tuple[TextEntity, ...]:
    """Read the text in one picture, the first of a file of several: the texts that can be trusted, in reading order.

    Args:
        picture: a file's path, or an array: (height, width, 3) uint8 blue-green-red, or (height, width) grey.
        codes: see `watch`, as are the others.
        attributes: see `watch`.
        region: see `watch`.
        engine: see `watch`.
        detector: see `watch`.
        recogniser: see `watch`.
        languages: see `watch`.
        alphabets: see `watch`.

    Raises:
        SourceError: the file cannot be read, or is no picture.
        InputError: the array is no picture, or see `watch`.
        EngineError: the networks cannot be loaded, or failed, or there is nothing here that reads codes.

    """
    if codes:
        check_codes()
    colour = open_picture(Path(picture)) if isinstance(picture, str | os.PathLike) else planes_of(picture)[1]
    settings = settings_of(attributes, region)
    with borrowed(networks_of(engine, detector, recogniser, languages, alphabets), live=False) as engines:
        snapshot = read_still(colour, engines, codes=codes)
    if settings is not None:
        snapshot = understood(snapshot, settings)
    texts = {text.id: text for text in snapshot.texts}
    return tuple(texts[identity] for block in snapshot.blocks for identity in block)
