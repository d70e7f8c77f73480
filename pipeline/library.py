"""`Pipeline`: a chain of stages as an object, for arrays, for streams of blocks and for files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from .dsp.nonfinite import all_finite
from .engine.containers import unpack
from .engine.functional import as_columns, as_signal, refuse_channels_first
from .engine.options import Options
from .engine.plan import Plan, make_plan
from .engine.steps import as_one_kernel
from .engine.stream import stream
from .engine.times import Frames
from .errors import SettingError, SignalError
from .io.formats import READING
from .kernel import Array, Kernel
from .stages.base import Format, Stage
from .stages.base.registry import stage_from_settings
from .text import shorten

if TYPE_CHECKING:
    from .config.model import Configuration
    from .job import Report


class Pipeline:
    """A chain of stages and how it is run; it counts, gives and shows its stages as the list that it is.

    Parameters
    ----------
    stages
        stages, or mappings with ``use:`` and settings, in the order of the signal's way.
    options
        of `Options`, by name: ``tail="trim"``, ``precision="single"``; and how files are read, by options of
        `pipeline.read`: ``time_column="time"``, ``gaps="interpolate"``.

    Raises
    ------
    SettingError
        everything that is wrong with the stages, each with its place, or with an option.

    Examples
    --------
    >>> import numpy as np
    >>> pipe = Pipeline([{"use": "echo", "delay": "2 samples", "gain": 0.5, "repeats": 1}], tail="trim")
    >>> pipe(np.array([1.0, 0.0, 0.0]), fs=48_000)
    array([1. , 0. , 0.5])
    >>> pipe
    Pipeline([Echo(delay='2 samples', gain=0.5, repeats=1)], tail='trim')
    >>> len(pipe), pipe[0].gain
    (1, 0.5)
    """

    def __init__(self, stages: Iterable[Stage | dict[str, Any]], **options: Any) -> None:
        self.stages = _read(stages)
        self.reading = {name: options.pop(name) for name in READING if name in options}
        self.options = Options(**options)
        self.settings: Configuration | None = None  # of the file it was made from, with how outputs are written

    def __repr__(self) -> str:
        options = repr(self.options).removeprefix("Options(").removesuffix(")")
        options += "".join(f"{', ' * bool(options or i)}{k}={v!r}" for i, (k, v) in enumerate(self.reading.items()))
        return f"Pipeline({list(self.stages)!r}{', ' if options else ''}{options})"

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    def __len__(self) -> int:
        return len(self.stages)

    @overload
    def __getitem__(self, index: int) -> Stage: ...

    @overload
    def __getitem__(self, index: slice) -> Pipeline: ...

    def __getitem__(self, index: int | slice) -> Stage | Pipeline:
        if isinstance(index, slice):
            return self._alike(self.stages[index], self.options.model_dump(exclude_unset=True))
        return self.stages[index]

    def _alike(self, stages: Sequence[Stage], options: Mapping[str, Any]) -> Pipeline:
        """A pipeline that reads and writes files as this one does."""
        made = Pipeline(stages, **options, **self.reading)
        made.settings = self.settings
        return made

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Sequence[str] = ()) -> Pipeline:
        """The stages and options of a configuration file, and how `run_file` reads and writes; no inputs, no outputs.

        Parameters
        ----------
        path
            of the YAML file.
        overrides
            ``stages.0.delay=300 ms``, ``hall.mix=20%`` (a stage's id), ``precision=single``.

        Returns
        -------
        Pipeline
            made of the file's stages, definitions put in place.

        Raises
        ------
        ConfigError
            everything that is wrong with it, with line and column.

        Examples
        --------
        >>> Pipeline.from_yaml("configs/echo.yaml", ["stages.0.repeats=2"])[0].repeats
        2
        """
        from .config.load import load_config

        settings = load_config(path, overrides).settings
        reading = {name: getattr(settings, name) for name in READING if name in settings.model_fields_set}
        made = cls(settings.stages, **Options.of(settings).model_dump(exclude_unset=True), **reading)
        made.settings = settings
        return made

    def plan(self, fs: float, channels: int = 1) -> Plan:
        """Plan of what will happen to a signal of ``channels`` channels at ``fs`` Hz.

        Returns
        -------
        Plan
            methods, groups, latency and tail of the stages.

        Raises
        ------
        SettingError
            a stage that does not fit such a signal.

        Examples
        --------
        >>> Pipeline([{"use": "delay", "delay": "5 ms"}]).plan(fs=48_000).tail
        240
        """
        return make_plan(self.stages, Format(fs, channels, self.options.precision, self.reading), self.options)

    def kernel(self, fs: float, channels: int = 1) -> Kernel:
        """The whole chain as one kernel: the product of its stages' kernels.

        Returns
        -------
        Kernel
            with latency and tail of the chain.

        Raises
        ------
        SettingError
            a stage that is no kernel, such as `normalize`, or does not fit the signal.

        Examples
        --------
        >>> Pipeline([{"use": "gain", "gain": 0.5}, {"use": "delay", "delay": "1 samples"}]).kernel(fs=8000).taps
        array([0. , 0.5])
        """
        plan = self.plan(fs, channels)
        for planned in plan.stages:
            if planned.kernel is None:
                raise SettingError(f"{planned.stage.use!r} is not one kernel", "stages", planned.index)
        return as_one_kernel([(p.index, p.kernel) for p in plan.stages if p.kernel is not None])

    @overload
    def __call__(self, x: Array | Sequence[Any], fs: float | None = None, *, same: bool = False) -> Array: ...

    @overload
    def __call__(self, x: Any, fs: float | None = None, *, same: bool = False) -> Any: ...

    def __call__(self, x: Any, fs: float | None = None, *, same: bool = False) -> Any:
        """Run the chain on a signal.

        Parameters
        ----------
        x
            ``(frames,)`` or ``(frames, channels)``, floating point: an array, masked or not; or one of pandas, polars,
            xarray, torch or jax, which comes back as what it is, with index, names, attributes, type and device.
        fs
            rate in Hz; it need not be given of what has times of its own, nor where the configuration has one.
        same
            as many values out as in, the edges held, unless the pipeline says how (``edges="reflect"``).

        Returns
        -------
        array, or what ``x`` is
            ``(frames + tail, channels')``, in the pipeline's precision; one-dimensional if ``x`` is and the stages
            leave it one channel.

        Raises
        ------
        SignalError, SettingError
            no such signal, also one that looks like ``(channels, frames)``; a stage that does not fit it.

        Examples
        --------
        >>> smooth = Pipeline([{"use": "smooth", "length": "3 samples", "phase": "zero"}])
        >>> len(smooth([1.0, 2, 3, 4], fs=1)), smooth([1.0, 2, 3, 4], fs=1, same=True).round(2).tolist()
        (5, [1.33, 2.0, 3.0, 3.67])
        """
        if same and self.options.edges == "zero":
            kept = {**self.options.model_dump(exclude_unset=True, exclude={"tail", "pre_roll"}), "edges": "hold"}
            return self._alike(self.stages, kept)(x, fs)
        given = unpack(x, fs, gaps=self.options.nonfinite == "propagate")
        rate = given.fs if given.fs is not None or self.settings is None else self.settings.fs
        if rate is None:
            raise SignalError("a sampling rate is a number above 0, in Hz, got None; give fs: the signal tells none")
        signal = as_signal(given.samples)
        blocks = [as_columns(signal)]
        plan = self.plan(rate, blocks[0].shape[1])
        out = np.concatenate([plan.format_out.empty(), *stream(plan, blocks)])
        if self.options.nonfinite == "error" and not all_finite(out):
            frame = int(np.argwhere(~np.isfinite(out))[0][0])
            warnings.warn(f"the output is not finite at frame {frame}: numbers grew too large", stacklevel=2)
        early = plan.latency if plan.options.keeps_pre_roll and len(signal) else 0
        made = out[:, 0] if signal.ndim == 1 and plan.format_out.channels == 1 else out
        return given.back(made, Frames(plan.format_out.fs, -early / plan.format_out.fs))

    def stream(self, blocks: Iterable[npt.ArrayLike], fs: float, channels: int | None = None) -> Iterator[Array]:
        """Run the chain on blocks ``(n, channels)``, in bounded memory; the same bits as on the whole array.

        ``channels`` need not be given when there is at least one block.

        Returns
        -------
        iterator of arrays
            ``(m, channels')`` each, as soon as they are known; nothing comes of no block.

        Examples
        --------
        >>> echo = Pipeline([{"use": "echo", "delay": "2 samples", "gain": 0.5, "repeats": 1}])
        >>> sum(len(block) for block in echo.stream([[[1.0], [0.0]], [[0.0]]], fs=48_000))
        5
        """
        iterator = iter(blocks)
        first = next(iterator, None)
        if first is None:
            return
        shape = np.shape(first)
        refuse_channels_first(shape, block=True)
        plan = self.plan(fs, channels or (shape[1] if len(shape) == 2 else 1))
        yield from stream(plan, chain([first], iterator))

    def run_file(self, source: str | Path, target: str | Path, *, overwrite: bool = False, **reading: Any) -> Report:
        """Run the chain on a file; what the ``faltung run`` command does to each.

        ``reading`` are options of `pipeline.read`, before those of the pipeline: ``time_column="time"``.

        Returns
        -------
        Report
            frames, channels, rate, peak and time taken, and what there is to note.

        Raises
        ------
        ReadError, WriteError, UsageError
            the input, the output, or an output that exists or is the input.
        """
        from .io.apart import Named, keep_apart, read_with_sidecars
        from .io.remote import place_of
        from .io.sink import remove_left_behind
        from .io.tables import sidecar_path
        from .job import Job, run_job
        from .stages.base.files import files_named_in

        keep_apart(read_with_sidecars(files_named_in(self.stages)), [Named(place_of(target))])
        remove_left_behind([target, sidecar_path(os.fspath(target))])
        job = Job(()) if self.settings is None else Job.of(self.settings)
        job = replace(job, stages=self.stages, options=self.options, reading={**job.reading, **self.reading, **reading})
        return run_job(job, source, target, overwrite=overwrite)


def _read(stages: Iterable[Stage | dict[str, Any]]) -> tuple[Stage, ...]:
    """Every stage of a list; raises `SettingError` for all that are wrong."""
    if isinstance(stages, Stage | Mapping | str) or not isinstance(stages, Iterable):
        raise SettingError(
            f"must be a list of stages, got {shorten(repr(stages), 60)}; write [...] around it", "stages"
        )
    read, wrong = [], []
    for i, one in enumerate(stages):
        try:
            read.append(stage_from_settings(one))
        except SettingError as error:
            wrong.append(error.under("stages", i))
    if wrong:
        raise SettingError.together(wrong)
    return tuple(read)
