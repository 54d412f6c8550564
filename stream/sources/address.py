"""From an address as a person writes it to a source, and to the name of that source on the feed.

Owns: telling the kinds of addresses apart, and names.  Does not own any of the sources.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.placeholders import blank
from glyphfeed.stream.records import NAME
from glyphfeed.stream.sources.collection import read_files
from glyphfeed.stream.sources.file import check_file, decode_file
from glyphfeed.stream.sources.formats import is_picture
from glyphfeed.stream.sources.images import find_files, is_folder, is_pattern
from glyphfeed.stream.sources.live import LiveSource
from glyphfeed.stream.sources.network import PORTS, NetworkStream
from glyphfeed.stream.sources.playback import Playback
from glyphfeed.stream.sources.redaction import redact
from glyphfeed.stream.sources.source import Pace
from glyphfeed.stream.sources.webcam import Webcam

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.sources.source import Source

_DEVICE = re.compile(r"/dev/(?:video(\d+)|v4l/.+)")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SLIPPED = re.compile(
    r"(?:rtsps?|https?):/?[^/].*"  # a scheme with too few slashes
    r"|\d{1,3}(?:\.\d{1,3}){3}(?:[:/].*)?|\[[0-9a-f.]*:[0-9a-f:.]*\].*"  # an IP address
    r"|[a-z0-9.-]+:\d+(?:/.*)?|[^/@]+@[^/@]+(?:/.*)?",  # a host with a port, or with a user before it
    re.IGNORECASE | re.DOTALL,
)
"""What is probably meant as a network address, and does not begin like one."""


def open_source(
    address: str,
    name: str | None = None,
    pace: Pace | None = None,
    *,
    camera_size: tuple[int, int] = (1280, 720),
    camera_fps: float = 30,
    patient: bool = False,
) -> Source:
    """Make the source that an address means; it is inert until its frames are iterated.

    `address` is a camera's number or device path, an rtsp, rtsps, http or https address, a video file or a picture, a folder of
    such, or a pattern such as `shots/*.png`; in a network address `${NAME}` stands for a secret (placeholders).  `name` is what
    the source is called on the feed, by default made from the address.
    `pace` is by default every frame for files and pictures; cameras and network streams are always live.
    `patient` is whether a camera or stream that cannot be had at the beginning is waited for.

    Raises:
        SourceError: the address means nothing, what it means is missing, or name or pace do not fit.

    """
    if name is not None and not NAME.fullmatch(name):
        raise SourceError(f"the name {name!r} cannot be used on the feed; use 1 to 64 letters, digits, dots, _ or -")
    if not address:
        raise SourceError("no address was given; give a camera's number, a network address, a file or a folder")
    name = name or default_name(address)
    if _SCHEME.match(address) or address.isdecimal() or _DEVICE.fullmatch(address):
        if pace is Pace.EVERY_FRAME:
            raise SourceError(f"{redact(address)} is live and cannot be read at the pace {pace}; leave the pace out")
        if _SCHEME.match(address):
            stream = _network_stream(address)
            return LiveSource(name, stream.label, stream.connect, patient=patient)
        camera = Webcam(int(address) if address.isdecimal() else address, camera_size, camera_fps)
        if not patient:
            camera.check()
        return LiveSource(name, camera.label, camera.connect, patient=patient)
    path = Path(address)
    pace = pace or Pace.EVERY_FRAME
    is_collection = is_pattern(address) or is_folder(address)
    # What has an @ in it may hold a password, whatever else is wrong with it, and is not repeated.
    slipped = _SLIPPED.fullmatch(address) or "@" in address
    if slipped and (not is_collection or address.startswith("[")) and not _is_there(path):
        raise SourceError(_hint(address))
    if is_collection:
        try:
            finds = find_files(address, videos=True)
        except SourceError:
            if not slipped:
                raise
            raise SourceError(_hint(address)) from None
        return Playback(name, address, pace, partial(read_files, address, *finds, live=pace is Pace.LIVE))
    check_file(path)
    if is_picture(path):
        return Playback(name, address, pace, partial(read_files, address, [path]))
    return Playback(name, address, pace, partial(decode_file, path, live=pace is Pace.LIVE))


def open_sources(
    addresses: Sequence[str], names: Sequence[str], pace: Pace | None, camera_size: tuple[int, int], camera_fps: float
) -> list[Source]:
    """Make the sources that several addresses mean, the first ones called as told; see `open_source`.

    One that is alone fails where it cannot be had at the beginning; of several each is waited for, as the others go on.

    Raises:
        SourceError: an address or a name cannot be used.

    """
    called = name_sources(addresses, names)
    return [
        open_source(address, name, pace, camera_size=camera_size, camera_fps=camera_fps, patient=len(addresses) > 1)
        for address, name in zip(addresses, called, strict=True)
    ]


def name_sources(addresses: Sequence[str], names: Sequence[str]) -> list[str]:
    """Name the sources: the first ones as told, the rest by their addresses, with -2, -3 and so on where a name is taken.

    Raises:
        SourceError: there are more names than sources, or two are the same.

    """
    if len(names) > len(addresses):
        raise SourceError(f"there are {len(names)} names for {len(addresses)} sources; give each source one name at most")
    for name, number in Counter(names).items():
        if number > 1:
            raise SourceError(f"{number} sources are called {name}; give each a name of its own")
    called = list(names)
    for address in addresses[len(names) :]:
        name = default_name(address)
        variants = (name, *(f"{name[:60]}-{number}" for number in range(2, len(addresses) + 2)))
        called.append(next(variant for variant in variants if variant not in called))
    return called


def default_name(address: str) -> str:
    """The name of a source that was given none: `cam0` for camera 0, a network stream's host, a file's or folder's name."""
    if address.isdecimal():
        stem = f"cam{int(address)}"
    elif _SCHEME.match(address):
        try:
            stem = urlsplit(blank(address)).hostname or ""
        except ValueError:
            stem = ""
        # The colons at the beginning of an IPv6 address stand for zeros; without them ::1 would be called 1.
        stem = "localhost" if stem == "::1" else re.sub(r"^::", "0:", stem)
    elif device := _DEVICE.fullmatch(address):
        stem = f"cam{device[1]}" if device[1] else Path(address).name
    elif is_pattern(address):
        stem = Path(address).parent.name
    else:
        path = Path(address).absolute()
        stem = path.name if is_folder(address) else path.stem
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-")[:64] or "source"


