"""The plugins that are installed, of every kind, each imported to see whether it can be used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pipeline.cli.others import command_of
from pipeline.cli.terminal import render, table
from pipeline.errors import PluginError
from pipeline.io.kinds import ReaderKind, WriterKind, row_of
from pipeline.io.labels import event_reader_of
from pipeline.match.writers import events_writer_of
from pipeline.plugins import Kind, Plugin, installed, left_out_by, version_of
from pipeline.stages.base.registry import stage_class


def list_plugins() -> list[dict[str, Any]]:
    """Kind, name, distribution and version of each plugin; ``error`` for one that cannot be used."""
    checks: dict[Kind, Callable[[Plugin], Any]] = {
        "stage": lambda plugin: plugin.load() if plugin.problem else stage_class(plugin.name),
        "reader": partial(row_of, kind=ReaderKind),
        "writer": partial(row_of, kind=WriterKind),
        "event writer": events_writer_of,
        "event reader": event_reader_of,
        "executor": Plugin.load,
        "command": command_of,
    }
    listed = []
    for kind, check in checks.items():
        for plugin in installed(kind).values():
            versions = {version_of(point.dist.name) for point in plugin.points if point.dist is not None}
            entry = {"kind": kind, "name": plugin.name, "from": plugin.owner, "version": " and ".join(sorted(versions))}
            try:
                check(plugin)
            except PluginError as error:
                entry["error"] = str(error)
            if "error" in entry or plugin.owner != "faltung":  # what faltung bundles is in --help
                listed.append(entry)
    return listed


def show_plugins(listed: list[dict[str, Any]]) -> None:
    """The plugins as a table."""
    shown = table("kind", "name", "from", "version", "", fold=4)
    for entry in listed:
        shown.add_row(entry["kind"], entry["name"], entry["from"], entry["version"], entry.get("error", "ok"))
    out = left_out_by()
    none = f"plugins are left out, by {out}" if out else "no plugin is installed; faltung new-plugin begins one"
    render(shown if listed else none)
