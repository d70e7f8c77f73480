"""From a configuration and a command line to the files to be done, with everything refused that can be beforehand.

Nothing is touched here: outputs that exist, that are an input by any name or link, that collide, or whose extension
says no format end the command before the first file is begun.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..batch.manifest import ManifestState
from ..batch.resume import Batch, Check, Item, ItemState, batch_of
from ..config.inputs import STREAM, Place, expand_inputs, input_root
from ..config.outputs import one_name, plan_outputs
from ..errors import UsageError
from ..fields import files_named_in
from ..io import Remote, is_table_name
from ..io.names import RealNames, file_of, shown_path
from ..job import Job

if TYPE_CHECKING:
    from ..config.load import LoadedConfig
    from ..config.model import Configuration
    from ..units import Duration

__all__ = ["Choices", "Item", "Work", "prepare", "resumed", "sources_of"]

_TOLD = 20  # files listed one by one in a refusal


@dataclass(frozen=True)
class Choices:
    """What the command line says of a batch, beyond its settings."""

    jobs: int | None = None
    check: Check | None = None
    force: bool = False
    retry_failed: bool = False
    fail_fast: bool = False
    scheduler: str | None = None
    """A cluster's, where it is to do the work."""


@dataclass(frozen=True)
class Work:
    """What a command has to do."""

    loaded: LoadedConfig
    job: Job
    items: tuple[Item, ...]
    skipped: tuple[Item, ...] = ()
    overwrite: bool = False
    choices: Choices = Choices()
    batch: Batch | None = None
    """Where what was done is remembered; None for one file, and for standard output."""
    standings: tuple[ItemState, ...] = ()
    """How each item of a batch stood before: those to be done and those that need not be."""
    report: Path | None = None
    """The page to be written about the run."""

    @property
    def shard(self) -> Duration | None:
        """How long the shards are that files are cut into; None where none is."""
        cuts = self.batch is not None and all(item.source != STREAM for item in self.items)
        return self.loaded.settings.batch.shard if cuts else None

    @property
    def jobs(self) -> int:
        """Workers: no more than files, unless these are cut."""
        most = self.choices.jobs or 1
        return most if self.shard is not None else min(most, max(1, len(self.items)))

    @property
    def passed_over(self) -> list[ItemState]:
        """The items of a batch that are not to be done, because they are unchanged or not asked for."""
        todo = set(self.items)
        return [standing for standing in self.standings if standing.item not in todo]


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
    choices: Choices | None = None,
    report: Path | None = None,
) -> Work:
    """What to do, checked; with ``skip``, outputs that exist are passed over. A batch is then `resumed`.

    ``report`` comes before ``report:``.

    Raises
    ------
    UsageError
        an input that is not there, no output, or an output or a report that cannot be taken.
    """
    choices = choices or Choices()
    _refuse_contradictions(overwrite=overwrite, skip=skip, choices=choices)
    sources, root = sources_of(loaded, inputs)
    if not sources:
        raise UsageError("no input; name files on the command line, or set input: in the configuration")
    template, base = (loaded.settings.output, loaded.base) if output is None else (output, None)
    events = loaded.settings.events
    if template is None and not events:
        raise UsageError("no output; give -o OUT, or set output: in the configuration, or events: for a search")
    if "-" in (template, *events) and len(sources) > 1:
        raise UsageError(f"standard output takes one signal, there are {len(sources)} inputs")
    items = _items(
        sources, [] if template is None else [(template, base)], [(one, loaded.base) for one in events], root
    )
    _refuse_formats(items, loaded.settings)
    _refuse_same_names(items)
    there = _there(items)
    if there:
        _refuse_inputs_as_outputs(items, there, loaded.settings.stages)
    if (choices.jobs or 1) > 1 and len(items) > 1 and STREAM in sources:
        raise UsageError("standard input is read by the command itself; give --jobs 1")
    if choices.scheduler is not None and STREAM in (*sources, *(item.target for item in items)):
        raise UsageError("a cluster reads and writes files, not standard input and output; leave --scheduler away")
    batch = None
    first = (template, base) if template is not None else (events[0], loaded.base)
    if first[0] != "-" and (len(items) > 1 or "batch" in loaded.settings.model_fields_set):
        batch = batch_of(loaded, *first, choices.check)
    _refuse_taken([(path, "exists already") for path in there], overwrite=overwrite or skip or batch is not None)
    skipped = dict.fromkeys(item for item in items if skip and any(path in there for path in item.outputs))
    left = tuple(item for item in items if item not in skipped)
    report = report or loaded.settings.report
    _refuse_report(report, items)
    return Work(loaded, Job.of(loaded.settings), left, tuple(skipped), overwrite, choices, batch, report=report)