def from_folder(address: str, folder: Path) -> str:
    """The same address, where it is a relative path as seen from a folder."""
    is_live = _SCHEME.match(address) or address.isdecimal() or _DEVICE.fullmatch(address)
    joined = folder / address
    if is_live or not address or (_SLIPPED.fullmatch(address) and not (is_pattern(str(joined)) or _is_there(joined))):
        return address
    return str(joined)


def _network_stream(address: str) -> NetworkStream:
    scheme, rest = address.split("://", 1)
    scheme = scheme.lower()
    if re.search(r"\s", address):
        raise SourceError(f"the {scheme} address has a space in it; write it as %20")
    if scheme not in PORTS:
        raise SourceError(
            f"{redact(address)}: {scheme} is not supported; use {', '.join(PORTS)}, a file, a folder, or a camera's number"
        )
    return NetworkStream(f"{scheme}://{rest}")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _hint(address: str) -> str:
    host = re.sub(r"^(?:rtsps?|https?):/*", "", address, flags=re.IGNORECASE).rpartition("@")[2]
    scheme = match[0].lower() if (match := re.match(r"rtsps|https?", address, re.IGNORECASE)) else "rtsp"
    shown = redact(f"{scheme}://{host}")
    return (
        f"there is no such file or folder; if this is a network address, write it as {shown}, with user:password@ before the host"
    )
