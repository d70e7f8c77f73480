"""The command ``faltung explain``: it parses, calls and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import Overwrite, Quiet

Explained = Annotated[
    str | None,
    typer.Argument(metavar="CONFIG", help="A configuration, or the word claims; a worked example if left out."),
]
ExplainedInput = Annotated[str | None, typer.Argument(metavar="INPUT", help="A file, instead of CONFIG's first input.")]
ExplainFolder = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="DIR", help="The folder; else out/explain, or out/claims.")
]
Film = Annotated[bool, typer.Option("--film", help="Also the animation, as GIF and MP4.")]
ExplainedStage = Annotated[
    str | None, typer.Option("--stage", metavar="ID", help="The stage, by id or index; else the first that shows it.")
]
Lang = Annotated[str, typer.Option("--lang", metavar="en|zh", help="The language of the page, and of its pictures.")]


def explain(
    config: Explained = None,
    source: ExplainedInput = None,
    output: ExplainFolder = None,
    stage: ExplainedStage = None,
    lang: Lang = "en",
    film: Film = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Show and sound the flip: a page, a figure, sounds, the numbers behind them; with --film an animation, too.

    "faltung explain claims" tests what is usually said about the flip.
    """
    from .view import explain_claims, explain_config, explain_worked, show_explained

    if config == "claims":
        explain_claims(output or Path("out/claims"), lang, quiet=quiet)
        return
    folder = output or Path("out/explain")
    if config is None:
        explained = explain_worked(folder, stage, lang, film=film, overwrite=overwrite, quiet=quiet)
    else:
        explained = explain_config(config, source, folder, stage, lang, film=film, overwrite=overwrite, quiet=quiet)
    show_explained(explained, quiet=quiet)
