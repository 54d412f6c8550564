"""The program: `glyphfeed`, or `python -m glyphfeed`.

Owns: Ctrl-C while the command line is imported, which takes a second or more.  Does not own what follows (tools.cli).
"""

import os
import signal

_INTERRUPTED = 130


def main() -> None:
    """Import the command line and run it."""
    # Who has it ignored, as shells do for what runs in the background, goes on ignoring it.
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_heard:
        # At once, and not as an exception: libraries that are half imported may take that for a defect of their own.
        signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    from glyphfeed.tools import cli

    if is_heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()


if __name__ == "__main__":
    main()
