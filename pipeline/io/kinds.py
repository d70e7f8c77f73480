"""Kinds of containers: how each is known and what opens it, loaded when a file first needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from ..errors import PluginError
from ..plugins import Plugin
from .base import Reader, ReadOptions, Writer, WriteRequest
from .source import Source


@dataclass(frozen=True)
class ReaderKind:
    """A container that can be read: a test of the first bytes, and what opens it (or its place, ``"module:name"``)."""

    container: str
    matches: Callable[[bytes], bool]
    open: Callable[[Source, ReadOptions], Reader] | str
    plugin: str | None = None
    """The plugin that it comes from, in words; None of faltung's own."""


@dataclass(frozen=True)
class WriterKind:
    """A container that can be written: its extensions, and what opens it (or its place, ``"module:name"``).

    ``is_table`` says that it holds numbers as they are, with no full scale.
    """

    container: str
    extensions: tuple[str, ...]
    open: Callable[[WriteRequest], Writer] | str
    is_table: bool = False
    plugin: str | None = None
    """The plugin that it comes from, in words; None of faltung's own."""


def loaded(place: Any, plugin: str | None = None) -> Any:
    """Function or class that opens a container, given itself or by its place, ``"module:name"``.

    Raises
    ------
    PluginError
        it is that of a ``plugin``, and cannot be imported.
    """
    if not isinstance(place, str):
        return place
    try:
        return _imported(place)
    except (Exception, SystemExit) as error:
        if plugin is None:
            raise
        raise PluginError(f"{plugin} cannot be imported: {error!r}") from error


@cache
def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def only_one(plugins: Sequence[Plugin]) -> Plugin | None:
    """The plugin that is for a file; raises `PluginError` where it is two."""
    if len(plugins) > 1:
        names = " and ".join(f"{one.name!r} of {one.owner}" for one in plugins)
        raise PluginError(f"two {plugins[0].kind}s are for {plugins[0].extension}, {names}; uninstall one")
    return plugins[0] if plugins else None