def _items(
    sources: Sequence[Place],
    signals: Sequence[tuple[str, Path | None]],
    events: Sequence[tuple[str, Path | None]],
    root: Path,
) -> list[Item]:
    """Each input with its outputs, by templates and the folders these are seen from: at most one is of a signal."""
    planned = [[output for _, output in plan_outputs(sources, *one, root)] for one in (*signals, *events)]
    return [
        Item(source, outputs[0], tuple(outputs[len(signals) :]), only_events=not signals)
        for source, outputs in zip(sources, zip(*planned, strict=True), strict=True)
    ]


def _refuse_same_names(items: Sequence[Item]) -> None:
    """Refuse two outputs of one name, that of a signal and one of events among them."""
    if all(len(item.outputs) == 1 for item in items):
        return  # those of one template were looked at when they were planned
    real = RealNames()
    taken: set[str] = set()
    for path in (path for item in items for path in item.outputs):
        name = one_name(path, real)
        if name in taken:
            raise UsageError(f"{shown_path(path)}: two outputs would have this name; give each its own")
        taken.add(name)


def resumed(work: Work, past: ManifestState) -> Work:
    """A batch without what is done already; raises `UsageError` where an output is not ours to replace."""
    if work.batch is None:
        return work
    standings = work.batch.states(work.items, past)
    again = [s for s in standings if _is_to_be_done(s, work.choices)]
    _refuse_taken([pair for s in again for pair in s.taken], overwrite=work.overwrite)
    return replace(work, items=tuple(s.item for s in again), standings=tuple(standings))


def _is_to_be_done(standing: ItemState, choices: Choices) -> bool:
    if choices.retry_failed:
        return standing.failed_before
    return choices.force or standing.state != "unchanged"


def _refuse_contradictions(*, overwrite: bool, skip: bool, choices: Choices) -> None:
    given = {
        "--overwrite": overwrite,
        "--skip-existing": skip,
        "--force": choices.force,
        "--retry-failed": choices.retry_failed,
    }
    for one, other in (
        ("--overwrite", "--skip-existing"), ("--force", "--skip-existing"), ("--force", "--retry-failed"),
    ):  # fmt: skip
        if given[one] and given[other]:
            raise UsageError(f"{one} and {other} contradict each other; give one")


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
        table = item.signal is not None and is_table_name(item.signal)
        sidecar = item.target.with_suffix(".json") if table else ""
        if sidecar and os.path.realpath(sidecar) == beside:
            raise UsageError(f"{shown_path(report)}: its data would take the name of a sidecar; give it another name")


def _refuse_formats(items: Sequence[Item], settings: Configuration) -> None:
    """Refuse an extension that cannot be written, and an encoding that its container does not hold."""
    from ..io.formats import container_and_subtype
    from ..match.writers import event_format

    signals = {item.signal.suffix.lower(): item.signal for item in items if item.signal not in (None, STREAM)}
    for signal in signals.values():
        container_and_subtype(signal, None, settings.format.subtype)
    for path in {path.suffix.lower(): path for item in items for path in item.events}.values():
        event_format(path)


def _there(items: Sequence[Item]) -> dict[Place, None]:
    """The outputs under whose names something stands, in order."""
    return {path: None for item in items for path in item.outputs if path != STREAM and path.exists()}


def _refuse_inputs_as_outputs(items: Sequence[Item], there: Iterable[Place], stages: Iterable[Any]) -> None:
    read: dict[object, Place] = {_identity(path): path for path in files_named_in(stages)}
    read |= {_identity(item.source): item.source for item in items if item.source != STREAM}
    read.pop(None, None)
    for path in there:
        source = read.get(_identity(path))
        if source is not None:
            same = os.path.abspath(source) == os.path.abspath(path)  # noqa: PTH100
            through = "" if same else f" ({shown_path(source)})"
            raise UsageError(f"{shown_path(path)}: the output is an input{through}; give it another name")


def _identity(path: Place) -> object:
    """The same for all names and links of one file; None where there is none."""
    return path.identity() if isinstance(path, Remote) else file_of(path)


def _refuse_taken(taken: Sequence[tuple[Place, str]], *, overwrite: bool) -> None:
    refused = []
    for path, why in taken:
        if path.is_dir():
            refused.append(f"{shown_path(path)}: is a folder; write {shown_path(path)}/{{stem}}.wav")
        elif not overwrite and not _is_device(path):
            refused.append(f"{shown_path(path)}: {why}; give --overwrite to replace it")
    if refused:
        more = [f"and {len(refused) - _TOLD} more"] if len(refused) > _TOLD else []
        raise UsageError("\n".join(refused[:_TOLD] + more))


def _is_device(path: Place) -> bool:
    from ..io.names import is_stream

    return is_stream(path)
