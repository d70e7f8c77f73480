"""The command ``faltung``: each command is one file that parses, calls and prints; errors are told in one place.

Data goes to standard output, words to standard error. What is slow to import is imported where a command needs it,
so that ``--help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line ``args``, or that of the process; the exit code."""
    if args is None:  # this process is the command's own
        _end_quietly()
    from ..system import settle_process

    settle_process()
    from .process import run_command

    return run_command(args)


def _end_quietly() -> None:
    """Have Ctrl-C end this process with 130 and no word, while it is loaded; warnings of libraries are for nobody."""
    import _signal  # type: ignore[import-not-found]  # what `signal` is made of: that takes longer to load than all before it
    import os
    import sys
    import warnings

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, lambda *_: os._exit(130))
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
