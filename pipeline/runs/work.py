"""From a configuration, inputs and an output to the files to be done, with everything refused that can be beforehand.

Nothing is touched here: outputs that exist, that are an input by any name or link, that collide, or whose extension
says no format end a run before the first file is begun. What is refused is said in the words of the functions,
``overwrite=True``; the command says it in its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..batch.manifest import ManifestState
from ..batch.resume import Batch, Check, Item, ItemState, batch_of
from ..config.inputs import STREAM, Place, Unreadable, expand_inputs, files_read, input_root
from ..config.load import LoadedConfig, load_config, validate_config
from ..config.outputs import OutputTemplate, parse_template, plan_outputs
from ..config.yaml_text import refuse_other_file
from ..errors import UsageError
from ..io.apart import Named, keep_apart, sidecar_written
from ..io.names import shown_path
from ..job import Job
from ..match.writers import holds_several
from ..plugins import bundled
from ..stages.base import Stage
from ..system import usable_processors
from ..units import Duration
from .outputs import (
    files_written,
    refuse_explanations,
    refuse_formats,
    refuse_other_pages,
    refuse_report,
    refuse_taken,
    sidecars_taken,
)

if TYPE_CHECKING:
    from ..library import Pipeline

Stages = Stage | Sequence[Stage | Mapping[str, Any]]
Config: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any] | Pipeline | Stages | LoadedConfig"
"""A configuration: the path of a file, what such a file holds, or stages."""

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_MOST_JOBS = 256


@dataclass(frozen=True)
class Choices:
    """How a run is done, beyond what its configuration says."""

    jobs: int = 1
    check: Check | None = None
    overwrite: bool = False
    skip_existing: bool = False
    force: bool = False
    retry_failed: bool = False
    fail_fast: bool = False
    scheduler: str | None = None
    """Address of the cluster that does the work, if one is to."""
    apart: bool = False
    """Whether a batch of one job, too, is done by a worker: a decoder that crashes takes that down alone."""

    @classmethod
    def of(
        cls,
        loaded: LoadedConfig,
        *,
        jobs: int | str | None = None,
        check: str | None = None,
        scheduler: str | None = None,
        insecure: bool = False,
        **switches: bool,
    ) -> Choices:
        """Choices as they were given, before what the configuration says; raises `UsageError`."""
        if scheduler is not None:
            if jobs is not None:
                raise UsageError("jobs= are processes of this machine, scheduler= is a cluster; give one")
            bundled("faltung_cluster.dask", "scheduler=").check_address(scheduler, insecure=insecure)
        chosen = loaded.settings.batch.jobs if jobs is None else jobs
        if chosen == "auto":
            chosen = usable_processors()
        if not str(chosen).isdecimal() or len(str(chosen)) > 9 or not 1 <= int(chosen) <= _MOST_JOBS:
            raise UsageError(f"jobs= must be a whole number from 1 to {_MOST_JOBS}, or auto, got {jobs!r}")
        if check not in (None, "stat", "hash"):
            raise UsageError(f"check= must be stat or hash, got {check!r}")
        made = cls(int(chosen), check, scheduler=scheduler, **switches)  # type: ignore[arg-type]
        for one, other in (("overwrite", "skip_existing"), ("force", "skip_existing"), ("force", "retry_failed")):
            if getattr(made, one) and getattr(made, other):
                raise UsageError(f"{one}=True and {other}=True contradict each other; give one")
        return made


@dataclass(frozen=True)
class Work:
    """Work of a run; everything that can be refused beforehand was not."""

    loaded: LoadedConfig
    job: Job
    items: tuple[Item, ...]
    skipped: tuple[Item, ...] = ()
    """Items that are passed over because an output of theirs exists."""
    choices: Choices = Choices()
    batch: Batch | None = None
    """Where what was done is remembered; None for one file, and for standard output."""
    states: tuple[ItemState, ...] = ()
    """State of each item of a batch before the run: those to be done and those that need not be."""
    report: Path | None = None
    """The page to be written about the run."""
    searching: bool = False
    """Whether what is found is brought back."""
    tables: tuple[Place, ...] = ()
    """Event files that hold what is found in all of the items."""
    truth: Mapping[Place, Any] = field(default_factory=dict)
    """Labels, for each input, that what is found is compared with."""
    unreadable: tuple[Unreadable, ...] = ()
    """Places among the inputs that hold no signal to be read; each fails."""

    @property
    def shard(self) -> Duration | None:
        """Length of the shards that files are cut into; None where none is."""
        cuts = self.batch is not None and all(item.source != STREAM for item in self.items)
        return self.loaded.settings.batch.shard if cuts else None

    @property
    def jobs(self) -> int:
        """Number of workers: no more than files, unless these are cut."""
        most = self.choices.jobs
        return most if self.shard is not None else min(most, max(1, len(self.items)))

    @property
    def passed_over(self) -> list[ItemState]:
        """Items of a batch that are not to be done, because they are unchanged or not asked for."""
        todo = set(self.items)
        return [state for state in self.states if state.item not in todo]


def load(config: Config, settings: Sequence[str] = (), *, base: str | Path | None = None) -> LoadedConfig:
    """The configuration that a path, a mapping, stages or a pipeline are.

    Parameters
    ----------
    config
        relative paths in a file are seen from its folder, those in a mapping and in stages from the working folder.
    settings
        changes to it: ``hall.mix=20%``, as ``faltung run -s`` takes them.
    base
        the folder that relative paths are seen from instead.

    Raises
    ------
    ConfigError
        everything that is wrong with it.
    UsageError
        it is no configuration at all.
    """
    if isinstance(config, LoadedConfig):
        return config
    if isinstance(config, str | os.PathLike):
        return load_config(os.fspath(config), settings, base=base)
    from ..library import Pipeline

    if isinstance(config, Pipeline):
        options = config.options.model_dump(exclude_unset=True)
        data: dict[str, Any] = {**options, **config.reading, "stages": list(config.stages)}
    elif isinstance(config, Mapping):
        data = dict(config)
    elif isinstance(config, Stage):
        data = {"stages": [config]}
    elif isinstance(config, Sequence) and all(isinstance(stage, Stage | Mapping) for stage in config):
        data = {"stages": [dict(stage) if isinstance(stage, Mapping) else stage for stage in config]}
    else:
        raise UsageError(
            f"a configuration is the path of a YAML file, a mapping, a Pipeline or a list of stages, got {config!r:.60}"
        )
    return validate_config({"version": 1, **data}, base, settings)


def sources_of(loaded: LoadedConfig, inputs: Paths = ()) -> tuple[list[Place], Path]:
    """The files to read, those that were given before those of the configuration, and the root they share."""
    given = [inputs] if isinstance(inputs, str | os.PathLike) else list(inputs)
    patterns, base = ([os.fspath(path) for path in given], None) if given else (loaded.settings.input, loaded.base)
    return (expand_inputs(patterns, base), input_root(patterns, base)) if patterns else ([], Path())


def items_of(
    loaded: LoadedConfig,
    sources: Sequence[Place],
    output: str | None,
    root: Path,
    page: str | os.PathLike[str] | None = None,
) -> tuple[list[Item], tuple[str, Path | None] | None]:
    """Each input with its outputs, and the first template, with the folder it is seen from; None where none is.

    Tables of what is found in all of them are no output of one: `tables_of`.
    """
    template, base = (loaded.settings.output, loaded.base) if output is None else (output, None)
    signals = [] if template is None else [(template, base)]
    sources = readable(sources)
    shared = tables_of(loaded, sources)
    events = [(one, loaded.base) for one in loaded.settings.events if one not in shared]
    templates = [*signals, *events]
    planned = [[path for _, path in plan_outputs(sources, *one, root)] for one in signals]
    planned += [[path for _, path in plan_outputs(sources, *one, root, ".csv")] for one in events]
    outputs = zip(*planned, strict=True) if planned else [()] * len(sources)
    timed = loaded.settings.time_column is not None
    pages = [None] * len(sources) if page is None else _pages(sources, os.fspath(page), root)
    items = [
        Item(source, paths[0], tuple(paths[1:]), one, sidecar_written(paths[0], timed=timed))
        if signals
        else Item(source, None, tuple(paths), one)
        for source, paths, one in zip(sources, outputs, pages, strict=True)
    ]
    return items, [*templates, *([] if page is None else [(os.fspath(page), None)]), None][0]


def tables_of(loaded: LoadedConfig, sources: Sequence[Place]) -> dict[str, Place]:
    """The event files that hold what is found in all of several recordings: those of one name, by their templates."""
    events = loaded.settings.events if len(sources) > 1 else ()
    named = {one: any(part.kind == "name" for part in parse_template(one)) for one in events}
    plain = [one for one in events if one != "-" and not named[one] and not one.endswith("/") and holds_several(one)]
    return {one: OutputTemplate(one, loaded.base).path(STREAM) for one in plain}


def readable(sources: Sequence[Place]) -> list[Place]:
    """Sources without the places that no signal can be read from."""
    return [source for source in sources if not isinstance(source, Unreadable)]


def _pages(sources: Sequence[Place], page: str, root: Path) -> list[Path]:
    if Path(page).suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{page}: a report is a page; call it .html")
    if STREAM in sources:
        raise UsageError("a report plays and shows the recording, which standard input is not; name a file")
    return [Path(os.fspath(path)) for _, path in plan_outputs(sources, page, None, root)]


def prepare(
    loaded: LoadedConfig,
    inputs: Paths = (),
    output: str | os.PathLike[str] | None = None,
    choices: Choices | None = None,
    report: str | os.PathLike[str] | None = None,
    *,
    page: str | os.PathLike[str] | None = None,
    searching: bool = False,
    saved: Path | None = None,
) -> Work:
    """Work of a run, checked; a batch is then `resumed`. ``report`` comes before ``report:``.

    Where it is ``searching``, what is found is brought back with the result, and need not be written; ``page`` is the
    template of a page about each search. ``saved`` is a file that the configuration will be written to.

    Raises
    ------
    UsageError
        an input that is not there, no output, or an output or a report that cannot be taken.
    """
    choices = choices or Choices.of(loaded)
    settings, output = loaded.settings, None if output is None else os.fspath(output)
    sources, root = sources_of(loaded, inputs)
    if not sources:
        raise UsageError("no input; name files as inputs=, or set input: in the configuration")
    if output is None and settings.output is None and not settings.events and not searching:
        raise UsageError("no output; give output=, or set output: in the configuration, or events: for a search")
    if "-" in (settings.output if output is None else output, *settings.events) and len(readable(sources)) > 1:
        raise UsageError(f"standard output takes one signal, there are {len(sources)} inputs")
    items, first = items_of(loaded, sources, output, root, page)
    tables = tuple(tables_of(loaded, readable(sources)).values())
    if tables and (choices.skip_existing or choices.retry_failed):
        name = "skip_existing" if choices.skip_existing else "retry_failed"
        raise UsageError(f"{shown_path(tables[0])}: holds what is found in all files; leave {name}= away")
    choices = replace(choices, force=choices.force or bool(tables))
    refuse_formats(items, settings)
    taken = {path: None for item in items for path in item.outputs if path != STREAM and path.exists()}
    if choices.jobs > 1 and len(items) > 1 and STREAM in sources:
        raise UsageError("standard input is read by the command itself; give jobs=1")
    if choices.scheduler is not None and STREAM in (*sources, *(item.signal for item in items)):
        raise UsageError("a cluster reads and writes files, not standard input and output; leave scheduler= away")
    batch = None
    growing = not inputs and any("*" in pattern for pattern in settings.input)  # more files may match tomorrow
    scheme = not inputs and output is None and "{" in (settings.output or "")  # a configuration that names all itself
    many = len(items) > 1 or growing or scheme or "batch" in settings.model_fields_set
    if first is not None and first[0] != "-" and many:
        batch = batch_of(loaded, *first, choices.check)
    report = settings.report if report is None else Path(report)
    more = [] if batch is None else [Named(batch.manifest, "the manifest")]
    more += [] if saved is None else [Named(saved, "the saved configuration")]
    more += map(Named, tables)
    refuse_report(report)
    keep_apart(files_read(loaded, sources), files_written(items, report, *more))
    if settings.explain:
        refuse_explanations(items)
    if saved is not None:
        refuse_other_file(saved, overwrite=choices.overwrite)
    refuse_taken([(path, "exists already") for path in tables if path.exists()], overwrite=choices.overwrite)
    replaces = choices.overwrite or choices.skip_existing or batch is not None
    refuse_taken([(path, "exists already") for path in taken], overwrite=replaces)
    skips = choices.skip_existing
    skipped = dict.fromkeys(item for item in items if skips and any(path in taken for path in item.outputs))
    left = tuple(item for item in items if item not in skipped)
    if batch is None:
        refuse_other_pages(left)
        refuse_taken(sidecars_taken(dict.fromkeys(left, False), items), overwrite=choices.overwrite)
    return Work(
        loaded,
        Job.of(settings),
        left,
        tuple(skipped),
        choices,
        batch,
        report=report,
        searching=searching or bool(tables),
        tables=tables,
        unreadable=tuple(one for one in sources if isinstance(one, Unreadable)),
    )


def resumed(work: Work, past: ManifestState) -> Work:
    """A batch without what is done already; raises `UsageError` where an output is not ours to replace."""
    if work.batch is None:
        return work
    states = work.batch.states(work.items, past)
    again = [state for state in states if _is_to_be_done(state, work.choices)]
    begun = {state.item: state.last is not None for state in again}
    refuse_other_pages(item for item, before in begun.items() if not before)
    beside = sidecars_taken(begun, work.items)
    refuse_taken([*(pair for state in again for pair in state.taken), *beside], overwrite=work.choices.overwrite)
    return replace(work, items=tuple(state.item for state in again), states=tuple(states))


def _is_to_be_done(state: ItemState, choices: Choices) -> bool:
    if choices.retry_failed:
        return state.failed_before
    return choices.force or state.state != "unchanged"
