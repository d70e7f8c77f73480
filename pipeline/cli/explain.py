"""``faltung explain``: the flip seen and heard, on a worked example or on somebody's own pipeline and signal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Overwrite, Quiet

__all__ = ["explain"]

_What = Annotated[
    str | None,
    typer.Argument(
        metavar="CONFIG",
        show_default=False,
        help="A configuration, or the word claims; a worked example if left out.",
    ),
]
_Input = Annotated[
    str | None, typer.Argument(metavar="INPUT", show_default=False, help="A file, instead of CONFIG's first input.")
]
_Folder = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="DIR", show_default=False, help="The folder; else out/explain, or out/claims."
    ),
]
_Stage = Annotated[
    str | None,
    typer.Option(
        "--stage", metavar="ID", show_default=False, help="The stage, by id or index; else the first that shows it."
    ),
]
_Lang = Annotated[str, typer.Option("--lang", metavar="en|zh", help="The language that the page opens in.")]


def explain(
    config: _What = None,
    source: _Input = None,
    output: _Folder = None,
    stage: _Stage = None,
    lang: _Lang = "en",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Show and sound the flip: a page, pictures, an animation, sounds, and the numbers behind them.

    "faltung explain claims" tests what is usually said about the flip.
    """
    from .explaining import explain_claims, explain_config, explain_worked, show_explained

    if config == "claims":
        explain_claims(output or Path("out/claims"), lang, quiet=quiet)
        return
    folder = output or Path("out/explain")
    if config is None:
        explained = explain_worked(folder, stage, lang, overwrite=overwrite)
    else:
        explained = explain_config(config, source, folder, stage, lang, overwrite=overwrite)
    show_explained(explained, quiet=quiet)
