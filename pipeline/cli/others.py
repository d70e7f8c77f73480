"""Commands of other packages, and of those that faltung bundles: looked for when the core has none of that name.

A command is a function with typer's annotations, announced as an entry point of the group ``faltung.commands``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from ..errors import FaltungError, PluginError
from ..plugins import Plugin, importing, in_words, installed
from ..system import is_interruption
from .terminal import prints_aside


class Commands(TyperGroup):
    """Commands of the core, at hand; and the others, imported when one of them is called or all are listed."""

    also: Sequence[Any] = ()
    """Parameters that the others are given beside their own."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  (as typer asks it)
        if cmd_name not in self.commands:
            others = installed("command")
            for name in [cmd_name] if cmd_name in others else others.keys() - self.commands.keys():
                self.commands[name] = _usable(others[name], self.also)
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        core = list(self.commands)
        self.get_command(ctx, "")
        return core + sorted(self.commands.keys() - set(core))


def only(app: typer.Typer, name: str) -> typer.Typer:
    """The same with the command of that name alone, which is made in a third of the time; with all if none has it."""
    found = [one for one in app.registered_commands if one.callback is not None and one.callback.__name__ == name]
    small = copy(app)
    small.registered_commands = found or app.registered_commands
    return small


def command_of(plugin: Plugin) -> Any:
    """The command of a plugin; raises `PluginError` where it cannot be used, as when it has a name of the core's."""
    from .commands import app

    group: Any = typer.main.get_command(app)
    if plugin.name in group.commands:
        raise PluginError(f"{plugin.words} is one of faltung's own, which is used")
    return _made(plugin)


def _made(plugin: Plugin) -> Any:
    function = plugin.load()
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    with importing(f"{plugin.words} is {function!r}, which is none"):
        app.command(plugin.name)(function)
        command = typer.main.get_command(app)
    around = prints_aside() if plugin.owner == "faltung" else _naming(plugin)
    command.callback = around(command.callback)  # type: ignore[type-var]  # it has one
    return command


@contextmanager
def _naming(plugin: Plugin) -> Iterator[None]:
    """What a command of others raises in here is told in its name; not an exit, nor what is plain words already."""
    try:
        yield
    except (FaltungError, OSError, SystemExit, typer.Exit, typer.TyperException):
        raise
    except BaseException as error:
        if is_interruption(error):
            raise
        told = FaltungError(f"{plugin.words} failed: {in_words(error)}")
        told.of_plugin = True
        raise told from error


def _usable(plugin: Plugin, also: Sequence[Any]) -> Any:
    """The command, or one in its place that says what is wrong with it, in the list and when it is called."""
    try:
        command = _made(plugin)
    except PluginError as error:
        problem = error  # the name in the clause ends with it

        def callback(**_: Any) -> None:
            raise problem

        anything = {"ignore_unknown_options": True, "allow_extra_args": True}
        command = TyperCommand(plugin.name, callback=callback, help=str(error), context_settings=anything)
    command.params += also
    return command
