"""Runs several chains of stages side by side and adds what they give, each delayed to the same latency.

Convention: time zero of all branches is the same frame, so a dry branch beside a linear-phase filter does not comb.
Where every stage is a kernel, so is the whole: kernels in a row are multiplied, side by side added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, field_validator

from ..errors import KernelError, SettingError
from ..fields import invalid
from ..kernel import Array, Kernel
from .base import DetectorStage, Format, Processor, Stage
from .base.guard import Guarded, naming_stage
from .base.processors import KernelProcessor, Series, channels_after
from .base.registry import AnyStage, stage

_Branch = tuple[AnyStage, ...]


@stage("parallel")
class Parallel(Stage):
    """Sums branches: ``h = sum_b prod_i h[b][i]``, aligned on time zero.

    `linear` and `time_invariant` are said of the kinds of stages shipped that may stand in a branch and are kernels;
    with another kind inside (a rate change, a plugin that is not linear) the whole is what that stage is.
    """

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"branches": [[], [{"use": "gain", "gain": "-6 dB"}, {"use": "delay", "delay": "20 ms"}]]},
        {"branches": [[{"use": "smooth", "length": "5 ms", "phase": "zero"}], [{"use": "gain", "gain": -1}]]},
    )

    branches: Annotated[tuple[_Branch, ...], Field(max_length=64)]
    """The branches, each a list of stages; an empty list is the dry signal."""

    @field_validator("branches")
    @classmethod
    def _at_least_one(cls, branches: tuple[_Branch, ...]) -> tuple[_Branch, ...]:
        if not branches:
            raise invalid("needs at least one branch; [] is a branch that changes nothing")
        return branches

    def kernel(self, fmt: Format) -> Kernel | None:
        total: Kernel | None = None
        formats: list[Format] = []
        for i, branch in enumerate(self._active()):
            product, inner = Kernel.identity(), fmt
            for j, part in branch:
                with _at(i, j, stage=part):
                    kernel = part.kernel(inner)
                    if kernel is None:
                        return None
                    inner = replace(inner, channels=channels_after(kernel, inner.channels))
                    product = product * kernel
            formats.append(inner)
            with _at(i):
                _require_alike(formats)
                total = product if total is None else total + product
        return total

    def open(self, fmt: Format) -> Processor:
        kernel = self.kernel(fmt)
        if kernel is not None:
            return KernelProcessor(kernel, fmt)
        branches: list[Processor] = []
        for i, branch in enumerate(self._active()):
            processors, inner = [], fmt
            for j, part in branch:
                with _at(i, j, stage=part):
                    opened = part.open(inner)
                processors.append(Guarded(opened, part, inner, f"branches[{i}][{j}]"))
                inner = processors[-1].format
            branches.append(Series(processors, fmt))
            with _at(i):
                _require_alike([branch.format for branch in branches])
        return _Sum(branches)

    def notes(self, fmt: Format) -> list[str]:
        return [f"{place}: {note}" for place, part, inner in self._inside(fmt) for note in part.notes(inner)]

    def rounding_notes(self, fmt: Format) -> list[str]:
        return [f"{place}.{note}" for place, part, inner in self._inside(fmt) for note in part.rounding_notes(inner)]

    def _active(self) -> list[list[tuple[int, Stage]]]:
        """The stages of each branch that are not disabled, with their places."""
        branches = [[(j, part) for j, part in enumerate(branch) if part.enabled] for branch in self.branches]
        for i, branch in enumerate(branches):
            for j, part in branch:
                if part.whole_signal:
                    message = f"{part.use} needs the whole signal and cannot stand in a branch; put it before or after"
                    raise SettingError(message, "branches", i, j)
                if isinstance(part, DetectorStage):
                    message = f"{part.use} finds, and its events would be lost in a branch; put it before or after"
                    raise SettingError(message, "branches", i, j)
        return branches

    def _inside(self, fmt: Format) -> Iterator[tuple[str, Stage, Format]]:
        """Every stage, its place and the format of what it is given."""
        for i, branch in enumerate(self._active()):
            inner = fmt
            for j, part in branch:
                yield f"branches[{i}][{j}]", part, inner
                with _at(i, j, stage=part):
                    inner = part.open(inner).format


class _Sum:
    """Adds the outputs of processors, frame by frame; those of less latency are delayed, those that end first are
    followed by silence.
    """

    def __init__(self, branches: Sequence[Processor]) -> None:
        self.format = branches[0].format
        self.latency = max(branch.latency for branch in branches)
        self.tail = max(branch.tail for branch in branches)
        self._branches = branches
        self._waiting = [self.format.empty() for _ in branches]
        self._started = [False] * len(branches)

    def process(self, block: Array) -> Array:
        for b, branch in enumerate(self._branches):
            self._take(b, branch.process(block))
        return self._give(min(map(len, self._waiting)))

    def flush(self) -> Array:
        for b, branch in enumerate(self._branches):
            self._take(b, branch.flush())
        longest = max(map(len, self._waiting))
        for b, waiting in enumerate(self._waiting):
            self._waiting[b] = np.concatenate([waiting, self.format.empty(longest - len(waiting))])
        return self._give(longest)

    def _take(self, b: int, frames: Array) -> None:
        parts = [self._waiting[b], frames]
        if len(frames) and not self._started[b]:
            self._started[b] = True
            parts.insert(0, self.format.empty(self.latency - self._branches[b].latency))
        self._waiting[b] = np.concatenate(parts)

    def _give(self, frames: int) -> Array:
        total = self._waiting[0][:frames].copy()
        for waiting in self._waiting[1:]:
            total += waiting[:frames]
        self._waiting = [waiting[frames:] for waiting in self._waiting]
        return total


@contextmanager
def _at(*place: int, stage: Stage | None = None) -> Iterator[None]:
    """Give an error inside the place of the stage it comes from."""
    try:
        with nullcontext() if stage is None else naming_stage(stage, "branches" + "".join(f"[{i}]" for i in place)):
            yield
    except SettingError as error:
        raise error.under("branches", *place) from None
    except KernelError as error:
        raise SettingError(str(error), "branches", *place) from error


def _require_alike(formats: Sequence[Format]) -> None:
    """The last format must be the first's."""
    first, last = formats[0], formats[-1]
    if last != first:
        got = f"{last.channels} channels at {last.fs:g} Hz"
        raise SettingError(f"gives {got}, branches[0] gives {first.channels} at {first.fs:g} Hz: they cannot be added")
