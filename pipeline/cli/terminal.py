"""Where the words and the data of a command go: data to standard output, words to standard error.

A table is as wide as it needs when it is piped, and fits the window on a terminal. Bold, dim and what little
colour there is are for terminals alone; ``NO_COLOR`` and ``TERM=dumb`` are respected.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

import typer

from ..errors import FaltungError
from ..text import plain, without_secrets

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_PIPED_WIDTH = 200


def shown(text: str) -> str:
    """The text without what could steer a terminal, and without the secrets of URLs."""
    return plain(without_secrets(text))


_data: list[TextIO | None] = []


def standard_output() -> TextIO | None:
    """Where the data of a command goes, whatever is aside; None where nobody can read it."""
    stream = _data[-1] if _data else sys.stdout
    return None if stream is None or stream.closed else stream


def standard_error() -> TextIO | None:
    """Where words go; None where nobody can read them."""
    return None if sys.stderr is None or sys.stderr.closed else sys.stderr


@contextlib.contextmanager
def prints_aside() -> Iterator[None]:
    """What code of others prints in here goes to standard error, so that it is no part of the data of the command."""
    _data.append(sys.stdout if not _data else _data[-1])
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        _data.pop()


def render(*parts: RenderableType, stderr: bool = False, wrap: bool = True, width: int = _PIPED_WIDTH) -> None:
    """Show tables and texts one below the other, without spaces at the end of lines; ``width`` is that of a pipe."""
    stream = standard_error() if stderr else standard_output()
    if len(parts) == 1 and isinstance(parts[0], Card) and (stream is None or not stream.isatty()):
        text = f"{parts[0]}\n"
    else:
        screen = console(stderr=stderr, width=width)
        with screen.capture() as captured:
            for part in parts:
                screen.print(shown(part) if isinstance(part, str) else part, soft_wrap=not wrap)
        text = "\n".join(line.rstrip(" ") for line in captured.get().split("\n"))
    if not stderr:
        _write(text)
    elif stream is not None:
        stream.write(text)


def console(*, stderr: bool = False, width: int = _PIPED_WIDTH) -> Console:
    """A console that shows text as it stands: no markup, no highlighting, no emoji."""
    from rich.console import Console

    stream = sys.stderr if stderr else standard_output()
    fixed = None if stream is not None and stream.isatty() else width
    return Console(file=stream, stderr=stderr, width=fixed, markup=False, highlight=False, emoji=False, soft_wrap=False)


@cache
def _table_class() -> type[Table]:
    from rich.table import Table

    class Plain(Table):
        """A table of texts that steer no terminal."""

        def add_row(self, *cells: Any, **how: Any) -> None:
            super().add_row(*(shown(one) if isinstance(one, str) else one for one in cells), **how)

    return Plain


def table(*columns: str, right: tuple[int, ...] = (), fold: int | None = 0) -> Table:
    """A table without lines, two spaces between columns, the ``right`` ones aligned to the right.

    The column ``fold`` gives way where the window is narrow; the others never wrap.
    """
    made = _table_class()(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for i, title in enumerate(columns):
        to_right = i in right or i - len(columns) in right
        made.add_column(title, justify="right" if to_right else "left", no_wrap=i != fold, overflow="fold")
    return made


@dataclass(frozen=True)
class Card:
    """Facts about one thing, a line each; a pipe gets them as they are, without the library for terminals."""

    rows: Mapping[str, str]

    def __rich__(self) -> Table:
        made = _table_class().grid(padding=(0, 2, 0, 0))
        made.add_column(style="dim", no_wrap=True)
        made.add_column(overflow="fold")
        for name, value in self.rows.items():
            made.add_row(name, value)
        return made

    def __str__(self) -> str:
        rows = {shown(name): shown(value) for name, value in self.rows.items()}
        width = max(map(len, rows))
        lines = [f"{name:{width}}  {value}" for name, value in rows.items()]
        return "\n".join(line.replace("\n", "\n" + " " * (width + 2)) for line in lines)


def write_json(data: Any) -> None:
    """One JSON document on standard output."""
    write(json.dumps(data, indent=2, allow_nan=False) + "\n")


def write(text: str) -> None:
    """Data on standard output, as `shown`."""
    _write(shown(text))


def _write(text: str) -> None:
    if (stream := standard_output()) is None:  # as a pipe that nobody reads
        raise BrokenPipeError
    stream.write(text)


@dataclass(frozen=True)
class Output:
    """Words of a command, as loud as it was asked to be."""

    quiet: bool = False
    verbose: bool = False
    to_stderr: bool = False
    """The report as well, because standard output carries audio."""

    def show(self, *parts: RenderableType) -> None:
        """The answer of the command."""
        if not self.quiet:
            render(*parts, stderr=self.to_stderr)

    def note(self, text: str) -> None:
        """Something to know; silent when quiet."""
        if not self.quiet:
            tell(text)

    def detail(self, text: str) -> None:
        """Something for those who asked for more."""
        if self.verbose and not self.quiet:
            tell(text)


command = ""
"""Name of the command that speaks."""


_TOO_LONG = re.compile(r"(\S{200})\S{800,}")
"""A word that nobody reads to its end."""


def readable(text: str) -> str:
    """A text with the words that are too long cut short."""
    return _TOO_LONG.sub(r"\1...", text)


def tell(text: str) -> None:
    """One line of words on standard error; settings as the command takes them."""
    if (stream := standard_error()) is not None:
        if command in ("apply", "match"):
            with contextlib.suppress(FaltungError):  # of the limits, which nothing then can be imported without
                from .hints import in_words

                text = in_words(text, command)
        stream.write(readable(shown(text)) + "\n")


def end_with(failed: Sequence[str]) -> None:
    """Tell the reasons of what failed; raises `typer.Exit` if there are any."""
    for reason in failed:
        tell(f"faltung: {reason}")
    if failed:
        raise typer.Exit(1)
