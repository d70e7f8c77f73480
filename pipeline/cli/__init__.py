"""The command ``faltung``: each command is one file that parses, calls and prints; errors are told in one place.

Data goes to standard output, words to standard error. What is slow to import is imported where a command needs it,
so that ``--help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line ``args``, or that of the process; the exit code."""
    from ..system import settle_process

    settle_process()
    from .process import run_command

    return run_command(args)
