"""The command ``faltung new-plugin``: it parses, calls and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_NAME = "A prefix of yours, a dot, and its name; of what reads or writes files, the extension: acme.gcf."
_KIND = "stage, iir, detector, reader, writer, events or labels."


def new_plugin(
    name: Annotated[str, typer.Argument(metavar="NAME", help=_NAME, show_default=False)],
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help=_KIND)] = "stage",
    folder: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where its folder is made; here.")
    ] = Path(),
) -> None:
    """Begin a package with a plugin of your own, its tests and an example.

    \b
      faltung new-plugin acme.comb
      faltung new-plugin acme.gcf --kind reader
    """  # noqa: D301  (the backspace tells typer to keep the lines)
    from pipeline.cli.terminal import write

    from . import new_plugin as begun

    write(begun(name, kind, folder))
