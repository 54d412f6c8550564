"""How far a bridge has got: the last event of each source that the far side has acknowledged, in a small file.

Owns: the file, and that no two bridges write it.  Does not own when something is acknowledged (bridge).
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from glyphfeed.stream.errors import BridgeError
from glyphfeed.stream.feed.locking import lock
from glyphfeed.stream.feed.wire import Position

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

_log = logging.getLogger("glyphfeed.bridges")


def default_path(name: str) -> Path:
    """Where the cursor of a bridge lies unless it was told: with the state of the service (by systemd), or else of the user."""
    folder = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return (Path(folder) if folder else user_state_path("glyphfeed")) / "bridges" / f"{name}.json"


class Cursor:
    """A source's position for each source, read from a file at the beginning and written to it at each change.

    The file is replaced at once, so that it is whole whenever the program is killed; it is not waited for the disk, so that
    after a power failure it may be some seconds old, and then some events are sent twice.  `is_new` is whether there was none.

    Raises:
        BridgeError: it cannot be written, or another bridge writes it.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_failing = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The file itself is replaced again and again, and a lock on it would go with it.
            self._lock = path.with_name(f"{path.name}.lock").open("w")
        except OSError as error:
            raise _unusable(path, error) from None
        try:
            lock(self._lock)
            self.is_new, self._positions = _read(path)
            self._write()
        except BlockingIOError:
            self._lock.close()
            raise BridgeError(f"another bridge keeps its place in {path}: give this one a name or a cursor of its own") from None
        except OSError as error:
            self._lock.close()
            raise _unusable(path, error) from None

    @property
    def positions(self) -> Mapping[str, Position]:
        """By source."""
        return self._positions

    def advance(self, positions: Mapping[str, Position]) -> None:
        """Store positions of some sources; where the disk is full they are kept in memory, and that is told once."""
        self._positions.update(positions)
        try:
            self._write()
            self._is_failing = False
        except OSError as error:
            if not self._is_failing:
                _log.error(
                    "%s cannot be written (%s): events that are sent meanwhile are sent again after a restart.",
                    self._path,
                    error.strerror,
                )
            self._is_failing = True

    def _write(self) -> None:
        places = {source: [place.epoch, place.seq] for source, place in sorted(self._positions.items())}
        new = self._path.with_name(f"{self._path.name}.new")
        new.write_text(json.dumps({"positions": places}), "utf-8")
        new.replace(self._path)

    def close(self) -> None:
        """Let others have the file; twice is fine."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _read(path: Path) -> tuple[bool, dict[str, Position]]:
    """Whether there is no file, and the positions in it; one that a power failure has emptied holds none."""
    try:
        places = json.loads(path.read_bytes())["positions"]
        return False, {str(source): Position(str(epoch), int(seq)) for source, (epoch, seq) in places.items()}
    except FileNotFoundError:
        return True, {}
    except (ValueError, TypeError, KeyError, AttributeError):
        _log.warning("%s is damaged: every event that the feed still has is sent, many of them for the second time.", path)
        return False, {}


def _unusable(path: Path, error: OSError) -> BridgeError:
    return BridgeError(f"the bridge cannot keep its place in {path} ({error.strerror}); name another file with --cursor")
