"""From a configuration and a command line to the files to be done, with everything refused that can be beforehand.

Nothing is touched here: outputs that exist, that are an input by any name or link, that collide, or whose extension
says no format end the command before the first file is begun.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ..config.inputs import expand_inputs, input_root
from ..config.paths import STREAM, Place, plan_outputs
from ..errors import UsageError
from ..io import Remote
from ..job import Job
from .text import shown_path

if TYPE_CHECKING:
    from ..config.load import LoadedConfig
    from ..config.model import Configuration

__all__ = ["Item", "Work", "files_named_in", "prepare", "sources_of"]

_TOLD = 20  # files listed one by one in a refusal


@dataclass(frozen=True)
class Item:
    """One file to be done."""

    source: Place
    target: Place


@dataclass(frozen=True)
class Work:
    """What a command has to do."""

    loaded: LoadedConfig
    job: Job
    items: tuple[Item, ...]
    skipped: tuple[Item, ...] = ()
    overwrite: bool = False
    report: Path | None = None


def sources_of(loaded: LoadedConfig, inputs: Sequence[str]) -> tuple[list[Place], Path]:
    """The files to read, those of the command line before those of the configuration, and the root they share."""
    patterns, base = (inputs, None) if inputs else (loaded.settings.input, loaded.base)
    return (expand_inputs(patterns, base), input_root(patterns, base)) if patterns else ([], Path())


def prepare(
    loaded: LoadedConfig,
    inputs: Sequence[str],
    output: str | None,
    *,
    overwrite: bool = False,
    skip: bool = False,
    report: Path | None = None,
) -> Work:
    """What to do, checked; with ``skip``, outputs that exist are passed over. ``report`` comes before ``report:``.

    Raises
    ------
    UsageError
        an input that is not there, no output, or an output or a report that cannot be taken.
    """
    if overwrite and skip:
        raise UsageError("--overwrite and --skip-existing contradict each other; give one")
    sources, root = sources_of(loaded, inputs)
    if not sources:
        raise UsageError("no input; name files on the command line, or set input: in the configuration")
    template, base = (loaded.settings.output, loaded.base) if output is None else (output, None)
    if template is None:
        raise UsageError("no output; give -o OUT, or set output: in the configuration")
    if template == "-" and len(sources) > 1:
        raise UsageError(f"standard output takes one signal, there are {len(sources)} inputs")
    items = [Item(*pair) for pair in plan_outputs(sources, template, base, root)]
    _refuse_formats(items, loaded.settings)
    _refuse_inputs_as_outputs(items, loaded.settings.stages)
    taken = [item for item in items if item.target != STREAM and item.target.exists()]
    if not skip:
        _refuse_taken(taken, overwrite=overwrite)
    skipped = tuple(taken) if skip else ()
    begun = tuple(item for item in items if item not in skipped)
    report = report or loaded.settings.report
    _refuse_report(report, items)
    return Work(loaded, Job.of(loaded.settings), begun, skipped, overwrite, report)


def _refuse_report(report: Path | None, items: Sequence[Item]) -> None:
    """Refuse a report that is no page, or would replace a file that is none, such as the sidecar of a table."""
    if report is None:
        return
    from ..batch.report import refuse_other_files

    if report.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{shown_path(report)}: a report is a page; let its name end in .html")
    refuse_other_files(report)
    beside = os.path.realpath(report.with_suffix(".json"))
    for item in items:
        sidecar = item.target.with_suffix(".json") if item.target.suffix.lower() in (".csv", ".npy", ".npz") else ""
        if sidecar and os.path.realpath(sidecar) == beside:
            raise UsageError(f"{shown_path(report)}: its data would take the name of a sidecar; give it another name")


def _refuse_formats(items: Sequence[Item], settings: Configuration) -> None:
    """Refuse an extension that cannot be written, and an encoding that its container does not hold."""
    from .predict import container_and_subtype

    by_extension = {item.target.suffix.lower(): item for item in items if item.target != STREAM}
    for item in by_extension.values():
        container_and_subtype(item.target, None, settings.format.subtype)


def _refuse_inputs_as_outputs(items: Sequence[Item], stages: Iterable[Any]) -> None:
    read: dict[object, Place] = {_identity(path): path for path in files_named_in(stages)}
    read |= {_identity(item.source): item.source for item in items if item.source != STREAM}
    read.pop(None, None)
    for item in items:
        source = None if item.target == STREAM else read.get(_identity(item.target))
        if source is not None:
            same = os.path.abspath(source) == os.path.abspath(item.target)  # noqa: PTH100
            through = "" if same else f" ({shown_path(source)})"
            raise UsageError(f"{shown_path(item.target)}: the output is an input{through}; give it another name")


def _identity(path: Place) -> object:
    """The same for all names and links of one file; None where there is none."""
    if isinstance(path, Remote):
        return path.identity()
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _refuse_taken(taken: Sequence[Item], *, overwrite: bool) -> None:
    refused = []
    for item in taken:
        if item.target.is_dir():
            refused.append(f"{shown_path(item.target)}: is a folder; write {shown_path(item.target)}/{{stem}}.wav")
        elif not overwrite and not _is_device(item.target):
            refused.append(f"{shown_path(item.target)}: exists already; give --overwrite to replace it")
    if refused:
        more = [f"and {len(refused) - _TOLD} more"] if len(refused) > _TOLD else []
        raise UsageError("\n".join(refused[:_TOLD] + more))


def _is_device(path: Place) -> bool:
    from ..io.atomic import is_stream

    return is_stream(path)


def files_named_in(value: Any) -> Iterator[Path]:
    """Every file that the settings of stages name, wherever it stands in them; of a folder, the files in it."""
    if isinstance(value, Path):
        yield value
        if value.is_dir():
            yield from value.iterdir()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from files_named_in(getattr(value, name))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from files_named_in(part)
