"""A file of rules that a command line names, and that may change while it is followed.

Owns: what a changed file does beside a command line.  Does not own what its rules mean (rules), nor when it has changed
(file_watch).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from glyphfeed.stream.acts.performing import Acts
from glyphfeed.stream.errors import InputError
from glyphfeed.tools.configuration.changes import bound_of_texts
from glyphfeed.tools.configuration.file_watch import FileWatch
from glyphfeed.tools.configuration.loading import ConfigurationError
from glyphfeed.tools.configuration.rules import Meaning

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger
    from pathlib import Path

    from glyphfeed.stream.understanding.settings import Settings
    from glyphfeed.tools.configuration.tables import Wanted

log = logging.getLogger("glyphfeed.rules")


class RulesFile:
    """The rules of a file, which `read` reads, and `acts` that do what they ask for; used by one thread.

    Raises:
        ConfigurationError: there are mistakes in it.
        InputError: what it wants cannot be had.

    """

    def __init__(self, path: Path, read: Callable[[], Wanted]) -> None:
        self._path, self._read = path, read
        self._watch = FileWatch(path)
        self.wanted = read()
        self.acts = Acts({})
        self._meaning = Meaning(self.acts, self.wanted)
        self.understand: Callable[[Settings], None] = lambda _: None
        """Takes what the stage is told from now on."""

    @property
    def settings(self) -> Settings:
        """What the stage is told."""
        return self._meaning.settings

    def attend(self) -> None:
        """Have texts understood as the file says by now, where it is another and right; else its mistakes are told, and all stays
        as it was.
        """
        if not self._watch.changed():
            return
        self._watch.note()
        try:
            wanted = self._read()
            self.understand(self._meaning.follow(wanted))
        except (ConfigurationError, InputError) as error:
            tell_refused(log, self._path, error)
            return
        log.info("%s is taken up", self._path.name)
        if bound := bound_of_texts(self.wanted, wanted):
            log.warning("%s: %s will hold only once glyphfeed is started anew", self._path.name, ", ".join(bound))
        self.wanted = wanted


def tell_refused(log: Logger, path: Path, error: Exception) -> None:
    """Tell what is wrong with a file that was read again, and that it is not followed."""
    for sentence in str(error).splitlines():
        log.error("%s", sentence)
    log.error("%s is not taken up, and what it said before holds", path.name)
