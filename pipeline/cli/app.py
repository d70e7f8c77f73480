"""The commands of ``faltung``, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from .apply import apply
from .bake import bake
from .doctor import doctor
from .explain import explain
from .flip_check import flip_check
from .match import match
from .plan import plan
from .run import run
from .schema import schema
from .stages import stages

__all__ = ["app"]

app = typer.Typer(
    name="faltung",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: rich takes longer to import than the help takes to read
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for _command in (run, apply, match, plan, bake, explain, flip_check, stages, schema, doctor):
    app.command()(_command)


def _show_version(asked: bool) -> None:
    if asked:
        from .. import __version__
        from .terminal import write

        write(f"faltung {__version__}\n")
        raise typer.Exit


@app.callback()
def faltung(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Causal convolution of sampled signals, from a pipeline written in YAML.

    \b
    A first try:
      faltung apply in.wav out.wav echo delay="250 ms" gain="-6 dB" repeats=3
    """  # noqa: D301  (the backspace tells typer to keep the lines)
