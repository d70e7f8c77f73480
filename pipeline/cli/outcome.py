"""Runs a command line and turns what happens into words and an exit code.

0, done. 1, some item failed. 2, usage or configuration, nothing was touched. 3, the run could not go on. 130 and 143,
interrupted. 141, nobody reads standard output any more. A known error is plain lines; an unknown one keeps its
traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import typer

from ..errors import ConfigError, FaltungError
from ..system import is_disk_full
from .interrupts import Terminated, code_of_signal, ignore_further, terminable
from .terminal import tell

__all__ = ["run_command", "told"]


def run_command(args: Sequence[str] | None = None) -> int:
    """Run a command line, that of the process by default; the exit code."""
    _prepare_streams()
    try:
        with terminable():
            code = _invoke(sys.argv[1:] if args is None else list(args))
            if sys.stdout is not None:
                sys.stdout.flush()
            return code
    except BrokenPipeError:
        _drop_standard_output()
        return 141
    except KeyboardInterrupt:
        ignore_further()
        return 130
    except Terminated:
        return 143
    except Exception as error:
        known = code_of_signal() or told(error)
        if known is None:
            raise
        if isinstance(error, OSError):  # perhaps of standard output itself
            _drop_standard_output()
        return known


def _invoke(args: list[str]) -> int:
    from .app import app

    if "_FALTUNG_COMPLETE" in os.environ:  # the shell asks for completions
        app(prog_name="faltung")
    command = typer.main.get_command(app)
    try:
        with command.make_context("faltung", args or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    return 0


def told(error: BaseException) -> int | None:
    """Say a known error on standard error, plainly; its exit code, or None where it is not known."""
    if isinstance(error, ConfigError):
        tell(str(error))
        return error.exit_code
    if isinstance(error, FaltungError):
        tell(f"faltung: {error}")
        return error.exit_code
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "faltung"
        message = error.format_message()
        tell(f"{command}: {message}{'' if message.endswith(('.', '?')) else '.'} Try '{command} --help'.")
        return 2
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        tell(f"faltung: {name}{error.strerror or error}")
        return 3 if is_disk_full(error) else 1
    return None


def _prepare_streams() -> None:
    """A sign that the terminal's encoding lacks is shown as an escape; a closed stream's number is kept from files."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one


def _drop_standard_output() -> None:
    """What is still in the buffer can go nowhere; without this the interpreter would try, and complain, at its end."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
