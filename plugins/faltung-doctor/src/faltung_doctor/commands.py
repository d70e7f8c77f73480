"""The commands ``faltung doctor`` and ``faltung plugins``: each parses, calls and prints."""

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


def plugins(as_json: Json = False) -> None:
    """List the plugins installed, of every kind.

    Stages, readers, writers, event writers and executors of other packages, and what is wrong with them.
    """
    from pipeline.cli.terminal import write_json

    from .plugged import list_plugins, show_plugins

    listed = list_plugins()
    write_json(listed) if as_json else show_plugins(listed)
