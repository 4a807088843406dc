"""The ``atelier`` command's start: what it imports is next to nothing, so that Ctrl-C in the first second is an answer, too."""

import os
import sys
from collections.abc import Sequence

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells count: 128 and the signal's number."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command with ``words``, or those of the command line; the process's exit code.

    0 it is done; 1 it failed; 2 the command line, or something that it gives, is refused; 130 it was interrupted.
    What it writes, photos among it, only this user can read.
    """
    mask = os.umask(0o077)
    try:
        from cli.app import run

        return run(sys.argv[1:] if words is None else list(words))
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        os.umask(mask)
