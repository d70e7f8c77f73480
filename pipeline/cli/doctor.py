"""``faltung doctor``: what is installed, where it runs, and whether ``pipeline`` is ours."""

from __future__ import annotations

import typer

from .options import Json

__all__ = ["doctor"]


def doctor(as_json: Json = False) -> None:
    """Say what is installed, and what is wrong with it.

    Exit code 1 if something is.
    """
    from .checks import all_checks
    from .terminal import render, table, write_json

    checks = all_checks()
    if as_json:
        write_json({"ok": all(check.good for check in checks), "checks": [vars(check) for check in checks]})
    else:
        from rich.text import Text

        shown = table("", "what", "found", fold=2)
        for check in checks:
            shown.add_row("ok" if check.good else Text("WRONG", "bold red"), check.what, check.found)
        render(shown)
    if not all(check.good for check in checks):
        raise typer.Exit(1)
