"""The command ``faltung schema``: it parses, calls and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Overwrite

File = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it here.", show_default=False)]


def schema(output: File = None, overwrite: Overwrite = False) -> None:
    """Print the JSON Schema of configurations.

    With every stage installed; editors complete and check with it.
    """
    from pipeline.cli.terminal import write

    from .schema import schema_text, write_schema

    if output is None:
        write(schema_text())
    else:
        write_schema(output, overwrite=overwrite)
