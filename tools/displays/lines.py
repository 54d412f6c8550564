"""What is read as plain lines, for a pipe: each event, and each change of a source's state."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from glyphfeed.tools.listening import record_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from glyphfeed.tools.displays.views import View


class Lines:
    """A display that writes a line for everything new, at once, in the words of `glyphfeed listen`."""

    period_s = 0.1

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def draw(self, views: Sequence[View]) -> bool:
        """Write what is new; False once nobody reads it any more."""
        try:
            for view in views:
                while view.news:
                    self._output.write(record_line(*view.news.popleft()).plain + "\n")
            self._output.flush()
        except BrokenPipeError:
            # At its end Python flushes stdout once more, and would complain about the broken pipe.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._output.fileno())
            os.close(nowhere)
            return False
        return True
