"""`Pipeline`: a chain of stages as an object, for arrays, for streams of blocks and for files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import mul
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .engine.functional import as_signal
from .engine.options import Options
from .engine.plan import Plan, make_plan
from .engine.stream import stream
from .errors import SettingError
from .kernel import Array, Kernel
from .stages.base import Format, Stage
from .stages.base.registry import stage_from_settings

if TYPE_CHECKING:
    from .job import Report

__all__ = ["Pipeline"]


class Pipeline:
    """A chain of stages and how it is run.

    Parameters
    ----------
    stages
        stages, or mappings with ``use:`` and settings, in the order of the signal's way.
    options
        of `Options`, by name: ``tail="trim"``, ``precision="single"``.

    Examples
    --------
    >>> import numpy as np
    >>> pipe = Pipeline([{"use": "echo", "delay": "2 samples", "gain": 0.5, "repeats": 1}])
    >>> pipe(np.array([1.0, 0.0, 0.0]), fs=48_000)
    array([1. , 0. , 0.5, 0. , 0. ])
    """

    def __init__(self, stages: Sequence[Stage | dict[str, Any]], **options: Any) -> None:
        self.stages = tuple(stage_from_settings(stage) for stage in stages)
        self.options = Options(**options)

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Sequence[str] = ()) -> Pipeline:
        """The stages and options of a configuration file; its inputs and outputs are left aside.

        Raises
        ------
        ConfigError
            everything that is wrong with it, with line and column.
        """
        from .config.load import load_config

        settings = load_config(path, overrides).settings
        return cls(settings.stages, **Options.of(settings).model_dump(exclude_unset=True))

    def plan(self, fs: float, channels: int = 1) -> Plan:
        """What will happen to a signal of ``channels`` channels at ``fs`` Hz; raises `SettingError`."""
        return make_plan(self.stages, Format(float(fs), channels, self.options.precision), self.options)

    def kernel(self, fs: float, channels: int = 1) -> Kernel:
        """The whole chain as one kernel.

        Raises
        ------
        SettingError
            a stage that is no kernel, such as `normalize`, or does not fit the signal.
        """
        plan = self.plan(fs, channels)
        for planned in plan.stages:
            if planned.kernel is None:
                raise SettingError(f"{planned.stage.use!r} is not one kernel", "stages", planned.index)
        return reduce(mul, [p.kernel for p in plan.stages if p.kernel is not None], Kernel.identity())

    def __call__(self, x: npt.ArrayLike, fs: float) -> Array:
        """Run the chain on an array.

        Parameters
        ----------
        x
            ``(frames,)`` or ``(frames, channels)``, floating point.
        fs
            rate in Hz.

        Returns
        -------
        array
            ``(frames + tail, channels')``, in the pipeline's precision; one-dimensional if ``x`` is and the stages
            leave it one channel.
        """
        signal = as_signal(x)
        blocks = [signal[:, None] if signal.ndim == 1 else signal]
        plan = self.plan(fs, blocks[0].shape[1])
        out = np.concatenate([plan.format_out.empty(), *stream(plan, blocks)])
        return out[:, 0] if signal.ndim == 1 and plan.format_out.channels == 1 else out

    def stream(self, blocks: Iterable[npt.ArrayLike], fs: float, channels: int | None = None) -> Iterator[Array]:
        """Run the chain on blocks ``(n, channels)``, in bounded memory; the same bits as on the whole array.

        ``channels`` need not be given when there is at least one block.
        """
        iterator = iter(blocks)
        first = next(iterator, None)
        if first is None:
            return
        shape = np.shape(first)
        plan = self.plan(fs, channels or (shape[1] if len(shape) == 2 else 1))
        yield from stream(plan, _chained(first, iterator))

    def run_file(self, source: str | Path, target: str | Path, *, overwrite: bool = False) -> Report:
        """Run the chain on a file; what the ``faltung run`` command does to each.

        Raises
        ------
        ReadError, WriteError, UsageError
            the input, the output, or an output that exists or is the input.
        """
        from .job import Job, run_job

        return run_job(Job(self.stages, self.options), source, target, overwrite=overwrite)


def _chained(first: npt.ArrayLike, rest: Iterator[npt.ArrayLike]) -> Iterator[npt.ArrayLike]:
    yield first
    yield from rest
