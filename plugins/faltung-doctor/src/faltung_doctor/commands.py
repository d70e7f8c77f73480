"""The command ``faltung doctor``: it parses, calls and prints."""

from __future__ import annotations

import typer

from pipeline.cli.options import Json


def doctor(as_json: Json = False) -> None:
    """Say what is installed, and what is wrong with it.

    Exit code 1 if something is.
    """
    from pipeline.cli.terminal import write_json

    from . import checks

    made = checks.all_checks()
    sound = all(check.good for check in made)
    if as_json:
        write_json({"ok": sound, "checks": [vars(check) for check in made]})
    else:
        checks.show_checks(made)
    if not sound:
        raise typer.Exit(1)
